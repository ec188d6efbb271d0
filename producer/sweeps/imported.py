"""What a sweep of one's own does about what was made elsewhere: imported, or taken from a recording.

It is used where somebody said so. Else attempts that rest on it begin anew, from what is made here.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlmodel import Session

from foureyes.models.sweep_content import SweepContent
from foureyes.models.tables import Sweep as SweepRow

if TYPE_CHECKING:
    from foureyes.producer.sweeps.sweep import PlannedSweep

#: From the few rows of work that were made elsewhere, not from all of the sweep's.
_RESTING = text("""
SELECT DISTINCT attempt.id
FROM (
    SELECT step.attempt_id FROM completion JOIN step ON step.completion_id = completion.id
    WHERE completion.origin IS NOT NULL AND completion.origin <> ALL(CAST(:allowed AS text[]))
    UNION ALL
    SELECT step.attempt_id FROM execution JOIN step ON step.execution_id = execution.id
    WHERE execution.origin IS NOT NULL AND execution.origin <> ALL(CAST(:allowed AS text[]))
) AS elsewhere
JOIN attempt ON attempt.id = elsewhere.attempt_id
JOIN run ON run.id = attempt.run_id
WHERE run.sweep_id = :sweep
""")
_WAITING = text("""
SELECT DISTINCT attempt.id
FROM run
JOIN attempt ON attempt.run_id = run.id
JOIN step ON step.attempt_id = attempt.id
LEFT JOIN completion ON completion.id = step.completion_id
LEFT JOIN execution ON execution.id = step.execution_id
WHERE run.sweep_id = :sweep AND attempt.state IN ('queued', 'running')
    AND coalesce(completion.state, execution.state) IN ('queued', 'cancelled')
""")
_ASKED = text("""
SELECT array_remove(array_agg(completion_id), NULL) AS completions,
    array_remove(array_agg(execution_id), NULL) AS executions
FROM step WHERE attempt_id = ANY(:attempts)
""")
_FORGET = [
    text("""
    UPDATE completion SET state = 'cancelled'
    WHERE id = ANY(:completions) AND state = 'queued' AND NOT EXISTS (
        SELECT FROM step JOIN attempt ON attempt.id = step.attempt_id
        WHERE step.completion_id = completion.id AND attempt.state IN ('queued', 'running'))
    """),
    text("""
    UPDATE execution SET state = 'cancelled'
    WHERE id = ANY(:executions) AND state = 'queued' AND NOT EXISTS (
        SELECT FROM step JOIN attempt ON attempt.id = step.attempt_id
        WHERE step.execution_id = execution.id AND attempt.state IN ('queued', 'running'))
    """),
]


def resting_elsewhere(db: Session, row: SweepRow, sweep: "PlannedSweep") -> list[int]:
    """The attempts of a sweep that rest on what was made elsewhere, though it may not use that."""
    if sweep.accepts_imported:
        return []
    values = {"sweep": row.id, "allowed": sorted(sweep.recordings)}
    return list(db.execute(_RESTING, values).scalars())


def waiting(db: Session, row: SweepRow) -> list[int]:
    """The attempts of a sweep that wait for what nobody has begun: it may be here from elsewhere."""
    return list(db.execute(_WAITING, {"sweep": row.id}).scalars())


def asked(db: Session, attempts: Collection[int]) -> dict[str, Any]:
    """The work that attempts asked for."""
    found = db.execute(_ASKED, {"attempts": list(attempts)}).one()
    return {"completions": found.completions or [], "executions": found.executions or []}


def forget(db: Session, work: dict[str, Any]) -> None:
    """Cancel what was asked for and is wanted by nobody any more."""
    for statement in _FORGET:
        db.execute(statement, work)


def differences(sweep: "PlannedSweep", row: SweepRow) -> list[str]:
    """Where a file says something else than the sweep of an archive: `models.small.base_url`."""
    mine, theirs = sweep.content(), SweepContent.model_validate(row.file)
    parts = ("patterns", "teams", "samples", "prompt_files", "module_hashes", "fresh")
    places = [part for part in parts if getattr(mine, part) != getattr(theirs, part)]
    if sorted(mine.modules) != sorted(theirs.modules):
        places.append("modules")
    for name in sorted({*mine.models, *theirs.models}):
        ours, other = mine.models.get(name), theirs.models.get(name)
        if ours is None or other is None:
            places.append(f"models.{name}")
            continue
        told, said = ours.model_dump(mode="json"), other.model_dump(mode="json")
        keys = sorted({*told, *said})
        places += [f"models.{name}.{key}" for key in keys if told.get(key) != said.get(key)]
    return places
