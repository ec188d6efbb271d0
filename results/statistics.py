"""Statistics for comparing patterns on the same problems. Pure, and each with its source."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

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


def wilson(solved: float, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval for a share of `solved` among `n`, as (low, high) between 0 and 1.

    Wilson (1927), "Probable Inference, the Law of Succession, and Statistical Inference". The whole
    range for n = 0.
    """
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = solved / n
    centre = share + z * z / (2 * n)
    spread = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def clopper_pearson(solved: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact interval for a share of `solved` among `n`, as (low, high) between 0 and 1.

    Clopper & Pearson (1934), "The Use of Confidence or Fiducial Limits Illustrated in the Case of
    the Binomial": never narrower than it says, and wider than Wilson's. The whole range for n = 0.
    """
    tail = (1 - confidence) / 2

    def bound(least: int, above: float) -> float:
        """The share at which `least` or more are as likely as `above`."""
        low, high = 0.0, 1.0
        for _ in range(60):
            middle = (low + high) / 2
            if _binomial(n, middle)[least:].sum() < above:
                low = middle
            else:
                high = middle
        return high

    return (
        bound(solved, tail) if solved > 0 else 0.0,
        bound(solved + 1, 1 - tail) if solved < n else 1.0,
    )


def _binomial(n: int, share: float) -> FloatArray:
    """The probabilities of 0 to n heads in `n` throws of a coin."""
    counts = np.arange(n + 1)
    factorials = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + 1)))])
    with np.errstate(divide="ignore", invalid="ignore"):  # 0 * log(0) is 0 here
        heads = np.where(counts > 0, counts * np.log(share), 0.0)
        tails = np.where(counts < n, (n - counts) * np.log1p(-share), 0.0)
    logarithms: FloatArray = factorials[n] - factorials - factorials[::-1] + heads + tails
    return np.exp(logarithms)


def bootstrap_mean(
    values: Sequence[float], least: float = 0.0, most: float = 1.0, confidence: float = 0.95
) -> tuple[float, float]:
    """Percentile bootstrap interval for the mean of `values`, one for each problem, as (low, high).

    They can be from `least` to `most`; the whole range for no values.

    Of differences between two runs on the same problems this is the paired bootstrap. Efron (1979),
    "Bootstrap Methods: Another Look at the Jackknife"; 10,000 resamples, always the same ones for
    the same number of values. Where all values are the same, so is every resample, and the interval
    would be a point: then it is Wilson's for coins of that mean, whose variance is the largest that
    values in the range can have (Bhatia & Davis 2000, "A Better Bound on the Variance").
    """
    if not values:
        return least, most
    width = most - least
    if min(values) == max(values):
        heads = len(values) * (values[0] - least) / width
        low, high = wilson(heads, len(values), confidence)
        return least + width * low, least + width * high
    different, counts = np.unique(np.asarray(values), return_counts=True)
    # how often each value is drawn, which for few different values is quicker than drawing them
    drawn = np.random.default_rng(0).multinomial(len(values), counts / len(values), size=10_000)
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn @ different / len(values), [tail, 1 - tail])
    return float(low), float(high)


def newcombe_paired(
    both: int, improved: int, regressed: int, neither: int, confidence: float = 0.95
) -> tuple[float, float]:
    """Score interval for the difference of two shares of the same pairs, as (low, high).

    Newcombe (1998), "Improved Confidence Intervals for the Difference between Binomial Proportions
    Based on Paired Data", method 10. Unlike the bootstrap's it is no point where few pairs differ.
    The whole range for no pairs.
    """
    n = both + improved + regressed + neither
    if n == 0:
        return -1.0, 1.0
    after, before = both + improved, both + regressed
    (low, high), (other_low, other_high) = (
        wilson(after, n, confidence),
        wilson(before, n, confidence),
    )
    below, above = after / n - low, high - after / n
    other_below, other_above = before / n - other_low, other_high - before / n
    products = after * (n - after) * before * (n - before)
    cross = float(both * neither - improved * regressed)
    if cross > 0:
        cross = max(0.0, cross - n / 2)
    correlation = cross / math.sqrt(products) if products else 0.0

    def spread(mine: float, theirs: float) -> float:
        return math.sqrt(max(0.0, mine**2 - 2 * correlation * mine * theirs + theirs**2))

    difference = (improved - regressed) / n
    return difference - spread(below, other_above), difference + spread(above, other_below)


def mcnemar_exact(improved: int, regressed: int) -> float:
    """Two-sided exact McNemar p-value of `improved` against `regressed` discordant pairs (counts).

    Under the null each discordant pair is a fair coin; McNemar (1947), in its exact binomial form.
    1.0 for no pairs.
    """
    pairs = improved + regressed
    term, tail = 1, 0  # binomial coefficients, each from the one before
    for i in range(min(improved, regressed) + 1):
        tail += term
        term = term * (pairs - i) // (i + 1)
    return min(1.0, (2 * tail) / (1 << pairs))


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values of one family, adjusted for their number, in the order given.

    Holm (1979), "A Simple Sequentially Rejective Multiple Test Procedure".
    """
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = highest
    return adjusted


def sign_flip(differences: Sequence[float]) -> float:
    """Two-sided p-value of a mean difference from 0, one difference for each problem.

    Under the null each difference could as well have had the other sign: Fisher's randomisation
    test (1935, "The Design of Experiments", section 21), with 10,000 drawn assignments of signs,
    always the same. For one sample a problem `mcnemar_exact` is the same test without drawing.
    """
    values = np.asarray([each for each in differences if each != 0.0])
    if len(values) == 0:
        return 1.0
    random = np.random.default_rng(0)
    observed = abs(values.sum()) - 1e-9  # sums in another order differ in their last digits
    extreme = sum(
        int((abs(random.choice([-1.0, 1.0], size=(100, len(values))) @ values) >= observed).sum())
        for _ in range(100)
    )
    return (extreme + 1) / 10_001


def detectable_difference(
    pairs: int, discordant: int, power: float = 0.8, significance: float = 0.05
) -> float | None:
    """The smallest difference in pass@1 that the exact McNemar test would find with this power.

    Given how many of the pairs were discordant: the conditional power of Connor (1987), "Sample Size
    for Testing Differences in Proportions for the Paired-Sample Design", with the exact test. As a
    share of the pairs; None if not even a difference in all discordant pairs would be found.
    """
    null = np.cumsum(_binomial(discordant, 0.5))
    # so many of the discordant pairs may go the other way
    lost = int(np.searchsorted(2 * null, significance)) - 1
    if lost < 0:
        return None
    low, high = 0.5, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        if _binomial(discordant, middle)[discordant - lost :].sum() < power:
            low = middle
        else:
            high = middle
    return discordant * (2 * high - 1) / pairs


def detectable_mean(
    differences: Sequence[float], power: float = 0.8, significance: float = 0.05
) -> float | None:
    """The smallest mean difference that a paired test would find with this power.

    (z of 1 - significance / 2 + z of the power) standard errors of the mean: the power analysis of
    Miller (2024), "Adding Error Bars to Evals", arXiv 2411.00640. None if all are the same, or for so
    few that the sign-flip test finds nothing even where all point the same way.
    """
    if len(differences) < 2 or 2 / 2 ** len(differences) >= significance:
        return None
    normal = NormalDist()
    error = float(np.std(differences, ddof=1)) / math.sqrt(len(differences))
    return (normal.inv_cdf(1 - significance / 2) + normal.inv_cdf(power)) * error or None


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
        share = 1 / (1 + np.exp(-(x @ weights)))
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
