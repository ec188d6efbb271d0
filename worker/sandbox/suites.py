"""One set of hidden tests: a program is called with each input until an output is wrong."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from models.enums import Status
from models.problem import HiddenTests
from worker.sandbox import comparison, mbpp, oracles
from worker.sandbox.expected import Answer, Expected
from worker.sandbox.inside import digests, frames, wire
from worker.sandbox.profiles import Profile
from worker.sandbox.running import BadFrames, Overtime, Run
from worker.sandbox.sandbox import Sandbox

#: CPU seconds that a program's own top level may take.
LOAD_SECONDS = 10
#: Characters of an input or output that are kept for a person to read.
SHOWN = 2000

#: How much longer than its limit a whole set may take by the clock, on a busy machine.
_BUSY = 5.0
_END_SECONDS = 1.0


@dataclass(frozen=True)
class Tests:
    """A set of tests, ready to be sent: `request` needs only the code to be put in."""

    __test__ = False  # not a pytest class

    problem: HiddenTests
    inputs: list[list[Any]]
    answers: tuple[Answer, ...]
    atols: list[float]

    def since(self, at: int) -> "Tests":
        """The tests without the first `at`."""
        if at == 0:
            return self
        return replace(
            self, inputs=self.inputs[at:], answers=self.answers[at:], atols=self.atols[at:]
        )

    def request(self, code: str) -> bytes:
        """What is sent to the program's process; it names no expected output."""
        problem = self.problem
        reduction = oracles.reduction(problem)
        return frames.request((frames.HIDDEN, code, problem.entry_point, self.inputs, reduction))


@dataclass(frozen=True)
class Prepared:
    """The two sets of tests of one problem."""

    base: Tests
    plus: Tests

    @classmethod
    def of(cls, problem: HiddenTests, expected: Expected) -> "Prepared":
        """Put together what the benchmark gives and what the reference answered."""
        sets = []
        for given, answers in (
            (problem.base_inputs, expected.base),
            (problem.plus_inputs, expected.plus),
        ):
            floats = (_has_floats(problem, answer.frame) for answer in answers)
            atols = comparison.tolerances(problem.atol, floats)
            sets.append(Tests(problem, mbpp.arguments(problem, given), answers, atols))
        return cls(*sets)


@dataclass(frozen=True)
class Outcome:
    """What one set of tests said. The last four as in models.problem.Judgement.

    `failed` holds the numbers of the inputs that failed, from 0: the first, or all if all were run.
    """

    status: Status
    cpu_seconds: float = 0.0
    failed: tuple[int, ...] = ()
    reason: str = ""
    failing_input: str | None = None
    expected: str | None = None
    got: str | None = None


def judge(
    sandbox: Sandbox, profile: Profile, tests: Tests, code: str, all_tests: bool = False
) -> Outcome:
    """Run the tests on a program, up to the first that fails or all of them.

    All run in one process, as in EvalPlus; after a test that ends it, the others run in a new one.
    Of an empty set it tells whether the program can be loaded, as EvalPlus does (Mbpp/793).
    """
    total = profile.total([answer.seconds for answer in tests.answers])
    finish = time.monotonic() + total * _BUSY
    first: Outcome | None = None
    failed: list[int] = []
    cpu_seconds, at, count = 0.0, 0, len(tests.inputs)
    while True:
        rest = tests.since(at)
        with sandbox.run(rest.request(code), int(total) + LOAD_SECONDS + 2) as run:
            broken = loading_problem(run)
            if broken is not None:
                first = first or broken
                failed += range(at, count)
                at = count
            else:
                for outcome in _call_all(run, profile, rest, finish):
                    if outcome is not None:
                        first = first or outcome
                        failed.append(at)
                    at += 1
                    if failed and not all_tests:
                        break
        assert run.ended is not None
        cpu_seconds += run.ended.cpu_seconds
        finish += run.starved
        if at == count or (failed and not all_tests):
            break
        if time.monotonic() > finish:
            failed += range(at, count)
            break
    return replace(first or Outcome(Status.PASS), cpu_seconds=cpu_seconds, failed=tuple(failed))


def loading_problem(run: Run) -> Outcome | None:
    """Wait until the program is loaded; what went wrong, if it cannot be."""
    try:
        frame = run.next(LOAD_SECONDS)
    except Overtime:
        return Outcome(Status.TIMEOUT, reason="timeout")
    except BadFrames:
        return Outcome(Status.FAIL, reason="forged")
    if frame is None:
        run.await_end(_END_SECONDS)
        return Outcome(Status.TIMEOUT, reason="killed")
    if frame[:1] == frames.READY:
        return None
    return Outcome(Status.FAIL, reason=_line(said(frame)) or "forged")


