"""The baseline: one model, one answer."""

from foureyes.models.problem import Spec
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.steps import CODER, Draft, Steps


@pattern("raw-coder")
def raw_coder(spec: Spec) -> Steps:
    """The coder writes the program alone."""
    draft = yield Draft(spec, by=CODER)
    return draft.code
