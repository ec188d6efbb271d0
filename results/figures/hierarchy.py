"""A pattern's gains by benchmark and team, each pulled towards all of them: partial pooling. Pure.

Needs the extra `hierarchy` (statsmodels). An addition to the exact tests, which decide.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from foureyes.models.errors import FoureyesError
from foureyes.models.later import Later
from foureyes.results.figures.comparisons import Comparison
from foureyes.results.figures.questions import Question
from foureyes.results.figures.same import same_problems
from foureyes.results.figures.scoreboard import Scoreboard

if TYPE_CHECKING:
    import numpy as np
else:
    np = Later("numpy")

#: A benchmark, and a team.
Cell = tuple[str, str]
#: Draws of what is believed, for intervals of differences in points.
_DRAWS = 1000
#: Standard deviations of what is believed beforehand, in logarithms of odds: of the pattern's effect and
#: the general level, and of the logarithm of how much effects vary.
_EFFECT, _VARYING = 2.0, 1.0


@dataclass(frozen=True)
class Gain:
    """By how much more is solved, as a share, with its 95 % interval of belief."""

    difference: float
    low: float
    high: float


@dataclass(frozen=True)
class Shrunken:
    """A pattern's gain over its baseline on one benchmark by one team, beside the exact comparison."""

    pattern: str
    benchmark: str
    pairing: str
    gain: Gain
    exact: Comparison

    @property
    def agrees(self) -> bool:
        """Whether both intervals, corrected for nothing, say the same: above 0, below it, or neither."""
        return _side(self.gain.low, self.gain.high) == _side(self.exact.low, self.exact.high)


def _side(low: float, high: float) -> int:
    return (low > 0) - (high < 0)


def hierarchy(board: Scoreboard) -> list[Shrunken]:
    """Of each comparison of a sweep, pattern by pattern.

    Raises: FoureyesError if statsmodels is not installed.
    """
    asked: dict[str, dict[Cell, Comparison]] = defaultdict(dict)
    for score in board.scores:
        found = board.comparisons.get(score.run_id)
        if found and found.pairs:
            asked[score.pattern][score.run.benchmark, score.run.pairing] = found
    same = same_problems(board.problems)
    made = []
    for pattern, cells in asked.items():
        questions = {
            cell: Question(
                found.baseline_run_id, board.outcomes[found.baseline_run_id],
                found.run_id, board.outcomes[found.run_id],
            )
            for cell, found in cells.items()
        }  # fmt: skip
        gains = pooled(questions, same)
        made += [Shrunken(pattern, *cell, gains[cell], found) for cell, found in cells.items()]
    return made


def pooled(questions: Mapping[Cell, Question], same: Mapping[int, int]) -> dict[Cell, Gain]:
    """What a pattern gains in each cell, by a model of all of them.

    The logarithm of the odds that a sample is solved is that of its problem (for this team), of its cell,
    and, with the pattern, an effect in common and one of the cell; problems, cells and effects vary
    normally. Gelman, Hill & Yajima (2012), "Why We (Usually) Don't Have to Worry About Multiple
    Comparisons"; fitted by `BinomialBayesMixedGLM` of statsmodels, whose variational intervals are
    somewhat too narrow.
    """
    problems: dict[tuple[int, str], int] = {}
    rows: list[tuple[bool, bool, int, int]] = []
    for cell, ((_, team), question) in enumerate(questions.items()):
        for problem, before, after in question.pairs():
            number = problems.setdefault((same.get(problem, problem), team), len(problems))
            rows += (before, False, cell, number), (after, True, cell, number)
    solved, treated, cells, numbers = (np.array(each) for each in zip(*rows, strict=True))
    fitted = _fitted(solved, treated, cells, numbers)
    effects = np.random.default_rng(0).normal(
        fitted.fe_mean[1], fitted.fe_sd[1], (_DRAWS, 1)
    ) + np.random.default_rng(1).normal(
        fitted.vc_mean[-len(questions) :], fitted.vc_sd[-len(questions) :], (_DRAWS, len(questions))
    )
    levels = fitted.fe_mean[0] + fitted.vc_mean[numbers] + fitted.vc_mean[numbers.max() + 1 + cells]
    return {
        cell: _gain(levels[(cells == number) & treated], effects[:, number])
        for number, cell in enumerate(questions)
    }


def _fitted(solved: Any, treated: Any, cells: Any, numbers: Any) -> Any:
    try:
        from scipy.sparse import csr_matrix
        from statsmodels.genmod.bayes_mixed_glm import BinomialBayesMixedGLM
    except ModuleNotFoundError as error:
        raise FoureyesError(
            "shrunken estimates need statsmodels: pip install 'foureyes[hierarchy]'"
        ) from error
    rows, problems, count = len(solved), numbers.max() + 1, cells.max() + 1
    # a column for each problem, for each cell, and for the pattern's effect in each cell
    columns = np.concatenate([numbers, problems + cells, problems + count + cells])
    values = np.concatenate([np.ones(2 * rows), treated])
    varying = csr_matrix(
        (values, (np.tile(np.arange(rows), 3), columns)), shape=(rows, problems + 2 * count)
    )
    model = BinomialBayesMixedGLM(
        solved.astype(float),
        np.column_stack([np.ones(rows), treated]),
        varying,
        np.repeat([0, 1, 2], [problems, count, count]),
        vcp_p=_VARYING,
        fe_p=_EFFECT,
    )
    return model.fit_vb(fit_method="L-BFGS-B", rng=0)


def _gain(levels: Any, effects: Any) -> Gain:
    """What these effects add on average to the chances of samples of these levels."""
    kinds, times = np.unique(levels, return_counts=True)
    added = _chance(kinds[:, None] + effects) - _chance(kinds)[:, None]
    draws = np.average(added, axis=0, weights=times)
    low, high = np.quantile(draws, [0.025, 0.975])
    return Gain(float(draws.mean()), float(low), float(high))


def _chance(logarithm: Any) -> Any:
    return (1 + np.tanh(logarithm / 2)) / 2
