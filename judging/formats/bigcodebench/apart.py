"""Judges a program whose tests run in another process: calls and answers go between the two as values.

One process after the other. The tests run up to the first call of each whose answer is not known; the
program's process makes these calls; the tests run once more, and get these answers, and ask for the
next. So no verdict is made where a program runs, and none of its objects gets to where one is made.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from foureyes.judging.formats.bigcodebench.outcomes import (
    LOAD_SECONDS,
    TEST_SECONDS,
    Limits,
    Told,
    ToldAll,
    following,
    loading,
    told,
)
from foureyes.judging.formats.bigcodebench.testcases import UnittestSource
from foureyes.judging.sandbox.inside import frames, unittests, wire
from foureyes.judging.sandbox.sandbox import Sandbox
from foureyes.models.enums import Status

#: Times that tests are run until their calls are answered: one test may ask for fewer one after the other.
_MOST_ROUNDS = 24
#: Bytes of all answers that are kept for the tests.
_MOST_BYTES = 64 << 20


class Unfit(Exception):
    """Why a problem's tests cannot be run apart from a program."""


@dataclass
class Results:
    """What became of a program's tests: of those that failed, why; CPU seconds; and
    the seconds of each test by the clock, as what it sleeps counts for it."""

    failed: dict[str, Told] = field(default_factory=dict)
    status: Status = Status.PASS
    reason: str = ""
    cpu_seconds: float = 0.0
    taken: dict[str, float] = field(default_factory=dict)
    foreign: str = ""

    def fail(self, test: Told, status: Status, reason: str) -> None:
        """Note a test that failed; the first is the one that is shown."""
        self.failed.setdefault(test.name, test)
        if self.status is Status.PASS:
            self.status, self.reason = status, reason


@dataclass(frozen=True)
class _Call:
    """A call that a test asks for: its number in the test, and its arguments as they are sent."""

    test: str
    number: int
    asked: bytes


def judge(
    sandbox: Sandbox,
    prompt: str,
    entry_point: str,
    tests: UnittestSource,
    code: str,
    limits: Limits,
    all_tests: bool = False,
) -> Results:
    """Run the tests, up to the first round in which one fails, or all of them.

    `prompt` is loaded beside the tests, for the names that they use. Raises: Unfit.
    """
    results = Results(taken=dict.fromkeys(tests.names, 0.0))
    known: list[tuple[_Call, bytes]] = []
    left = list(tests.names)
    for _ in range(_MOST_ROUNDS):
        calls = _ask(sandbox, prompt, entry_point, tests, left, known, limits, results)
        if results.failed and not all_tests:
            return results
        if not calls:
            return results
        left = [name for name in left if name in {call.test for call in calls}]
        unanswered = _answer(sandbox, entry_point, tests, code, calls, known, limits, results)
        left = [name for name in left if name not in unanswered]
        if not left or (results.failed and not all_tests):
            return results
        if sum(len(given) for _, given in known) > _MOST_BYTES:
            break
    for name in left:
        results.fail(Told(name, unittests.FAILED, "too many calls"), Status.FAIL, "too many calls")
    return results


def _ask(
    sandbox: Sandbox,
    prompt: str,
    entry_point: str,
    tests: UnittestSource,
    left: Sequence[str],
    known: list[tuple[_Call, bytes]],
    limits: Limits,
    results: Results,
) -> list[_Call]:
    """Run tests with the answers that are known; the calls that they ask for next."""
    calls: list[_Call] = []
    waiting = list(left)
    request = frames.request((unittests.APART, prompt, entry_point))
    with sandbox.run(request, int(limits.total) + 2) as run:
        if (ended := loading(run)) is not None:
            raise Unfit(f"its prompt alone cannot be loaded: {ended.reason}")
        answers = [(call.test, call.number, call.asked, given) for call, given in known]
        given = [tests.source, list(left), answers]
        run.ask(frames.inputs([frames.given(given, False)]), len(left))
        for each in told(run, limits, tuple(left)):
            if isinstance(each, bytes):
                calls.append(_call(each))
            elif isinstance(each, ToldAll):
                ended = each
            elif each.outcome == unittests.UNFIT:
                raise Unfit(each.said)
            else:
                if each.name in waiting:
                    waiting.remove(each.name)
                if each.outcome != unittests.WAITS:
                    results.taken[each.name] = results.taken.get(each.name, 0.0) + each.seconds
                if each.outcome not in (unittests.PASSED, unittests.WAITS):
                    results.fail(each, Status.FAIL, f"test failed: {each.said}")
    assert ended is not None and run.ended is not None
    results.cpu_seconds += run.ended.cpu_seconds
    for name in waiting:
        status = ended.status if ended.status is not Status.PASS else Status.FAIL
        reason = ended.reason or "test not run"
        results.fail(Told(name, unittests.FAILED, reason), status, reason)
    return calls


def _call(body: bytes) -> _Call:
    """The call that a frame asks for. The process that sent it runs nothing but the tests."""
    try:
        name, number, asked = wire.decode(body)
        return _Call(name, number, asked)
    except (wire.WireError, TypeError, ValueError) as error:
        raise Unfit(f"its tests ask for what cannot be read: {error}") from None


def _answer(
    sandbox: Sandbox,
    entry_point: str,
    tests: UnittestSource,
    code: str,
    calls: Sequence[_Call],
    known: list[tuple[_Call, bytes]],
    limits: Limits,
    results: Results,
) -> set[str]:
    """Have the program make calls, and keep what it answers; the tests that got no answer.

    All in one process, up to the call that ends it: the others follow in a new one.
    """
    unanswered: set[str] = set()
    left = list(calls)
    spent = 0.0
    while left:
        done = 0
        request = frames.request((unittests.CALLS, code, entry_point))
        with sandbox.run(request, int(limits.total) + 2) as run:
            run.allow(max(limits.total - spent, 0.1))
            ended = loading(run)
            if ended is None:
                given = [tests.imports, [call.asked for call in left]]
                run.ask(frames.inputs([frames.given(given, False)]), len(left))
                for call in left:
                    limit = limits.each.get(call.test, TEST_SECONDS)
                    began = time.monotonic()
                    frame, ended = following(run, limit)
                    if ended is None and frame[:1] != unittests.GAVE:
                        ended = ToldAll(Status.FAIL, "forged")
                    if ended is not None:
                        break
                    known.append((call, frame[1:]))
                    done += 1
                    taken = results.taken.get(call.test, 0.0) + time.monotonic() - began
                    results.taken[call.test] = taken
        assert run.ended is not None
        results.cpu_seconds += run.ended.cpu_seconds
        spent += run.ended.cpu_seconds
        if ended is None:
            break
        loaded = done > 0 or ended.reason in ("timeout", "killed", "memory", "forged")
        stopped = left[done : done + 1] if loaded and spent < limits.total - LOAD_SECONDS else left
        for call in stopped:
            unanswered.add(call.test)
            results.fail(
                Told(call.test, unittests.FAILED, ended.reason), ended.status, ended.reason
            )
        left = left[done + len(stopped) :]
    return unanswered
