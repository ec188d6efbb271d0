"""The visible tests of a prompt, run on a program: what a pattern sees of it.

They are judged as hidden ones are: a program is asked for values, and what these should be stays out
here. Only an assert that nothing but running it can tell (claims.py) is run inside, as it stands.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from foureyes.judging import replies
from foureyes.judging.comparison import FLOATS, matches
from foureyes.judging.sandbox.connection import BadFrames
from foureyes.judging.sandbox.inside import frames, wire
from foureyes.judging.sandbox.process import Overtime, ProgramRun
from foureyes.judging.sandbox.sandbox import Sandbox
from foureyes.judging.visible.claims import Claim, claim
from foureyes.models import trees
from foureyes.models.problem import VisibleTest
from foureyes.models.shown import GAVE, RAISED, STOPPED, Output, TestResult, Trial

_TEST_SECONDS = 2.0
#: Bytes that what a visible test gave takes at most: four to a character.
_MAX_RESULT = 4 * frames.MAX_TEXT + 100
#: Bytes of the frame of a value; longer ones are told by their digest.
_MAX_VALUE = frames.MAX_ASKED + 4096
#: Visible tests that may run into their time limit before the rest is not tried any more.
_MAX_TIMEOUTS = 2
#: Characters of an output that are kept.
_MOST_SHOWN = 300


@dataclass(frozen=True)
class _Asked:
    """A test as it is asked; `claim` is None for a doctest, and for an assert that is run inside."""

    test: VisibleTest
    claim: Claim | None

    @property
    def calls(self) -> list[tuple[str, str]]:
        """What is sent of it: pairs of a kind and a call."""
        if self.claim is None:
            return [(self.test.kind, self.test.call)]
        return [(frames.ASKED, source) for source in self.claim.asked]


@dataclass(frozen=True)
class _Call:
    """An expression of which the value is asked."""

    source: str

    @property
    def calls(self) -> list[tuple[str, str]]:
        """What is sent of it."""
        return [(frames.ASKED, self.source)]


Asking = TypeVar("Asking", _Asked, _Call)
Result = TypeVar("Result")


@dataclass(frozen=True)
class Given:
    """What a call gave: the output as it is shown, and the value that was read; none if there is none."""

    output: Output
    value: Any = None


def run(sandbox: Sandbox, code: str, entry_point: str, tests: Sequence[VisibleTest]) -> Trial:
    """Run the tests in one process; after one that does not end, the rest in another."""
    asked = [
        _Asked(test, claim(test.call, entry_point) if test.kind == "assert" else None)
        for test in tests
    ]
    return Trial(tuple(_in_processes(sandbox, code, entry_point, asked, _result, _failed)))


def outputs(
    sandbox: Sandbox, code: str, entry_point: str, expressions: Sequence[str]
) -> list[Given]:
    """What a program gives for each expression; in processes as above."""
    asked = list(map(_Call, expressions))
    return _in_processes(sandbox, code, entry_point, asked, _given, _stopped)


def _result(asked: _Asked, answers: Sequence[bytes]) -> TestResult:
    if asked.claim is None:
        return read_result(asked.test, answers[0])
    return _held(asked.test, asked.claim, answers)


def _failed(asked: _Asked, why: str) -> TestResult:
    return failed(asked.test, why)


def _given(_: _Call, answers: Sequence[bytes]) -> Given:
    try:
        ((value, _printed),) = _values(answers)
    except _NoValue as error:
        return Given(Output(RAISED, replies.shortened(str(error), _MOST_SHOWN)))
    return Given(Output(GAVE, replies.shortened(replies.shown(value), _MOST_SHOWN)), value)


def _stopped(_: _Call, why: str) -> Given:
    return Given(Output(STOPPED, replies.shortened(why, _MOST_SHOWN)))


def _in_processes(
    sandbox: Sandbox,
    code: str,
    entry_point: str,
    asked: Sequence[Asking],
    read: Callable[[Asking, Sequence[bytes]], Result],
    stopped: Callable[[Asking, str], Result],
) -> list[Result]:
    """Ask a program's process one thing after the other, and a new one after each that stops it."""
    results: list[Result] = []
    timeouts = 0
    while len(results) < len(asked):
        left = asked[len(results) :]
        if timeouts >= _MAX_TIMEOUTS:
            results += [stopped(each, "not run: others took too long") for each in left]
            break
        calls = [call for each in left for call in each.calls]
        request = frames.request((frames.TEST, code, entry_point, calls))
        seconds = int(_TEST_SECONDS * (len(calls) + 2)) + replies.LOAD_SECONDS
        with sandbox.run(request, seconds) as run:
            broken = replies.loading_problem(run)
            if broken is not None:
                return results + [stopped(each, broken.reason) for each in left]
            for each in left:
                try:
                    answers = [frame for _ in each.calls for frame in _answer(run)]
                except _Stopped as why:
                    results.append(stopped(each, str(why)))
                    timeouts += 1
                    break
                results.append(read(each, answers))
    return results


