"""Tests that a model wrote, run on a program: a wrong program is told from a broken test.

A test is broken if it is not one of its format's, or if it fails by itself: a failed one is run once more,
on a program that only says that it was asked. One that ends before it asks anything says nothing of any
program. What a program's own process says has no part in that.
"""

from collections.abc import Sequence
from dataclasses import replace

from foureyes.judging.formats import verdicts
from foureyes.judging.sandbox.sandbox import Sandbox
from foureyes.judging.visible.assertions import BrokenTest
from foureyes.models.problem import Spec, VisibleTest
from foureyes.models.shown import BROKEN, FAILED, PASSED, TestResult, TestRun, Trial, WrittenResult

_ASKED = "raised: Asked"


def run(sandbox: Sandbox, spec: Spec, code: str, tests: Sequence[str]) -> TestRun:
    """Run tests, each as the format has it. Raises: InfrastructureError."""
    found: dict[int, WrittenResult] = {}
    sound: dict[int, VisibleTest] = {}
    judged = verdicts.of(spec.format)
    for number, source in enumerate(tests):
        try:
            sound[number] = judged.read_test(spec, source)
        except BrokenTest as error:
            found[number] = WrittenResult(source, BROKEN, str(error))
    trial = _trial(sandbox, spec, code, list(sound.values()))
    results = dict(zip(sound, trial.results, strict=True))
    failed = {number: sound[number] for number, each in results.items() if not each.passed}
    alone = _alone(sandbox, spec, list(failed.values()))
    ends = dict(zip(failed, alone, strict=True))
    for number, result in results.items():
        why = ends.get(number, "")
        outcome = BROKEN if why else PASSED if result.passed else FAILED
        found[number] = WrittenResult(tests[number], outcome, why or result.shown)
    return TestRun(tuple(found[number] for number in range(len(tests))))


def _trial(sandbox: Sandbox, spec: Spec, code: str, tests: Sequence[VisibleTest]) -> Trial:
    if not tests:
        return Trial(())
    shown = replace(spec, visible_tests=tuple(tests))
    return verdicts.of(spec.format).visible(sandbox, shown, code)


def _alone(sandbox: Sandbox, spec: Spec, tests: Sequence[VisibleTest]) -> list[str]:
    """How each test ends before it asks a program anything; empty for those that do ask."""
    if any(test.kind != "assert" for test in tests):
        return [""] * len(tests)  # what is given to a program, and what it should give: no code
    asked = f"class Asked(BaseException):\n    pass\n\ndef {spec.entry_point}(*_, **__):\n    raise Asked\n"
    trial = _trial(sandbox, spec, asked, tests)
    return ["" if _did_ask(result) else result.shown for result in trial.results]


def _did_ask(result: TestResult) -> bool:
    return result.shown.startswith((_ASKED, "not run"))
