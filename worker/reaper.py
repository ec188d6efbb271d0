"""The reaper: makes good what a broker cannot promise.

A message is lost when a queue is purged, or when a process dies between its commit and its send.
The rows still say what is to be done: the reaper finds them and sends their messages again. One
sent twice does no harm, but many would delay others, so nothing is sent again that plausibly still
waits in its queue. Safe to run in any number of processes: an advisory lock lets one work.

Workers that advance attempts run it in a thread; `python -m foureyes.worker.reaper` runs it alone.
"""

import logging
import signal
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, or_, text
from sqlmodel import Session, col, exists, select

from foureyes import migrations
from foureyes.models import admission, broker, budgets, lifecycle, logs, shares
from foureyes.models.enums import State
from foureyes.models.errors import FoureyesError, Unreachable
from foureyes.models.session import BY_INDEX, check_connection, is_passing, session
from foureyes.models.settings import settings
from foureyes.models.tables import (
    Attempt,
    Completion,
    Execution,
    LanguageModel,
    Run,
    Step,
    Sweep,
)

log = logging.getLogger(__name__)

#: Any number, as long as nobody else uses it in this database.
_LOCK = 4_711_004
_BATCH = 500
_SHOWN = ", sent again"
#: Of the time, a round takes at most a tenth: with very many open attempts it takes seconds.
_PAUSE = 9.0
#: Graces that an attempt is given which somebody has begun to let go on.
_TRYING = 3
#: By the database's clock, when the transaction began: unlike `work.moment`, an index knows it.
_NOW = func.now()

_stop = threading.Event()
_thread: threading.Thread | None = None


def start() -> None:
    """Reap in a thread of this process until `stop`."""
    global _thread
    _stop.clear()
    _thread = threading.Thread(target=_run, name="reaper", daemon=True)
    _thread.start()


def stop() -> None:
    """End the thread, if there is one."""
    _stop.set()
    if _thread is not None:
        _thread.join(timeout=10)


def main() -> None:
    """Reap until SIGTERM or Ctrl-C, with nothing else in this process.

    Servers that are away are waited for; a mistake to mend ends it with exit code 2.

    The time of the file `reaper.alive` in FOUREYES_HOME is that of the last round that went well,
    for whoever checks this process's health.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _stop.set())
    try:
        logs.configure(settings().log)
        alive = settings().home / "reaper.alive"
        alive.parent.mkdir(parents=True, exist_ok=True)
        _await_servers()
    except (FoureyesError, OSError) as error:
        log.critical("%s", error)
        sys.exit(2)
    log.info("reaping every %g seconds", settings().reap_every)
    _run(alive.touch)


def _await_servers() -> None:
    """Wait until both servers answer. Raises: FoureyesError if one of them will not do."""
    while not _stop.is_set():
        try:
            check_connection()
            migrations.check()
            broker.check_connection()
        except Unreachable as error:
            log.warning("%s", error)
            _stop.wait(settings().reap_every)
        else:
            return


def _run(after_round: Callable[[], None] = lambda: None) -> None:
    took = 0.0
    ahead = shares.Ahead(shares.LEAST)  # workers start more, if there are any
    while not _stop.wait(max(settings().reap_every, _PAUSE * took)):
        began = time.monotonic()
        try:
            reap()
            admission.start_waiting(ahead)
            took = time.monotonic() - began
            after_round()
        except Exception as error:  # one of the servers is away; a later round tries again
            log.warning("a round of the reaper failed", exc_info=True)
            if is_passing(error):  # the living must get to renew their claims before any is freed
                _stop.wait(settings().lease / 2)


def reap() -> int:
    """One round; the number of rows whose messages were sent again.

    The broker is asked and told outside of transactions: one that is slow must not hold locks.
    """
    with session() as db:
        db.execute(BY_INDEX)
        for table in (Completion, Execution):
            if freed := lifecycle.expire(db, table):
                log.warning("%d claims of lost workers freed", freed)
        queues = [*_overdue(db)]
    depths = {each.name: broker.depth(each.name) for each in queues}
    starts_wait = broker.depth(broker.START) > 0
    with session() as db:
        if not db.scalar(text("SELECT pg_try_advisory_xact_lock(:lock)"), params={"lock": _LOCK}):
            return 0  # another process is at it
        db.execute(BY_INDEX)
        messages = [message for each in queues for message in _lost(db, each, depths[each.name])]
        attempts = {} if starts_wait else _take_stalled(db)
    for task, queue, row_id, shown in messages:
        broker.send(task, queue, row_id, shown=shown)
    for sweep, ids in attempts.items():
        admission.send(ids, sweep + _SHOWN)
    started = sum(map(len, attempts.values()))
    if settled := budgets.settle():
        log.info("%d attempts know now how many tokens they may spend", settled)
    if messages or started:
        log.info("%d messages sent again, and %d attempts started", len(messages), started)
    return len(messages) + started


@dataclass(frozen=True)
class _Queue:
    """A queue, and the rows whose messages go there."""

    name: str
    table: type[Completion] | type[Execution]
    model_id: int | None = None

    def rows(self, *where: Any) -> Any:
        """The conditions for its queued rows."""
        mine = () if self.model_id is None else (col(Completion.model_id) == self.model_id,)
        return and_(col(self.table.state) == State.QUEUED, *mine, *where)


def _overdue(db: Session) -> Iterator[_Queue]:
    """The queues that may have lost a message: a row's is due again."""
    due = (col(Completion.state) == State.QUEUED, col(Completion.send_again_at) <= _NOW)
    models = select(LanguageModel).where(
        exists().where(col(Completion.model_id) == LanguageModel.id, *due)
    )
    for model in db.exec(models).all():
        yield _Queue(broker.model_queue(model.name), Completion, model.id)
    executions = _Queue(broker.EXECUTION, Execution)
    overdue = executions.rows(col(Execution.send_again_at) <= _NOW)
    if db.exec(select(Execution.id).where(overdue).limit(1)).first() is not None:
        yield executions


