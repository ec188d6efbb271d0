"""Scores by what problems are: how difficult, and when they were published. Pure."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean

from foureyes.results.figures.outcomes import Outcomes, share_solved
from foureyes.results.figures.paired import difference_interval
from foureyes.results.figures.questions import Question
from foureyes.results.figures.scoreboard import Group, ProblemRow

_IN_ORDER = {"easy": 0, "medium": 1, "hard": 2}


@dataclass(frozen=True)
class Part:
    """The problems of one kind: how many, and by run the mean share of their judged samples that are
    solved; None if none is judged.

    `gains` has, by run, its difference from its baseline on these problems, with the 95 % interval of
    each alone, as shares; only where both were judged on some.
    """

    value: str
    problems: int
    pass_1: dict[int, float | None]
    gains: dict[int, tuple[float, float, float]]


@dataclass(frozen=True)
class Split:
    """A group's scores by one thing that is known of its problems: difficulty, month or platform."""

    by: str
    parts: list[Part]


def splits(
    group: Group, outcomes: Mapping[int, Outcomes], baselines: Mapping[int, int]
) -> list[Split]:
    """A split for each thing of which every problem has a value, and not all the same.

    `baselines` are the runs that runs are compared with.
    """
    found = []
    for by in ("difficulty", "month", "platform"):
        kinds: dict[str, list[ProblemRow]] = defaultdict(list)
        for problem in group.problems:
            kinds[_value(problem, by)].append(problem)
        if len(kinds) > 1 and "" not in kinds:
            values = sorted(kinds, key=lambda value: (_IN_ORDER.get(value, len(_IN_ORDER)), value))
            found.append(
                Split(
                    by,
                    [_part(value, kinds[value], group, outcomes, baselines) for value in values],
                )
            )
    return found


def _value(problem: ProblemRow, by: str) -> str:
    """Of a problem; empty if nobody says. Its month is told as 2024-09."""
    return problem.facts.get("date", "")[:7] if by == "month" else problem.facts.get(by, "")


def _part(
    value: str,
    problems: list[ProblemRow],
    group: Group,
    outcomes: Mapping[int, Outcomes],
    baselines: Mapping[int, int],
) -> Part:
    here = {problem.id for problem in problems}
    pass_1, gains = {}, {}
    for score in group.scores:
        samples = outcomes[score.run_id]
        shares = [share_solved(samples.get(problem.id, "")) for problem in problems]
        judged = [float(share) for share in shares if share is not None]
        pass_1[score.run_id] = fmean(judged) if judged else None
        base = baselines.get(score.run_id, score.run_id)
        asked = Question(base, _of(outcomes[base], here), score.run_id, _of(samples, here))
        if base != score.run_id and (found := asked.differences()):
            mean = float(sum(found) / len(found))
            gains[score.run_id] = (mean, *difference_interval(found))
    return Part(value, len(problems), pass_1, gains)


def _of(outcomes: Outcomes, problems: set[int]) -> Outcomes:
    return {problem: samples for problem, samples in outcomes.items() if problem in problems}
