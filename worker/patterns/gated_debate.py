"""A debate only where there is something to debate (arXiv 2504.05047)."""

from typing import Annotated

from pydantic import Field

from foureyes.models.problem import Spec
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.debate import debated
from foureyes.worker.patterns.steps import CODER, REVIEWER, Compare, Draft, Inputs, Steps, mutated


@pattern("gated-debate")
def gated_debate(
    spec: Spec, rounds: Annotated[int, Field(ge=1, le=5)] = 1, both_orders: bool = False
) -> Steps:
    """Both write; if their programs do the same, the coder's counts; else they debate, as in debate.

    Where there is no input to try them on, nothing says that they do. Control: debate, which always does.
    """
    left, right = yield Draft(spec, by=CODER), Draft(spec, by=REVIEWER)
    written = yield Inputs(spec, by=CODER)
    found = yield Compare((left, right), mutated(spec) + written)
    if found.agree and found.inputs:
        return left.code
    return (yield from debated(left, right, rounds, both_orders))
