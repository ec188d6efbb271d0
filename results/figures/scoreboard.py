"""What a sweep showed, as plain data: scores and paired comparisons."""

import json
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

from foureyes.models.errors import PATTERN_FAILED, REFERENCE_FAILS, FoureyesError
from foureyes.models.session import session
from foureyes.models.shown import DRAFTS_NOTE
from foureyes.models.sweep_content import SweepContent
from foureyes.models.tables import Sweep
from foureyes.results.figures.baselines import baselines, named
from foureyes.results.figures.comparisons import Comparison
from foureyes.results.figures.margins import MARGIN
from foureyes.results.figures.outcomes import Forgeries, Outcomes, read_forgeries
from foureyes.results.figures.outcomes import read as read_outcomes
from foureyes.results.figures.plans import KeptPlan, stops
from foureyes.results.figures.plans import read as read_plans
from foureyes.results.figures.questions import Question
from foureyes.results.figures.scores import Cost, RunInfo, Score, score
from foureyes.results.figures.stopping import compare_as_planned
from foureyes.results.steering import Steering, steering


@dataclass(frozen=True)
class Ending:
    """How calls of a model for one kind of step ended: the finish reason, how many, and how many hold only
    thoughts."""

    model: str
    kind: str
    finish_reason: str
    calls: int
    only_thoughts: int


@dataclass(frozen=True)
class Elsewhere:
    """What was not made here: an archive or a recording, and how many of the sweep's attempts rest on
    how many answers and verdicts that came from it."""

    origin: str
    attempts: int
    answers: int
    verdicts: int


@dataclass(frozen=True)
class Budget:
    """How many answer tokens the judged attempts of a run had on average, and how many they were given; in how
    many of the `attempts` no second draft fitted into them."""

    tokens: float
    drawn: float
    attempts: int
    single: int


@dataclass(frozen=True)
class JudgedAnew:
    """A regrade: who was asked to judge, by which profile, and who had judged at first; how many programs are
    judged so far, and how many verdicts are others than at first; how many attempts would have gone on
    differently, by what the visible tests show anew, and in how many steps these are not run anew yet."""

    regrade_id: int
    judge_version: str
    profile: str
    at_first: str
    programs: int
    flips: int
    diverged: int
    trials_waiting: int


@dataclass(frozen=True)
class SecondVerdicts:
    """By which regrade's verdicts figures are: of how many attempts it has none yet, and on how many its judge
    failed."""

    regrade: JudgedAnew
    waiting: int
    errors: int


@dataclass(frozen=True)
class ProblemRow:
    """A problem row of a benchmark.

    `prompt` is the hash of its prompt, and `rest` that of all else in its record, for problems of one id
    in several benchmarks. `facts`: what its record says of it, such as its difficulty.
    """

    id: int
    benchmark: str
    problem_id: str
    version: str
    prompt: str | None
    rest: str | None
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Group:
    """The runs of one benchmark by one team: those that are compared with each other.

    `pairing` is what the team is called, `team` its models by role.
    """

    benchmark: str
    pairing: str
    team: str
    scores: list[Score]
    problems: list[ProblemRow]

    @property
    def samples(self) -> int:
        """Of each problem."""
        return max(score.run.samples for score in self.scores)


@dataclass(frozen=True)
class WithoutReference:
    """Attempts that ended in error because the reference program of their task fails where it was judged, and
    how many tasks these are."""

    attempts: int = 0
    tasks: int = 0


@dataclass(frozen=True)
class PatternsFailed:
    """Attempts that ended in error because their pattern failed, and what most of them say."""

    attempts: int = 0
    error: str = ""


