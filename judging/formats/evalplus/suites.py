"""One set of hidden tests: a program is called with each input until an output is wrong."""

import functools
import itertools
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from foureyes.judging import comparison, replies
from foureyes.judging.formats.evalplus import oracles
from foureyes.judging.formats.evalplus.expected import ReferenceAnswer
from foureyes.judging.formats.evalplus.functions import FunctionTests
from foureyes.judging.profiles import Profile
from foureyes.judging.replies import (
    END_SECONDS,
    SHOWN,
    SuiteOutcome,
    first_line,
    loading_problem,
    numbers_of,
    said,
    shown,
    value,
    why_ended,
)
from foureyes.judging.sandbox.allowance import Allowance, TooMuch
from foureyes.judging.sandbox.connection import BadFrames
from foureyes.judging.sandbox.inside import digests, frames, wire
from foureyes.judging.sandbox.inside.values import ARRAY, Large, Other
from foureyes.judging.sandbox.process import Overtime, ProgramRun
from foureyes.judging.sandbox.sandbox import Sandbox
from foureyes.models.enums import Status

#: Inputs that are sent together at most; fewer if others together took long, more if they were quick.
_MOST_AT_ONCE = 128
_QUICK, _SLOW = 0.02, 0.1
_GROWTH = 4  # a round costs as much as ten answers
#: An output is called too large if it could not be sent and the expected one has so few bytes.
_SMALL = wire.MAX_BYTES // 8
#: Parts that the numbers of an output have at most if its like could be sent.
_SMALL_PARTS = digests.count((wire.MAX_BYTES,))
#: How the bytes of what is too large begin, and of an array of one such item.
_LARGE = (b"L", b"k" + wire.encode(ARRAY) + b"L")


@dataclass(frozen=True)
class SentTests:
    """A set of tests, ready to be sent: `request`, then `asked` bit by bit."""

    __test__ = False  # not a pytest class

    problem: FunctionTests
    inputs: list[list[Any]]
    answers: tuple[ReferenceAnswer, ...]
    atols: list[float]

    def since(self, at: int) -> "SentTests":
        """The tests without the first `at`."""
        if at == 0:
            return self
        return replace(
            self, inputs=self.inputs[at:], answers=self.answers[at:], atols=self.atols[at:]
        )

    def request(self, code: str, as_evalplus: bool = False) -> bytes:
        """What is sent to the program's process first; it names no input and no expected output.

        `as_evalplus` as in Profile.
        """
        problem = self.problem
        kind = frames.GUARDED if as_evalplus else frames.CALL
        reduction = oracles.reduction(problem, as_evalplus)
        return frames.request((kind, code, problem.entry_point, len(self.inputs), reduction))

    def asked(self, at: int, count: int) -> bytes:
        """Some of the inputs, as they are sent."""
        return frames.inputs(self.given[at : at + count])

    @functools.cached_property
    def given(self) -> list[bytes]:
        """Every input as it is sent; kept, for many programs are asked the same."""
        near = [atol != 0 for atol in self.atols] or [True] * len(self.inputs)
        return list(map(frames.given, self.inputs, near))

    @functools.cached_property
    def right(self) -> list[bytes | None]:
        """The frames that are right as they are, with nothing to follow; None where one could follow."""
        answers = [answer.frame for answer in self.answers]
        return [None if _may_have_parts(self.problem, frame) else frame for frame in answers]

    def limits(self, profile: Profile) -> tuple[list[float], float]:
        """Seconds that each input may take, and all together; kept, too."""
        known = self._limits.get(profile)
        if known is None:
            taken = [answer.seconds for answer in self.answers]
            known = list(map(profile.limit, taken)), profile.total(taken)
            self._limits[profile] = known
        return known

    @functools.cached_property
    def _limits(self) -> dict[Profile, tuple[list[float], float]]:
        return {}


def judge(
    sandbox: Sandbox, profile: Profile, tests: SentTests, code: str, all_tests: bool = False
) -> SuiteOutcome:
    """Run the tests on a program, up to the first that fails or all of them.

    All run in one process, as in EvalPlus; after a test that ends it, the others run in a new one.
    Of an empty set it tells whether the program can be loaded, as EvalPlus does (Mbpp/793).
    """
    _, left = tests.limits(profile)
    first: SuiteOutcome | None = None
    failed: list[int] = []
    cpu_seconds, at, count = 0.0, 0, len(tests.inputs)
    allowance = Allowance()
    while True:
        process = _in_one_process(
            sandbox, profile, tests.since(at), code, left, allowance, all_tests
        )
        cpu_seconds += process.cpu_seconds
        left -= process.charged
        for outcome in process.outcomes:
            if outcome is not None:
                first = first or outcome
                failed.append(at)
            at += 1
        if process.broken is not None:
            first = first or process.broken
        elif at < count and left > 0 and not allowance.is_spent and (all_tests or not failed):
            continue
        if process.broken is not None or all_tests:
            failed += range(at, count)
        return replace(
            first or SuiteOutcome(Status.PASS), cpu_seconds=cpu_seconds, failed=tuple(failed)
        )


