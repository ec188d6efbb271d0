"""The same comparison in several sweeps, such as those with other seeds, as one."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text

from foureyes.models.errors import FoureyesError
from foureyes.models.session import session
from foureyes.results.figures.comparisons import Comparison, compare_all
from foureyes.results.figures.questions import Joined, Question
from foureyes.results.figures.same import same_problems
from foureyes.results.figures.scoreboard import Scoreboard, problems_of, scoreboard


@dataclass(frozen=True)
class Replicated:
    """A pattern by one team against its baseline, in two sweeps or more.

    `benchmark` is None for all benchmarks together. `apart` has, by the id of a sweep, what it shows by
    itself; `comparison` what they show as one: a problem counts once, with the mean of its
    differences in the sweeps that have it. The runs that it names are those of the first sweep.
    """

    pattern: str
    pairing: str
    benchmark: str | None
    apart: dict[int, Comparison]
    comparison: Comparison


@dataclass(frozen=True)
class Meta:
    """Several sweeps as one, in the order in which they were named.

    `rows` are one family for Holm's correction, and so are those of all benchmarks `together`, of
    which there are none where there is one benchmark. `alone` are the patterns, teams and benchmarks
    that are compared in one sweep only; of `answers` that models gave, `shared` are in more than one.
    """

    sweeps: dict[int, str]
    baseline: str
    rows: list[Replicated]
    together: list[Replicated]
    alone: int
    answers: int
    shared: int
    unfinished: int


#: A pattern, its team's name and models, and the benchmark; None for all of them.
_Cell = tuple[str, str, str, str | None]
#: Of each cell, what it asks of each sweep.
_Asked = dict[_Cell, dict[int, list[Question]]]

_SHARED = text("""
SELECT count(*) AS answers, count(*) FILTER (WHERE sweeps > 1) AS shared
FROM (
    SELECT count(DISTINCT run.sweep_id) AS sweeps
    FROM run
    JOIN attempt ON attempt.run_id = run.id
    JOIN step ON step.attempt_id = attempt.id
    WHERE run.sweep_id = ANY(:sweeps) AND step.completion_id IS NOT NULL
    GROUP BY step.completion_id
) AS asked
""")


def replicates(sweeps: dict[int, str], baseline: str | None = None) -> Meta:
    """Join the sweeps of these ids and names.

    Raises: FoureyesError if they have no comparison in common, or one has no pattern of the
        baseline's name.
    """
    boards = [scoreboard(sweep, baseline) for sweep in sweeps]
    asked, over_all = _questions(boards)
    common = {cell: each for cell, each in asked.items() if len(each) > 1}
    if not common:
        raise FoureyesError(
            f"nothing to join: in no two of these sweeps is a pattern by the same team compared with "
            f"{boards[0].baseline} on the same benchmark"
        )
    joined = {cell: over_all[cell] for cell in over_all if len(over_all[cell]) > 1}
    several = len({benchmark for *_, benchmark in common}) > 1
    with session() as db:
        outcomes = {run: of for board in boards for run, of in board.outcomes.items()}
        same = same_problems(problems_of(db, outcomes).values())
        answers, shared = db.execute(_SHARED, {"sweeps": list(sweeps)}).one()
    return Meta(
        sweeps=sweeps,
        baseline=boards[0].baseline,
        rows=_rows(common, same, boards[0].margin),
        together=_rows(joined, same, boards[0].margin) if several else [],
        alone=len(asked) - len(common),
        answers=answers,
        shared=shared,
        unfinished=sum(score.unfinished for board in boards for score in board.scores),
    )


def _questions(boards: Sequence[Scoreboard]) -> tuple[_Asked, _Asked]:
    """What is asked of each sweep, by benchmark, and of all those that two sweeps ask it of."""
    asked: _Asked = defaultdict(lambda: defaultdict(list))
    for board in boards:
        for group in board.groups:
            for score in group.scores:
                if found := board.comparisons.get(score.run_id):
                    base = found.baseline_run_id
                    cell = (score.pattern, group.pairing, group.team, group.benchmark)
                    asked[cell][board.sweep_id].append(
                        Question(
                            base, board.outcomes[base], score.run_id, board.outcomes[score.run_id]
                        )
                    )
    over_all: _Asked = defaultdict(lambda: defaultdict(list))
    for (pattern, pairing, team, _), sweeps in asked.items():
        if len(sweeps) > 1:
            for sweep, questions in sweeps.items():
                over_all[pattern, pairing, team, None][sweep] += questions
    return asked, over_all


def _rows(asked: _Asked, same: dict[int, int], margin: float) -> list[Replicated]:
    """One for each cell, all of them one family; of each sweep apart nothing is corrected."""
    joined = [
        Joined([question for questions in sweeps.values() for question in questions], same)
        for sweeps in asked.values()
    ]
    rows = []
    for (cell, sweeps), comparison in zip(asked.items(), compare_all(joined, margin), strict=True):
        apart = {
            sweep: compare_all([Joined(questions, same)], margin)[0]
            for sweep, questions in sweeps.items()
        }
        pattern, pairing, _, benchmark = cell
        rows.append(Replicated(pattern, pairing, benchmark, apart, comparison))
    return rows
