"""A fix has to earn its place (arXiv 2603.00539): reviewers see bugs where there are none."""

from typing import Literal

from foureyes.models.problem import Spec
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.steps import CODER, REVIEWER, Draft, Fix, Review, Steps, VisibleTests


@pattern("guarded-fix")
def guarded_fix(spec: Spec, accept: Literal["better", "not-worse"] = "better") -> Steps:
    """Review-then-fix, but the fix counts only if the visible tests, run on both, support it.

    `accept`: it must pass more of them than the draft, or only no fewer.
    """
    draft = yield Draft(spec, by=CODER)
    review = yield Review(draft, by=REVIEWER)
    if not review.asks_for_changes:
        return draft.code
    fix = yield Fix(draft, review, by=CODER)
    before, after = yield VisibleTests(draft), VisibleTests(fix)
    gain = after.passes - before.passes
    return fix.code if gain > 0 or (gain == 0 and accept == "not-worse") else draft.code
