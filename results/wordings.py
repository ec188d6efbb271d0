"""The same problems in other words: two benchmarks of one sweep, compared problem by problem. Pure."""

from dataclasses import dataclass, replace
from itertools import combinations

from results.comparisons import Comparison, compare, corrected
from results.outcomes import Outcomes, share_solved
from results.scoreboard import Group, Scoreboard
from results.statistics import bootstrap_mean, holm, sign_flip


@dataclass(frozen=True)
class Wordings:
    """A pattern by one pairing on the problems that two benchmarks have in common.

    `comparison` is seen from the second: improved are those that were solved as the first has them
    and not as the second has them.
    """

    pattern: str
    pairing: str
    first: str
    second: str
    comparison: Comparison


@dataclass(frozen=True)
class Gains:
    """What a pattern gained over the baseline on each wording, on problems judged in all four runs.

    `more` is by how much it gained more on the first, with its 95 % interval (bootstrap over
    problems), all as shares; `p` is the sign-flip test's, over problems.
    """

    problems: int
    first: float
    second: float
    more: float
    low: float
    high: float
    p: float
    p_holm: float


@dataclass(frozen=True)
class _Twins:
    """Two groups of one pairing, and the numbers of their common problems by name."""

    board: Scoreboard
    first: Group
    second: Group
    common: dict[tuple[str, str], int]

    def runs(self) -> list[tuple[str, int, int]]:
        """The patterns that both have, with the run of each."""
        others = {score.pattern: score.run_id for score in self.second.scores}
        return [
            (score.pattern, score.run_id, others[score.pattern])
            for score in self.first.scores
            if score.pattern in others
        ]

    def outcomes(self, group: Group, run_id: int) -> Outcomes:
        """Of the common problems, by their numbers."""
        found = self.board.outcomes[run_id]
        return {
            self.common[problem.name]: found[problem.id]
            for problem in group.problems
            if problem.name in self.common and problem.id in found
        }


def wordings(board: Scoreboard) -> list[Wordings]:
    """One for each two benchmarks with common problems, and each pattern and pairing that both have.

    All of them are one family for Holm's correction.
    """
    found = [(twins, *runs) for twins in _twins(board) for runs in twins.runs()]
    compared = [
        compare(
            theirs,
            twins.outcomes(twins.second, theirs),
            mine,
            twins.outcomes(twins.first, mine),
            family=len(found),
        )
        for twins, _, mine, theirs in found
    ]
    return [
        Wordings(
            pattern, twins.first.pairing, twins.first.benchmark, twins.second.benchmark, comparison
        )
        for (twins, pattern, *_), comparison in zip(found, corrected(compared), strict=True)
    ]


def gains(board: Scoreboard) -> dict[tuple[int, int], Gains]:
    """By the runs of the first and the second wording; none of the baseline's own.

    All of them are one family for Holm's correction.
    """
    found = {}
    for twins in _twins(board):
        runs = {pattern: (mine, theirs) for pattern, mine, theirs in twins.runs()}
        baseline = runs.pop(board.baseline, None)
        for pair in runs.values():
            if baseline is not None and (gained := _gained(twins, baseline, pair)):
                found[pair] = _gains(gained)
    adjusted = holm([each.p for each in found.values()])
    return {
        pair: replace(each, p_holm=p)
        for (pair, each), p in zip(found.items(), adjusted, strict=True)
    }


def _twins(board: Scoreboard) -> list[_Twins]:
    found = []
    for first, second in combinations(board.groups, 2):
        there = {problem.name for problem in second.problems}
        names = [problem.name for problem in first.problems if problem.name in there]
        if names and first.pairing == second.pairing:
            common = {name: number for number, name in enumerate(names)}
            found.append(_Twins(board, first, second, common))
    return found


def _gained(
    twins: _Twins, baseline: tuple[int, int], pair: tuple[int, int]
) -> list[tuple[float, float]]:
    """Of each problem that all four runs were judged on: the gain on the first, and on the second."""
    by_run = (
        twins.outcomes(twins.first, baseline[0]),
        twins.outcomes(twins.first, pair[0]),
        twins.outcomes(twins.second, baseline[1]),
        twins.outcomes(twins.second, pair[1]),
    )
    found = []
    for number in twins.common.values():
        shares = [share_solved(outcomes.get(number, "")) for outcomes in by_run]
        match [share for share in shares if share is not None]:
            case [before, after, other_before, other_after]:
                found.append((after - before, other_after - other_before))
    return found


def _gains(gained: list[tuple[float, float]]) -> Gains:
    differences = [first - second for first, second in gained]
    low, high = bootstrap_mean(differences, least=-2.0, most=2.0)
    p = sign_flip(differences)
    n = len(gained)
    return Gains(
        problems=n,
        first=sum(first for first, _ in gained) / n,
        second=sum(second for _, second in gained) / n,
        more=sum(differences) / n,
        low=low,
        high=high,
        p=p,
        p_holm=p,
    )
