"""Pausing runs, and letting them go on.

A run that is held has nothing new started: admission starts none of its attempts (models/admission.py),
no attempt asks for its next step (worker/attempt/tries.py), and no worker claims what only such attempts
wait for (models/lifecycle.py). It is one column of the run's row, and nothing is taken out of a queue:
a message that is delivered meanwhile does nothing. What was claimed before ends, and is kept.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import CursorResult, text

from foureyes.models import caps
from foureyes.models.enums import Hold
from foureyes.models.session import session

_PAUSE = text("""
UPDATE run SET held = :hold, held_at = clock_timestamp()
WHERE id = ANY(:runs) AND held IS NULL AND EXISTS (
    SELECT FROM attempt WHERE run_id = run.id AND state IN ('queued', 'running')
)
""")
#: What a cap holds that is still reached stays held, since when it was.
_RELEASE = text("""
UPDATE run SET held = NULL, held_at = NULL
WHERE id = ANY(:runs) AND held IS NOT NULL AND held IS DISTINCT FROM CAST(:cap AS varchar)
""")
#: Attempts under way that wait for no work, or for some that was given up while they were held: noted as
#: moved now, so that the reaper sends them again should this process end before it has.
_GO_ON = text("""
UPDATE attempt SET moved_at = clock_timestamp()
WHERE run_id IN (SELECT id FROM run WHERE id = ANY(:runs) AND held IS NULL)
    AND state IN ('queued', 'running') AND moved_at IS NOT NULL
    AND NOT EXISTS (
    SELECT FROM step
    LEFT JOIN completion ON completion.id = step.completion_id
    LEFT JOIN execution ON execution.id = step.execution_id
    WHERE step.attempt_id = attempt.id
        AND coalesce(completion.state, execution.state) IN ('queued', 'running')
)
RETURNING id
""")
_OPEN = text("""
SELECT count(*) AS open, count(*) FILTER (WHERE moved_at IS NOT NULL) AS under_way
FROM attempt WHERE run_id = ANY(:runs) AND state IN ('queued', 'running')
""")


class Held(NamedTuple):
    """Runs that are held now and were not before; and the attempts of all that were meant which have not
    ended, and those among them that had begun."""

    runs: int
    unfinished: int
    under_way: int


def pause(run_ids: Sequence[int]) -> Held:
    """Hold runs until somebody lets them go on, but for those of which all has ended; those that are held
    already stay so."""
    with session() as db:
        made = db.execute(_PAUSE, {"runs": list(run_ids), "hold": Hold.PAUSED.value})
        assert isinstance(made, CursorResult)
        found = db.execute(_OPEN, {"runs": list(run_ids)}).one()
    return Held(made.rowcount, found.open, found.under_way)


def release(
    sweep_id: int, run_ids: Sequence[int], given: Mapping[str, float] | None = None
) -> list[int]:
    """Let runs of a sweep go on, whatever held them, unless it has reached a cap; `given` are caps that it
    has from now on. The attempts that had begun, to be sent again.

    Those that had not are started as others are, and a call that waits in its queue is taken from there.
    """
    with session() as db:
        caps.change(db, sweep_id, given or {})
        cap = caps.reached(db, sweep_id)
        db.execute(_RELEASE, {"runs": list(run_ids), "cap": cap and cap.value})
        caps.hold(db, [sweep_id])
        return sorted(db.execute(_GO_ON, {"runs": list(run_ids)}).scalars())
