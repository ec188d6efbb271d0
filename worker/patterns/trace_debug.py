"""What really happened, line by line (LDB, arXiv 2402.16906): a wrong result says less than the way to it."""

from typing import Annotated

from pydantic import Field

from foureyes.models.problem import Spec
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.steps import CODER, Ask, Code, Draft, Fix, Steps, Trace, VisibleTests


@pattern("trace-debug")
def trace_debug(spec: Spec, retries: Annotated[int, Field(ge=1, le=10)] = 3) -> Steps:
    """Where a visible test fails, the coder sees its variables on the way there, line by line, and mends.

    Whole programs are mended without. Control: retry, which shows what came out and nothing else.
    """
    program = yield Draft(spec, by=CODER)
    for _ in range(retries):
        trial = yield VisibleTests(program)
        if not trial.failed:
            break
        tests = zip(spec.visible_tests, trial.results, strict=False)
        test = next(test for test, result in tests if not result.passed)
        step = Trace(program, test)
        if step.misfit(spec):
            program = yield Fix(program, trial, by=CODER)
            continue
        trace = yield step
        program = yield Ask(
            "fix-traced", by=CODER, read=Code(spec),
            spec=spec, draft=program, trial=trial, test=test, trace=trace,
        )  # fmt: skip
    return program.code