@dataclass(frozen=True)
class _Process:
    """What one process gave: what is wrong with each answer, or that it could not be loaded."""

    outcomes: list[SuiteOutcome | None]
    broken: SuiteOutcome | None
    cpu_seconds: float
    #: As Run.charged.
    charged: float


def _in_one_process(
    sandbox: Sandbox,
    profile: Profile,
    tests: SentTests,
    code: str,
    left: float,
    allowance: Allowance,
    all_tests: bool,
) -> _Process:
    """Run tests in one process, up to the first that fails or the one that ends it.

    `left`: seconds that the program may be charged with. If it spent one input's time on another, it
    is asked one by one in a new process, and what it said is forgotten.
    """
    request = tests.request(code, profile.as_evalplus)
    most = _MOST_AT_ONCE
    while True:
        outcomes: list[SuiteOutcome | None] = []
        with sandbox.run(request, int(left) + replies.LOAD_SECONDS + 2) as run:
            broken = loading_problem(run)
            if broken is None:
                run.allow(left)
                try:
                    for outcome in _call_all(run, profile, tests, most, allowance):
                        outcomes.append(outcome)
                        if outcome is not None:
                            allowance.shrink()
                            if not all_tests:
                                break
                except _Ahead:
                    most = 1
                    continue
        assert run.ended is not None
        return _Process(outcomes, broken, run.ended.cpu_seconds, run.charged)


class _Ahead(Exception):
    """Inputs that were sent together took longer than any of them may: one's time went into another."""


