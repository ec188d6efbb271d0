"""Making room: removing ended sweeps, and what nobody else uses of their work."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import CursorResult, text

from foureyes.models.errors import FoureyesError
from foureyes.models.session import session
from foureyes.models.tables import Sweep
from foureyes.producer.sweeps import open_work
from foureyes.results.formatting import count, verb

_USED = """
    CREATE TEMPORARY TABLE used ON COMMIT DROP AS
    SELECT step.completion_id, step.execution_id
    FROM step JOIN attempt ON attempt.id = step.attempt_id JOIN run ON run.id = attempt.run_id
    WHERE run.sweep_id = :sweep
    UNION ALL
    SELECT NULL, regraded.execution_id
    FROM regraded JOIN regrade ON regrade.id = regraded.regrade_id
    WHERE regrade.sweep_id = :sweep
"""
#: What the sweep used and nothing of another sweep does; somebody may just be asking for it.
_ORPHANS = """
    DELETE FROM {table} USING (
        SELECT {table}.id FROM {table}
        WHERE id IN (SELECT {table}_id FROM used) AND state <> 'running'
            AND NOT EXISTS (SELECT FROM step WHERE step.{table}_id = {table}.id) {and_not}
        FOR UPDATE SKIP LOCKED
    ) AS orphan
    WHERE {table}.id = orphan.id
"""
_REGRADED = "AND NOT EXISTS (SELECT FROM regraded WHERE regraded.execution_id = execution.id)"


@dataclass(frozen=True)
class Pruned:
    """How many rows are gone."""

    attempts: int
    completions: int
    executions: int


def prune(sweep_id: int) -> Pruned:
    """Remove a sweep, its attempts, and the completions and executions that no other sweep uses.

    Problems and models stay. Raises: FoureyesError if the sweep is not over.
    """
    with session() as db:
        sweep = db.get_one(Sweep, sweep_id)
        if unfinished := open_work.unfinished(sweep_id):
            raise FoureyesError(
                f"{count(unfinished, 'attempt')} of {sweep.name!r} {verb(unfinished, 'has', 'have')} not ended: wait, or "
                f"`foureyes cancel id={sweep_id}` first"
            )
        db.execute(text(_USED), {"sweep": sweep_id})
        attempts = db.execute(
            text("DELETE FROM attempt USING run WHERE run.id = run_id AND run.sweep_id = :sweep"),
            {"sweep": sweep_id},
        )
        db.execute(text("DELETE FROM sweep WHERE id = :sweep"), {"sweep": sweep_id})
        completions, executions = [
            db.execute(text(_ORPHANS.format(table=table, and_not=and_not)))
            for table, and_not in (("completion", ""), ("execution", _REGRADED))
        ]
        return Pruned(_count(attempts), _count(completions), _count(executions))


def _count(made: Any) -> int:
    assert isinstance(made, CursorResult)
    return made.rowcount
