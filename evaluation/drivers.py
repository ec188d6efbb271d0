"""What a driver of somebody else's judge answers: one line of JSON from the sandbox it runs in."""

import json
import subprocess
import tempfile
from typing import Any

from foureyes.judging.sandbox import launch
from foureyes.models.errors import InfrastructureError

_MOST_SAID = 64 << 20


def answer_of(line: list[str], judge: str, patience: float | None) -> dict[str, Any]:
    """Run a driver by its command line and read what it says; empty if that is no object.

    `judge` is what it is called when it fails, `patience` in seconds. Raises: InfrastructureError.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        try:
            subprocess.run(
                line,
                env=launch.environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
                timeout=patience,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise InfrastructureError(f"{judge} did not end within {patience:g} s") from None
        out.seek(0)
        try:
            answer = json.loads(out.read(_MOST_SAID))
        except (ValueError, RecursionError):
            errors.seek(0)
            said = errors.read(1 << 20).decode("utf-8", "replace").strip().splitlines()
            raise InfrastructureError(
                f"{judge} did not run: {said[-1] if said else 'it said nothing'}"
            ) from None
    return answer if isinstance(answer, dict) else {}
