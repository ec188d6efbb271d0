"""Whether a difference is within a margin that is too small to matter. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from foureyes.results.figures.paired import score, sign_flip
from foureyes.results.figures.statistics import SIGNIFICANT, holm

#: What is taken for too small to matter, as a share, unless something else is said before the sweep.
MARGIN = 0.03


@dataclass(frozen=True)
class Margin:
    """On which side of a margin a difference is seen, and how likely so far from it were it exactly there.

    `p` is two-sided; `p_holm` is corrected for the comparisons that it is asked of.
    """

    within: bool
    p: float
    p_holm: float

    @property
    def verdict(self) -> str:
        """Whether the true difference is within the margin: yes, no, or cannot be told."""
        if self.p_holm >= SIGNIFICANT:
            return "cannot be told"
        return "yes" if self.within else "no"


def not_worse(differences: Sequence[Fraction], margin: float) -> Margin:
    """Whether the mean difference is above -`margin`: whether a run is no worse than by so much.

    Non-inferiority by the score test of Tango (1998), "Equivalence Test and Confidence Interval for
    the Difference in Proportions for the Paired-Sample Design". It is yes, before any correction, if
    the whole 95 % interval of the difference is above -`margin`, and no if it is below.
    """
    return _margin(differences, score(differences, -margin))


def equivalent(differences: Sequence[Fraction], margin: float) -> Margin:
    """Whether the mean difference is between -`margin` and `margin`.

    The two one-sided tests of Schuirmann (1987), "A Comparison of the Two One-Sided Tests Procedure
    and the Power Approach for Assessing the Equivalence of Average Bioavailability", each of 2.5 %,
    by the same score test: what is nearer decides. It is yes, before any correction, if the whole
    95 % interval is within the margins, and no if it is beyond one of them.
    """
    low, high = score(differences, -margin), -score(differences, margin)
    return _margin(differences, min(low, high))


def corrected(family: Sequence[Margin]) -> list[Margin]:
    """The same question asked of many comparisons, with Holm's correction for all of them."""
    adjusted = holm([each.p for each in family])
    return [replace(each, p_holm=p) for each, p in zip(family, adjusted, strict=True)]


def _margin(differences: Sequence[Fraction], z: float) -> Margin:
    p = math.erfc(abs(z) / math.sqrt(2))
    if z <= 0:  # what is beyond a margin is a difference, which is for the exact test to say
        p = max(p, sign_flip(differences))
    return Margin(z > 0, p, p)
