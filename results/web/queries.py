"""What the pages of sweeps, runs and problems show, by statements that each can be read alone."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import RowMapping, text
from sqlmodel import Session

from foureyes.results.figures import outcomes
from foureyes.results.figures.paired import mcnemar_exact
from foureyes.results.figures.questions import MCNEMAR, SEQUENTIAL, Question
from foureyes.results.figures.sequential import p_value

#: Sweeps of a page of their list.
SWEEPS = 20

#: Counted by index alone, so that a list of big sweeps is there at once: what is under way, what waits,
#: and what awaits its budget have an index each.
_SWEEPS = text("""
SELECT
    sweep.id, sweep.name, sweep.created_at, sweep.cancelled_at,
    (SELECT string_agg(DISTINCT run.held, ', ') FROM run WHERE run.sweep_id = sweep.id) AS held,
    (SELECT count(*) FROM run WHERE run.sweep_id = sweep.id) AS runs,
    (
        SELECT count(*) FROM run JOIN attempt ON attempt.run_id = run.id
        WHERE run.sweep_id = sweep.id
    ) AS attempts,
    (
        SELECT count(*) FROM run JOIN attempt ON attempt.run_id = run.id
        WHERE run.sweep_id = sweep.id
            AND attempt.state IN ('queued','running') AND attempt.moved_at IS NOT NULL
    ) + (
        SELECT count(*) FROM run JOIN attempt ON attempt.run_id = run.id
        WHERE run.sweep_id = sweep.id
            AND attempt.state = 'queued' AND attempt.moved_at IS NULL AND NOT attempt.awaits_tokens
    ) + (
        SELECT count(*) FROM run JOIN attempt ON attempt.run_id = run.id
        WHERE run.sweep_id = sweep.id AND attempt.awaits_tokens
    ) AS unfinished
FROM (SELECT * FROM sweep WHERE id < :before ORDER BY id DESC LIMIT :most) AS sweep
ORDER BY sweep.id DESC
""")
_RUNS = text("""
SELECT v_progress.*, run.samples
FROM v_progress JOIN run ON run.id = v_progress.run_id
WHERE v_progress.sweep_id = :sweep ORDER BY v_progress.position
""")
#: The sweep is named too: the views read a sweep at once.
_RUN = text("""
SELECT * FROM v_scores
WHERE run_id = :run AND sweep_id = (SELECT sweep_id FROM run WHERE id = :run)
""")
_COMPARED = text("""
SELECT v_compare.*
FROM v_compare JOIN run ON run.id = v_compare.run_id
WHERE v_compare.run_id = :run
    AND v_compare.sweep_id = :sweep
    AND v_compare.baseline_sweep_id = :sweep
    AND v_compare.baseline_pairing = run.pairing
ORDER BY v_compare.baseline_run_id
""")
_REVIEWER = text("SELECT * FROM v_reviewer WHERE run_id = :run AND sweep_id = :sweep")
_BY_PLACE = text("SELECT * FROM v_choices WHERE run_id = :run AND sweep_id = :sweep")
#: The same problem and sample in the other runs of the sweep.
_BESIDES = text("""
SELECT other.id AS attempt_id, run.pattern, run.pairing, other.outcome, other.state
FROM attempt
JOIN run AS own ON own.id = attempt.run_id
JOIN run ON run.sweep_id = own.sweep_id AND run.benchmark = own.benchmark
JOIN attempt AS other ON other.run_id = run.id
    AND other.problem_id = attempt.problem_id AND other.sample = attempt.sample
WHERE attempt.id = :attempt
ORDER BY run.pairing <> own.pairing, run.pairing, run.position
LIMIT 200
""")
_NEIGHBOURS = text("""
SELECT
    (
        SELECT id FROM attempt
        WHERE (run_id, problem_id, sample) < (own.run_id, own.problem_id, own.sample)
            AND run_id = own.run_id
        ORDER BY run_id DESC, problem_id DESC, sample DESC LIMIT 1
    ) AS before,
    (
        SELECT id FROM attempt
        WHERE (run_id, problem_id, sample) > (own.run_id, own.problem_id, own.sample)
            AND run_id = own.run_id
        ORDER BY run_id, problem_id, sample LIMIT 1
    ) AS after
FROM attempt AS own WHERE own.id = :attempt
""")
_ON_PROBLEM = text("""
SELECT attempt.id AS attempt_id, attempt.outcome, attempt.state, attempt.sample,
    run.id AS run_id, run.pattern, run.pairing, run.samples, sweep.id AS sweep_id, sweep.name AS sweep
FROM run
JOIN sweep ON sweep.id = run.sweep_id
JOIN attempt ON attempt.run_id = run.id AND attempt.problem_id = :problem
WHERE run.sweep_id = :sweep
ORDER BY run.pairing, run.position, attempt.sample
LIMIT 5000
""")
#: All attempts at an attempt's problem in its sweep, in the order of their runs.
_ON_SAME_PROBLEM = text("""
SELECT other.id AS attempt_id, run.pattern, run.pairing, run.samples, other.sample, other.outcome,
    other.state
