"""Statistics for comparing patterns on the same problems. Pure, and each with its source."""

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np


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


def wilson(solved: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
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


def bootstrap_mean(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float]:
    """Percentile bootstrap interval for the mean of `values`, one for each problem, as (low, high).

    Efron (1979), "Bootstrap Methods: Another Look at the Jackknife"; 10,000 resamples, always the
    same ones for the same number of values. The whole range from 0 to 1 for no values.
    """
    if not values:
        return 0.0, 1.0
    sample = np.asarray(values)
    random = np.random.default_rng(0)
    means = [
        sample[random.integers(len(sample), size=(100, len(sample)))].mean(axis=1)
        for _ in range(100)
    ]
    tail = (1 - confidence) / 2
    low, high = np.quantile(np.concatenate(means), [tail, 1 - tail])
    return float(low), float(high)


def mcnemar_exact(improved: int, regressed: int) -> float:
    """Two-sided exact McNemar p-value of `improved` against `regressed` discordant pairs (counts).

    Under the null each discordant pair is a fair coin; McNemar (1947), in its exact binomial form.
    1.0 for no pairs.
    """
    pairs = improved + regressed
    tail = sum(math.comb(pairs, i) for i in range(min(improved, regressed) + 1))
    return float(min(1.0, 2 * tail / 2**pairs))


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
