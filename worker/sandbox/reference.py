"""What the reference program of a problem answers, and how long it takes here."""

import time
import zlib
from dataclasses import replace
from typing import Any

from models.errors import InfrastructureError
from models.problem import HiddenTests
from worker.sandbox import mbpp, suites
from worker.sandbox.expected import Answer, Expected
from worker.sandbox.inside import frames
from worker.sandbox.inside.values import Opaque, Other
from worker.sandbox.running import BadFrames, Overtime, Run
from worker.sandbox.sandbox import Sandbox
from worker.sandbox.suites import Tests, loading_problem, said, shown, value

_SECONDS = 300.0
_TOTAL = 3600
#: Below this, wall-clock time is as good as CPU time, as limits are never shorter than a second.
_WORTH_ASKING = 0.1


def run(sandbox: Sandbox, problem: HiddenTests) -> Expected:
    """What the reference program answers to all inputs, in the same sandbox, with ample time.

    Raises: InfrastructureError if it fails on one; there is nothing then to compare with.
    """
    return Expected(
        _answers(sandbox, problem, problem.base_inputs),
        _answers(sandbox, problem, problem.plus_inputs),
    )


def _answers(sandbox: Sandbox, problem: HiddenTests, given: list[Any]) -> tuple[Answer, ...]:
    if not given:
        return ()
    tests = Tests(problem, mbpp.arguments(problem.problem_id, given), (), [])
    answers = []
    with sandbox.run(tests.request(problem.reference), _TOTAL) as run:
        broken = loading_problem(run)
        if broken is not None:
            raise _failure(problem, broken.reason)
        then, cpu_then = time.monotonic(), run.cpu_seconds()
        for arguments in tests.inputs:
            try:
                frame = run.next(_SECONDS) or b""
            except (Overtime, BadFrames):
                frame = b""
            if unfit := _unfit(frame):
                raise _failure(problem, f"for {shown(arguments)[:200]}: {unfit}")
            now = time.monotonic()
            seconds = now - then
            if seconds > _WORTH_ASKING:
                cpu = run.cpu_seconds()
                seconds, cpu_then = min(seconds, cpu - cpu_then), cpu
            answers.append(Answer(frame, seconds, _numbers(run, problem, frame)))
            then = now
    atols = suites.tolerances(problem, answers)
    return tuple(
        answer if atol else replace(answer, numbers=())
        for answer, atol in zip(answers, atols, strict=True)
    )


def _numbers(run: Run, problem: HiddenTests, frame: bytes) -> tuple[bytes, ...]:
    """The frames of numbers that follow, of a value too large to be sent."""
    following = (run.next(_SECONDS) or b"" for _ in range(suites.parts(problem, frame)))
    return tuple(zlib.compress(frame[1:], 1) for frame in following)


def _unfit(frame: bytes) -> str:
    """Why programs cannot be compared with an answer; empty if they can.

    Objects that cannot be sent look alike if their types' names do: any would be as right as this.
    """
    tag = frame[:1]
    if tag not in frames.VALUES:
        return said(frame) or "no answer"
    name = _opaque(value(frame))
    return f"a value of type {name} is in what it returns, and cannot be compared" if name else ""


def _opaque(found: Any) -> str:
    """The type of something opaque in a value; empty if nothing is."""
    if isinstance(found, Opaque):
        return found.type_name or "unknown"
    if isinstance(found, dict):
        return _opaque(list(found.items()))
    if isinstance(found, Other):
        return _opaque(found.content)
    if isinstance(found, list | tuple | set | frozenset):
        return next(filter(None, map(_opaque, found)), "")
    return ""


def _failure(problem: HiddenTests, why: str) -> InfrastructureError:
    return InfrastructureError(f"{problem.problem_id}: its reference program fails: {why}")
