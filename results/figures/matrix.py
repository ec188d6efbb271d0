"""All runs of a sweep in one table: patterns by benchmarks and teams. Pure."""

from collections import defaultdict
from dataclasses import dataclass
from statistics import fmean

from foureyes.results.figures.comparisons import Comparison
from foureyes.results.figures.scoreboard import Scoreboard
from foureyes.results.figures.scores import Score


@dataclass(frozen=True)
class Cell:
    """A run: its score, what came of its comparison, and whether no other of its column solves more."""

    score: Score
    comparison: Comparison | None
    is_baseline: bool
    is_best: bool


@dataclass(frozen=True)
class Row:
    """A pattern: `overall` is the mean pass@1 of the `columns` of its runs that have one, each of the same
    weight; None if none has. A cell is None where the pattern has no run."""

    pattern: str
    overall: float | None
    columns: int
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class Matrix:
    """`columns` are the titles of the groups, in the sweep's order. Rows begin with the highest score of
    those with all columns; a mean of fewer columns is no score beside theirs, and comes after them."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def best(self) -> float | None:
        """The highest score of the rows with the most columns; None where nothing was solved."""
        return _highest([row.overall for row in self.rows if row.columns == self.rows[0].columns])


def matrix(board: Scoreboard) -> Matrix:
    """The table of a scoreboard."""
    runs: dict[str, dict[int, Score]] = defaultdict(dict)
    for column, group in enumerate(board.groups):
        for score in group.scores:
            runs[score.pattern].setdefault(column, score)
    best = [_highest([score.pass_1 for score in group.scores]) for group in board.groups]
    rows = [
        _row(board, pattern, [of.get(column) for column in range(len(board.groups))], best)
        for pattern, of in runs.items()
    ]
    rows.sort(key=lambda row: (-row.columns, -(row.overall or 0.0)))
    return Matrix(tuple(board.title(group) for group in board.groups), tuple(rows))


def _highest(shares: list[float | None]) -> float | None:
    """Of several, the highest; None where there is nothing to choose from, or nothing is solved."""
    found = [share for share in shares if share is not None]
    return max(found) if len(found) > 1 and max(found) > 0 else None


def _row(
    board: Scoreboard, pattern: str, scores: list[Score | None], best: list[float | None]
) -> Row:
    cells: list[Cell | None] = [
        None
        if score is None
        else Cell(
            score,
            board.comparisons.get(score.run_id),
            board.is_baseline(score),
            score.pass_1 is not None and score.pass_1 == highest,
        )
        for score, highest in zip(scores, best, strict=True)
    ]
    shares = [score.pass_1 for score in scores if score and score.pass_1 is not None]
    return Row(pattern, fmean(shares) if shares else None, len(shares), tuple(cells))
