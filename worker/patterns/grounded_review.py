"""Review with evidence (arXiv 2604.10508): models misjudge code that they cannot see running."""

from foureyes.models.problem import Spec
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.steps import CODER, REVIEWER, Draft, Fix, Review, Steps, VisibleTests


@pattern("grounded-review")
def grounded_review(spec: Spec) -> Steps:
    """Review-then-fix, but the reviewer also sees what the visible tests printed."""
    draft = yield Draft(spec, by=CODER)
    trial = yield VisibleTests(draft)
    review = yield Review(draft, trial, by=REVIEWER)
    if not review.asks_for_changes:
        return draft.code
    fix = yield Fix(draft, review, by=CODER)
    return fix.code
