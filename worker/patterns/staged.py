"""A flow in stages (AlphaCodium, arXiv 2401.08500): notes, tests, a draft, repairs that keep what works."""

from typing import Annotated

from pydantic import Field

from foureyes.models.problem import Spec
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.steps import (
    CODER,
    Ask,
    Code,
    Draft,
    Enrich,
    Fix,
    RunTests,
    Steps,
    Tests,
    VisibleTests,
)


@pattern("staged")
def staged(spec: Spec, repairs: Annotated[int, Field(ge=1, le=5)] = 2) -> Steps:
    """The coder notes what is unsaid, writes tests and a draft, and mends it on the visible tests, then on
    its own.

    `repairs`: of either kind, at most. What its own tests led to counts only if it passes no fewer visible
    tests. Control: retry, with as many calls.
    """
    noted = yield Enrich(spec, by=CODER)
    tests = yield Tests(noted, by=CODER)
    program = yield Draft(noted, by=CODER)
    for _ in range(repairs):
        trial = yield VisibleTests(program)
        if not trial.failed:
            break
        program = yield Fix(program, trial, by=CODER)
    for _ in range(repairs):
        trial, run = yield VisibleTests(program), RunTests(program, tests)
        if not run.failed:
            break
        mended = yield Ask(
            "fix-written-tests", by=CODER, read=Code(noted), spec=noted, draft=program, run=run
        )
        again = yield VisibleTests(mended)
        if again.passes < trial.passes:
            break
        program = mended
    return program.code
