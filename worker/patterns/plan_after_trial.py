"""Planning only where trying has failed (arXiv 2605.07248)."""

from foureyes.models.problem import Spec
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.steps import CODER, REVIEWER, Draft, Plan, Steps, VisibleTests


@pattern("plan-after-trial")
def plan_after_trial(spec: Spec) -> Steps:
    """The coder tries; if a visible test fails, the reviewer plans from what went wrong."""
    draft = yield Draft(spec, by=CODER)
    trial = yield VisibleTests(draft)
    if not trial.failed:
        return draft.code
    plan = yield Plan(spec, draft, trial, by=REVIEWER)
    second = yield Draft(spec, plan, by=CODER)
    return second.code
