"""Two models' samples together (arXiv 2503.15838): models that differ seldom make the same mistake."""

from typing import Annotated

from pydantic import Field

from foureyes.models.problem import Spec
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.steps import (
    CODER,
    REVIEWER,
    Compare,
    Inputs,
    Steps,
    VisibleTests,
    drafts,
    mutated,
)


@pattern("diverse-pair")
def diverse_pair(
    spec: Spec,
    candidates: Annotated[int, Field(ge=1, le=10)] = 2,
    temperature: Annotated[float, Field(gt=0, le=2)] = 0.8,
) -> Steps:
    """Both models write drafts; of those that pass most visible tests, what most of them do is the answer.

    `candidates` is the number of each. Control: vote with twice as many.
    """
    written = yield tuple(
        each for by in (CODER, REVIEWER) for each in drafts(spec, candidates, temperature, by)
    )
    trials = yield tuple(VisibleTests(program) for program in written)
    most = max(trial.passes for trial in trials)
    left = [each for each, trial in zip(written, trials, strict=True) if trial.passes == most]
    if len(left) == 1:
        return left[0].code
    inputs = yield Inputs(spec, by=CODER)
    found = yield Compare(tuple(left), mutated(spec) + inputs)
    return found.best.code