@dataclass(frozen=True)
class Scoreboard:
    """Everything that the report's tables show.

    `baseline` is the pattern that others are compared with, `baselines` the run of it, by run id, that
    each run is compared with; `comparisons` holds, by run id, what came of that; `outcomes` what
    became of every attempt of a run; `endings` how the calls ended, each once; `failures` why attempts
    ended in error, and how many did; `copying` are the teams whose models answer at temperature 0;
    `elsewhere` is what was not made here; `budgets`, by run id, what those had that had a budget;
    `regrades` are all that there are, and `verdicts` that of which the figures are, None for the first
    verdicts; `plans` are what it was to show, oldest first;
    `margin` is the difference that is too small to matter, as a
    share; `stops`: what is decided is asked no more, so its comparisons are right at every look;
    `forgeries` are the runs with programs that spoke in the judge's place; `steering` is what holds it. `failures` begin
    with what another try may mend; `without_reference` is what none mends where it was judged, and
    `patterns_failed` what none mends while the patterns are the same.
    """

    sweep_id: int
    name: str
    created_at: datetime
    cancelled: bool
    baseline: str
    groups: list[Group]
    baselines: dict[int, int]
    comparisons: dict[int, Comparison]
    outcomes: dict[int, Outcomes]
    endings: list[Ending]
    failures: list[tuple[str, int]]
    copying: frozenset[str]
    elsewhere: tuple[Elsewhere, ...] = ()
    budgets: dict[int, Budget] = field(default_factory=dict)
    regrades: tuple[JudgedAnew, ...] = ()
    verdicts: SecondVerdicts | None = None
    plans: tuple[KeptPlan, ...] = ()
    margin: float = MARGIN
    stops: bool = False
    forgeries: dict[int, Forgeries] = field(default_factory=dict)
    steering: Steering | None = None
    without_reference: WithoutReference = WithoutReference()
    patterns_failed: PatternsFailed = PatternsFailed()

    @property
    def scores(self) -> list[Score]:
        """Of all groups, in the sweep's order."""
        return [score for group in self.groups for score in group.scores]

    @property
    def problems(self) -> list[ProblemRow]:
        """Of all groups; a benchmark's come again with each team."""
        return [problem for group in self.groups for problem in group.problems]

    def compared(self, group: Group) -> list[Comparison]:
        """The comparisons of a group's runs."""
        found = (self.comparisons.get(score.run_id) for score in group.scores)
        return [each for each in found if each]

    def is_baseline(self, score: Score) -> bool:
        """Whether others are compared with this run."""
        return self.baselines.get(score.run_id) == score.run_id

    def title(self, group: Group) -> str:
        """A group's name: its benchmark, and its team's where there are several."""
        several = len({each.pairing for each in self.groups}) > 1
        return f"{group.benchmark}, {group.pairing}" if several else group.benchmark


_RUNS = text("""
SELECT run.id, run.benchmark, run.pattern, run.pairing, v_teams.team, v_teams.coder,
    v_teams.reviewer, run.samples, run.options, coalesce(asked.reviewed, 0),
    coalesce(asked.verdicts, 0), coalesce(asked.changes_asked, 0), run.tokens_of_id
FROM run
JOIN v_teams ON v_teams.run_id = run.id
LEFT JOIN (
    SELECT attempt.run_id, count(DISTINCT attempt.id) AS reviewed,
        count(DISTINCT attempt.id) FILTER (WHERE step.verdict <> 'none') AS verdicts,
        count(DISTINCT attempt.id) FILTER (WHERE step.verdict = 'revise') AS changes_asked
    FROM attempt
    JOIN step ON step.attempt_id = attempt.id AND step.kind = 'review'
    JOIN completion ON completion.id = step.completion_id
    WHERE step.verdict IN ('approve', 'revise', 'none') AND completion.prompt <> 'choose'
        AND attempt.run_id IN (SELECT id FROM run WHERE sweep_id = :sweep)
    GROUP BY attempt.run_id
) AS asked ON asked.run_id = run.id
WHERE run.sweep_id = :sweep ORDER BY run.position
""")
_COSTS = text("""
SELECT run_id, completions, prompt_tokens, completion_tokens, gpu_seconds, price,
    judged_prompt_tokens, judged_completion_tokens, judged_price
FROM v_cost WHERE sweep_id = :sweep
""")
_SINGLE = json.dumps([{"name": DRAFTS_NOTE, "value": 1}])
_BUDGETS = text("""
SELECT v_attempts.run_id, avg(v_attempts.token_budget)::float8 AS tokens,
    avg(completion_tokens)::float8 AS drawn, count(*) AS attempts,
    count(*) FILTER (WHERE attempt.notes @> CAST(:single AS jsonb)) AS single
FROM v_attempts JOIN attempt ON attempt.id = v_attempts.attempt_id
WHERE v_attempts.run_id = ANY(:runs) AND v_attempts.outcome <> 'error'
    AND v_attempts.token_budget IS NOT NULL
GROUP BY v_attempts.run_id
""")
_PROBLEMS = text("""
SELECT id, problem.benchmark, problem.problem_id, problem.version,
    CASE WHEN count(*) OVER of_id > 1 THEN
        md5(problem.prompt)
    END AS prompt,
    CASE WHEN count(*) OVER of_id > 1 THEN v_features.rest END AS rest,
    problem.facts
FROM problem
JOIN v_features ON v_features.row_id = problem.id
WHERE problem.id = ANY(:problems)
WINDOW of_id AS (PARTITION BY problem.problem_id)
ORDER BY id
""")
#: Each call once, by the name that this sweep has for its model.
_ENDINGS = text("""
SELECT asked.model, v_steps.kind, v_steps.finish_reason, count(*) AS calls,
    count(*) FILTER (WHERE v_steps.only_thoughts) AS only_thoughts
FROM (
    SELECT min(step.id) AS step_id,
        min(language_model.name) AS model
    FROM run
    JOIN attempt ON attempt.run_id = run.id
    JOIN step ON step.attempt_id = attempt.id
    JOIN seat ON seat.run_id = run.id AND seat.role = step.role
    JOIN language_model ON language_model.id = seat.model_id
    WHERE run.sweep_id = :sweep AND step.completion_id IS NOT NULL
    GROUP BY step.completion_id
) AS asked
JOIN v_steps ON v_steps.step_id = asked.step_id
WHERE v_steps.finish_reason IS NOT NULL
GROUP BY asked.model, v_steps.kind, v_steps.finish_reason
ORDER BY asked.model, v_steps.kind, calls DESC, v_steps.finish_reason
""")
_FAILURES = text("""
SELECT coalesce(error, '') AS error, sum(attempts)::integer AS attempts FROM v_errors
WHERE sweep_id = :sweep GROUP BY error
ORDER BY position(:reference IN coalesce(error, '')) > 0 OR coalesce(error, '') ~ :pattern,
    attempts DESC, error LIMIT 5
""")
#: An error that was copied to a control at equal tokens has other words before it.
_WITHOUT_REFERENCE = text("""
SELECT count(*) AS attempts, count(DISTINCT problem.id) AS tasks
FROM run
JOIN attempt ON attempt.run_id = run.id
JOIN problem ON problem.id = attempt.problem_id
WHERE run.sweep_id = :sweep AND attempt.outcome = 'error'
    AND position(problem.problem_id || ': ' || :reference IN attempt.error) > 0
""")
_PATTERNS_FAILED = text("""
SELECT coalesce(sum(attempts), 0)::integer AS attempts,
    coalesce((array_agg(error ORDER BY starts_with(error, 'no budget'), attempts DESC, error))[1], '') AS error
FROM v_errors WHERE sweep_id = :sweep AND error ~ :pattern
""")

