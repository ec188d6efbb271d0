"""Review, then retries on the tests that the prompt shows: the paper's best (arXiv 2603.03406)."""

from typing import Annotated

from pydantic import Field

from foureyes.models.problem import Spec
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.steps import CODER, REVIEWER, Draft, Fix, Review, Steps, VisibleTests


@pattern("review-then-fix-retry")
def review_then_fix_retry(spec: Spec, retries: Annotated[int, Field(ge=1, le=10)] = 3) -> Steps:
    """Review-then-fix; then the coder retries on the errors of the visible tests, a few times."""
    program = yield Draft(spec, by=CODER)
    review = yield Review(program, by=REVIEWER)
    if review.asks_for_changes:
        program = yield Fix(program, review, by=CODER)
    for _ in range(retries):
        trial = yield VisibleTests(program)
        if not trial.failed:
            break
        program = yield Fix(program, trial, by=CODER)
    return program.code
