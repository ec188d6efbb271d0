"""Two runs on the same problems, compared pair by pair. Pure."""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from results.outcomes import Outcomes, has_samples, pairs, share_solved
from results.statistics import (
    bootstrap_mean,
    detectable_difference,
    detectable_mean,
    holm,
    mcnemar_exact,
    newcombe_paired,
    sign_flip,
)

#: Below this a corrected p-value is called evidence.
SIGNIFICANT = 0.05
NO_EVIDENCE = "no evidence of a difference"
MCNEMAR = "exact McNemar"
SIGN_FLIP = "sign flip over problems"


@dataclass(frozen=True)
class Comparison:
    """One run against another, on what both were judged on.

    `pairs` are problems and samples that both were judged on, on `problems` problems; `missing` are
    those of either run that are no pair. `difference` is that of pass@1, with its 95 % interval
    (Newcombe's; with several samples the bootstrap over problems), as shares. `p` is the test's, `p_holm` the same corrected for the
    family of comparisons it is shown with. `detectable` is the smallest difference that such data
    would show in four of five cases, after the same correction; None if they could show none.
    """

    baseline_run_id: int
    run_id: int
    problems: int
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


def compare(
    baseline_run_id: int,
    baseline: Outcomes,
    run_id: int,
    run: Outcomes,
    *,
    family: int = 1,
) -> Comparison:
    """Compare two runs; `family` is how many comparisons will be shown together.

    One sample a problem: the exact McNemar test on the problems that only one of them solved. With
    several, what became of one problem's samples is not independent, so problems are the units: the
    sign-flip test on the differences of their shares.
    """
    counts = Counter((before, after) for _, before, after in pairs(baseline, run))
    paired = counts.total()
    improved, regressed = counts[False, True], counts[True, False]
    differences = _differences(baseline, run)
    significance = SIGNIFICANT / family
    detectable: float | None
    if has_samples(baseline) or has_samples(run):
        test, p = SIGN_FLIP, sign_flip(differences)
        low, high = bootstrap_mean(differences, least=-1.0)
        detectable = detectable_mean(differences, significance=significance)
    else:
        test, p = MCNEMAR, mcnemar_exact(improved, regressed)
        low, high = newcombe_paired(counts[True, True], improved, regressed, counts[False, False])
        detectable = detectable_difference(
            max(1, paired), improved + regressed, significance=significance
        )
    return Comparison(
        baseline_run_id=baseline_run_id,
        run_id=run_id,
        problems=len(differences),
        pairs=paired,
        missing=_attempts(baseline, run) - paired,
        both_solved=counts[True, True],
        neither_solved=counts[False, False],
        improved=improved,
        regressed=regressed,
        difference=sum(differences) / len(differences) if differences else 0.0,
        low=low,
        high=high,
        test=test,
        p=p,
        p_holm=p,
        detectable=detectable,
    )


def _attempts(baseline: Outcomes, run: Outcomes) -> int:
    """Problems and samples that at least one of two runs has."""
    return sum(
        max(len(baseline.get(problem, "")), len(run.get(problem, "")))
        for problem in baseline.keys() | run.keys()
    )


def _differences(baseline: Outcomes, run: Outcomes) -> list[float]:
    """Of each problem that both were judged on: how much more of its samples the run solved."""
    found = []
    for problem in sorted(baseline.keys() & run.keys()):
        before, after = share_solved(baseline[problem]), share_solved(run[problem])
        if before is not None and after is not None:
            found.append(after - before)
    return found


def corrected(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """The comparisons of one family, with Holm's correction."""
    adjusted = holm([comparison.p for comparison in comparisons])
    return [
        dataclasses.replace(comparison, p_holm=p)
        for comparison, p in zip(comparisons, adjusted, strict=True)
    ]
