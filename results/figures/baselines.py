"""What each run is compared with: one rule for reports, and for the views. Pure.

Two runs are alike if they are of one sweep, benchmark and team, and their prompts are written in
the same way and programs found in the same way: the options `prompts`, `thinking` and `extraction`,
which every pattern has, are the same. A run is compared with the baseline's pattern among those that
are alike, so that only the pattern differs: a pattern that is better because of other templates is no
better pattern.
"""

import difflib
import json
from collections.abc import Sequence
from typing import Any

from foureyes.models.errors import FoureyesError
from foureyes.results.figures.scores import RunInfo

#: What every other pattern is compared with, unless another is asked for.
BASELINE = "raw-coder"
#: Options that every pattern has, and that are none of its own.
_STYLE = ("prompts", "thinking", "review_format", "verdict", "extraction")


def named(asked: str | None, patterns: Sequence[str]) -> str:
    """The pattern to compare with; the default need not be in the sweep, one that was asked for must.

    Raises: FoureyesError naming the nearest that is.
    """
    if asked is not None and asked not in patterns:
        near = difflib.get_close_matches(asked, patterns, n=1, cutoff=0)[0]
        raise FoureyesError(
            f"the sweep has no pattern {asked!r} for a baseline; did you mean {near!r}?"
        )
    return asked or BASELINE


def baselines(runs: Sequence[RunInfo], pattern: str) -> dict[int, int]:
    """By run id, the run of the baseline's pattern that is alike; none where the sweep has none.

    A baseline is its own. Where several would do, as reviews are in JSON or in text, it is the first.
    """
    wanted = next((_own(run) for run in runs if run.pattern == pattern), (pattern, "{}"))
    first: dict[tuple[Any, ...], int] = {}
    for run in runs:
        if _own(run) == wanted:
            first.setdefault(cell(run), run.run_id)
    return {run.run_id: first[cell(run)] for run in runs if cell(run) in first}


def cell(run: RunInfo) -> tuple[str, str, str, bool | None, str]:
    """What runs that are alike have in common."""
    return (run.benchmark, run.pairing, *style(run))


def style(run: RunInfo) -> tuple[str, bool | None, str]:
    """How a run's prompts are written, and programs found in its answers."""
    options = run.options
    return (
        options.get("prompts", "default"),
        options.get("thinking"),
        options.get("extraction", "whole"),
    )


def without_style(pattern: str) -> str:
    """A pattern as tables call it, with no other options than its own."""
    name, _, options = pattern.removesuffix(")").partition("(")
    own = [each for each in options.split(", ") if each and each.partition("=")[0] not in _STYLE]
    return f"{name}({', '.join(own)})" if own else name


def pattern_name(run: RunInfo) -> str:
    """The pattern without its options."""
    return run.pattern.partition("(")[0]


def _own(run: RunInfo) -> tuple[str, str]:
    """A pattern with the options that are its own."""
    own = {name: value for name, value in run.options.items() if name not in _STYLE}
    return pattern_name(run), json.dumps(own, sort_keys=True)
