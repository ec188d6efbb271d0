"""Programs whose method is called: one Solution for all tests, in one process as long as it lives."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from foureyes.judging import replies
from foureyes.judging.formats.livecodebench import comparison
from foureyes.judging.formats.livecodebench.ends import WRONG_ANSWER, End, cut, raised
from foureyes.judging.sandbox.allowance import Allowance, TooMuch
from foureyes.judging.sandbox.connection import BadFrames
from foureyes.judging.sandbox.inside import frames, wire
from foureyes.judging.sandbox.process import Overtime, ProgramRun
from foureyes.judging.sandbox.sandbox import Sandbox
from foureyes.models.enums import Status


@dataclass(frozen=True)
class MethodCall:
    """What a function is called with, and what it should return; or what it should have written, if
    `is_text`.
    """

    arguments: list[Any]
    expected: Any
    is_text: bool = False

    def is_right(self, got: Any) -> bool:
        """Whether what it returned is right."""
        if self.is_text:
            return comparison.same_written(self.expected, got)
        return comparison.same_value(self.expected, got)


@dataclass(frozen=True)
class Process:
    """What became of calls, as far as one process made them; of a program that cannot be loaded, one.

    `is_over`: no other process could tell more.
    """

    ends: list[End]
    cpu_seconds: float
    is_over: bool


def call(
    sandbox: Sandbox,
    asked: tuple[str, str, str],
    calls: Sequence[MethodCall],
    limit: float,
    allowance: Allowance,
    all_tests: bool,
) -> Process:
    """Make calls in one process, up to the first that fails, or all; or up to one that ends it.

    `asked`: the kind of request (inside/frames.py), the program, and the method's name. Each call
    may take `limit` seconds. `allowance` is what may be read of the program in all its processes.
    Raises: InfrastructureError.
    """
    request = frames.request((*asked, len(calls)))
    most = int(limit * len(calls)) + replies.LOAD_SECONDS + 2
    ends: list[End] = []
    is_over = False
    with sandbox.run(request, most) as run:
        broken = replies.loading_problem(run)
        if broken is not None:
            ends.append(End(broken.status, broken.reason))
            is_over = True
        for each in calls if broken is None else ():
            end, goes_on = _one(run, each, limit, allowance)
            ends.append(end)
            is_over = allowance.is_spent or bool(end.reason and not all_tests)
            if is_over or not goes_on:
                break
    assert run.ended is not None
    return Process(ends, run.ended.cpu_seconds, is_over)


def _one(run: ProgramRun, call: MethodCall, limit: float, allowance: Allowance) -> tuple[End, bool]:
    """What becomes of a call, and whether the process goes on."""
    run.ask(frames.inputs([frames.given(call.arguments, False)]), 1)
    right = _right(call.expected)
    try:
        frame = run.next(limit)
        if frame is None:
            run.await_end(replies.END_SECONDS)
            return End(*replies.why_ended(run)), False
        if frame == right:
            return End(Status.PASS), True
        allowance.take(len(frame), len(right))
    except Overtime:
        return End(Status.TIMEOUT, "timeout"), False
    except BadFrames:
        return End(Status.FAIL, "forged"), False
    except TooMuch:
        return End(Status.FAIL, "output too large"), False
    end = _read(frame, call)
    if end.reason:
        allowance.shrink()
    return end, True


def _right(expected: Any) -> bytes:
    """The frame of a right answer, as most right programs send it."""
    try:
        return frames.VALUE + wire.encode(expected)
    except wire.TooLarge:
        return frames.VALUE


def _read(frame: bytes, call: MethodCall) -> End:
    tag = frame[:1]
    if tag == frames.RAISED:
        return End(Status.FAIL, raised(frame), replies.said(frame))
    if tag == frames.REFUSED:
        return End(Status.FAIL, "output too large", replies.said(frame))
    try:
        if tag not in frames.VALUES:
            raise wire.WireError("no value")
        got = replies.value(frame)
    except wire.WireError:
        return End(Status.FAIL, "forged")
    if call.is_right(got):
        return End(Status.PASS)
    said = cut(got) if call.is_text and isinstance(got, str) else replies.shown(got)
    return End(Status.FAIL, WRONG_ANSWER, said)
