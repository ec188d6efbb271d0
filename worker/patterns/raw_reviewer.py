"""The control that tells a good pattern from a good reviewer."""

from foureyes.models.problem import Spec
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.steps import REVIEWER, Draft, Steps


@pattern("raw-reviewer")
def raw_reviewer(spec: Spec) -> Steps:
    """The reviewer writes the program alone."""
    draft = yield Draft(spec, by=REVIEWER)
    return draft.code