def _lost(db: Session, queue: _Queue, depth: int) -> list[tuple[str, str, int, str]]:
    """Take the rows whose message is due again and not plausibly still among the `depth` waiting."""
    table = queue.table
    queued = db.exec(select(func.count()).select_from(table).where(queue.rows())).one()
    missing = min(queued - depth, _BATCH)
    if missing <= 0:
        return []
    due = select(table).where(queue.rows(col(table.send_again_at) <= _NOW))
    due = due.order_by(col(table.send_again_at)).limit(missing).with_for_update(skip_locked=True)
    rows = db.exec(due).all()
    shown = _shown(db, table, [row.id for row in rows])
    messages = []
    for row in rows:
        row.send_again_at = lifecycle.after_grace()
        said = shown.get(row.id, "") + _SHOWN
        task = broker.EXECUTE
        if isinstance(row, Completion):
            task, said = row.kind.value, broker.shown_of_prompt(row.kind, row.prompt, said)
        messages.append((task, queue.name, row.id, said))
    return messages


def _shown(
    db: Session, table: type[Completion] | type[Execution], ids: list[int]
) -> dict[int, str]:
    """By row, what Flower displayed when it was asked for: the attempt that asked first."""
    asked = "completion_id" if table is Completion else "execution_id"
    rows = db.execute(text(_SHOWN_OF.format(asked=asked)), {"ids": ids})
    return {row_id: broker.shown_in_flower(*names) for row_id, *names in rows}


#: A look for each row by itself, however little the database knows of its tables. OFFSET 0: or it would
#: look through all steps for the first.
_SHOWN_OF = """
SELECT row_id, run.benchmark, problem.problem_id, run.pattern, attempt.sample, sweep.name, attempt.id
FROM unnest(CAST(:ids AS integer[])) AS row_id
CROSS JOIN LATERAL (
    SELECT attempt_id FROM (
        SELECT id, attempt_id FROM step WHERE {asked} = row_id OFFSET 0
    ) AS asking ORDER BY id LIMIT 1
) AS first
JOIN attempt ON attempt.id = first.attempt_id
JOIN run ON run.id = attempt.run_id
JOIN sweep ON sweep.id = run.sweep_id
JOIN problem ON problem.id = attempt.problem_id
"""


def _stalled() -> Any:
    """Attempts that wait for nothing, are not held, and yet have not gone on for a while.

    One that somebody has begun to let go on may well be read at this moment: it is left alone for
    longer.
    """
    still_open = [State.QUEUED, State.RUNNING]
    grace = func.make_interval(0, 0, 0, 0, 0, 0, settings().grace)
    begun = col(Attempt.trying_since)
    waits = (
        exists()
        .where(col(Step.attempt_id) == Attempt.id)
        .where(
            exists().where(
                col(Completion.id) == Step.completion_id, col(Completion.state).in_(still_open)
            )
            | exists().where(
                col(Execution.id) == Step.execution_id, col(Execution.state).in_(still_open)
            )
        )
    )
    return (
        select(Attempt, Sweep.name)
        .select_from(Attempt)
        .join(Run)
        .join(Sweep)
        .where(
            col(Attempt.state).in_(still_open),
            col(Run.held).is_(None),
            col(Attempt.moved_at) < _NOW - grace,
            or_(begun.is_(None), begun < _NOW - _TRYING * grace),
            ~waits,
        )
        .order_by(col(Attempt.id))
    )


def _take_stalled(db: Session) -> dict[str, list[int]]:
    """Note that the stalled attempts are sent again; their ids, by the names of their sweeps."""
    found: dict[str, list[int]] = defaultdict(list)
    stalled = _stalled().limit(_BATCH).with_for_update(of=Attempt, skip_locked=True)
    for attempt, sweep in db.exec(stalled).all():
        attempt.moved_at = lifecycle.moment()
        found[sweep].append(attempt.id)
    return found


if __name__ == "__main__":
    main()
