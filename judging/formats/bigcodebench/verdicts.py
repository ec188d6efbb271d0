"""How programs are judged by BigCodeBench's problems: apart from their tests where that can be had."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from foureyes.judging.formats.bigcodebench import apart, beside, known
from foureyes.judging.formats.bigcodebench.apart import Results, Unfit
from foureyes.judging.formats.bigcodebench.known import OUTSIDE, SHARED, Known
from foureyes.judging.formats.bigcodebench.outcomes import Limits, Told
from foureyes.judging.formats.bigcodebench.record import BigCodeBenchProblem, UnitTests
from foureyes.judging.formats.verdicts import KEPT, Examined, ReferenceFails, without_answer
from foureyes.judging.profiles import Profile
from foureyes.judging.sandbox.sandbox import Sandbox
from foureyes.judging.visible import assertions, running
from foureyes.judging.visible.running import Given
from foureyes.models.enums import Status
from foureyes.models.errors import REFERENCE_FAILS
from foureyes.models.problem import Spec, VisibleTest
from foureyes.models.shown import Judgement, Trial

#: Seconds that a reference gets for each of its tests, and for all of them.
_REFERENCE_SECONDS, _REFERENCE_TOTAL = 120.0, 600.0
#: Seconds of CPU time for all tests of a problem, above which judging a sweep is felt.
_SLOW = 10.0
#: Tries at a program whose tests asked for other calls than those of the reference do.
_TRIES = 3


def hidden(
    sandbox: Sandbox, profile: Profile, tests: UnitTests, code: str, all_tests: bool
) -> Judgement:
    """What the unit tests say of a program; base and plus are the same."""
    found = facts(sandbox, tests)
    started = time.monotonic()
    assert found.taken is not None
    limits = Limits.of(profile, found.taken)
    if found.trust == OUTSIDE:
        results = _apart(sandbox, tests, code, limits, all_tests)
    else:
        results = beside.judge(
            sandbox,
            tests.entry_point,
            tests.tests,
            code,
            limits,
            found.wrong,
            found.altered,
            found.is_foreign,
            all_tests,
        )
    numbers = tuple(at for at, name in enumerate(tests.tests.names) if name in results.failed)
    first = next(iter(results.failed.values()), None)
    return Judgement(
        base=results.status,
        plus=results.status,
        reason=results.reason,
        failing_input=first.name or None if first is not None else None,
        expected=None,
        got=first.said or None if first is not None else None,
        seconds=time.monotonic() - started,
        cpu_seconds=results.cpu_seconds,
        level=str(sandbox.level),
        profile=profile.name,
        failed_base=numbers if all_tests else None,
        failed_plus=() if all_tests else None,
        trust=found.trust,
    )


def killed(sandbox: Sandbox, profile: Profile, tests: UnitTests, all_tests: bool) -> Judgement:
    """A timeout, unless the reference ends its sandbox, too: then it is not the program's doing."""
    found = facts(sandbox, tests)
    failed = (len(tests.tests.names), 0) if all_tests else None
    return without_answer(sandbox, profile, failed, found.trust)


def visible(sandbox: Sandbox, spec: Spec, code: str) -> Trial:
    """The doctests that the prompt shows."""
    return running.run(sandbox, code, spec.entry_point, spec.visible_tests)


def read_test(spec: Spec, source: str) -> VisibleTest:
    """An assert that calls the function."""
    return assertions.read(spec, source)


def outputs(sandbox: Sandbox, spec: Spec, code: str, inputs: Sequence[str]) -> list[Given]:
    """The values of calls."""
    return running.outputs(sandbox, code, spec.entry_point, inputs)


def examine(sandbox: Sandbox, problem: BigCodeBenchProblem) -> Examined:
    """The reference, asked anew: its times may have been found out on a busy machine."""
    known.STORE.forget(problem.version)
    found = facts(sandbox, problem.hidden_tests())
    assert found.taken is not None
    seconds = sum(found.taken.values())
    trial = visible(sandbox, problem.spec(), problem.reference)
    return Examined(seconds, trial, tuple(_findings(found, seconds)))


def _findings(found: Known, seconds: float) -> Iterator[str]:
    if seconds > _SLOW:
        yield f"slow: {seconds:.0f} s for all tests, and so does every right program"
    if found.trust == SHARED and not found.wrong:
        yield "its tests pass whatever its function does"


def facts(sandbox: Sandbox, tests: UnitTests) -> Known:
    """What its reference shows of a problem. Raises: ReferenceFails."""
    found = known.STORE.load(tests.version, lambda: _find_out(sandbox, tests))
    if found.failure:
        raise ReferenceFails(f"{tests.problem_id}: {REFERENCE_FAILS}: {found.failure}{KEPT}")
    return found


def _find_out(sandbox: Sandbox, tests: UnitTests) -> Known:
    """Run the reference apart from its tests, and beside them if it does not pass so.

    One test first, as most that cannot be run apart say so at once; then all, twice, as chance shows then.
    """
    limits = Limits(dict.fromkeys(tests.tests.names, _REFERENCE_SECONDS), _REFERENCE_TOTAL)
    try:
        names = tests.tests.names
        for some in (names[:1], names, names):
            part = replace(tests, tests=replace(tests.tests, names=some))
            results = _judge_apart(sandbox, part, tests.reference, limits, False)
            if results.status is not Status.PASS:
                break
        else:
            return Known(trust=OUTSIDE, taken=results.taken)
    except Unfit:
        pass
    results = beside.run(sandbox, tests.entry_point, tests.tests, tests.reference, limits, "")
    if results.status is not Status.PASS:
        first = next(iter(results.failed.values()))
        return Known(failure=f"{first.name}: {results.reason}")
    given = (sandbox, tests.entry_point, tests.tests, tests.reference, limits)
    return Known(
        taken=results.taken,
        wrong=beside.discriminating(*given),
        altered=beside.telling(*given),
        is_foreign=bool(results.foreign),
    )


def _judge_apart(
    sandbox: Sandbox, tests: UnitTests, code: str, limits: Limits, all_tests: bool
) -> Results:
    return apart.judge(
        sandbox, tests.prompt, tests.entry_point, tests.tests, code, limits, all_tests
    )


def _apart(
    sandbox: Sandbox, tests: UnitTests, code: str, limits: Limits, all_tests: bool
) -> Results:
    """Judge a program apart; its answers may have its tests ask for what cannot be sent."""
    for _ in range(_TRIES):
        try:
            return _judge_apart(sandbox, tests, code, limits, all_tests)
        except Unfit as unfit:
            said = str(unfit)
    results = Results(taken={})
    for name in tests.tests.names[: None if all_tests else 1]:
        results.fail(Told(name, "unfit", said), Status.FAIL, said)
    return results
