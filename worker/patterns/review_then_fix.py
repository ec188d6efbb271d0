"""Review after writing: the paper's main pattern (arXiv 2603.03406)."""

from foureyes.models.problem import Spec
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.steps import CODER, REVIEWER, Draft, Fix, Review, Steps


@pattern("review-then-fix")
def review_then_fix(spec: Spec) -> Steps:
    """The coder writes freely; the reviewer looks for bugs; the coder fixes what was named."""
    draft = yield Draft(spec, by=CODER)
    review = yield Review(draft, by=REVIEWER)
    if not review.asks_for_changes:
        return draft.code
    fix = yield Fix(draft, review, by=CODER)
    return fix.code
