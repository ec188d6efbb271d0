"""What a report's page shows beyond the scoreboard: reviewers, flips, and where all of it came from."""

import hashlib
import importlib.metadata
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from foureyes.models.digest import digest
from foureyes.models.session import session
from foureyes.models.sweep_content import SweepContent, as_written
from foureyes.models.tables import Sweep
from foureyes.results.figures import costs
from foureyes.results.figures.comparisons import Comparison
from foureyes.results.figures.costs import Costs
from foureyes.results.figures.moderators import Features
from foureyes.results.figures.outcomes import JUDGED, SOLVED, Outcomes
from foureyes.results.figures.reviewing import Matrix
from foureyes.results.figures.scoreboard import Scoreboard
from foureyes.results.figures.statistics import wilson

#: Flips that a page lists in all; the others are a query away.
MOST_FLIPS = 3000


@dataclass(frozen=True)
class Reviewer:
    """What a run's reviews said of drafts that were right or wrong by the hidden tests (`v_reviewer`)."""

    run_id: int
    reviewed: int
    caught: int
    missed: int
    false_alarms: int
    approved_right: int
    no_verdict: int
    unjudged: int
    fixed: int
    broken: int
    fixes: int
    unchanged: int

    @property
    def matrix(self) -> Matrix:
        """Of the reviews that have a verdict, of programs that have a judgement."""
        return Matrix(
            wrong=self.caught + self.missed,
            right=self.false_alarms + self.approved_right,
            caught=self.caught,
            missed=self.missed,
            false_alarms=self.false_alarms,
            approved_right=self.approved_right,
        )


@dataclass(frozen=True)
class Choices:
    """Which of two programs a run's choices took, by the place in the prompt (`v_choices`)."""

    run_id: int
    asked: int
    first_chosen: int
    second_chosen: int
    no_choice: int

    @property
    def first_share(self) -> tuple[float, float, float] | None:
        """Of those that chose, the share that took the first, with its 95 % interval; None if none did."""
        read = self.first_chosen + self.second_chosen
        return (self.first_chosen / read, *wilson(self.first_chosen, read)) if read else None


@dataclass(frozen=True)
class Flip:
    """A problem on which a run and its baseline differ: how many samples improved and regressed.

    The attempts are those of the first sample that flipped.
    """

    run_id: int
    problem: int
    problem_id: str
    improved: int
    regressed: int
    baseline_attempt_id: int
    attempt_id: int


@dataclass(frozen=True)
class JudgeUsed:
    """Which judge gave verdicts of a sweep, and how many; `level` is what held the programs, and
    `trust` where verdicts were made: outside of the programs' processes, or shared with them."""

    version: str
    profile: str
    level: str
    trust: str
    verdicts: int


@dataclass(frozen=True)
class Prompt:
    """A template that a sweep's model calls were made with: its hash, and how many calls."""

    name: str
    hash: str
    calls: int


@dataclass(frozen=True)
class EngineUsed:
    """What answered for a model, and how many calls; `version` is None for answers of before it was kept."""

    model: str
    version: str | None
    calls: int


@dataclass(frozen=True)
class Origin:
    """What is needed to make a sweep again, and to know that it is the same.

    `models` maps names to the identity of the weights; `benchmarks` to the number of problems and a
    hash of all their versions.
    """

    version: str
    key: str
    file: dict[str, Any]
    models: dict[str, str]
    benchmarks: dict[str, tuple[int, str]]
    engines: list[EngineUsed]
    prompts: list[Prompt]
    judges: list[JudgeUsed]


