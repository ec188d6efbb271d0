"""Shares, families of tests and moderators. Pure, and each with its source."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from statistics import NormalDist
from typing import TYPE_CHECKING

from foureyes.models.later import Later

if TYPE_CHECKING:
    import numpy as np
else:  # most of what reads results compares nothing
    np = Later("numpy")

#: A p-value below this, corrected for its family, is called evidence.
SIGNIFICANT = 0.05
#: Above this condition number of the information there is no finite estimate.
_SINGULAR = 1e10


def pass_at_k(n: int, correct: int, k: int) -> float:
    """The unbiased estimate of pass@k from `correct` right samples among `n`.

    1 - C(n - correct, k) / C(n, k); Chen et al. (2021), "Evaluating Large Language Models Trained
    on Code", equation 1. Needs 0 <= correct <= n and 1 <= k <= n.
    """
    if not (0 <= correct <= n and 1 <= k <= n):
        raise ValueError(
            f"pass@k needs 0 <= correct <= n and 1 <= k <= n, not {n=} {correct=} {k=}"
        )
    return 1.0 - math.comb(n - correct, k) / math.comb(n, k)


def wilson(solved: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval for a share of `solved` among `n`, as (low, high) between 0 and 1.

    Wilson (1927), "Probable Inference, the Law of Succession, and Statistical Inference". The whole
    range for n = 0. Neither count need be whole: see `mean_interval`.
    """
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = solved / n
    centre = share + z * z / (2 * n)
    spread = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    # at the ends they are 0 and 1, but for the last digit
    low = (centre - spread) / scale if solved > 0 else 0.0
    high = (centre + spread) / scale if solved < n else 1.0
    return max(0.0, low), min(1.0, high)


def effective_number(shares: Sequence[Fraction | float], samples: int) -> float:
    """As how many independent samples those of these problems count, from one a problem to all.

    `shares` are the problems' shares of solved samples, `samples` how many there are of all of them.
    Samples of one problem resemble each other, so shares vary more than those of coins would: by the
    design effect, of which Korn & Graubard (1998), "Confidence Intervals for Proportions with Small
    Expected Number of Positive Counts Estimated from Survey Data", divide the number. Theirs is
    estimated from the problems alone, and too small where few differ; here one more problem counts
    along, half of it solved in all samples and half in none. Copies of one sample are one sample.
    """
    n = len(shares)
    mean = (float(sum(shares)) + 0.5) / (n + 1)
    variance = (math.fsum(float(share) ** 2 for share in shares) + 0.5) / (n + 1) - mean**2
    return min(max(n, n * mean * (1 - mean) / variance), samples)


def mean_interval(
    shares: Sequence[Fraction | float], samples: int, confidence: float = 0.95
) -> tuple[float, float]:
    """The interval of the mean of problems' shares, as (low, high) between 0 and 1.

    Wilson's, with the effective number of samples (Korn & Graubard 1998); for one sample a problem
    it is Wilson's itself. `samples` is how many there are in all. The whole range for no problems.
    """
    if not shares:
        return 0.0, 1.0
    n = effective_number(shares, samples)
    return wilson(float(sum(shares)) / len(shares) * n, n, confidence)


def holm(p_values: Sequence[float], smallest: Sequence[float] | None = None) -> list[float]:
    """The p-values of one family, adjusted for their number, in the order given.

    Holm (1979), "A Simple Sequentially Rejective Multiple Test Procedure". `smallest` are the least
    p-values that the tests could have given: of those still in question only the tests count that
    could have given one as small as this, for the others can make no false alarm at it. Tarone
    (1990), "A Modified Bonferroni Method for Discrete Data", in the monotone and step-down form of
    Hommel & Krummenauer (1998), "Improvements and Modifications of Tarone's Multiple Test Procedure
    for Discrete Data". Without `smallest` it is Holm's correction as it was.
    """
    adjusted = [0.0] * len(p_values)
    least = [0.0] * len(p_values) if smallest is None else smallest
    highest = 0.0
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    for rank, index in enumerate(order):
        p = p_values[index]
        # p-values that are the same number may differ in their last digit
        able = sum(least[other] <= p * (1 + 1e-9) for other in order[rank:])
        highest = max(highest, min(1.0, max(1, able) * p))
        adjusted[index] = highest
    return adjusted


def strictest(smallest: Sequence[float], significance: float = SIGNIFICANT) -> float:
    """Below which p-value the first step of `holm` calls a test of this family evidence.

    It is `significance` divided by the number of tests that could give a p-value so small.
    """
    threshold = significance
    for able, (least, following) in enumerate(pairwise([*sorted(smallest), 1.0]), start=1):
        if able * least >= significance:
            return min(threshold, least)
        threshold = min(significance / able, following)
    return threshold


@dataclass(frozen=True)
class Moderator:
    """How the odds of an improvement among the discordant pairs change with a feature.

    `slope` is the change of their logarithm for one unit of the feature, with its 95 % Wald interval
    and p-value.
    """

    slope: float
    low: float
    high: float
    p: float


def logistic_moderator(features: Sequence[float], improved: Sequence[bool]) -> Moderator | None:
    """Whether a pattern's gain depends on a feature of the problem, from discordant pairs.

    Conditional logistic regression of matched pairs, in which concordant ones cancel: Breslow & Day
    (1980), "Statistical Methods in Cancer Research" I, section 7.2; fitted by Newton's method. None
    if there is no finite estimate: too few pairs, a feature that never varies, or one that separates
    the improved from the regressed.
    """
    x = np.column_stack([np.ones(len(features)), np.asarray(features, dtype=float)])
    y = np.asarray(improved, dtype=float)
    if len(y) < 3 or len(set(features)) < 2 or len(set(improved)) < 2:
        return None
    centre, scale = x[:, 1].mean(), x[:, 1].std()
    x[:, 1] = (x[:, 1] - centre) / scale
    weights = np.zeros(2)
    for _ in range(50):
        share = (1 + np.tanh(x @ weights / 2)) / 2  # the logistic function, which cannot overflow
        information = x.T @ (x * (share * (1 - share))[:, None])
        if not np.linalg.cond(information) < _SINGULAR:
            return None
        step = np.linalg.solve(information, x.T @ (y - share))
        weights += step
        if abs(step).max() < 1e-10:
            break
    else:
        return None
    slope = float(weights[1] / scale)
    error = float(np.sqrt(np.linalg.inv(information)[1, 1]) / scale)
    z = NormalDist().inv_cdf(0.975)
    p = 2 * (1 - NormalDist().cdf(abs(slope / error)))
    return Moderator(slope, slope - z * error, slope + z * error, p)