FROM attempt
JOIN run AS own ON own.id = attempt.run_id
JOIN run ON run.sweep_id = own.sweep_id AND run.benchmark = own.benchmark
JOIN attempt AS other ON other.run_id = run.id AND other.problem_id = attempt.problem_id
WHERE attempt.id = :attempt
ORDER BY run.position, other.sample
LIMIT 1000
""")
_SWEEPS_OF_PROBLEM = text("""
SELECT sweep.id, sweep.name
FROM sweep
WHERE EXISTS (
    SELECT FROM run JOIN attempt ON attempt.run_id = run.id AND attempt.problem_id = :problem
    WHERE run.sweep_id = sweep.id
)
ORDER BY sweep.id DESC LIMIT 50
""")


_CHOICES = {
    "benchmarks": text("SELECT DISTINCT benchmark FROM run ORDER BY 1 LIMIT 200"),
    "patterns": text("SELECT DISTINCT pattern FROM run ORDER BY 1 LIMIT 200"),
    "pairings": text("SELECT DISTINCT pairing FROM run ORDER BY 1 LIMIT 200"),
    "tags": text("SELECT DISTINCT unnest(tags) FROM v_people_notes ORDER BY 1 LIMIT 200"),
    "searches": text("SELECT id, name, query, author FROM kept_search ORDER BY name LIMIT 200"),
    "sweeps": text("SELECT id, name FROM sweep ORDER BY id DESC LIMIT 200"),
}


@dataclass(frozen=True)
class ComparedRuns:
    """A run against another one of its sweep and team; `p` is the p-value of that test."""

    row: Any
    test: str
    p: float


def sweeps(db: Session, before: int) -> list[Any]:
    """The sweeps before this id, latest first; one more than a page shows, if there are more."""
    return list(db.execute(_SWEEPS, {"before": before, "most": SWEEPS + 1}).mappings())


def runs(db: Session, sweep_id: int) -> list[Any]:
    """The rows of v_progress of a sweep's runs, and how many samples each has of a problem."""
    return list(db.execute(_RUNS, {"sweep": sweep_id}).mappings())


def run(db: Session, run_id: int) -> RowMapping | None:
    """A run's row of v_scores."""
    return db.execute(_RUN, {"run": run_id}).mappings().first()


def reviewer(db: Session, run: RowMapping) -> RowMapping | None:
    """A run's row of v_reviewer; None if nothing was reviewed."""
    asked = {"run": run["run_id"], "sweep": run["sweep_id"]}
    return db.execute(_REVIEWER, asked).mappings().first()


def chosen_by_place(db: Session, run: RowMapping) -> RowMapping | None:
    """A run's row of v_choices; None if nothing was chosen."""
    asked = {"run": run["run_id"], "sweep": run["sweep_id"]}
    return db.execute(_BY_PLACE, asked).mappings().first()


def compared(db: Session, run: RowMapping, *, stops: bool) -> list[ComparedRuns]:
    """A run against each other one of its sweep, benchmark and team, by the report's test.

    `stops`: the sweep asks no more of what is decided, so the test is right at every look.
    """
    asked = {"run": run["run_id"], "sweep": run["sweep_id"]}
    rows = list(db.execute(_COMPARED, asked).mappings())
    if stops or run["samples"] > 1:
        return _over_problems(db, run["run_id"], rows, stops=stops)
    # what was counted suffices, which is quicker than every attempt of every run
    return [
        ComparedRuns(row, MCNEMAR, mcnemar_exact(row["improved"], row["regressed"])) for row in rows
    ]


def _over_problems(
    db: Session, run_id: int, rows: list[RowMapping], *, stops: bool
) -> list[ComparedRuns]:
    """The same from every attempt: samples of one problem are not independent, problems are; and what
    may be stopped at goes by the order of the plan."""
    found = outcomes.read(db, [run_id, *(row["baseline_run_id"] for row in rows)])
    compared = []
    for row in rows:
        other = row["baseline_run_id"]
        question = Question(other, found[other], run_id, found[run_id])
        if stops:
            tested = SEQUENTIAL, p_value(list(question.so_far().values()), supposed=0.0)
        else:
            tested = question.test(question.differences())
        compared.append(ComparedRuns(row, *tested))
    return compared


def besides(db: Session, attempt_id: int) -> list[Any]:
    """The attempts at the same problem and sample in the runs of the sweep, this one among them."""
    return list(db.execute(_BESIDES, {"attempt": attempt_id}).mappings())


def on_same_problem(db: Session, attempt_id: int) -> list[Any]:
    """The attempts at the same problem in the sweep, all samples, this one among them."""
    return list(db.execute(_ON_SAME_PROBLEM, {"attempt": attempt_id}).mappings())


def neighbours(db: Session, attempt_id: int) -> RowMapping:
    """The attempts before and after this one in its run; None where there is none."""
    return db.execute(_NEIGHBOURS, {"attempt": attempt_id}).mappings().one()


def sweeps_of_problem(db: Session, problem_row: int) -> list[Any]:
    """The latest sweeps that have this problem."""
    return list(db.execute(_SWEEPS_OF_PROBLEM, {"problem": problem_row}).mappings())


def on_problem(db: Session, problem_row: int, sweep_id: int) -> list[list[Any]]:
    """A sweep's attempts at a problem: a list for each run, in the order of samples."""
    asked = {"problem": problem_row, "sweep": sweep_id}
    rows = db.execute(_ON_PROBLEM, asked).mappings()
    return [list(of_run) for _, of_run in groupby(rows, key=lambda row: row["run_id"])]


def choices(db: Session) -> dict[str, list[Any]]:
    """What a search's form offers, by field."""
    return {name: list(db.execute(query)) for name, query in _CHOICES.items()}
