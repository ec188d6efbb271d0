"""A richer specification first: the paper's last pattern (arXiv 2603.03406)."""

from foureyes.models.problem import Spec
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.steps import CODER, REVIEWER, Draft, Enrich, Fix, Review, Steps


@pattern("enriched-review")
def enriched_review(spec: Spec) -> Steps:
    """The reviewer adds to the specification what it leaves unsaid; then review-then-fix on that."""
    rich = yield Enrich(spec, by=REVIEWER)
    draft = yield Draft(rich, by=CODER)
    review = yield Review(draft, by=REVIEWER)
    if not review.asks_for_changes:
        return draft.code
    fix = yield Fix(draft, review, by=CODER)
    return fix.code
