"""Planning first: the pattern that the paper (arXiv 2603.03406) found to make things worse."""

from foureyes.models.problem import Spec
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.steps import CODER, REVIEWER, Draft, Plan, Steps


@pattern("plan-then-code")
def plan_then_code(spec: Spec) -> Steps:
    """The reviewer plans; the coder implements the plan."""
    plan = yield Plan(spec, by=REVIEWER)
    draft = yield Draft(spec, plan, by=CODER)
    return draft.code
