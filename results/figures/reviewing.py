"""How well a reviewer tells wrong programs from right ones. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from foureyes.results.figures.statistics import wilson


@dataclass(frozen=True)
class Matrix:
    """Reviews of programs whose verdict is known, in the words of `v_reviewer`.

    One without a verdict that could be read is in none of the four, but in the number of its programs:
    it asks for no changes.
    """

    wrong: int
    right: int
    caught: int
    missed: int
    false_alarms: int
    approved_right: int

    @property
    def no_verdict(self) -> int:
        """Reviews of which no verdict could be read."""
        told = self.caught + self.missed + self.false_alarms + self.approved_right
        return self.wrong + self.right - told

    @property
    def caught_share(self) -> tuple[float, float, float] | None:
        """Of the reviews of wrong programs that were read, the share that asked for changes, with its 95 %
        interval; None if there are none."""
        return _share(self.caught, self.caught + self.missed)

    @property
    def false_alarm_share(self) -> tuple[float, float, float] | None:
        """The same of right programs."""
        return _share(self.false_alarms, self.false_alarms + self.approved_right)

    @property
    def youden(self) -> tuple[float, float, float]:
        """Youden's J with its 95 % interval, as (value, low, high) between -1 and 1.

        The share of wrong programs in which changes are asked for, less that of right ones: 1 tells all
        apart, 0 tells nothing, whatever is said more often. Youden (1950), "Index for Rating Diagnostic
        Tests". The interval is that of a difference of independent shares from their Wilson intervals:
        Newcombe (1998), "Interval Estimation for the Difference Between Independent Proportions",
        method 10. The whole range where one kind of program is missing.
        """
        if not (self.wrong and self.right):
            return 0.0, -1.0, 1.0
        caught, alarms = self.caught / self.wrong, self.false_alarms / self.right
        low, high = wilson(self.caught, self.wrong)
        least, most = wilson(self.false_alarms, self.right)
        value = caught - alarms
        return (
            value,
            value - math.hypot(caught - low, most - alarms),
            value + math.hypot(high - caught, alarms - least),
        )


def _share(part: int, whole: int) -> tuple[float, float, float] | None:
    return (part / whole, *wilson(part, whole)) if whole else None


def review_wording(options: Mapping[str, Any]) -> str:
    """How the reviews of a run with these options are asked for: templates, what leads to the verdict,
    and the format."""
    return ", ".join(
        (
            options.get("prompts", "default"),
            options.get("verdict", "reasons-first"),
            options.get("review_format", "json"),
        )
    )
