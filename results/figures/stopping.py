"""Comparisons of sweeps that stop what is decided: right whenever one looks. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from foureyes.results.figures.comparisons import Comparison, compare_all
from foureyes.results.figures.margins import MARGIN, Margin
from foureyes.results.figures.questions import SEQUENTIAL, Joined, Question
from foureyes.results.figures.sequential import look, p_value


def compare_as_planned(
    questions: Sequence[Question | Joined],
    margin: float = MARGIN,
    *,
    stops: bool,
    planned: int = 0,
) -> list[Comparison]:
    """As `compare_all`; if the sweep stops, by tests and intervals that may be stopped at at any time.

    There `p` is one over the evidence of `look`, and what is corrected is multiplied by the number of
    comparisons (Bonferroni), of all that are `planned`: some may not have begun. Differences are those of
    the problems that count so far.
    """
    compared = compare_all(questions, margin)
    if not stops:
        return compared
    comparisons = max(planned, len(questions))
    return [
        _at_every_look(found, list(question.so_far().values()), comparisons, margin)
        for question, found in zip(questions, compared, strict=True)
    ]


def _at_every_look(
    found: Comparison, steps: list[Fraction], comparisons: int, margin: float
) -> Comparison:
    seen = look(steps)
    p = min(1.0, 1 / seen.evidence)
    mean = float(sum(steps) / len(steps)) if steps else 0.0
    low, high = p_value(steps, -margin), p_value(steps, margin)
    nearer = max(low, high) if abs(mean) < margin else low if mean < 0 else high
    return replace(
        found,
        problems=len(steps),
        differing=sum(map(bool, steps)),
        difference=mean,
        low=seen.low,
        high=seen.high,
        test=SEQUENTIAL,
        p=p,
        family=comparisons,
        p_holm=min(1.0, comparisons * p),
        detectable=None,
        not_worse=Margin(mean > -margin, low, min(1.0, comparisons * low)),
        equivalent=Margin(abs(mean) < margin, nearer, min(1.0, comparisons * nearer)),
    )
