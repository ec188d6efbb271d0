"""The same problems in other words: two benchmarks of one sweep, compared problem by problem. Pure."""

from dataclasses import dataclass, replace
from itertools import combinations

from results.comparisons import Comparison, compare, corrected
from results.outcomes import Outcomes, pairs, share_solved
from results.scoreboard import Group, Problem, Scoreboard
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

    `more` is by how much it gained more on the first, all as shares; `interval` is the 95 % bootstrap
    over problems, None where it is the same for all of them, of which no bootstrap can tell; `p` is
    the sign-flip test's, over problems.
    """

    problems: int
    first: float
    second: float
    more: float
    interval: tuple[float, float] | None
    p: float
    p_holm: float


@dataclass(frozen=True)
class _Twins:
    """Two groups of one pairing, and numbers for the problems that both have, by their rows."""

    board: Scoreboard
    first: Group
    second: Group
    numbers: dict[int, int]

    def runs(self) -> list[tuple[str, int, int]]:
        """The patterns that both have, with the run of each."""
        others = {score.pattern: score.run_id for score in self.second.scores}
        return [
            (score.pattern, score.run_id, others[score.pattern])
            for score in self.first.scores
            if score.pattern in others
        ]

    def outcomes(self, run_id: int) -> Outcomes:
        """Of the problems that both have, by their numbers."""
        found = self.board.outcomes[run_id]
        return {self.numbers[row]: found[row] for row in found if row in self.numbers}


def wordings(board: Scoreboard) -> list[Wordings]:
    """One for each two benchmarks with common problems, and each pattern and pairing that was judged on both.

    All of them are one family for Holm's correction.
    """
    found = [
        (twins, pattern, mine, theirs)
        for twins in _twins(board)
        for pattern, mine, theirs in twins.runs()
        if any(pairs(twins.outcomes(theirs), twins.outcomes(mine)))
    ]
    compared = [
        compare(
            theirs, twins.outcomes(theirs), mine, twins.outcomes(mine), family=len(found)
        )
        for twins, _, mine, theirs in found
    ]  # fmt: skip
    return [
        Wordings(
            pattern, twins.first.pairing, twins.first.benchmark, twins.second.benchmark, comparison
        )
        for (twins, pattern, *_), comparison in zip(found, corrected(compared), strict=True)
    ]


def with_gains(board: Scoreboard) -> list[tuple[Wordings, Gains | None]]:
    """The same, each with its gains; None for the baseline, and where none is known.

    All gains are another family for Holm's correction.
    """
    gained: dict[tuple[int, int], Gains] = {}
    for twins in _twins(board):
        for _, mine, theirs in twins.runs():
            base, other_base = board.baselines.get(mine), board.baselines.get(theirs)
            if base is None or other_base is None or base == mine:
                continue
            if found := _gained(twins, (base, other_base), (mine, theirs)):
                gained[mine, theirs] = _gains(found)
    adjusted = holm([each.p for each in gained.values()])
    corrected_gains = {
        pair: replace(each, p_holm=p)
        for (pair, each), p in zip(gained.items(), adjusted, strict=True)
    }
    return [
        (each, corrected_gains.get((each.comparison.run_id, each.comparison.baseline_run_id)))
        for each in wordings(board)
    ]


def _twins(board: Scoreboard) -> list[_Twins]:
    found = []
    for first, second in combinations(board.groups, 2):
        if first.pairing == second.pairing:
            there = {(each.problem_id, each.rest): each for each in second.problems}
            common = [
                (mine, theirs)
                for mine in first.problems
                if (theirs := there.get((mine.problem_id, mine.rest))) and _reworded(mine, theirs)
            ]
            numbers = {each.id: n for n, both in enumerate(common) for each in both}
            if numbers:
                found.append(_Twins(board, first, second, numbers))
    return found


def _reworded(one: Problem, other: Problem) -> bool:
    """Whether two records differ in their prompts, and in nothing else."""
    return one.rest is not None and one.rest == other.rest and one.version != other.version


def _gained(
    twins: _Twins, baseline: tuple[int, int], pair: tuple[int, int]
) -> list[tuple[float, float]]:
    """Of each problem that all four runs were judged on: the gain on the first, and on the second."""
    by_run = [twins.outcomes(run) for run in (*baseline, *pair)]
    found = []
    for number in sorted(set(twins.numbers.values())):
        shares = [share_solved(outcomes.get(number, "")) for outcomes in by_run]
        known = [share for share in shares if share is not None]
        if len(known) == len(shares):
            before, other_before, after, other_after = known
            found.append((after - before, other_after - other_before))
    return found


def _gains(gained: list[tuple[float, float]]) -> Gains:
    # rounded, or thirds that differ in their last digit would be differences
    differences = [round(first - second, 12) for first, second in gained]
    varies = min(differences) < max(differences)
    p = sign_flip(differences)
    n = len(gained)
    return Gains(
        problems=n,
        first=sum(first for first, _ in gained) / n,
        second=sum(second for _, second in gained) / n,
        more=sum(differences) / n,
        interval=bootstrap_mean(differences, least=-2.0, most=2.0) if varies else None,
        p=p,
        p_holm=p,
    )