_REVIEWERS = text("""
SELECT run_id, reviewed, caught, missed, false_alarms, approved_right, no_verdict, unjudged, fixed,
    broken, fixes, unchanged
FROM v_reviewer WHERE sweep_id = :sweep ORDER BY run_id
""")
_CHOICES = text("""
SELECT run_id, asked, first_chosen, second_chosen, no_choice
FROM v_choices WHERE sweep_id = :sweep ORDER BY run_id
""")
_FLIPS = text("""
SELECT flipped.run_id, attempt.problem_id AS problem, flipped.problem_id, improved, regressed,
    baseline_attempt_id, attempt_id
FROM (
    SELECT run_id, problem_id,
        count(*) FILTER (WHERE flip = 'improved') AS improved,
        count(*) FILTER (WHERE flip = 'regressed') AS regressed,
        min(baseline_attempt_id) AS baseline_attempt_id, min(attempt_id) AS attempt_id,
        row_number() OVER (
            PARTITION BY run_id
            ORDER BY abs(2 * count(*) FILTER (WHERE flip = 'improved') - count(*)) DESC,
                min(attempt_id)
        ) AS place
    FROM v_flips
    JOIN unnest(CAST(:runs AS integer[]), CAST(:baselines AS integer[]))
        AS wanted (mine, theirs) ON run_id = mine AND baseline_run_id = theirs
    WHERE run_id = ANY(:runs) AND baseline_run_id = ANY(:baselines)
    GROUP BY run_id, problem_id
) AS flipped
JOIN attempt ON attempt.id = flipped.attempt_id
WHERE place <= :most
ORDER BY flipped.run_id, improved > regressed, attempt_id
""")
#: By run and problem row, the attempts in the order of their samples.
_ATTEMPTS = text("""
SELECT run_id, problem_id, array_agg(id ORDER BY sample) FROM attempt
WHERE run_id = ANY(:runs) GROUP BY run_id, problem_id
""")
_NAMES = text("SELECT id, problem_id FROM problem WHERE id = ANY(:problems)")
_FEATURES = text("""
SELECT row_id, words, examples, types, edge_words FROM v_features WHERE row_id = ANY(:problems)
""")
_BENCHMARKS = text("""
SELECT benchmark, problem_id, version FROM problem WHERE id = ANY(:problems)
ORDER BY benchmark, problem_id
""")
_PROMPTS = text("""
SELECT completion.prompt, completion.prompt_hash, count(*)
FROM completion
WHERE state = 'done' AND id IN (
    SELECT step.completion_id
    FROM run JOIN attempt ON attempt.run_id = run.id JOIN step ON step.attempt_id = attempt.id
    WHERE run.sweep_id = :sweep
)
GROUP BY prompt, prompt_hash ORDER BY prompt, prompt_hash
""")
_ENGINES = text("""
SELECT language_model.name, example.request -> 'model' AS identity, used.engine, used.calls
FROM (
    SELECT model_id, engine, count(*) AS calls, min(id) AS id
    FROM completion
    WHERE state = 'done' AND id IN (
        SELECT step.completion_id
        FROM run JOIN attempt ON attempt.run_id = run.id JOIN step ON step.attempt_id = attempt.id
        WHERE run.sweep_id = :sweep
    )
    GROUP BY model_id, engine ORDER BY calls DESC LIMIT 20
) AS used
JOIN completion AS example USING (id)
JOIN language_model ON language_model.id = used.model_id
ORDER BY language_model.name, used.engine
""")
#: Of the executions that a subquery names.
_JUDGES = """
SELECT judged.judge_version, coalesce(example.detail ->> 'profile', ''), coalesce(judged.level, ''),
    coalesce(judged.trust, ''), verdicts
FROM (
    SELECT judge_version, level, trust, count(*) AS verdicts, min(id) AS id
    FROM execution
    WHERE state = 'done' AND id IN ({named})
    GROUP BY judge_version, level, trust
) AS judged
JOIN execution AS example USING (id)
"""
_JUDGES_AT_FIRST = text(_JUDGES.format(named="""
    SELECT step.execution_id
    FROM run JOIN attempt ON attempt.run_id = run.id JOIN step ON step.attempt_id = attempt.id
    WHERE run.sweep_id = :sweep AND step.kind = 'judge'
"""))  # fmt: skip
_JUDGES_ANEW = text(_JUDGES.format(named="""
    SELECT regraded.execution_id
    FROM regraded JOIN step ON step.id = regraded.step_id
    WHERE regrade_id = :regrade AND step.kind = 'judge'
"""))  # fmt: skip


@dataclass(frozen=True)
class Details:
    """What the scoreboard does not hold: reviewers, choices and flips by run id, features by problem row,
    and what the attempts took by both."""

    reviewers: dict[int, Reviewer]
    choices: dict[int, Choices]
    flips: dict[int, list[Flip]]
    features: dict[int, Features]
    costs: Costs
    origin: Origin


def read(board: Scoreboard) -> Details:
    """Ask the database for what a scoreboard leaves out.

    By a regrade's verdicts there are no reviewers: what is wrong of the drafts it judged nobody asked.
    """
    problems = list({problem.id for group in board.groups for problem in group.problems})
    with session() as db:
        reviewers = [
            Reviewer(*row)
            for row in db.execute(_REVIEWERS, {"sweep": board.sweep_id})
            if board.verdicts is None
        ]
        choices = [Choices(*row) for row in db.execute(_CHOICES, {"sweep": board.sweep_id})]
        return Details(
            reviewers={each.run_id: each for each in reviewers},
            choices={each.run_id: each for each in choices},
            flips=(
                flips(db, list(board.comparisons.values()))
                if board.verdicts is None
                else flips_of(db, list(board.comparisons.values()), board.outcomes)
            ),
            features={
                row: Features(*rest) for row, *rest in db.execute(_FEATURES, {"problems": problems})
            },
            costs=costs.read(db, db.get_one(Sweep, board.sweep_id)),
            origin=_origin(db, board, problems),
        )


