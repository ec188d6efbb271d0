"""The equal-budget control: what do the same calls buy without a second model?"""

from typing import Annotated

from pydantic import Field

from models.problem import Spec
from worker.patterns import pattern
from worker.patterns.steps import CODER, Draft, Sampling, Steps, VisibleTests


@pattern("sample-and-select")
def sample_and_select(
    spec: Spec,
    drafts: Annotated[int, Field(ge=2, le=50)] = 3,
    temperature: Annotated[float, Field(gt=0, le=2)] = 0.8,
) -> Steps:
    """The coder writes several drafts; the first of those that pass most visible tests counts.

    The first draft is the raw coder's; `temperature` is that of the others.
    """
    others = [
        Draft(spec, by=CODER, sampling=Sampling(temperature, seed=i)) for i in range(1, drafts)
    ]
    written = yield (Draft(spec, by=CODER), *others)
    trials = yield tuple(VisibleTests(draft) for draft in written)
    passes = [trial.passes for trial in trials]
    return written[passes.index(max(passes))].code
