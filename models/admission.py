"""Starting attempts: few enough at a time that what is begun is finished first (models/shares.py).

Else the drafts of a hundred thousand attempts would wait in front of the first fix, a broker that is
wiped would lose as many messages, and a sweep that comes later would wait for all of it. An attempt
that nobody has started has no `moved_at`. One that awaits its budget (models/budgets.py) is none that
waits to be started.
"""

from collections import Counter
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, text

from foureyes.models import broker, shares
from foureyes.models.session import BY_INDEX, transaction

#: Attempts that one message starts: a hundred thousand must not be as many messages.
PER_MESSAGE = 20

_LOCK = text("SELECT pg_advisory_xact_lock(4711005)")
#: The first of a run's attempts are the first of an index.
_IN_ORDER = text("SET LOCAL enable_sort = off")
#: Nobody takes what is open at a place: nothing is at work, and some has waited for longer than a
#: message may.
_PLACES = text("""
SELECT model_id AS place, count(*) AS opened,
    count(*) FILTER (WHERE state = 'running') AS at_work,
    min(send_again_at) FILTER (WHERE state = 'queued') < clock_timestamp() AS is_due,
    (SELECT settings ->> 'share' = 'sleep' FROM language_model WHERE id = model_id) AS takes_turns
FROM completion WHERE state IN ('queued', 'running') GROUP BY model_id
UNION ALL
SELECT 0, count(*), count(*) FILTER (WHERE state = 'running'),
    min(send_again_at) FILTER (WHERE state = 'queued') < clock_timestamp(), false
FROM execution WHERE state IN ('queued', 'running')
""")
_UNDER_WAY = text("""
SELECT run_id, count(*) AS attempts, count(*) FILTER (WHERE state = 'queued') AS pending
FROM attempt WHERE state IN ('queued', 'running') AND moved_at IS NOT NULL GROUP BY run_id
""")
_RUNS = text("""
SELECT run.id, run.sweep_id, waiting.attempts AS waiting, ARRAY(
    SELECT model_id FROM seat
    WHERE run_id = run.id AND (run.roles IS NULL OR role = ANY(run.roles))
) AS models
FROM run CROSS JOIN LATERAL (
    SELECT count(*) AS attempts FROM (
        SELECT FROM attempt
        WHERE run_id = run.id AND state = 'queued' AND moved_at IS NULL AND NOT awaits_tokens
        LIMIT :at_once
    ) AS few
) AS waiting
WHERE run.held IS NULL AND (waiting.attempts > 0 OR run.id = ANY(:under_way))
ORDER BY run.id
""")
_LEFT = text("""
SELECT sweep.id, sweep.name, sweep.priority, sweep.at_once, (
    SELECT count(*) FROM (
        SELECT FROM run JOIN attempt ON attempt.run_id = run.id
        WHERE run.sweep_id = sweep.id AND run.held IS NULL AND attempt.state = 'queued'
            AND attempt.moved_at IS NULL AND NOT attempt.awaits_tokens
        LIMIT :few
    ) AS few
) AS attempts
FROM sweep WHERE sweep.id = ANY(:sweeps)
""")
#: Locked, or a message from before a cancellation may let one go on, or end it, before it is noted.
_CHOOSE = text("""
SELECT id FROM attempt
WHERE run_id = :run AND state = 'queued' AND moved_at IS NULL AND NOT awaits_tokens
ORDER BY id LIMIT :number FOR UPDATE
""")
_NOTE = text("UPDATE attempt SET moved_at = clock_timestamp() WHERE id = ANY(:ids)")


class Look(NamedTuple):
    """What came of a look: attempts that were started, and whether others wait for room."""

    started: int
    others_wait: bool


def start_waiting(ahead: shares.Ahead | None = None) -> Look:
    """Start as many attempts, of all sweeps that have some to start, as there is room for.

    Who looks again and again keeps an `ahead`.

    Raises: BrokerLost if the broker stays away; the reaper sends again what was not sent.
    """
    with transaction() as db:
        db.execute(_LOCK)  # or two who start at once would both fill the room
        db.execute(BY_INDEX)
        db.execute(_IN_ORDER)
        started, waiting = _take(db, ahead or shares.Ahead())
    for name, ids in started.items():
        send(sorted(ids), name)
    number = sum(map(len, started.values()))
    return Look(number, waiting > number)


def _take(db: Connection, ahead: shares.Ahead) -> tuple[dict[str, list[int]], int]:
    """Note of attempts that they are started: their ids, by what Flower shows of their sweeps. And how many
    were waiting, as far as they were counted."""
    under_way = {row.run_id: row for row in db.execute(_UNDER_WAY)}
    runs = db.execute(_RUNS, {"at_once": shares.AT_ONCE, "under_way": list(under_way)}).all()
    waiting = [run for run in runs if run.waiting]
    if not waiting:
        return {}, 0
    # where attempts of a run can have to wait
    where = {run.id: frozenset({shares.JUDGE, *run.models}) for run in runs}
    pending: Counter[frozenset[int]] = Counter()
    for run_id, row in under_way.items():
        # else it is held, and takes no room; or it was pruned since it was counted
        if run_id in where:
            pending[where[run_id]] += row.pending
    sweeps = list({run.sweep_id for run in waiting})
    left = {row.id: row for row in db.execute(_LEFT, {"sweeps": sweeps, "few": shares.FEW})}
    begun_of: Counter[int] = Counter()
    for run in runs:
        begun_of[run.sweep_id] += under_way[run.id].attempts if run.id in under_way else 0
    queues = {
        sweep_id: shares.Queue(
            row.attempts,
            priority=row.priority,
            may_start=None if row.at_once is None else row.at_once - begun_of[sweep_id],
        )
        for sweep_id, row in left.items()
    }
    for run in (run for run in waiting if run.sweep_id in queues):
        begun = under_way[run.id].attempts if run.id in under_way else 0
        each = shares.Waiting(run.id, where[run.id], run.waiting, begun)
        queues[run.sweep_id].runs.append(each)
    places = {
        row.place: shares.Place(
            row.opened, row.at_work, bool(row.is_due) and not row.at_work, bool(row.takes_turns)
        )
        for row in db.execute(_PLACES)
    }
    number_of = shares.shares(places, pending, queues.values(), ahead)
    taken: dict[str, list[int]] = {}
    for run in waiting:
        if number := number_of.get(run.id):
            ids = db.execute(_CHOOSE, {"run": run.id, "number": number}).scalars()
            taken.setdefault(_about(left[run.sweep_id]), []).extend(ids)
    db.execute(_NOTE, {"ids": list(chain.from_iterable(taken.values()))})
    return taken, sum(run.waiting for run in waiting)


def _about(sweep: Row[Any]) -> str:
    """What Flower shows of a sweep."""
    return f"{sweep.name} (priority {sweep.priority})" if sweep.priority else str(sweep.name)


def send(ids: list[int], about: str) -> None:
    """Tell workers to let these attempts go on. `about` is shown in Flower."""
    for first in range(0, len(ids), PER_MESSAGE):
        some = ids[first : first + PER_MESSAGE]
        shown = f"{about}: attempts {some[0]} to {some[-1]}"
        broker.send(broker.START, broker.START, *some, shown=shown)
