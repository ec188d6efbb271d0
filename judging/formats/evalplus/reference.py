"""What the reference program of a problem answers, and how long it takes here."""

import contextlib
import time
import zlib
from dataclasses import replace
from typing import Any

from foureyes.judging import replies
from foureyes.judging.formats.evalplus import shapes, suites
from foureyes.judging.formats.evalplus.expected import Expected, Failure, ReferenceAnswer
from foureyes.judging.formats.evalplus.functions import FunctionTests
from foureyes.judging.formats.evalplus.suites import SentTests
from foureyes.judging.replies import loading_problem, said, shown, value
from foureyes.judging.sandbox.connection import BadFrames
from foureyes.judging.sandbox.inside import frames
from foureyes.judging.sandbox.inside.values import Opaque, Other
from foureyes.judging.sandbox.process import Killed, Overtime, ProgramRun
from foureyes.judging.sandbox.sandbox import Sandbox
from foureyes.models.errors import InfrastructureError

_SECONDS = 300.0
_TOTAL = 3600
#: How long to wait for how a process ended; a busy machine may take a while to say.
_END_SECONDS = 10.0
_ENDED = "its process ended"
#: Below this, wall-clock time is as good as CPU time, as limits are never shorter than a second.
_WORTH_ASKING = 0.1


class _Fails(Exception):
    """Why the reference fails."""


def run(sandbox: Sandbox, problem: FunctionTests) -> Expected | Failure:
    """What the reference program answers to all inputs, in the same sandbox, with ample time.

    A failure, if it fails on one: there is nothing then to compare with.

    Raises: InfrastructureError if it was killed, which says nothing of the reference: the machine
    may have been short of memory.
    """
    try:
        return Expected(
            _answers(sandbox, problem, problem.base_inputs),
            _answers(sandbox, problem, problem.plus_inputs),
        )
    except _Fails as error:
        return Failure(str(error))


def _answers(
    sandbox: Sandbox, problem: FunctionTests, given: list[Any]
) -> tuple[ReferenceAnswer, ...]:
    if not given:
        return ()
    tests = SentTests(problem, shapes.arguments(problem, given), (), [])
    answers = []
    with sandbox.run(tests.request(problem.reference), _TOTAL) as run:
        broken = loading_problem(run)
        if broken is not None:
            if broken.reason == replies.KILLED:
                _refuse_if_killed(run, problem)
            raise _Fails(broken.reason)
        cpu_then = run.cpu_seconds()
        for at, arguments in enumerate(tests.inputs):
            then = time.monotonic()
            run.ask(tests.asked(at, 1), 1)
            frame, why = _answer(run)
            numbers: list[bytes] = []  # they follow a value too large to be sent
            for _ in range(0 if why else suites.parts(problem, frame)):
                part, why = _answer(run)
                numbers.append(zlib.compress(part[1:], 1))
                if why:
                    break
            if why := why or _unfit(frame):
                if why == _ENDED:
                    _refuse_if_killed(run, problem)
                raise _Fails(f"for {shown(arguments)[:200]}: {why}")
            seconds = time.monotonic() - then
            if seconds > _WORTH_ASKING:
                cpu = run.cpu_seconds()
                seconds, cpu_then = min(seconds, cpu - cpu_then), cpu
            answers.append(ReferenceAnswer(frame, seconds, tuple(numbers)))
    atols = suites.tolerances(problem, answers)
    return tuple(
        answer if atol else replace(answer, numbers=())
        for answer, atol in zip(answers, atols, strict=True)
    )


def _answer(run: ProgramRun) -> tuple[bytes, str]:
    """The next answer, or why there is none."""
    try:
        frame = run.next(_SECONDS)
    except Overtime:
        return b"", f"no answer in {_SECONDS:.0f} s"
    except BadFrames:
        return b"", "it wrote in the judge's place"
    return frame or b"", "" if frame else _ENDED


def _refuse_if_killed(run: ProgramRun, problem: FunctionTests) -> None:
    """Of a process that gave no answer and is gone: only one that ended by itself is at fault.

    If nobody can say how it ended, it may have been killed as well.
    """
    with contextlib.suppress(Killed):
        if run.await_end(_END_SECONDS) is not None:
            return
    raise InfrastructureError(
        f"{problem.problem_id}: its reference program was killed; is this machine short of memory?"
    )


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
