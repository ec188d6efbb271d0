"""Two runs on the same problems, compared pair by pair. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from results.figures.outcomes import Outcomes, has_samples, pairs, share_solved
from results.figures.paired import (
    detectable_difference,
    difference_interval,
    mcnemar_exact,
    sign_flip,
    smallest_p,
)
from results.figures.statistics import SIGNIFICANT, holm, strictest

NO_EVIDENCE = "no evidence of a difference"
MCNEMAR = "exact McNemar"
SIGN_FLIP = "exact sign flip over problems"
_NONE = Fraction(0)


@dataclass(frozen=True)
class Comparison:
    """One run against another, on what both were judged on.

    `pairs` are problems and samples that both were judged on, on `problems` problems, of which they
    solved another share of `differing`; `missing` are those of either run that are no pair.
    `difference` is that of pass@1, with its 95 % interval, as shares: 0 is in the interval unless
    `p`, the test's, is evidence. `p_holm` is the same corrected for the `family` comparisons it is
    shown with. `detectable` is the smallest difference that so many differing problems would show in
    four of five cases, at the correction's first step; None if they could show none there.
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


@dataclass(frozen=True)
class Question:
    """Two runs to compare: what became of their attempts, the baseline's first."""

    baseline_run_id: int
    baseline: Outcomes
    run_id: int
    run: Outcomes

    def differences(self) -> list[Fraction]:
        """Of each problem that both were judged on: how much more of its samples the run solved."""
        found = []
        for problem in sorted(self.baseline.keys() & self.run.keys()):
            before = share_solved(self.baseline[problem])
            after = share_solved(self.run[problem])
            if before is not None and after is not None:
                found.append(_NONE if after is before else after - before)
        return found

    def test(self, found: list[Fraction]) -> tuple[str, float]:
        """By which test the runs are compared, and its p-value for these differences of theirs.

        One sample a problem: the exact McNemar test on the problems that only one of them solved. With
        several, what became of one problem's samples is not independent, so problems are the units:
        the exact sign-flip test on the differences of their shares.
        """
        if has_samples(self.baseline) or has_samples(self.run):
            return SIGN_FLIP, sign_flip(found)
        return MCNEMAR, mcnemar_exact(found.count(Fraction(1)), found.count(Fraction(-1)))

    def attempts(self) -> int:
        """Problems and samples that at least one of the runs has."""
        return sum(
            max(len(self.baseline.get(problem, "")), len(self.run.get(problem, "")))
            for problem in self.baseline.keys() | self.run.keys()
        )


def compare(baseline_run_id: int, baseline: Outcomes, run_id: int, run: Outcomes) -> Comparison:
    """Compare two runs by themselves."""
    (found,) = compare_all([Question(baseline_run_id, baseline, run_id, run)])
    return found


def compare_all(questions: Sequence[Question]) -> list[Comparison]:
    """The comparisons of one family, with Holm's correction for those that could be evidence."""
    differences = [question.differences() for question in questions]
    smallest = [smallest_p(sum(map(bool, each))) for each in differences]
    tests = [question.test(found) for question, found in zip(questions, differences, strict=True)]
    adjusted = holm([p for _, p in tests], smallest)
    significance = strictest(smallest)
    return [
        _comparison(*each, len(questions), significance)
        for each in zip(questions, differences, tests, adjusted, strict=True)
    ]


def _comparison(
    question: Question,
    differences: list[Fraction],
    tested: tuple[str, float],
    p_holm: float,
    family: int,
    significance: float,
) -> Comparison:
    counts = Counter((before, after) for _, before, after in pairs(question.baseline, question.run))
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
        difference=float(sum(filter(None, differences)) / Fraction(len(differences)))
        if differences
        else 0.0,
        low=low,
        high=high,
        test=tested[0],
        p=tested[1],
        family=family,
        p_holm=p_holm,
        detectable=detectable_difference(differences, significance=significance),
    )