def flips(db: Session, comparisons: list[Comparison]) -> dict[int, list[Flip]]:
    """By run id, the problems that differ: regressed first, the clearest kept where there are many."""
    if not comparisons:
        return {}
    wanted = {
        "runs": [found.run_id for found in comparisons],
        "baselines": [found.baseline_run_id for found in comparisons],
        "most": max(20, MOST_FLIPS // len(comparisons)),
    }
    flipped: dict[int, list[Flip]] = {found.run_id: [] for found in comparisons}
    for row in db.execute(_FLIPS, wanted):
        flipped[row.run_id].append(Flip(*row))
    return flipped


def flips_of(
    db: Session, comparisons: list[Comparison], outcomes: dict[int, Outcomes]
) -> dict[int, list[Flip]]:
    """The same of these outcomes, whose verdicts no view compares."""
    runs = list({run for each in comparisons for run in (each.baseline_run_id, each.run_id)})
    attempts = {(run, problem): ids for run, problem, ids in db.execute(_ATTEMPTS, {"runs": runs})}
    problems = list({problem for run in runs for problem in outcomes[run]})
    names = {row.id: row.problem_id for row in db.execute(_NAMES, {"problems": problems})}
    found = {}
    for each in comparisons:
        base, run = each.baseline_run_id, each.run_id
        flipped = []
        for problem in outcomes[base].keys() & outcomes[run].keys():
            gains = [
                (place, (after == SOLVED) - (before == SOLVED))
                for place, (before, after) in enumerate(
                    zip(outcomes[base][problem], outcomes[run][problem], strict=False)
                )
                if before in JUDGED and after in JUDGED and (before == SOLVED) != (after == SOLVED)
            ]
            if gains:
                first = gains[0][0]
                flipped.append(
                    Flip(
                        run, problem, names[problem],
                        sum(gain > 0 for _, gain in gains), sum(gain < 0 for _, gain in gains),
                        attempts[base, problem][first], attempts[run, problem][first],
                    )
                )  # fmt: skip
        flipped.sort(key=lambda flip: (-abs(flip.improved - flip.regressed), flip.attempt_id))
        kept = flipped[: max(20, MOST_FLIPS // len(comparisons))]
        found[run] = sorted(
            kept, key=lambda flip: (flip.improved > flip.regressed, flip.attempt_id)
        )
    return found


def _origin(db: Session, board: Scoreboard, problems: list[int]) -> Origin:
    sweep = db.get_one(Sweep, board.sweep_id)
    content = SweepContent.model_validate(sweep.file)
    names = {name for team in content.teams for name in team.roles.values()}
    versions: dict[str, list[str]] = {}
    for benchmark, problem_id, version in db.execute(_BENCHMARKS, {"problems": problems}):
        versions.setdefault(benchmark, []).append(f"{problem_id} {version}\n")
    return Origin(
        version=importlib.metadata.version("foureyes"),
        key=sweep.key,
        file=as_written(sweep.file),
        # of the sweep's own file: a later sweep may have given a name to another model
        models={name: digest(content.models[name].identity()) for name in sorted(names)},
        benchmarks={
            name: (len(lines), hashlib.sha256("".join(lines).encode()).hexdigest())
            for name, lines in versions.items()
        },
        engines=_engines(db, sweep.id, content),
        prompts=[Prompt(*row) for row in db.execute(_PROMPTS, {"sweep": board.sweep_id})],
        judges=_judges(db, board),
    )


def _judges(db: Session, board: Scoreboard) -> list[JudgeUsed]:
    """Who gave the verdicts that the figures are of."""
    if board.verdicts is None:
        rows = db.execute(_JUDGES_AT_FIRST, {"sweep": board.sweep_id})
    else:
        rows = db.execute(_JUDGES_ANEW, {"regrade": board.verdicts.regrade.regrade_id})
    return [JudgeUsed(*row) for row in rows]


def _engines(db: Session, sweep_id: int, content: SweepContent) -> list[EngineUsed]:
    """By the sweep's own names: another sweep may have asked first, and call the same model otherwise."""
    names = {name: model.identity() for name, model in content.models.items()}
    found = []
    for first_name, identity, version, calls in db.execute(_ENGINES, {"sweep": sweep_id}):
        alike = [name for name in names if names[name] == identity]
        named = first_name if first_name in alike or not alike else alike[0]
        found.append(EngineUsed(named, version, calls))
    return found
