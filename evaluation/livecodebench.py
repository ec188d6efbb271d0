"""LiveCodeBench's own judge, unchanged: what our verdicts on contests' programs are compared with.

It confines no program, and one can forge the verdict of another, so it runs where EvalPlus does.
"""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from foureyes.evaluation import drivers, evalplus_sandbox
from foureyes.evaluation.evalplus_sandbox import Package
from foureyes.judging.sandbox.launch import Bind
from foureyes.models.errors import FoureyesError, InfrastructureError

PACKAGE = Package("LiveCodeBench's judge", "nvidia-livecodebench", "26.3", "livecodebench")
#: Seconds by the clock that it gives a test.
SECONDS = 6

_DRIVER = Path(__file__).with_name("livecodebench_driver.py")
_PYTHON = Path(__file__).resolve().parents[1] / ".venv-livecodebench" / "bin" / "python"


@dataclass(frozen=True)
class LiveCodeBenchVerdicts:
    """Whether it passed each sample, in their order, with its word on those that it did not.

    `seconds` by the clock and `cpu_seconds` are of judging alone, in all its processes.
    """

    passed: tuple[bool, ...]
    said: tuple[str, ...]
    seconds: float
    cpu_seconds: float


def check() -> None:
    """Raises: FoureyesError if it is not here."""
    if not _PYTHON.is_file():
        raise FoureyesError(f"LiveCodeBench's judge is not here ({_PYTHON}): make livecodebench")


def evaluate(
    records: Sequence[str],
    samples: Sequence[tuple[str, str]],
    parallel: int = 2,
    patience: float | None = None,
) -> LiveCodeBenchVerdicts:
    """Let it judge samples, pairs of a question_id and a program, for records in its format.

    `patience` is in seconds. Raises: FoureyesError if it is not here, InfrastructureError if it
    reaches no verdict.
    """
    check()
    found = evalplus_sandbox.examine(_PYTHON, PACKAGE)
    with tempfile.TemporaryDirectory(prefix="foureyes-livecodebench-") as name:
        folder = Path(name)
        (folder / "records.jsonl").write_text("".join(f"{record}\n" for record in records))
        (folder / "samples.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in samples))
        folder.chmod(0o755)  # the sandbox's user reads it
        shown = [Bind(folder, "/evaluation"), Bind(_DRIVER, "/driver.py")]
        asked = json.dumps({"parallel": parallel, "seconds": SECONDS})
        line = evalplus_sandbox.launch_command(
            found, shown, None, ["/driver.py", asked], fill=False
        )
        answer = drivers.answer_of(line, PACKAGE.name, patience)
    try:
        result = LiveCodeBenchVerdicts(
            tuple(map(bool, answer["passed"])),
            tuple(map(str, answer["said"])),
            float(answer["seconds"]),
            float(answer["cpu_seconds"]),
        )
    except (KeyError, TypeError, ValueError):
        raise InfrastructureError("LiveCodeBench's judge did not say what it found") from None
    if len(result.passed) != len(samples):
        raise InfrastructureError("LiveCodeBench's judge lost samples")
    return result
