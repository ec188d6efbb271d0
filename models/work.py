"""State changes of completions and executions: asked for, claimed, finished, failed, sent again.

Every change is one guarded statement, so that a message delivered twice, or late, or after a crash
changes nothing. The row is its own outbox: what was committed but never sent is found by the reaper.

Every moment that decides something is the database's: workers' clocks may differ by any amount.
"""

from collections.abc import Iterable
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, CursorResult, and_, func, or_, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from models.enums import State
from models.settings import settings
from models.tables import Attempt, Completion, Step, Work

AnyWork = TypeVar("AnyWork", bound=Work)

#: Seconds to the second try; doubled with each further one.
FIRST_BACKOFF = 2.0
#: Claims of one row, after which it is what kills its workers. Far above what killed by others takes.
MOST_CLAIMS = 10


def moment() -> Any:
    """This moment by the database's clock, which is the only one that leases know."""
    return func.clock_timestamp()


def later(seconds: float) -> Any:
    """So many seconds from now, by the database's clock; negative ones are in the past."""
    return func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)


def after_grace() -> Any:
    """When a message that is sent now may be sent again."""
    return later(settings().grace)


def ask(session: Session, wanted: AnyWork) -> tuple[AnyWork, bool]:
    """The row with `wanted.key`, made if there is none, and whether its message must now be sent.

    The row comes back locked against being finished, until this transaction ends: so whoever
    finishes it later sees the step that this transaction adds, and lets its attempt go on. A row
    that ended in error or was cancelled is asked for anew.
    """
    table = type(wanted)
    values = {
        name: value
        for name, value in wanted.model_dump(exclude={"id"}).items()
        if name not in ("created_at", "send_again_at")
    } | {"created_at": moment(), "send_again_at": after_grace()}
    made = session.execute(
        insert(table)
        .values(values)
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(col(table.id))
    ).scalar()
    row = session.exec(
        select(table).where(table.key == wanted.key).with_for_update(read=True)
    ).one()
    if row.state in (State.ERROR, State.CANCELLED):
        session.execute(
            update(table)
            .where(col(table.id) == row.id, col(table.state).in_([State.ERROR, State.CANCELLED]))
            .values(**_fresh())
        )
        session.refresh(row)
        return row, True
    return row, made is not None


def _fresh() -> dict[str, Any]:
    return {
        "state": State.QUEUED,
        "tries": 0,
        "error": None,
        "worker": None,
        "lease_until": None,
        "send_again_at": after_grace(),
    }


def claim(session: Session, table: type[AnyWork], row_id: int, worker: str) -> AnyWork | None:
    """Take a row to work on, or None if it is done, someone works on it, or nobody wants it.

    A row that no unfinished attempt waits for (its sweep was cancelled) becomes cancelled.
    """
    free = or_(
        col(table.state) == State.QUEUED,
        and_(col(table.state) == State.RUNNING, col(table.lease_until) < moment()),
    )
    row = session.exec(select(table).where(table.id == row_id, free).with_for_update()).first()
    if row is None:
        return None
    if not waiting_attempts(session, table, row_id):
        row.state = State.CANCELLED
        return None
    row.state = State.RUNNING
    row.worker = worker
    row.tries += 1
    row.lease_until = later(settings().lease)
    session.flush()
    return row


def renew(session: Session, table: type[AnyWork], row_ids: Iterable[int], worker: str) -> None:
    """Hold on to claims for another lease."""
    session.execute(
        update(table)
        .where(
            col(table.id).in_(list(row_ids)),
            col(table.worker) == worker,
            col(table.state) == State.RUNNING,
        )
        .values(lease_until=later(settings().lease))
    )


def finish(session: Session, row: Work, worker: str, **result: Any) -> bool:
    """Write a result, if the claim is still held; False if someone else took the row over."""
    return _end(session, row, worker, state=State.DONE, error=None, finished_at=moment(), **result)


def fail(session: Session, row: Work, worker: str, error: str, permanent: bool) -> bool:
    """Note an infrastructure failure: try again later, or end in error. True if it has ended."""
    ended = permanent or row.tries >= settings().tries
    if ended:
        _end(session, row, worker, state=State.ERROR, error=error, finished_at=moment())
        return True
    backoff = FIRST_BACKOFF * 2 ** (row.tries - 1)
    _end(
        session,
        row,
        worker,
        state=State.QUEUED,
        error=error,
        send_again_at=later(backoff),
    )
    return False


def _end(session: Session, row: Work, worker: str, **values: Any) -> bool:
    table = type(row)
    changed = session.execute(
        update(table)
        .where(
            col(table.id) == row.id, col(table.worker) == worker, col(table.state) == State.RUNNING
        )
        .values(worker=worker, lease_until=None, **values)
    )
    assert isinstance(changed, CursorResult)
    return changed.rowcount == 1


def waiting_attempts(session: Session, table: type[AnyWork], row_id: int) -> list[int]:
    """The unfinished attempts that asked for this row."""
    asked = Step.completion_id if table is Completion else Step.execution_id
    return list(
        session.exec(
            select(Attempt.id)
            .join(Step, col(Step.attempt_id) == Attempt.id)
            .where(asked == row_id, col(Attempt.state).in_([State.QUEUED, State.RUNNING]))
            .distinct()
            .order_by(col(Attempt.id))
        )
    )


def release(session: Session, table: type[AnyWork], node: str) -> int:
    """Give back what an earlier process of this worker node had claimed; it is gone. Their count."""
    return _free(session, table, col(table.worker).startswith(f"{node}/", autoescape=True))


def expire(session: Session, table: type[AnyWork]) -> int:
    """Free the rows whose worker has stopped renewing its claim. Their count."""
    return _free(session, table, col(table.lease_until) < moment())


def _free(session: Session, table: type[AnyWork], lost: ColumnElement[bool]) -> int:
    """Let claims of lost workers be claimed anew, at once; end what has killed every worker."""
    lost = and_(col(table.state) == State.RUNNING, lost)
    session.execute(
        update(table)
        .where(lost, col(table.tries) >= MOST_CLAIMS)
        .values(
            state=State.ERROR,
            error=f"its worker was lost {MOST_CLAIMS} times while it worked on this",
            lease_until=None,
            finished_at=moment(),
        )
    )
    changed = session.execute(
        update(table)
        .where(lost)
        .values(state=State.QUEUED, worker=None, lease_until=None, send_again_at=moment())
    )
    assert isinstance(changed, CursorResult)
    return changed.rowcount