def _call_all(run: Run, profile: Profile, tests: Tests, finish: float) -> Iterator[Outcome | None]:
    """What is wrong with the answer to each input, None if nothing is; until the process ends."""
    for index, answer in enumerate(tests.answers):
        left = finish + run.starved - time.monotonic()
        limit = profile.limit(answer.seconds)
        try:
            frame = run.next(limit if left > 0 else 0.0)
        except Overtime:
            status = Status.FAIL if limit <= left else Status.TIMEOUT
            yield _failed(tests, index, status, "timeout")
            return
        except BadFrames:
            yield _failed(tests, index, Status.FAIL, "forged")
            return
        if frame is None:
            run.await_end(_END_SECONDS)
            yield _failed(tests, index, Status.TIMEOUT, "killed")
            return
        yield None if frame == answer.frame else _compare(tests, index, frame)


def _compare(tests: Tests, index: int, frame: bytes) -> Outcome | None:
    """What is wrong with the frame that answers an input; None if nothing is."""
    answer = tests.answers[index]
    tag = frame[:1]
    if tag == frames.RAISED:
        raised = said(frame)
        reason = "memory" if raised.startswith("MemoryError") else f"exception: {raised}"
        return _failed(tests, index, Status.FAIL, _line(reason), got=raised)
    if tag == frames.REFUSED:
        return _failed(tests, index, Status.FAIL, "output too large", got=said(frame))
    if tag == frames.DIGEST:
        if _digest(frame) == _digest(answer.frame):
            return None
        reason = "wrong answer" if answer.frame[:1] == tag else "output too large"
        return _failed(tests, index, Status.FAIL, reason, got=_begin(frame))
    try:
        got = wire.decode(frame[1:]) if tag in frames.VALUES else None
    except wire.WireError:
        return _failed(tests, index, Status.FAIL, "forged")
    if tag not in frames.VALUES:
        return _failed(tests, index, Status.FAIL, "forged")
    expected = value(answer.frame)
    arguments = tests.inputs[index]
    # As EvalPlus has it, only a value of the very type of the expected one may be near it.
    atol = tests.atols[index] if tag == answer.frame[:1] else 0.0
    if answer.frame[:1] not in frames.VALUES:
        right = _digest(frame) == _digest(answer.frame)
    else:
        right = oracles.right(tests.problem, arguments, expected, got, atol)
    if right:
        return None
    return _failed(
        tests, index, Status.FAIL, "wrong answer", got=shown(oracles.output(tests.problem, got))
    )


def _digest(frame: bytes) -> bytes | None:
    """The digest of a value, sent or not; None for a value that has none."""
    if frame[:1] == frames.DIGEST:
        return frame[1 : 1 + frames.DIGEST_BYTES]
    try:
        return digests.digest(wire.decode(frame[1:]))
    except (ValueError, RecursionError):
        return None


def _failed(
    tests: Tests, index: int, status: Status, reason: str, got: str | None = None
) -> Outcome:
    expected = tests.answers[index].frame
    return Outcome(
        status,
        reason=reason,
        failing_input=shown(tests.inputs[index]),
        expected=_begin(expected)
        if expected[:1] == frames.DIGEST
        else shown(oracles.output(tests.problem, value(expected))),
        got=got[:SHOWN] if got is not None else None,
    )


def value(frame: bytes) -> Any:
    """The value of a frame that the reference wrote; None for a digest."""
    return wire.decode(frame[1:]) if frame[:1] in frames.VALUES else None


def _has_floats(problem: HiddenTests, frame: bytes) -> bool:
    """As wire.has_floats, of an output of the reference; a digest tells nothing."""
    if frame[:1] not in frames.VALUES:
        return False
    if not oracles.reduction(problem):
        return wire.has_floats(frame[1:])
    return wire.has_floats(wire.encode(oracles.output(problem, value(frame))))


def said(frame: bytes) -> str:
    """The text of a frame that holds one."""
    return frame[1:].decode("utf-8", "replace")[:SHOWN]


def _line(text: str) -> str:
    """The first line of a text."""
    return text.partition("\n")[0]


def _begin(frame: bytes) -> str:
    """How a long output begins."""
    return frame[1 + frames.DIGEST_BYTES :].decode("utf-8", "replace")[:SHOWN] + " ..."


def shown(value: Any) -> str:
    """A value for a person to read, shortened."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # an integer of more digits than Python writes
        return "<a number too long to write>"
    return text if len(text) <= SHOWN else text[: SHOWN - 4] + " ..."
