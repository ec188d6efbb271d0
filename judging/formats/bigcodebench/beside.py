"""Judges a program whose tests run beside it, in one process that tells what each test gave.

The program can say there what it likes, and read the tests. So a pass counts only if the same tests fail
once another function stands in its place, and if tests that want something else fail on it: what passes
then as well says nothing of the function.
"""

from collections.abc import Sequence
from dataclasses import replace

from foureyes.judging.formats.bigcodebench import testcases
from foureyes.judging.formats.bigcodebench.apart import Results
from foureyes.judging.formats.bigcodebench.outcomes import Limits, Told, ToldAll, loading, told
from foureyes.judging.formats.bigcodebench.testcases import UnittestSource
from foureyes.judging.sandbox.inside import frames, planted, unittests
from foureyes.judging.sandbox.sandbox import Sandbox
from foureyes.models.enums import Status

#: Tests that want something else: so many of a problem, looked for so many times.
_ALTERED, _TRIES = 2, 8
#: What is said of a program that passes whatever its function does, or that spoke in the judge's place.
FORGED = "forged"


def judge(
    sandbox: Sandbox,
    entry_point: str,
    tests: UnittestSource,
    code: str,
    limits: Limits,
    wrong: Sequence[str],
    altered: Sequence[int],
    lets_foreign_pass: bool,
    all_tests: bool = False,
) -> Results:
    """Run the tests on a program; if they pass, on planted functions, and altered ones on the program.

    `wrong` are the planted functions with which the reference fails, `altered` the numbers of the
    expectations without which it does (testcases.altered). `lets_foreign_pass`: the reference
    too returns objects of classes that decide themselves what they equal.
    """
    results = run(sandbox, entry_point, tests, code, limits, "", all_tests)
    if results.status is Status.PASS and results.foreign and not lets_foreign_pass:
        reason = (
            f"returns an object of its class {results.foreign}, which tells itself what it equals"
        )
        results.fail(Told(tests.names[0], unittests.FAILED, reason), Status.FAIL, reason)
    if results.status is not Status.PASS:
        return results
    for name in wrong:
        found = run(sandbox, entry_point, tests, code, limits, name)
        results.cpu_seconds += found.cpu_seconds
        if found.status is Status.PASS or found.reason == FORGED:
            reason = "its tests pass whatever its function does"
            results.fail(Told(tests.names[0], unittests.FAILED, reason), Status.FAIL, FORGED)
            return results
    for number in altered:
        others = replace(tests, source=testcases.altered(tests.source, number))
        found = run(sandbox, entry_point, others, code, limits, "")
        results.cpu_seconds += found.cpu_seconds
        if found.status is Status.PASS or found.reason == FORGED:
            reason = "its tests pass whatever they expect"
            results.fail(Told(tests.names[0], unittests.FAILED, reason), Status.FAIL, FORGED)
            return results
    return results


def discriminating(
    sandbox: Sandbox, entry_point: str, tests: UnittestSource, code: str, limits: Limits
) -> tuple[str, ...]:
    """Planted functions with which the tests of a right program fail: one that leaves its function
    alone, and the one that calls it."""
    found = []
    for names in ((planted.NOTHING, planted.FIRST, planted.RAISES), (planted.CALLED,)):
        for name in names:
            if run(sandbox, entry_point, tests, code, limits, name).status is not Status.PASS:
                found.append(name)
                break
    return tuple(found)


def telling(
    sandbox: Sandbox, entry_point: str, tests: UnittestSource, code: str, limits: Limits
) -> tuple[int, ...]:
    """The numbers of some expectations: with others in their place a right program fails."""
    count = testcases.expectations(tests.source)
    step = max(1, (count - 1) // (_TRIES - 1))
    found: list[int] = []
    for number in range(0, count, step)[:_TRIES]:
        others = replace(tests, source=testcases.altered(tests.source, number))
        if run(sandbox, entry_point, others, code, limits, "").status is Status.FAIL:
            found.append(number)
            if len(found) == _ALTERED:
                break
    return tuple(found)


def run(
    sandbox: Sandbox,
    entry_point: str,
    tests: UnittestSource,
    code: str,
    limits: Limits,
    wrong: str,
    all_tests: bool = False,
) -> Results:
    """Run the tests in one process, up to the first that fails or all of them.

    All that were counted must be told to have passed, each once; with `all_tests`, those after a test
    that ended the process are not run, and have failed.
    """
    results = Results(taken={})
    waiting = list(tests.names)
    ended: ToldAll | None
    request = frames.request((unittests.BESIDE, code, entry_point))
    with sandbox.run(request, int(limits.total) + 2) as run:
        run.allow(limits.total)
        ended = loading(run)
        if ended is None:
            given = [tests.source, list(tests.names), wrong]
            run.ask(frames.inputs([frames.given(given, False)]), len(waiting))
            for each in told(run, limits, tests.names):
                if isinstance(each, Told):
                    if each.name not in waiting and each.outcome == unittests.PASSED:
                        ended = ToldAll(Status.FAIL, FORGED)
                        break
                    if each.name in waiting:
                        waiting.remove(each.name)
                    results.taken[each.name] = each.seconds
                    if each.outcome != unittests.PASSED:
                        results.fail(each, Status.FAIL, f"test failed: {each.said}")
                        if not all_tests:
                            break
                elif isinstance(each, ToldAll):
                    ended = each
                else:
                    ended = ToldAll(Status.FAIL, FORGED)
                    break
    assert run.ended is not None
    results.cpu_seconds = run.ended.cpu_seconds
    if ended is None:  # a test failed, and the others were not asked for
        return results
    results.foreign = ended.foreign
    if ended.status is not Status.PASS or waiting:
        status = ended.status if ended.status is not Status.PASS else Status.FAIL
        reason = ended.reason or FORGED
        for name in waiting or tests.names[:1]:
            results.fail(Told(name, unittests.FAILED, reason), status, reason)
    return results
