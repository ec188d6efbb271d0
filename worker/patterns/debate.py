"""Two authors who check each other: the paper's debate (arXiv 2603.03406).

The paper does not say how it is led. Here: independent drafts, each reviewed by the other model and
mended by its author, then a choice by the visible tests, and by the reviewer where those are equal.
"""

from typing import Annotated

from pydantic import Field

from foureyes.models.problem import Spec
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.steps import (
    CODER,
    REVIEWER,
    Choose,
    Draft,
    Fix,
    Program,
    Review,
    Steps,
    VisibleTests,
)


@pattern("debate")
def debate(
    spec: Spec, rounds: Annotated[int, Field(ge=1, le=5)] = 1, both_orders: bool = False
) -> Steps:
    """Both write; each reviews the other's and mends its own; tests choose, else the reviewer.

    `both_orders`: the reviewer is asked twice, with either program first; where the answers differ, the
    coder's program counts.
    """
    left, right = yield Draft(spec, by=CODER), Draft(spec, by=REVIEWER)
    return (yield from debated(left, right, rounds, both_orders))


def debated(left: Program, right: Program, rounds: int, both_orders: bool) -> Steps:
    """The debate of two drafts, the coder's and the reviewer's."""
    for _ in range(rounds):
        of_left, of_right = yield Review(left, by=REVIEWER), Review(right, by=CODER)
        if of_left.asks_for_changes:
            left = yield Fix(left, of_left, by=CODER)
        if of_right.asks_for_changes:
            right = yield Fix(right, of_right, by=REVIEWER)
    left_trial, right_trial = yield VisibleTests(left), VisibleTests(right)
    if left_trial.passes != right_trial.passes or left.code == right.code:
        return left.code if left_trial.passes >= right_trial.passes else right.code
    if not both_orders:
        choice = yield Choose(left, right, by=REVIEWER)
        return choice.program.code
    one, other = yield tuple(Choose(left, right, by=REVIEWER, first=x) for x in ("left", "right"))
    return one.program.code if one.program == other.program else left.code
