"""Starting a sweep's attempts: few enough at a time that what is begun is finished first.

Else the drafts of a hundred thousand attempts would wait in front of the first fix, and a broker
that is wiped would lose as many messages. Each run has room of its own, so that one whose model is
away does not hold up the others. An attempt that nobody has started has no `moved_at`.
"""

from sqlalchemy import text

from models import broker
from models.session import session

#: Attempts under way of a run: so many, and so many more for each model call at work now.
_AHEAD, _PER_CALL = 500, 4
#: Attempts that one message starts: a hundred thousand must not be as many messages.
PER_MESSAGE = 20

_LOCK = text("SELECT pg_advisory_xact_lock(4711005)")
_WAITING = text("""
SELECT id, name FROM sweep WHERE EXISTS (
    SELECT FROM run JOIN attempt ON attempt.run_id = run.id
    WHERE run.sweep_id = sweep.id AND attempt.state = 'queued' AND attempt.moved_at IS NULL)
ORDER BY id
""")
_TAKE = text("""
WITH calls AS (
    SELECT count(*) AS at_work FROM completion WHERE state = 'running'
), chosen AS (
    SELECT waiting.id FROM run
    CROSS JOIN LATERAL (
        SELECT count(*) AS attempts FROM attempt
        WHERE attempt.run_id = run.id AND attempt.state IN ('queued', 'running')
            AND attempt.moved_at IS NOT NULL
    ) AS under_way
    CROSS JOIN LATERAL (
        SELECT attempt.id FROM attempt
        WHERE attempt.run_id = run.id AND attempt.state = 'queued' AND attempt.moved_at IS NULL
        ORDER BY attempt.id
        LIMIT greatest(0, :ahead + :per_call * (SELECT at_work FROM calls) - under_way.attempts)
    ) AS waiting
    WHERE run.sweep_id = :sweep
)
UPDATE attempt SET moved_at = clock_timestamp() FROM chosen
WHERE attempt.id = chosen.id
    -- still: a message from before a cancellation may have let it go on, or end, since it was chosen
    AND attempt.state = 'queued' AND attempt.moved_at IS NULL
RETURNING attempt.id
""")


def start_waiting() -> int:
    """Start attempts of every sweep that has some to start and room for them; how many."""
    with session() as db:
        waiting = [(row.id, row.name) for row in db.execute(_WAITING)]
    return sum(start(sweep_id, name) for sweep_id, name in waiting)


def start(sweep_id: int, name: str) -> int:
    """Start as many attempts of a sweep as there is room for; how many.

    Raises: BrokerLost if the broker stays away; the reaper sends again what was not sent.
    """
    room = {"sweep": sweep_id, "ahead": _AHEAD, "per_call": _PER_CALL}
    with session() as db:
        db.execute(_LOCK)  # or two who start at once would both fill the room
        ids = sorted(db.execute(_TAKE, room).scalars())
    send(ids, name)
    return len(ids)


def send(ids: list[int], about: str) -> None:
    """Tell workers to let these attempts go on. `about` is shown in Flower."""
    for first in range(0, len(ids), PER_MESSAGE):
        some = ids[first : first + PER_MESSAGE]
        shown = f"{about}: attempts {some[0]} to {some[-1]}"
        broker.send(broker.START, broker.START, *some, shown=shown)
