"""EvalPlus 0.3.1 itself, unchanged, as the judge of samples: what our verdicts are compared with."""

import hashlib
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple

from foureyes.evaluation import evalplus_sandbox
from foureyes.evaluation.evalplus_sandbox import Environment, environment
from foureyes.evaluation.memory import PeakMemory
from foureyes.judging.sandbox import launch
from foureyes.judging.sandbox.launch import Bind
from foureyes.models.errors import FoureyesError, InfrastructureError

__all__ = ["FAULTS", "EvalPlusVerdict", "EvalPlusVerdicts", "Kind", "environment", "evaluate"]

Kind = Literal["humaneval", "mbpp"]
Record = dict[str, Any]

#: Problems on which EvalPlus 0.3.1 is wrong whatever the program, and why.
FAULTS = {
    "HumanEval/32": "its rule for roots refuses its own reference, whose root is not near enough",
    "Mbpp/255": "the memory its workers inherit counts against the program, which then has too little",
    "Mbpp/392": "the memory its workers inherit (of Mbpp/255's outputs) leaves the program too little",
    "Mbpp/599": "its cap of 60 s by the clock is less than the reference needs",
}

_DRIVER = Path(__file__).with_name("evalplus_driver.py")
_MOST_SAID = 256 << 20

#: EvalPlus's own way to its ground truth, apart from any sample; the cache is where it looks later.
_GROUND_TRUTH = """
import sys
from evalplus import evaluate
from evalplus.data import get_human_eval_plus_hash, get_mbpp_plus_hash
if sys.argv[1] == "humaneval":
    problems, key, presences = evaluate.get_human_eval_plus(), get_human_eval_plus_hash(), []
else:
    problems, key = evaluate.get_mbpp_plus(), get_mbpp_plus_hash()
    presences = evaluate.MBPP_OUTPUT_NOT_NONE_TASKS
evaluate.get_groundtruth(problems, key, presences)
"""


class EvalPlusVerdict(NamedTuple):
    """EvalPlus's words for one sample: "pass", "fail" or "timeout". `plus` counts only with `base`."""

    base: str
    plus: str | None


@dataclass(frozen=True)
class EvalPlusVerdicts:
    """The verdicts, in the order of the samples, and what they cost.

    `seconds` of wall-clock time passed until the results were written, `end_seconds` until EvalPlus
    ended (a thread of it sleeps for up to 20 s more; None if that was not waited for).
    `cpu_seconds` and `peak_bytes` are of all its processes. The ground truth is in all of these if
    there was no cache; if it had to be put into the cache, only in `ground_truth_seconds`.
    """

    verdicts: tuple[EvalPlusVerdict, ...]
    seconds: float
    end_seconds: float | None
    cpu_seconds: float
    peak_bytes: int
    ground_truth_seconds: float | None


def evaluate(
    kind: Kind,
    records: Sequence[Record],
    samples: Sequence[tuple[str, str]],
    parallel: int = 2,
    cache: Path | None = None,
    linger: bool = False,
    patience: float | None = None,
    least_limit: float = 1.0,
) -> EvalPlusVerdicts:
    """Let EvalPlus judge samples, pairs of a task_id and a program, for problems in its format.

    Only the problems that have samples are given to it, so a few cost little. `cache` is a folder
    for its ground truth, kept from one call to the next. `linger`: wait for its end too.
    `patience` is in seconds; a hostile sample can hang EvalPlus for good. `least_limit`: seconds
    that an input may take in any case, 1.0 in all that EvalPlus publishes.

    Raises: FoureyesError if EvalPlus is not here, or a sample is for no problem;
    InfrastructureError if EvalPlus reaches no verdict.
    """
    found = evalplus_sandbox.examine(environment())
    with tempfile.TemporaryDirectory(prefix="foureyes-evalplus-") as name:
        folder = Path(name)
        content = _write(folder, records, samples)
        shown = [Bind(folder, "/evaluation"), Bind(_DRIVER, "/driver.py")]
        filled = None
        if cache is not None:
            key = hashlib.md5(content, usedforsecurity=False).hexdigest()
            filled = _fill(found, shown, cache, kind, key, patience)
        options = {"kind": kind, "parallel": parallel, "linger": linger, "least_limit": least_limit}
        line = evalplus_sandbox.launch_command(
            found, shown, cache, ["/driver.py", json.dumps(options)], fill=False
        )
        answer, peak = _run(line, patience)
    if "verdicts" not in answer:
        said = str(answer.get("log", "it said nothing")).strip().splitlines()[-1:]
        raise InfrastructureError(f"EvalPlus ended without results: {' '.join(said)}")
    return EvalPlusVerdicts(
        verdicts=_in_order(answer["verdicts"], samples),
        seconds=float(answer["seconds"]),
        end_seconds=answer.get("end_seconds"),
        cpu_seconds=float(answer["cpu_seconds"]),
        peak_bytes=peak,
        ground_truth_seconds=filled if cache is not None else answer.get("ground_truth_seconds"),
    )


