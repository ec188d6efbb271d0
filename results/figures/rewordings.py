"""The same problems in other words: two benchmarks of one sweep, compared problem by problem. Pure."""

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations

from foureyes.results.figures.comparisons import Comparison
from foureyes.results.figures.outcomes import Outcomes, pairs, share_solved
from foureyes.results.figures.paired import difference_interval, sign_flip, smallest_p
from foureyes.results.figures.questions import Question
from foureyes.results.figures.scoreboard import Group, ProblemRow, Scoreboard
from foureyes.results.figures.statistics import holm
from foureyes.results.figures.stopping import compare_as_planned


@dataclass(frozen=True)
class Wordings:
    """A pattern by one team on the problems that two benchmarks have in common.

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

    `more` is by how much it gained more on the first, with its 95 % interval, all as shares; `p` is
    the sign-flip test's, over problems, and `differing` on how many the gains differ.
    """

    problems: int
    differing: int
    first: float
    second: float
    more: float
    low: float
    high: float
    p: float
    p_holm: float


@dataclass(frozen=True)
class _Twins:
    """Two groups of one team, and numbers for the problems that both have, by their rows."""

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
    """One for each two benchmarks with common problems, and each pattern and team that was judged on both.

    All of them are one family for Holm's correction.
    """
    found = [
        (twins, pattern, mine, theirs)
        for twins in _twins(board)
        for pattern, mine, theirs in twins.runs()
        if any(pairs(twins.outcomes(theirs), twins.outcomes(mine)))
    ]
    compared = compare_as_planned(
        [
            Question(theirs, twins.outcomes(theirs), mine, twins.outcomes(mine))
            for twins, _, mine, theirs in found
        ],
        board.margin,
        stops=board.stops,
    )
    return [
        Wordings(
            pattern, twins.first.pairing, twins.first.benchmark, twins.second.benchmark, comparison
        )
        for (twins, pattern, *_), comparison in zip(found, compared, strict=True)
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
    adjusted = holm(
        [each.p for each in gained.values()],
        [smallest_p(each.differing) for each in gained.values()],
    )
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


def _reworded(one: ProblemRow, other: ProblemRow) -> bool:
    """Whether two records differ in their prompts, and in nothing else."""
    return one.rest is not None and one.rest == other.rest and one.version != other.version


def _gained(
    twins: _Twins, baseline: tuple[int, int], pair: tuple[int, int]
) -> list[tuple[Fraction, Fraction]]:
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


def _gains(gained: list[tuple[Fraction, Fraction]]) -> Gains:
    differences = [first - second for first, second in gained]
    low, high = difference_interval(differences, most=2)
    p = sign_flip(differences)
    n = len(gained)
    return Gains(
        problems=n,
        differing=sum(map(bool, differences)),
        first=float(sum(first for first, _ in gained) / n),
        second=float(sum(second for _, second in gained) / n),
        more=float(sum(differences) / n),
        low=low,
        high=high,
        p=p,
        p_holm=p,
    )
