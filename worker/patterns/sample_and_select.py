"""The equal-budget control: what do the same calls buy without a second model?"""

from typing import Annotated

from pydantic import Field

from models.problem import Spec
from worker.patterns import pattern
from worker.patterns.steps import (
    CODER,
    Compare,
    Inputs,
    Steps,
    VisibleTests,
)
from worker.patterns.steps import drafts as several


@pattern("sample-and-select")
def sample_and_select(
    spec: Spec,
    drafts: Annotated[int, Field(ge=2, le=50)] = 3,
    temperature: Annotated[float, Field(gt=0, le=2)] = 0.8,
) -> Steps:
    """The coder writes several drafts; the first of those that pass most visible tests counts.

    Where the prompt shows no tests, the coder writes inputs, and what most drafts do on them counts.
    The first draft is the raw coder's; `temperature` is that of the others.
    """
    written = yield several(spec, drafts, temperature)
    if not spec.visible_tests:
        inputs = yield Inputs(spec, by=CODER)
        found = yield Compare(written, inputs)
        return found.best.code
    trials = yield tuple(VisibleTests(draft) for draft in written)
    passes = [trial.passes for trial in trials]
    return written[passes.index(max(passes))].code
