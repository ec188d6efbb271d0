"""Patterns, or systems, x problems as strips that stretch to any width, and as a table. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from results.figures.outcomes import ERROR, SOLVED, Outcomes, judged, share_solved

#: Classes of a cell: from none of the samples solved to all of them, and without any verdict.
NONE, SOME, MOST, ALL, FAILED, WAITING = "none", "some", "most", "all", "failed", "waiting"


@dataclass(frozen=True)
class Strip:
    """One run: for each class of cells, the SVG path that fills them."""

    name: str
    paths: dict[str, str]


@dataclass(frozen=True)
class Row:
    """One problem: how many runs solved it in all or some samples, and a mark for each run."""

    problem: int
    problem_id: str
    solved_by: int
    cells: list[tuple[str, str]]


@dataclass(frozen=True)
class HeatMap:
    """Problems from those that most runs solve to those that fewest do."""

    strips: list[Strip]
    rows: list[Row]


def heat_map(runs: Sequence[tuple[str, Outcomes]], problems: Mapping[int, str]) -> HeatMap:
    """The map of runs with their names, on these problems with theirs."""
    weight = {
        problem: sum(share_solved(of.get(problem, "")) or 0.0 for _, of in runs)
        for problem in problems
    }
    ordered = sorted(problems, key=lambda problem: -weight[problem])
    return HeatMap(
        strips=[
            Strip(name, _paths([kind(of.get(problem, "")) for problem in ordered]))
            for name, of in runs
        ],
        rows=[
            Row(
                problem,
                problems[problem],
                sum(SOLVED in of.get(problem, "") for _, of in runs),
                [(kind(letters), _mark(letters)) for _, of in runs
                 for letters in (of.get(problem, ""),)],
            )
            for problem in ordered
        ],
    )  # fmt: skip


def kind(samples: str) -> str:
    """The class of a cell."""
    share = share_solved(samples)
    if share is None:
        return FAILED if ERROR in samples else WAITING
    if share in (0.0, 1.0):
        return ALL if share else NONE
    return SOME if share < 0.5 else MOST


def _mark(samples: str) -> str:
    """A cell in one or two characters; the number of solved samples where there are several."""
    if not judged(samples):
        return "!" if ERROR in samples else "?"
    if len(samples) > 1:
        return str(samples.count(SOLVED))
    return "●" if samples == SOLVED else "·"


def _paths(kinds: list[str]) -> dict[str, str]:
    """For each class, one path of rectangles a unit high, in which neighbours are joined."""
    paths: dict[str, str] = {}
    x = 0
    for name, cells in groupby(kinds):
        width = len(list(cells))
        paths[name] = paths.get(name, "") + f"M{x} 0h{width}v1h-{width}z"
        x += width
    return paths
