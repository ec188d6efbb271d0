"""The cheap model first, the other only where it is needed (FrugalGPT, arXiv 2305.05176; for code arXiv
2405.15842)."""

from foureyes.models.problem import Spec
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.steps import (
    CODER,
    REVIEWER,
    Draft,
    RunTests,
    Steps,
    Tests,
    VisibleTests,
)


@pattern("cascade")
def cascade(spec: Spec) -> Steps:
    """The coder writes; only if its draft fails a test does the reviewer write in its place.

    The tests are the visible ones; where a prompt shows none, the coder writes some itself. Controls:
    raw-coder and raw-reviewer, between which it should lie in cost and above both in what cost buys.
    """
    draft = yield Draft(spec, by=CODER)
    if spec.visible_tests:
        shown = yield VisibleTests(draft)
    else:
        tests = yield Tests(spec, by=CODER)
        shown = yield RunTests(draft, tests)
    if not shown.failed:
        return draft.code
    second = yield Draft(spec, by=REVIEWER)
    return second.code
