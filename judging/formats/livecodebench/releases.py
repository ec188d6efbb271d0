"""Which release of LiveCodeBench a file is: all are published under one name, each with more problems."""

from collections.abc import Sequence
from datetime import date

#: Each release: its problems, and the month of its last contest, counted from the year 0.
_RELEASES = {
    "v1": (400, 12 * 2024 + 3),
    "v2": (511, 12 * 2024 + 5),
    "v3": (612, 12 * 2024 + 7),
    "v4": (713, 12 * 2024 + 9),
    "v5": (880, 12 * 2025 + 1),
    "v6": (1055, 12 * 2025 + 4),
}


def release(dates: Sequence[date]) -> str | None:
    """The release that has as many problems and whose last contest was then, give or take a month.

    None for a part of a release, for several together, and for a file of one's own.
    """
    if not dates:
        return None
    last = max(dates)
    month = 12 * last.year + last.month
    for name, (count, until) in _RELEASES.items():
        if count == len(dates) and abs(month - until) <= 1:
            return name
    return None