class _Stopped(Exception):
    """Why a process gives no more answers."""


def _answer(run: ProgramRun) -> list[bytes]:
    """The frame that answers a call, and that of its value if there is one. Raises: _Stopped."""
    answers = [_next(run)]
    if _said(answers[0])[0] == frames.GAVE:
        answers.append(_next(run))
    return answers


def _next(run: ProgramRun) -> bytes:
    try:
        frame = run.next(_TEST_SECONDS)
    except Overtime:
        raise _Stopped(f"took more than {_TEST_SECONDS:g} s") from None
    except BadFrames:
        raise _Stopped("the process wrote in the judge's place") from None
    if frame is None:
        run.await_end(replies.END_SECONDS)
        raise _Stopped("the process ended")
    return frame


def _said(frame: bytes) -> tuple[Any, str]:
    """The outcome that a frame tells, and its text, cut as an honest process cuts it.

    Reading a literal of a megabyte as Python can take minutes.
    """
    try:
        if len(frame) > _MAX_RESULT:
            raise wire.WireError("longer than what is sent")
        outcome, text = wire.decode(frame[1:])
    except (wire.WireError, TypeError, ValueError):
        outcome, text = frames.THREW, None
    if not isinstance(text, str):
        outcome, text = frames.THREW, "nothing that can be read"
    return outcome, text[: frames.MAX_TEXT].strip()


def read_result(test: VisibleTest, frame: bytes) -> TestResult:
    """What the frame says that answers a doctest, or an assert that was run inside."""
    outcome, text = _said(frame)
    if outcome == frames.PRINTED and test.expected is not None:
        passed = _prints_alike(test.expected, text)
        return TestResult(test.source, passed, f"got: {text}"[: replies.SHOWN])
    if outcome == frames.HELD and test.kind == "assert":
        return TestResult(test.source, True, "")
    return failed(test, f"{'raised' if outcome == frames.THREW else 'got'}: {text}")


class _NoValue(Exception):
    """What stands in the place of a value that was asked for."""


def _values(answers: Sequence[bytes]) -> list[tuple[Any, str]]:
    """The values that were asked for, each with what was printed on the way. Raises: _NoValue."""
    found = []
    left = iter(answers)
    for told in left:
        outcome, text = _said(told)
        if outcome != frames.GAVE:
            raise _NoValue(f"raised: {text}")
        frame = next(left)
        try:
            if frame[:1] not in frames.VALUES or len(frame) > _MAX_VALUE:
                raise wire.WireError("no value, or longer than what is sent")
            found.append((replies.value(frame), text))
        except wire.WireError:
            raise _NoValue("got: nothing that can be read") from None
    return found


def _held(test: VisibleTest, claimed: Claim, answers: Sequence[bytes]) -> TestResult:
    """Whether an assert holds of the values that were asked for it."""
    try:
        found = _values(answers)
        if claimed.holds([value for value, _ in found]):
            return TestResult(test.source, True, "")
    except _NoValue as error:
        return failed(test, str(error))
    except (TypeError, ValueError, ArithmeticError, RecursionError) as error:
        return failed(test, f"raised: {type(error).__name__}: {error}")
    value, printed = found[0]
    shown = replies.shown(value)
    return failed(test, f"got: {printed}\n{shown}" if printed else f"got: {shown}")


def failed(test: VisibleTest, shown: str) -> TestResult:
    """The result of a test that did not pass."""
    return TestResult(test.source, False, shown[: replies.SHOWN])


def _prints_alike(wanted: str, printed: str) -> bool:
    """Equal texts, or texts of equal values; floats as close as the hidden tests ask."""
    if wanted.strip() == printed:
        return True
    try:
        values: list[Any] = [trees.literal(text) for text in (wanted, printed)]
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        return False
    return matches(values[0], values[1], FLOATS)
