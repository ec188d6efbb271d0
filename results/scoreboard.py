"""What a sweep showed, as plain data: scores and paired comparisons."""

import difflib
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

from models.errors import FoureyesError
from models.session import session
from models.tables import Sweep
from results.comparisons import Comparison, Question, compare_all
from results.outcomes import Outcomes
from results.outcomes import read as read_outcomes
from results.scores import Cost, RunInfo, Score, score

#: What every other pattern is compared with, unless another is asked for.
BASELINE = "raw-coder"


@dataclass(frozen=True)
class Problem:
    """A problem row of a benchmark.

    `rest` is the hash of all of its record but the prompt, for problems of one id in several benchmarks.
    """

    id: int
    benchmark: str
    problem_id: str
    version: str
    rest: str | None


@dataclass(frozen=True)
class Group:
    """The runs of one benchmark by one pairing: those that are compared with each other."""

    benchmark: str
    pairing: str
    coder: str
    reviewer: str
    scores: list[Score]
    problems: list[Problem]

    @property
    def samples(self) -> int:
        """Of each problem."""
        return max(score.run.samples for score in self.scores)


@dataclass(frozen=True)
class Scoreboard:
    """Everything that the report's tables show.

    `comparisons` holds, by run id, each run against the baseline of its group; `outcomes` what became
    of every attempt of a run; `failures` why attempts ended in error, and how many did; `greedy` are
    the models that answer at temperature 0.
    """

    sweep_id: int
    name: str
    created_at: datetime
    cancelled: bool
    baseline: str
    groups: list[Group]
    comparisons: dict[int, Comparison]
    outcomes: dict[int, Outcomes]
    failures: list[tuple[str, int]]
    greedy: frozenset[str]

    @property
    def scores(self) -> list[Score]:
        """Of all groups, in the sweep's order."""
        return [score for group in self.groups for score in group.scores]

    def title(self, group: Group) -> str:
        """A group's name: its benchmark, and its pairing where there are several."""
        several = len({each.pairing for each in self.groups}) > 1
        return f"{group.benchmark}, {group.pairing}" if several else group.benchmark


_RUNS = text("""
SELECT run.id, run.benchmark, run.pattern, run.pairing, coder.name, reviewer.name, run.samples,
    coalesce(asked.reviewed, 0), coalesce(asked.changes_asked, 0)
FROM run
JOIN language_model AS coder ON coder.id = run.coder_id
JOIN language_model AS reviewer ON reviewer.id = run.reviewer_id
LEFT JOIN (
    SELECT attempt.run_id, count(DISTINCT attempt.id) AS reviewed,
        count(DISTINCT attempt.id) FILTER (WHERE step.verdict = 'revise') AS changes_asked
    FROM attempt JOIN step ON step.attempt_id = attempt.id
    WHERE step.verdict IN ('approve', 'revise', 'none')
        AND attempt.run_id IN (SELECT id FROM run WHERE sweep_id = :sweep)
    GROUP BY attempt.run_id
) AS asked ON asked.run_id = run.id
WHERE run.sweep_id = :sweep ORDER BY run.position
""")
_COSTS = text("""
SELECT run_id, completions, prompt_tokens, completion_tokens, gpu_seconds, price
FROM v_cost WHERE sweep_id = :sweep
""")
_PROBLEMS = text("""
SELECT id, problem.benchmark, problem.problem_id, problem.version,
    CASE WHEN count(*) OVER (PARTITION BY problem.problem_id) > 1 THEN v_features.rest END AS rest
FROM problem
JOIN v_features ON v_features.row_id = problem.id
WHERE problem.id = ANY(:problems)
ORDER BY id
""")
_FAILURES = text("""
SELECT coalesce(error, '') AS error, sum(attempts)::integer AS attempts FROM v_errors
WHERE sweep_id = :sweep GROUP BY error ORDER BY attempts DESC, error LIMIT 5
""")


def scoreboard(sweep_id: int, baseline: str | None = None) -> Scoreboard:
    """The scoreboard of a sweep as it is now, also while it runs.

    Raises: FoureyesError if the sweep has no attempts, or no pattern of the baseline's name.
    """
    with session() as db:
        sweep = db.get_one(Sweep, sweep_id)
        runs = [RunInfo(*row) for row in db.execute(_RUNS, {"sweep": sweep_id})]
        costs = {run: Cost(*cost) for run, *cost in db.execute(_COSTS, {"sweep": sweep_id})}
        outcomes = read_outcomes(db, [run.run_id for run in runs])
        problems = problems_of(db, outcomes)
        failures = [(row.error, row.attempts) for row in db.execute(_FAILURES, {"sweep": sweep_id})]
    if not problems:
        raise FoureyesError(
            f"sweep {sweep_id} ({sweep.name}) has no attempts; `foureyes sweep` with its file again "
            "writes what is missing"
        )
    scores = [score(run, costs[run.run_id], outcomes[run.run_id]) for run in runs]
    chosen = _baseline(baseline, [run.pattern for run in runs])
    groups = _groups(scores, problems, outcomes)
    return Scoreboard(
        sweep_id=sweep_id,
        name=sweep.name,
        created_at=sweep.created_at,
        cancelled=sweep.cancelled_at is not None,
        baseline=chosen,
        groups=groups,
        comparisons=against_baseline(groups, outcomes, chosen),
        outcomes=outcomes,
        failures=failures,
        greedy=frozenset(
            name
            for name, model in sweep.file.get("models", {}).items()
            if model.get("sampling", {}).get("temperature", 0) == 0
        ),
    )


def problems_of(db: Session, outcomes: dict[int, Outcomes]) -> dict[int, Problem]:
    """The problems that these runs have attempts at, by the ids of their rows."""
    ids = list({problem for each in outcomes.values() for problem in each})
    return {row.id: Problem(*row) for row in db.execute(_PROBLEMS, {"problems": ids})}


def _baseline(asked: str | None, patterns: list[str]) -> str:
    """The pattern to compare with; the default need not be in the sweep, one that was asked for must."""
    if asked is not None and asked not in patterns:
        near = difflib.get_close_matches(asked, patterns, n=1, cutoff=0)[0]
        raise FoureyesError(
            f"the sweep has no pattern {asked!r} for a baseline; did you mean {near!r}?"
        )
    return asked or BASELINE


def _groups(
    scores: list[Score], problems: dict[int, Problem], outcomes: dict[int, Outcomes]
) -> list[Group]:
    found: dict[tuple[str, str], list[Score]] = defaultdict(list)
    for each in scores:
        found[each.run.benchmark, each.run.pairing].append(each)
    return [
        Group(
            benchmark,
            pairing,
            here[0].run.coder,
            here[0].run.reviewer,
            here,
            [problems[problem] for problem in outcomes[here[0].run_id]],
        )
        for (benchmark, pairing), here in found.items()
    ]


def against_baseline(
    groups: list[Group], outcomes: dict[int, Outcomes], baseline: str
) -> dict[int, Comparison]:
    """Each run against the baseline of its group; all of them are one family for Holm's correction."""
    questions = [
        Question(base.run_id, outcomes[base.run_id], other.run_id, outcomes[other.run_id])
        for group in groups
        for base in group.scores
        if base.pattern == baseline
        for other in group.scores
        if other is not base and base.n and other.n
    ]
    return {comparison.run_id: comparison for comparison in compare_all(questions)}
