"""What runs spend for what they solve. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from foureyes.results.figures.scores import Score

DOLLARS, TOKENS = "USD for 1,000 attempts", "answer tokens for an attempt"


@dataclass(frozen=True)
class Spent:
    """What a run spent on the attempts that were judged, in `unit`, and whether nothing that spends no
    more solves as much (Pareto)."""

    run_id: int
    unit: str
    spent: float
    is_best: bool


def spending(scores: Sequence[Score]) -> list[Spent]:
    """Of runs that are judged, in their order; nothing where no model wrote a token.

    In USD where any model has a price, else in tokens.
    """
    if not any(score.cost.judged_completion_tokens for score in scores):
        return []
    if any(score.cost.judged_price for score in scores):
        unit, spent = DOLLARS, [1000 * score.cost.judged_price / score.n for score in scores]
    else:
        unit, spent = TOKENS, [score.cost.judged_completion_tokens / score.n for score in scores]
    best = pareto([(x, score.pass_1 or 0.0) for x, score in zip(spent, scores, strict=True)])
    return [
        Spent(score.run_id, unit, x, is_best)
        for score, x, is_best in zip(scores, spent, best, strict=True)
    ]


def pareto(points: Sequence[tuple[float, float]]) -> list[bool]:
    """Of each (price, score), whether no other costs no more and scores no less, and differs."""
    return [
        not any(
            other != point and other[0] <= point[0] and other[1] >= point[1] for other in points
        )
        for point in points
    ]
