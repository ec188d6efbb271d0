"""What a fault did, told by SQL: every attempt finished once, every result stored once, none lost."""

import os
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from foureyes.models.session import session

#: Attempts of a fault's sweep.
FULL = os.environ.get("FOUREYES_FAULTS") == "full"
ATTEMPTS = 1000 if FULL else 100
#: Greedy, so that they share a draft; and all of a problem's attempts share one judging.
SAMPLES = 4 if FULL else 2
PATTERNS = ["raw-coder", "review-then-fix"]
ATTEMPTS_PER_PROBLEM = SAMPLES * len(PATTERNS)

#: Notes every ending of a row, so that one that ends twice is seen; and every change of a result.
TRIGGERS = """
CREATE TABLE audit_ending (kind text, row_id integer, what text);
CREATE FUNCTION note_ending() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'done' THEN
        INSERT INTO audit_ending VALUES (TG_TABLE_NAME, NEW.id, 'changed');
    ELSIF NEW.state = 'done' THEN
        INSERT INTO audit_ending VALUES (TG_TABLE_NAME, NEW.id, 'done');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER note AFTER UPDATE ON attempt FOR EACH ROW
    WHEN (OLD IS DISTINCT FROM NEW) EXECUTE FUNCTION note_ending();
CREATE TRIGGER note AFTER UPDATE ON completion FOR EACH ROW
    WHEN (OLD IS DISTINCT FROM NEW) EXECUTE FUNCTION note_ending();
CREATE TRIGGER note AFTER UPDATE ON execution FOR EACH ROW
    WHEN (OLD IS DISTINCT FROM NEW) EXECUTE FUNCTION note_ending();
"""

_AUDIT = text("""
WITH mine AS (
    SELECT attempt.* FROM attempt JOIN run ON run.id = attempt.run_id WHERE run.sweep_id = :sweep
), steps AS (
    SELECT * FROM step WHERE attempt_id IN (SELECT id FROM mine)
), calls AS (
    SELECT * FROM completion WHERE id IN (SELECT completion_id FROM steps)
), programs AS (
    SELECT * FROM execution WHERE id IN (SELECT execution_id FROM steps)
), noted AS (
    SELECT kind, row_id, what, count(*) AS times FROM audit_ending
    WHERE (kind = 'attempt' AND row_id IN (SELECT id FROM mine))
       OR (kind = 'completion' AND row_id IN (SELECT id FROM calls))
       OR (kind = 'execution' AND row_id IN (SELECT id FROM programs))
    GROUP BY kind, row_id, what
)
SELECT
    (SELECT count(*) FROM mine) AS attempts,
    (SELECT count(*) FROM mine WHERE outcome = 'solved') AS solved,
    (SELECT count(*) FROM mine WHERE outcome = 'unsolved') AS unsolved,
    (SELECT count(*) FROM mine WHERE outcome = 'error') AS errors,
    (SELECT count(*) FROM mine WHERE state IN ('queued', 'running')) AS open,
    (SELECT count(*) FROM noted WHERE what = 'done' AND kind = 'attempt') AS ended,
    (SELECT count(*) FROM noted WHERE what = 'changed' OR times > 1) AS twice,
    (SELECT count(*) FROM calls) AS completions,
    (SELECT count(*) FROM calls WHERE state = 'done') AS completions_done,
    (SELECT count(*) FROM programs) AS executions,
    (SELECT count(*) FROM programs WHERE state = 'done') AS executions_done,
    (SELECT coalesce(sum(tries - 1), 0) FROM calls)
        + (SELECT coalesce(sum(tries - 1), 0) FROM programs) AS again
""")

_GOING_ON = text("""
SELECT min(ended.finished_at) FROM (
    SELECT finished_at FROM completion WHERE state = 'done'
    UNION ALL SELECT finished_at FROM execution WHERE state = 'done'
    UNION ALL SELECT finished_at FROM attempt WHERE state = 'done'
) AS ended WHERE finished_at > :since
""")


@dataclass(frozen=True)
class Measured:
    """One line of the fault table. Seconds, from the fault's end: to the first result, to the last."""

    fault: str
    attempts: int
    lost: int
    doubled: int
    again: int
    recovery: float
    rest: float


#: What the summary prints.
TABLE: list[Measured] = []


def counts(sweep_id: int) -> dict[str, int]:
    """The audit of a sweep."""
    with session() as db:
        (row,) = db.execute(_AUDIT, {"sweep": sweep_id}).mappings()
        return dict(row)


def in_hand() -> int:
    """How many calls and programs workers have claimed at this moment."""
    query = """SELECT (SELECT count(*) FROM completion WHERE state = 'running')
        + (SELECT count(*) FROM execution WHERE state = 'running')"""
    with session() as db:
        claimed: int = db.scalar(text(query))
        return claimed


def clock() -> datetime:
    """The database's."""
    with session() as db:
        moment: datetime = db.scalar(text("SELECT clock_timestamp()"))
        return moment


def wait_until_ended(sweep_id: int, share: float = 1.0, seconds: float = 120) -> None:
    """Wait until that share of a sweep's attempts has ended; there must be progress all the time."""
    best, since = -1, time.monotonic()
    while True:
        try:
            found = counts(sweep_id)
        except Exception:  # the database is away, as the fault wants it
            found = {}
        ended = found["attempts"] - found["open"] if found else best
        if found and ended >= share * found["attempts"]:
            return
        if ended > best:
            best, since = ended, time.monotonic()
        assert time.monotonic() - since < seconds, f"nothing goes on: {found}"
        time.sleep(0.2)


def check(fault: str, sweep_id: int, ended: datetime, **expected: Any) -> None:
    """Note a fault's line of the table, and fail if anything was lost, doubled or wrong."""
    found = counts(sweep_id)
    with session() as db:
        first = db.scalar(_GOING_ON, {"since": ended})
        last = db.scalar(
            text(
                "SELECT max(attempt.finished_at) FROM attempt JOIN run ON run.id = attempt.run_id"
                " WHERE run.sweep_id = :sweep"
            ),
            {"sweep": sweep_id},
        )
    problems = found["attempts"] // ATTEMPTS_PER_PROBLEM
    doubled = found["twice"] + abs(found["completions"] - 3 * problems)
    doubled += abs(found["executions"] - problems)
    TABLE.append(
        Measured(
            fault=fault,
            attempts=found["attempts"],
            lost=found["attempts"] - found["ended"],
            doubled=doubled,
            again=found["again"],
            recovery=max(0.0, (first - ended).total_seconds()) if first else 0.0,
            rest=max(0.0, (last - ended).total_seconds()),
        )
    )
    assert (found["open"], found["errors"], found["unsolved"]) == (0, 0, 0), found
    assert found["solved"] == found["ended"] == found["attempts"], found
    assert found["completions"] == found["completions_done"], found
    assert found["executions"] == found["executions_done"], found
    assert doubled == 0, found
    assert TABLE[-1].recovery < 60, "work did not go on within a minute of the fault's end"


def lines() -> list[str]:
    """The table in Markdown."""
    shown = [
        "| fault | attempts | lost | doubled | done again | recovery, s | all done after, s |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    shown += [
        f"| {each.fault} | {each.attempts} | {each.lost} | {each.doubled} | {each.again} "
        f"| {each.recovery:.1f} | {each.rest:.1f} |"
        for each in TABLE
    ]
    return shown
