"""The control that tells a second model from a second look."""

from foureyes.models.problem import Spec
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.steps import CODER, Draft, Fix, Review, Steps


@pattern("self-review")
def self_review(spec: Spec) -> Steps:
    """Review-then-fix with one model: the coder reviews its own draft."""
    draft = yield Draft(spec, by=CODER)
    review = yield Review(draft, by=CODER)
    if not review.asks_for_changes:
        return draft.code
    fix = yield Fix(draft, review, by=CODER)
    return fix.code