def _call_all(
    run: ProgramRun, profile: Profile, tests: SentTests, most: int, allowance: Allowance
) -> Iterator[SuiteOutcome | None]:
    """What is wrong with the answer to each input, None if nothing is; until the process ends, or
    has sent more than is read.

    Inputs are sent when those before them are answered: some at once if these were quick, `most` at
    most. Raises: _Ahead.
    """
    limits, _ = tests.limits(profile)
    at, size = 0, 1
    while at < len(limits):
        together = limits[at : at + size]
        began = time.monotonic()
        run.ask(tests.asked(at, len(together)), len(together))
        index, end = at, at + len(together)
        while index < end:
            outcome, goes_on = _call_one(run, profile, tests, index, limits[index], allowance)
            yield outcome
            if not goes_on:
                return
            taken = run.take(tests.right[index + 1 : end])
            yield from itertools.repeat(None, taken)
            index += 1 + taken
        if len(together) > 1 and run.charged_since_asked(min(together)):
            raise _Ahead
        at += len(together)
        took = time.monotonic() - began
        if took < _QUICK:
            size = min(_GROWTH * size, most)
        elif took > _SLOW:
            size = max(size // 4, 1)


def _call_one(
    run: ProgramRun,
    profile: Profile,
    tests: SentTests,
    index: int,
    limit: float,
    allowance: Allowance,
) -> tuple[SuiteOutcome | None, bool]:
    """What is wrong with the answer to an input that was sent, and whether the process goes on."""

    def following() -> bytes | None:
        return run.next(limit)

    try:
        frame = following()
        if frame is None:
            run.await_end(END_SECONDS)
            status, why = why_ended(run)
            return _failed(tests, index, status, why), False
        answer = tests.answers[index]
        if frame != answer.frame:
            allowance.take(len(frame), len(answer.frame))
        numbers = _Numbers(following, _parts(tests, index, frame))
        outcome = None
        if numbers.left > max(len(answer.numbers), _SMALL_PARTS):
            outcome = _failed(tests, index, Status.FAIL, "output too large")
        elif frame != answer.frame:
            outcome = _compare(tests, index, frame, numbers, profile.as_evalplus)
        if outcome is None:
            numbers.skip()
    except Overtime as overtime:
        status = Status.TIMEOUT if overtime.in_all else Status.FAIL
        return _failed(tests, index, status, "timeout"), False
    except BadFrames:
        return _failed(tests, index, Status.FAIL, "forged"), False
    except TooMuch:
        return _failed(tests, index, Status.FAIL, "output too large"), False
    return outcome, not numbers.left  # those that are left would be taken for the next answer


class _Numbers:
    """The numbers of an output too large to be sent, as they arrive; `left`: parts still to come."""

    def __init__(self, following: Callable[[], bytes | None], parts: int) -> None:
        self._following = following
        self.left = parts

    def __iter__(self) -> Iterator[list[Any]]:
        while self.left:
            yield numbers_of(self._next())

    def _next(self) -> bytes:
        self.left -= 1
        frame = self._following()
        if frame is None or frame[:1] != frames.NUMBERS:
            raise BadFrames
        return frame[1:]

    def skip(self) -> None:
        """Receive what nobody has asked for."""
        while self.left:
            self._next()


def _parts(tests: SentTests, index: int, frame: bytes) -> int:
    """How many frames of numbers follow the frame that answers an input."""
    return parts(tests.problem, frame) if tests.atols[index] != 0 else 0


def parts(problem: FunctionTests, frame: bytes) -> int:
    """The same if numbers are asked for."""
    if frame[:1] not in frames.VALUES:
        return 0
    if not _may_have_parts(problem, frame):
        return 0
    try:
        large = _large(value(frame))
    except wire.WireError:
        return 0
    return digests.count(large.shape) if large is not None and large.shape is not None else 0


def _may_have_parts(problem: FunctionTests, frame: bytes) -> bool:
    """Whether frames of numbers could follow a frame, as far as is told without decoding it."""
    return bool(oracles.reduction(problem)) or frame.startswith(_LARGE, 1)


def _compare(
    tests: SentTests, index: int, frame: bytes, numbers: Iterable[list[Any]], as_evalplus: bool
) -> SuiteOutcome | None:
    """What is wrong with the frame that answers an input; None if nothing is."""
    answer = tests.answers[index]
    tag = frame[:1]
    if tag == frames.RAISED:
        raised = said(frame)
        reason = "memory" if raised.startswith("MemoryError") else f"exception: {raised}"
        return _failed(tests, index, Status.FAIL, first_line(reason), got=raised)
    if tag == frames.REFUSED:
        return _failed(tests, index, Status.FAIL, "output too large", got=said(frame))
    try:
        got = value(frame, numbers) if tag in frames.VALUES else None
    except wire.WireError:
        return _failed(tests, index, Status.FAIL, "forged")
    if tag not in frames.VALUES:
        return _failed(tests, index, Status.FAIL, "forged")
    # As EvalPlus has it, only a value of the very type of the expected one may be near it.
    atol = tests.atols[index] if tag == answer.frame[:1] or not as_evalplus else 0.0
    expected = expected_of(answer)
    if oracles.right(tests.problem, tests.inputs[index], expected, got, atol, as_evalplus):
        return None
    was_small = _large(expected) is None and len(answer.frame) < _SMALL
    too_large = was_small and _large(got) is not None
    return _failed(
        tests,
        index,
        Status.FAIL,
        "output too large" if too_large else "wrong answer",
        got=shown(oracles.output(tests.problem, got)),
    )


def _failed(
    tests: SentTests, index: int, status: Status, reason: str, got: str | None = None
) -> SuiteOutcome:
    expected = oracles.output(tests.problem, value(tests.answers[index].frame))
    return SuiteOutcome(
        status,
        reason=reason,
        failing_input=shown(tests.inputs[index]),
        expected=shown(expected),
        got=got[:SHOWN] if got is not None else None,
    )


def expected_of(answer: ReferenceAnswer) -> Any:
    """What the reference returned."""
    return value(answer.frame, (numbers_of(zlib.decompress(part)) for part in answer.numbers))


def _large(found: Any) -> Large | None:
    """What is too large in a value of `value`; the last, as that is what has numbers."""
    if isinstance(found, tuple) and found:
        found = found[-1]
    if isinstance(found, Other) and found.name == ARRAY:
        found = found.content
    return found if isinstance(found, Large) else None


def tolerances(problem: FunctionTests, answers: Sequence[ReferenceAnswer]) -> list[float]:
    """How near to each answer is right."""
    floats = (_has_floats(problem, answer.frame) for answer in answers)
    return comparison.tolerances(problem.atol, floats)


def _has_floats(problem: FunctionTests, frame: bytes) -> bool:
    """As wire.has_floats, of an output of the reference."""
    if not oracles.reduction(problem):
        return wire.has_floats(frame[1:])
    return wire.has_floats(wire.encode(oracles.output(problem, value(frame))))