def _write(folder: Path, records: Sequence[Record], samples: Sequence[tuple[str, str]]) -> bytes:
    """Write the problems and the samples; the bytes of the problems, by which EvalPlus knows them."""
    wanted = {task_id for task_id, _ in samples}
    missing = wanted - {record["task_id"] for record in records}
    if missing or not samples:
        raise FoureyesError(
            f"no problem for the samples of {', '.join(sorted(missing)[:5])}"
            if missing
            else "there is no sample to judge"
        )
    # EvalPlus wants these fields of each problem, and reads only the second.
    wants = {"contract": "", "atol": 0}
    problems = [wants | record for record in records if record["task_id"] in wanted]
    content = "".join(json.dumps(problem) + "\n" for problem in problems).encode()
    (folder / "records.jsonl").write_bytes(content)
    with (folder / "samples.jsonl").open("w") as file:
        for task_id, code in samples:
            file.write(json.dumps({"task_id": task_id, "solution": code}) + "\n")
    folder.chmod(0o755)  # the sandbox's user reads it
    return content


def _fill(
    found: Environment,
    shown: list[Bind],
    cache: Path,
    kind: Kind,
    key: str,
    patience: float | None,
) -> float | None:
    """Have the ground truth in the cache; the seconds it took, None if it was there.

    Apart from the samples, so that none of them can write to what later runs believe.
    """
    folder = cache / "evalplus"
    if (folder / f"{key}.pkl").exists():
        return None
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        os.chown(folder, evalplus_sandbox.UID, -1)
    began = time.monotonic()
    line = evalplus_sandbox.launch_command(
        found, shown, cache, ["-c", _GROUND_TRUTH, kind], fill=True
    )
    with tempfile.TemporaryFile() as errors:
        try:
            subprocess.run(
                line,
                env=launch.environment(),
                stdout=subprocess.DEVNULL,
                stderr=errors,
                timeout=patience,
                check=True,
            )
        except subprocess.SubprocessError as error:
            raise InfrastructureError(
                f"EvalPlus found no ground truth: {_last_line(errors) or error}"
            ) from None
    return time.monotonic() - began


def _run(line: list[str], patience: float | None) -> tuple[dict[str, Any], int]:
    """What the driver says, and the peak memory of it and all processes below it, in bytes."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            line,
            env=launch.environment(),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=errors,
        )
        with PeakMemory(process.pid) as memory:
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                raise InfrastructureError(f"EvalPlus did not end within {patience:g} s") from None
            finally:
                process.kill()
                process.wait()
        out.seek(0)
        try:
            answer = json.loads(out.read(_MOST_SAID))
        except (ValueError, RecursionError):
            raise InfrastructureError(
                f"EvalPlus did not run: {_last_line(errors) or 'it said nothing'}"
            ) from None
    if not isinstance(answer, dict):
        raise InfrastructureError("EvalPlus did not run: a sample spoke in its place")
    return answer, memory.bytes


def _last_line(errors: IO[bytes]) -> str:
    errors.seek(0)
    lines = errors.read(1 << 16).decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else ""


def _in_order(
    found: dict[str, list[list[Any]]], samples: Sequence[tuple[str, str]]
) -> tuple[EvalPlusVerdict, ...]:
    """EvalPlus lists its verdicts by problem; those of one problem in the order of its samples."""
    left = {task_id: iter(verdicts) for task_id, verdicts in found.items()}
    try:
        return tuple(EvalPlusVerdict(*next(left[task_id])) for task_id, _ in samples)
    except (KeyError, StopIteration, TypeError):
        raise InfrastructureError("EvalPlus lost samples") from None
