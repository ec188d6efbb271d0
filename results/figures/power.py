"""How large a sweep must be to see a difference, before anything is run. Pure.

Two patterns are compared by McNemar's exact test (`foureyes.results.figures.paired`). The model: problems are
independent; on a share of them, `flips`, one pattern solves the problem and the other does not; and
pass@1 differs by `difference`, so that (1 + difference / flips) / 2 of the flips are improvements. How
many problems flip is not known before, and binomial: power is the mean over their number, the
unconditional power of Connor (1987), "Sample Size for Testing Differences in Proportions for the
Paired-Sample Design", of the exact test, as Duffy (1984), "Asymptotic and Exact Power for the McNemar
Test and Its Analogue with R Controls per Case", has it. All shares are between 0 and 1.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist

from foureyes.results.figures.statistics import SIGNIFICANT

#: In so many sweeps of all a difference is to be found.
POWER = 0.8
#: Shares of problems that flip where no earlier run tells: two patterns that do nearly the same, two that
#: differ in a step, and planning against the coder alone in the paper (29 of 164).
ASSUMED_FLIPS = (0.05, 0.10, 0.18)
#: How much the samples of a problem are alike where no earlier run tells.
ASSUMED_CORRELATION = 0.5
#: Standard deviations beyond which a number of flips is not looked at.
_FAR = 9


def power(
    problems: int, flips: float, difference: float, significance: float = SIGNIFICANT
) -> float:
    """The chance that the test finds this difference, at a p-value below `significance`.

    Raises: ValueError if fewer problems flip than the difference takes.
    """
    if not 0 < difference <= flips <= 1:
        raise ValueError(f"a difference of {difference} cannot come of flips of {flips}")
    found = _found(_likely(problems, flips)[-1], (1 + difference / flips) / 2, significance)
    return _mean(found, problems, flips)


def visible(
    problems: int, flips: float, significance: float = SIGNIFICANT, wanted: float = POWER
) -> float | None:
    """The smallest difference that is found with the `wanted` power.

    None if not even one that is all of the flips is.
    """
    if power(problems, flips, flips, significance) < wanted:
        return None
    low, high = 0.0, flips
    for _ in range(20):  # to less than a millionth
        middle = (low + high) / 2
        if power(problems, flips, middle, significance) < wanted:
            low = middle
        else:
            high = middle
    return high


def problems_needed(
    difference: float, flips: float, significance: float = SIGNIFICANT, wanted: float = POWER
) -> int | None:
    """How many problems it takes to find a difference with the `wanted` power.

    None if fewer problems flip than the difference takes.
    """
    if difference > flips:
        return None
    upward = (1 + difference / flips) / 2
    most = _about(difference, flips, significance, wanted)
    found = _found(_likely(most, flips)[-1], upward, significance)
    while _mean(found, most, flips) < wanted:
        most *= 2
        found = _found(_likely(most, flips)[-1], upward, significance)
    fewest = 0
    while most - fewest > 1:
        middle = (fewest + most) // 2
        if _mean(found, middle, flips) < wanted:
            fewest = middle
        else:
            most = middle
    return most


def counting_as(problems: int, samples: int, correlation: float) -> int:
    """As how many problems with one sample these count, with several samples of each.

    The design effect of clusters, Kish (1965), "Survey Sampling": samples of a problem whose
    differences are alike with this correlation (1: copies) count as samples / (1 + (samples - 1)
    correlation) problems.
    """
    return math.floor(problems * worth(samples, correlation) + 1e-9)


def worth(samples: int, correlation: float) -> float:
    """As how many problems with one sample one with several counts."""
    return samples / (1 + (samples - 1) * correlation)


def _about(difference: float, flips: float, significance: float, wanted: float) -> int:
    """Somewhat more problems than Connor's formula has, which is that of a normal distribution."""
    normal = NormalDist()
    z, at = normal.inv_cdf(1 - significance / 2), normal.inv_cdf(wanted)
    root = z * math.sqrt(flips) + at * math.sqrt(flips - difference**2)
    return math.ceil(1.2 * (root / difference) ** 2 + 20 / flips)


def _mean(found: Sequence[float], problems: int, flips: float) -> float:
    """The power: over how many problems may flip, the mean of the chances for each such number."""
    return math.fsum(_chance(problems, n, flips) * found[n] for n in _likely(problems, flips))


def _likely(problems: int, flips: float) -> range:
    """The numbers of flips that are worth looking at."""
    mean, spread = problems * flips, _FAR * math.sqrt(problems * flips * (1 - flips)) + _FAR
    return range(max(0, math.floor(mean - spread)), min(problems, math.ceil(mean + spread)) + 1)


def _found(most: int, upward: float, significance: float) -> list[float]:
    """By the number of flips, up to `most`, the chance that they are evidence of an improvement.

    `upward` is the chance of each to be one. How many must be is the least number whose tail under fair
    coins is small enough; with one flip more it is the same or one more, and so both tails, fair and
    true, come from those before.
    """
    chances = []
    needed, fair, true = 0, 1.0, 1.0
    for flips in range(most + 1):
        while 2 * fair >= significance:
            fair -= _chance(flips, needed, 0.5)
            true -= _chance(flips, needed, upward)
            needed += 1
        chances.append(max(0.0, true))
        fair += _chance(flips, needed - 1, 0.5) / 2
        true += _chance(flips, needed - 1, upward) * upward
    return chances


def _chance(n: int, heads: int, share: float) -> float:
    """The probability of so many heads in `n` throws of a coin with this share of them."""
    if heads > n:
        return 0.0
    if share == 1:
        return float(heads == n)
    ways = math.lgamma(n + 1) - math.lgamma(heads + 1) - math.lgamma(n - heads + 1)
    return math.exp(ways + heads * math.log(share) + (n - heads) * math.log1p(-share))
