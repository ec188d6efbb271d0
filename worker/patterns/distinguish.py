"""Inputs that tell candidates apart (S*, arXiv 2502.14382): to see what programs do is easier than to read it."""

from typing import Annotated

from pydantic import Field

from foureyes.models.problem import Spec
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.steps import (
    REVIEWER,
    Choose,
    Compare,
    Inputs,
    Note,
    Steps,
    drafts,
    mutated,
)


@pattern("distinguish")
def distinguish(
    spec: Spec,
    candidates: Annotated[int, Field(ge=2, le=20)] = 3,
    temperature: Annotated[float, Field(gt=0, le=2)] = 0.8,
) -> Steps:
    """The coder writes several drafts; where they differ, the reviewer sees inputs and outputs and chooses.

    One draft of each group that does the same stands for it; the largest begins, and each other group
    challenges who stands. Control: sample-and-select with as many drafts and two more.
    """
    programs = yield drafts(spec, candidates, temperature)
    written = yield Inputs(spec, by=REVIEWER)
    found = yield Compare(programs, mutated(spec) + written)
    yield Note("votes", [len(group) for group in found.groups])
    standing = found.best
    for other in found.groups[1:]:
        differences = found.differences(standing, other[0])
        choice = yield Choose(standing, other[0], by=REVIEWER, differences=differences)
        standing = choice.program
    return standing.code
