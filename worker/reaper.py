"""The reaper: makes good what a broker cannot promise.

A message is lost when a queue is purged, or when a process dies between its commit and its send.
The rows still say what is to be done: the reaper finds them and sends their messages again. One
sent twice does no harm, but many would delay others, so nothing is sent again that plausibly still
waits in its queue. Safe to run in any number of processes: an advisory lock lets one work.

Workers that advance attempts run it in a thread; `python -m worker.reaper` runs it alone.
"""

import logging
import signal
import sys
import threading
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import func, text
from sqlmodel import Session, col, exists, select, update

from models import broker
from models.enums import State
from models.errors import FoureyesError
from models.session import engine, session
from models.settings import settings
from models.tables import Attempt, Completion, Execution, LanguageModel, Step, now
from models.work import GRACE, AnyWork

log = logging.getLogger(__name__)

#: Any number, as long as nobody else uses it in this database.
_LOCK = 4_711_004
_BATCH = 500

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

    The time of the file `reaper.alive` in FOUREYES_HOME is that of the last round that went well,
    for whoever checks this process's health.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        engine()  # both must be set; if they are away, they are waited for
        broker.app()
        alive = settings().home / "reaper.alive"
        alive.parent.mkdir(parents=True, exist_ok=True)
    except (FoureyesError, OSError) as error:
        log.critical("%s", error)
        sys.exit(2)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _stop.set())
    log.info("reaping every %g seconds", settings().reap_every)
    _run(alive.touch)


def _run(after_round: Callable[[], None] = lambda: None) -> None:
    while not _stop.wait(settings().reap_every):
        try:
            reap()
            after_round()
        except Exception:  # broker or database are away for a moment; the next round tries again
            log.warning("a round of the reaper failed", exc_info=True)


def reap() -> int:
    """One round; the number of messages sent again."""
    with session() as db:
        if not db.scalar(text("SELECT pg_try_advisory_xact_lock(:lock)"), params={"lock": _LOCK}):
            return 0
        for table in (Completion, Execution):
            _expire(db, table)
        messages = [*_overdue_completions(db), *_overdue_executions(db), *_stalled_attempts(db)]
    for task, queue, row_id in messages:
        broker.send(task, queue, row_id, shown="sent again by the reaper")
    if messages:
        log.info("%d messages sent again", len(messages))
    return len(messages)


def _expire(db: Session, table: type[AnyWork]) -> None:
    """Free the rows whose worker has stopped renewing its claim."""
    db.execute(
        update(table)
        .where(col(table.state) == State.RUNNING, col(table.lease_until) < func.now())
        .values(state=State.QUEUED, worker=None, lease_until=None, send_again_at=func.now())
    )


def _overdue_completions(db: Session) -> list[tuple[str, str, int]]:
    messages = []
    open_models = select(LanguageModel).where(
        exists().where(
            col(Completion.model_id) == LanguageModel.id,
            col(Completion.state) == State.QUEUED,
            col(Completion.send_again_at) <= func.now(),
        )
    )
    for model in db.exec(open_models).all():
        queue = broker.model_queue(model.name)
        rows = _lost(db, Completion, queue, col(Completion.model_id) == model.id)
        messages += [(row.kind.value, queue, row.id) for row in rows]
    return messages


def _overdue_executions(db: Session) -> list[tuple[str, str, int]]:
    rows = _lost(db, Execution, broker.EXECUTION, text("true"))
    return [("execute", broker.EXECUTION, row.id) for row in rows]


def _lost(db: Session, table: type[AnyWork], queue: str, of_queue: object) -> list[AnyWork]:
    """The queued rows of a queue whose message is due again and not plausibly still in it."""
    queued = select(func.count()).select_from(table)
    queued = queued.where(col(table.state) == State.QUEUED, of_queue)  # type: ignore[arg-type]
    due = select(table).where(
        col(table.state) == State.QUEUED,
        col(table.send_again_at) <= func.now(),
        of_queue,  # type: ignore[arg-type]
    )
    if db.exec(due.limit(1)).first() is None:
        return []
    missing = db.exec(queued).one() - broker.depth(queue)
    if missing <= 0:
        return []
    due = due.order_by(col(table.send_again_at)).limit(min(missing, _BATCH))
    rows = list(db.exec(due.with_for_update(skip_locked=True)).all())
    for row in rows:
        row.send_again_at = now() + timedelta(seconds=GRACE)
    return rows


def _stalled_attempts(db: Session) -> list[tuple[str, str, int]]:
    """Attempts that wait for nothing, and yet have not gone on for a while."""
    waits = (
        exists()
        .where(col(Step.attempt_id) == Attempt.id)
        .where(
            exists().where(
                col(Completion.id) == Step.completion_id,
                col(Completion.state).in_([State.QUEUED, State.RUNNING]),
            )
            | exists().where(
                col(Execution.id) == Step.execution_id,
                col(Execution.state).in_([State.QUEUED, State.RUNNING]),
            )
        )
    )
    stalled = (
        select(Attempt)
        .where(
            col(Attempt.state).in_([State.QUEUED, State.RUNNING]),
            col(Attempt.moved_at) < now() - timedelta(seconds=GRACE),
            ~waits,
        )
        .order_by(col(Attempt.id))
        .limit(_BATCH)
    )
    if db.exec(stalled.limit(1)).first() is None or broker.depth(broker.START) > 0:
        return []
    attempts = db.exec(stalled.with_for_update(skip_locked=True)).all()
    for attempt in attempts:
        attempt.moved_at = now()
    return [(broker.START, broker.START, attempt.id) for attempt in attempts]


if __name__ == "__main__":
    main()
