"""Two runs on the same problems, compared pair by pair. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from typing import Any

from foureyes.results.figures.margins import MARGIN, Margin, corrected, equivalent, not_worse
from foureyes.results.figures.outcomes import Outcomes
from foureyes.results.figures.paired import detectable_difference, difference_interval, smallest_p
from foureyes.results.figures.questions import Joined, Question
from foureyes.results.figures.statistics import SIGNIFICANT, holm, strictest

NO_EVIDENCE = "no evidence of a difference"


@dataclass(frozen=True)
class Comparison:
    """One run against another, on what both were judged on.

    `pairs` are problems and samples that both were judged on, on `problems` problems, of which they
    solved another share of `differing`; `missing` are those of either run that are no pair.
    `difference` is that of pass@1, with its 95 % interval, as shares: 0 is in the interval unless
    `p`, the test's, is evidence. `p_holm` is the same corrected for the `family` comparisons it is
    shown with. `detectable` is the smallest difference that so many differing problems would show in
    four of five cases, at the correction's first step; None if they could show none there.
    `not_worse` and `equivalent` say whether it is within the `margin`, a share, on one side and on
    both. `with_errors` are the least and the most that the difference would be had the attempts in
    error been judged; None if there are none.
    """

    baseline_run_id: int
    run_id: int
    problems: int
    differing: int
    pairs: int
    missing: int
    both_solved: int
    neither_solved: int
    improved: int
    regressed: int
    difference: float
    low: float
    high: float
    test: str
    p: float
    family: int
    p_holm: float
    detectable: float | None
    margin: float
    not_worse: Margin
    equivalent: Margin
    with_errors: tuple[float, float] | None

    @property
    def verdict(self) -> str:
        """What may be said of the run, seen from its baseline."""
        if not self.pairs:
            return "nothing to compare yet"
        if self.p_holm >= SIGNIFICANT:
            return NO_EVIDENCE
        return "better" if self.difference > 0 else "worse"

    @property
    def could_be_evidence(self) -> bool:
        """Whether some split of the problems that differ would be, by itself or at the correction's last step."""
        return smallest_p(self.differing) < SIGNIFICANT

    def row(self) -> dict[str, Any]:
        """All of it by name, with the verdicts in words."""
        row = asdict(self) | {"verdict": self.verdict}
        for name in ("not_worse", "equivalent"):
            margin: Margin = getattr(self, name)
            row |= {name: margin.verdict, f"{name}_p": margin.p, f"{name}_p_holm": margin.p_holm}
        return row


def compare(baseline_run_id: int, baseline: Outcomes, run_id: int, run: Outcomes) -> Comparison:
    """Compare two runs by themselves."""
    (found,) = compare_all([Question(baseline_run_id, baseline, run_id, run)])
    return found


def compare_all(questions: Sequence[Question | Joined], margin: float = MARGIN) -> list[Comparison]:
    """The comparisons of one family, with Holm's correction for those that could be evidence.

    `margin` is the difference that is too small to matter, as a share.
    """
    differences = [question.differences() for question in questions]
    smallest = [smallest_p(sum(map(bool, each))) for each in differences]
    tests = [question.test(found) for question, found in zip(questions, differences, strict=True)]
    adjusted = holm([p for _, p in tests], smallest)
    significance = strictest(smallest)
    found = [
        _comparison(*each, margin, len(questions), significance)
        for each in zip(questions, differences, tests, adjusted, strict=True)
    ]
    no_worse = corrected([each.not_worse for each in found])
    alike = corrected([each.equivalent for each in found])
    return [
        replace(each, not_worse=one, equivalent=other)
        for each, one, other in zip(found, no_worse, alike, strict=True)
    ]


def _comparison(
    question: Question | Joined,
    differences: list[Fraction],
    tested: tuple[str, float],
    p_holm: float,
    margin: float,
    family: int,
    significance: float,
) -> Comparison:
    counts = question.counts()
    low, high = difference_interval(differences)
    return Comparison(
        baseline_run_id=question.baseline_run_id,
        run_id=question.run_id,
        problems=len(differences),
        differing=sum(map(bool, differences)),
        pairs=counts.total(),
        missing=question.attempts() - counts.total(),
        both_solved=counts[True, True],
        neither_solved=counts[False, False],
        improved=counts[False, True],
        regressed=counts[True, False],
        difference=_mean(differences),
        low=low,
        high=high,
        test=tested[0],
        p=tested[1],
        family=family,
        p_holm=p_holm,
        detectable=detectable_difference(differences, significance=significance),
        margin=margin,
        not_worse=not_worse(differences, margin),
        equivalent=equivalent(differences, margin),
        with_errors=_with_errors(question),
    )


def _mean(differences: Sequence[Fraction]) -> float:
    """0 for none."""
    if not differences:
        return 0.0
    known = {id(each): each for each in differences}  # few, which come again and again
    number = Counter(map(id, differences))
    total = sum((known[each] * times for each, times in number.items()), Fraction())
    return float(total / len(differences))


def _with_errors(question: Question | Joined) -> tuple[float, float] | None:
    """The difference if all errors told against the run, and if all told for it."""
    if not question.has_errors():
        return None
    least, most = (_mean(question.differences(errors_for_run=each)) for each in (False, True))
    return least, most