_ELSEWHERE = text("""
SELECT coalesce(completion.origin, execution.origin) AS origin, count(DISTINCT attempt.id) AS attempts,
    count(DISTINCT completion.id) AS answers, count(DISTINCT execution.id) AS verdicts
FROM run
JOIN attempt ON attempt.run_id = run.id
JOIN step ON step.attempt_id = attempt.id
LEFT JOIN completion ON completion.id = step.completion_id
LEFT JOIN execution ON execution.id = step.execution_id
WHERE run.sweep_id = :sweep AND coalesce(completion.origin, execution.origin) IS NOT NULL
GROUP BY 1 ORDER BY 2 DESC, 1
""")
_REGRADES = text("""
SELECT regrade.id, regrade.judge_version, regrade.profile, told.at_first, told.programs, told.flips,
    trials.diverged, trials.waiting
FROM regrade
CROSS JOIN LATERAL (
    SELECT coalesce(string_agg(DISTINCT judge_before, '; '), '') AS at_first, count(flips) AS programs,
        count(*) FILTER (WHERE flips) AS flips
    FROM v_regraded WHERE regrade_id = regrade.id
) AS told
CROSS JOIN LATERAL (
    SELECT count(DISTINCT attempt_id) FILTER (WHERE differs) AS diverged,
        count(*) FILTER (WHERE differs IS NULL AND error IS NULL) AS waiting
    FROM v_regraded_trials WHERE regrade_id = regrade.id
) AS trials
WHERE regrade.sweep_id = :sweep ORDER BY regrade.id
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
        forgeries = read_forgeries(db, [run.run_id for run in runs])
        problems = problems_of(db, outcomes)
        endings = [Ending(*row) for row in db.execute(_ENDINGS, {"sweep": sweep_id})]
        values = {"sweep": sweep_id, "reference": REFERENCE_FAILS, "pattern": PATTERN_FAILED}
        failures = [(row.error, row.attempts) for row in db.execute(_FAILURES, values)]
        without_reference = WithoutReference(*db.execute(_WITHOUT_REFERENCE, values).one())
        patterns_failed = PatternsFailed(*db.execute(_PATTERNS_FAILED, values).one())
        with_budget = [run.run_id for run in runs if run.tokens_of_id is not None]
        budgets = {
            run: Budget(*budget)
            for run, *budget in db.execute(_BUDGETS, {"runs": with_budget, "single": _SINGLE})
        }
        elsewhere = tuple(Elsewhere(*row) for row in db.execute(_ELSEWHERE, {"sweep": sweep_id}))
        regrades = tuple(JudgedAnew(*row) for row in db.execute(_REGRADES, {"sweep": sweep_id}))
        plans = read_plans(db, sweep)
        steered = steering(db, sweep_id)
    if not problems:
        raise FoureyesError(
            f"sweep {sweep_id} ({sweep.name}) has no attempts; `foureyes sweep` with its file again "
            "writes what is missing"
        )
    scores = [score(run, costs[run.run_id], outcomes[run.run_id]) for run in runs]
    chosen = named(baseline, [run.pattern for run in runs])
    compared_with = baselines(runs, chosen)
    margin = next((each.margin for each in reversed(plans) if each.margin is not None), MARGIN)
    return Scoreboard(
        sweep_id=sweep_id,
        name=sweep.name,
        created_at=sweep.created_at,
        cancelled=sweep.cancelled_at is not None,
        baseline=chosen,
        groups=_groups(scores, problems, outcomes),
        baselines=compared_with,
        comparisons=against_baselines(compared_with, scores, outcomes, margin, stops=stops(plans)),
        outcomes=outcomes,
        endings=endings,
        failures=failures,
        without_reference=without_reference,
        patterns_failed=patterns_failed,
        copying=frozenset(SweepContent.model_validate(sweep.file).copying()),
        elsewhere=elsewhere,
        budgets=budgets,
        regrades=regrades,
        plans=plans,
        steering=steered,
        margin=margin,
        stops=stops(plans),
        forgeries=forgeries,
    )


def judged_anew(board: Scoreboard, regrade_id: int) -> Scoreboard:
    """The scoreboard of the same attempts by the verdicts of a regrade, as far as it has come.

    Raises: FoureyesError if the sweep has no such regrade.
    """
    regrade = next((each for each in board.regrades if each.regrade_id == regrade_id), None)
    if regrade is None:
        known = ", ".join(f"{each.regrade_id} (profile {each.profile})" for each in board.regrades)
        raise FoureyesError(
            f"sweep {board.sweep_id} ({board.name}) has no regrade {regrade_id}; "
            + (f"it has {known}" if known else f"`foureyes regrade id={board.sweep_id}` makes one")
        )
    with session() as db:
        outcomes = read_outcomes(db, list(board.outcomes), regrade_id)
        forgeries = read_forgeries(db, list(board.outcomes), regrade_id)
    groups = [
        replace(
            group,
            scores=[score(each.run, each.cost, outcomes[each.run_id]) for each in group.scores],
        )
        for group in board.groups
    ]
    scores = [each for group in groups for each in group.scores]
    more = {
        name: sum(getattr(each, name) for each in scores) - sum(getattr(each, name) for each in board.scores)
        for name in ("unfinished", "errors")
    }  # fmt: skip
    return replace(
        board,
        groups=groups,
        comparisons=against_baselines(
            board.baselines, scores, outcomes, board.margin, stops=board.stops
        ),
        outcomes=outcomes,
        forgeries=forgeries,
        verdicts=SecondVerdicts(regrade, waiting=more["unfinished"], errors=more["errors"]),
    )


def problems_of(db: Session, outcomes: dict[int, Outcomes]) -> dict[int, ProblemRow]:
    """The problems that these runs have attempts at, by the ids of their rows."""
    ids = list({problem for each in outcomes.values() for problem in each})
    return {row.id: ProblemRow(*row) for row in db.execute(_PROBLEMS, {"problems": ids})}


def _groups(
    scores: list[Score], problems: dict[int, ProblemRow], outcomes: dict[int, Outcomes]
) -> list[Group]:
    found: dict[tuple[str, str], list[Score]] = defaultdict(list)
    for each in scores:
        found[each.run.benchmark, each.run.pairing].append(each)
    return [
        Group(
            benchmark,
            pairing,
            here[0].run.team,
            here,
            [problems[problem] for problem in sorted(outcomes[here[0].run_id])],
        )
        for (benchmark, pairing), here in found.items()
    ]


def against_baselines(
    baselines: dict[int, int],
    scores: list[Score],
    outcomes: dict[int, Outcomes],
    margin: float = MARGIN,
    *,
    stops: bool = False,
) -> dict[int, Comparison]:
    """Each run against its baseline; all of them are one family for Holm's correction."""
    judged = {score.run_id for score in scores if score.n}
    questions = [
        Question(base, outcomes[base], run, outcomes[run])
        for run, base in baselines.items()
        if run != base and run in judged and base in judged
    ]
    planned = sum(run != base for run, base in baselines.items())
    compared = compare_as_planned(questions, margin, stops=stops, planned=planned)
    return {comparison.run_id: comparison for comparison in compared}
