"""How programs are judged by a contest's tests: see judging/formats/verdicts.py.

The expected outputs never enter the sandbox: what a program wrote or returned is compared here.
"""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from foureyes.judging.formats.livecodebench import calls, comparison, streams, written
from foureyes.judging.formats.livecodebench.calls import MethodCall
from foureyes.judging.formats.livecodebench.contest_tests import ContestTests
from foureyes.judging.formats.livecodebench.ends import WRONG_ANSWER, End, cut
from foureyes.judging.formats.livecodebench.record import ContestProblem
from foureyes.judging.formats.livecodebench.testcases import FUNCTIONAL, Test
from foureyes.judging.formats.verdicts import Examined, without_answer
from foureyes.judging.profiles import Profile
from foureyes.judging.sandbox.allowance import Allowance
from foureyes.judging.sandbox.inside import frames
from foureyes.judging.sandbox.sandbox import Sandbox
from foureyes.judging.visible.running import Given
from foureyes.models.enums import Status
from foureyes.models.problem import Spec, VisibleTest
from foureyes.models.shown import Judgement, TestResult, Trial

#: Seconds that a test may take, as for LiveCodeBench's own judge; but of the program's own time.
SECONDS = 6.0
#: Tests that may run into their time limit before the rest counts as failed: nobody waits for a
#: hundred. Of visible tests, whose result a pattern waits for, fewer.
_MOST_TIMEOUTS, _MOST_VISIBLE_TIMEOUTS = 10, 2


def hidden(
    sandbox: Sandbox, profile: Profile, tests: ContestTests, code: str, all_tests: bool
) -> Judgement:
    """What the public and private tests say of a program. There is no second set: `plus` is as `base`."""
    started = time.monotonic()
    given = tests.all()
    program = _Program(code, tests.method, profile.as_livecodebench)
    ends, cpu_seconds = _judged(sandbox, program, given, all_tests, _MOST_TIMEOUTS)
    failed = [number for number, end in enumerate(ends) if end.reason]
    if failed:  # what was not run, if all were asked for
        failed += range(len(ends), len(given))
    first = ends[failed[0]] if failed else End(Status.PASS)
    test = given[failed[0]] if failed else None
    return Judgement(
        base=first.status,
        plus=first.status,
        reason=first.reason,
        failing_input=cut(test.input) if test else None,
        expected=cut(test.output) if test else None,
        got=first.got,
        seconds=time.monotonic() - started,
        cpu_seconds=cpu_seconds,
        level=str(sandbox.level),
        profile=profile.name,
        failed_base=tuple(failed) if all_tests else None,
        failed_plus=() if all_tests else None,
    )


def killed(sandbox: Sandbox, profile: Profile, tests: ContestTests, all_tests: bool) -> Judgement:
    """A timeout, as of a program that is gone without an answer."""
    failed = (tests.counts[0], 0) if all_tests else None
    return without_answer(sandbox, profile, failed)


def visible(sandbox: Sandbox, spec: Spec, code: str) -> Trial:
    """The public tests."""
    method, tests = "", []
    for test in spec.visible_tests:
        given = test.call
        if test.kind == FUNCTIONAL:
            method, _, given = test.call.partition("\n")
        tests.append(Test(given, test.expected or "", test.kind))
    program = _Program(code, method)
    ends, _ = _judged(sandbox, program, tests, True, _MOST_VISIBLE_TIMEOUTS)
    ends += [End(Status.FAIL, f"not run: {ends[-1].reason}")] * (len(tests) - len(ends))
    return Trial(
        tuple(
            TestResult(test.source, not end.reason, _shown(end))
            for test, end in zip(spec.visible_tests, ends, strict=True)
        )
    )


def _shown(end: End) -> str:
    """What a test gave, for a model or a person to read."""
    if not end.reason:
        return ""
    return cut(end.reason if end.got is None or end.reason != WRONG_ANSWER else f"got: {end.got}")


def read_test(spec: Spec, source: str) -> VisibleTest:
    """An input and the output, as JSON; of a method an assert that it gives a literal for literals."""
    return written.read_test(spec, source)


def outputs(sandbox: Sandbox, spec: Spec, code: str, inputs: Sequence[str]) -> list[Given]:
    """What is printed for each input; of a method the values of calls."""
    return written.outputs(sandbox, spec, code, inputs, SECONDS, _MOST_VISIBLE_TIMEOUTS)


def examine(sandbox: Sandbox, problem: ContestProblem) -> Examined:
    """Nothing: a record has no program that is right."""
    return Examined(None, Trial(()))


@dataclass(frozen=True)
class _Program:
    """A program, and how it is run: the name of its method, if it has one; as its own judge does it."""

    code: str
    method: str
    as_livecodebench: bool = False

    @property
    def asked(self) -> tuple[str, str, str] | None:
        """What is asked of a process that is called for each test; None if each test has its own."""
        if self.as_livecodebench:
            return frames.WRAPPED, self.code, self.method
        return (frames.METHOD, self.code, self.method) if self.method else None

    def call(self, test: Test) -> MethodCall:
        """A test as a call."""
        if self.method:
            return MethodCall(comparison.arguments(test.input), json.loads(test.output))
        return MethodCall([test.input], test.output, is_text=True)


def _judged(
    sandbox: Sandbox, program: _Program, tests: Sequence[Test], all_tests: bool, most_timeouts: int
) -> tuple[list[End], float]:
    """How a program ended by each test, up to the first that fails or all of them; its CPU seconds."""
    asked = program.asked
    if asked is None:
        made = _run(sandbox, program.code, tests)
    else:
        made = _called(sandbox, asked, list(map(program.call, tests)), all_tests)
    ends: list[End] = []
    cpu_seconds = 0.0
    for some, seconds in made:
        ends += some
        cpu_seconds += seconds
        timeouts = sum(end.reason == "timeout" for end in ends)
        if timeouts >= most_timeouts or (not all_tests and any(end.reason for end in some)):
            break
    return ends, cpu_seconds


def _run(sandbox: Sandbox, code: str, tests: Sequence[Test]) -> Iterator[tuple[list[End], float]]:
    for test in tests:
        end, seconds = streams.run(sandbox, code, test.input, test.output, SECONDS)
        yield [end], seconds


def _called(
    sandbox: Sandbox, asked: tuple[str, str, str], wanted: Sequence[MethodCall], all_tests: bool
) -> Iterator[tuple[list[End], float]]:
    allowance = Allowance()
    while wanted:
        process = calls.call(sandbox, asked, wanted, SECONDS, allowance, all_tests)
        yield process.ends, process.cpu_seconds
        if process.is_over:
            return
        wanted = wanted[len(process.ends) :]
