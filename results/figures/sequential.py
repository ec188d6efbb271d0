"""Whether two runs differ, looked at after every problem, as often as one likes. Pure.

A p-value is right for one look, at the end that was planned: who looks after each problem and stops as
soon as it is small calls chance a difference far more often than once in twenty. What is here is right
at every look. Problems have to come in an order that has nothing to do with how they end: the easy ones end
first, so it is the plan's order that counts, and a problem that has not ended holds up those behind it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from foureyes.models.later import Later
from foureyes.results.figures.statistics import SIGNIFICANT

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
else:  # most of what reads results compares nothing
    np = Later("numpy")

#: How many bets are held at once on either side.
_BETS = 20
#: The least and the most that is supposed of a mean: beyond lies nothing but certainty.
_CERTAIN = 1 - 1e-9


@dataclass(frozen=True)
class Look:
    """What is known after so many problems: valid whenever one looks, and however often.

    `evidence` is the most that a gambler ever had who began with 1 and bet on a difference where there
    was none, and `enough` what it takes to call one decided; `low` and `high` are the confidence sequence
    of the mean difference, as shares, at the same level.
    """

    problems: int
    evidence: float
    low: float
    high: float
    enough: float

    @property
    def decided(self) -> bool:
        """Whether the difference is told from none: then 0 is not between `low` and `high`."""
        return self.evidence >= self.enough


def look(
    differences: Sequence[Fraction], comparisons: int = 1, significance: float = SIGNIFICANT
) -> Look:
    """What these problems' differences show, in the order of the plan.

    `comparisons` that are looked at so share the risk (Bonferroni): the chance that any of them is
    ever called decided where there is no difference is at most `significance`.
    """
    enough = comparisons / significance
    if not differences:
        return Look(0, 1.0, -1.0, 1.0, enough)
    steps = np.array([float(each) for each in differences])
    won = wealth(steps)
    low, high = _interval(steps, enough)
    # what was decided stays so: the sequence holds the truth at all looks at once
    best = int(won.argmax())
    before = _interval(steps[: best + 1], enough)
    if max(low, before[0]) <= min(high, before[1]):
        low, high = max(low, before[0]), min(high, before[1])
    else:
        low, high = before
    return Look(len(differences), float(won[best]), low, high, enough)


def p_value(differences: Sequence[Fraction], supposed: float) -> float:
    """How small a p-value these problems have ever given against this mean difference.

    One over the most that was ever had: it is right at every look, and for few problems 1.
    """
    if not differences:
        return 1.0
    steps = np.array([float(each) for each in differences])
    return min(1.0, float(1 / wealth(steps, supposed).max()))


def wealth(steps: "FloatArray", supposed: float = 0.0) -> "FloatArray":
    """After each step, what a gambler has who bets that the mean step is not `supposed`.

    Steps are differences, -1 to 1. A test martingale: if the mean of each, given those before, is as
    supposed, the chance that it ever reaches x is at most 1/x (Ville 1939, "Etude critique de la notion
    de collectif"). Each bet risks the same share of what it has on every step: a capital process of Waudby-Smith &
    Ramdas (2024), "Estimating Means of Bounded Random Variables by Betting", section 4. There are
    bets of all shares on either side, and what they have is their mean, as in Robbins (1970), "Statistical Methods
    Related to the Law of the Iterated Logarithm". With steps of -1 and 1, and none supposed, that is
    Laplace's 2^n B(ups + 1, downs + 1).
    """
    supposed = min(max(supposed, -_CERTAIN), _CERTAIN)
    shares = (np.arange(_BETS) + 0.5) / _BETS
    # what the mean is supposed to be wins nothing and loses nothing
    higher = 1 + np.outer((1 + steps) / (1 + supposed) - 1, shares)
    lower = 1 + np.outer((1 - steps) / (1 - supposed) - 1, shares)
    logs = np.log(np.concatenate([higher, lower], axis=1)).cumsum(axis=0)
    largest = logs.max(axis=1, keepdims=True)
    # e^700 is beyond all doubt, and near the largest number that there is
    found: FloatArray = np.exp(largest[:, 0].clip(max=700)) * np.exp(logs - largest).mean(axis=1)
    return found


def _interval(steps: "FloatArray", enough: float) -> tuple[float, float]:
    """The means that nobody has won so much against: an interval, as the wealth is convex in them.

    For each bet is a product of factors that are positive, convex and all rising or all falling with the
    mean supposed. Against the mean of the steps themselves nobody ever has more than 1.
    """

    def refused(supposed: float) -> bool:
        return bool(wealth(steps, supposed)[-1] >= enough)

    mean = float(steps.mean())
    return _end(refused, mean, -1.0), _end(refused, mean, 1.0)


def _end(refused: Callable[[float], bool], inside: float, outside: float) -> float:
    """Where what is not refused ends, between a mean that is not and one that may be."""
    if not refused(outside):
        return outside
    for _ in range(30):
        middle = (inside + outside) / 2
        if refused(middle):
            outside = middle
        else:
            inside = middle
    return outside
