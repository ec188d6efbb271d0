"""Working on a row: claim it, hold the claim while the work lasts, write what came of it."""

import logging
import os
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

from sqlalchemy import Row
from stamina.instrumentation import RetryDetails, get_on_retry_hooks, set_on_retry_hooks

from foureyes.models import caps, lifecycle
from foureyes.models.enums import State
from foureyes.models.errors import FoureyesError, RequestRefused
from foureyes.models.lifecycle import AnyTable
from foureyes.models.session import is_passing, transaction
from foureyes.models.settings import settings
from foureyes.models.storable import storable
from foureyes.models.tables import Completion, Execution
from foureyes.worker.retrying import patiently

log = logging.getLogger(__name__)


#: The row that the calling thread asks an engine about, and where its holder notes what goes wrong.
_asking: ContextVar[tuple[dict[tuple[AnyTable, int], str], AnyTable, int] | None] = ContextVar(
    "asking", default=None
)
#: Characters of what went wrong with a call that is being tried again.
_SHOWN = 300


class Holder:
    """Renews the claims of this process while their work lasts.

    One thread for all of them: a worker with hundreds of calls in flight renews with one statement.
    """

    def __init__(self, node: str) -> None:
        self.node = node
        # process ids alone repeat: in containers each worker may be number 1
        self.name = f"{node}/{os.getpid()}-{secrets.token_hex(3)}"
        self._held: dict[AnyTable, set[int]] = {
            Completion: set(),
            Execution: set(),
        }
        #: By row, what went wrong with what its engine tries again; to be written with the claims.
        self._troubles: dict[tuple[AnyTable, int], str] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="leases", daemon=True)
        self._thread.start()

    @contextmanager
    def hold(self, table: AnyTable, row_id: int) -> Iterator[None]:
        """Keep a claimed row ours until the block ends."""
        self.keep(table, [row_id])
        try:
            yield
        finally:
            self.drop(table, [row_id])

    def keep(self, table: AnyTable, row_ids: Iterable[int]) -> None:
        """Keep claimed rows ours until they are dropped."""
        with self._lock:
            self._held[table].update(row_ids)

    def drop(self, table: AnyTable, row_ids: Iterable[int]) -> None:
        """Renew claims no longer, and forget what went wrong with them."""
        with self._lock:
            self._held[table].difference_update(row_ids)
        for row_id in row_ids:
            self._troubles.pop((table, row_id), None)

    @contextmanager
    def noting(self, table: AnyTable, row_id: int) -> Iterator[None]:
        """Have the row tell what an engine tries again of a call that is begun inside the block.

        The call may outlive the block; whoever holds the row drops it in the end.
        """
        token = _asking.set((self._troubles, table, row_id))
        try:
            yield
        finally:
            _asking.reset(token)

    @contextmanager
    def telling(self, table: AnyTable, row_id: int) -> Iterator[None]:
        """Have the row tell, some seconds later, what an engine tries again inside the block."""
        try:
            with self.noting(table, row_id):
                yield
        finally:
            self._troubles.pop((table, row_id), None)

    def close(self) -> None:
        """Stop renewing; what is still held can be taken over when its lease runs out."""
        self._stop.set()
        self._thread.join(timeout=5)

    def _renew(self) -> None:
        while not self._stop.wait(settings().lease / 3):
            with self._lock:
                held = {table: tuple(ids) for table, ids in self._held.items() if ids}
            try:
                patiently(partial(self._renew_once, held))  # at once when the database is back
            except Exception:  # a claim that is not renewed is claimed by others: nothing is lost
                log.warning("could not renew claims", exc_info=True)

    def _renew_once(self, held: dict[AnyTable, tuple[int, ...]]) -> None:
        with transaction() as db:
            for table, ids in held.items():
                lifecycle.renew(db, table, ids, self.name)
            for (table, row_id), said in list(self._troubles.items()):
                lifecycle.tell(db, table, row_id, self.name, said)


def _note_retry(details: RetryDetails) -> None:
    """Called by stamina, in whichever thread: it must not wait for anything."""
    if (asking := _asking.get()) is not None:
        troubles, table, row_id = asking
        said = " ".join(f"{details.caused_by}".split()) or type(details.caused_by).__name__
        troubles[table, row_id] = storable(said[:_SHOWN])


set_on_retry_hooks([*get_on_retry_hooks(), _note_retry])


def work_on(
    holder: Holder,
    table: AnyTable,
    row_id: int,
    produce: Callable[[Row[Any]], dict[str, Any]],
    judges: list[str] | None = None,
    *,
    task_id: str | None = None,
) -> list[int] | None:
    """Claim a row, produce its result and write it, once; None if it cannot be claimed.

    Returns the attempts that can go on, as the row has ended. `judges` and `task_id` as in
    models.lifecycle.claim.

    `produce` returns the columns to write. What it raises is an infrastructure failure: the row is
    tried again later (or ends in error after so many tries), and the exception goes on to Celery so
    that Flower shows it. A result that the database cannot hold is one that another try would not
    mend. A database that is away is no such failure: it is waited for, and a result that cost a
    model call waits too.
    """
    row = take(holder, table, row_id, judges, task_id=task_id)
    if row is None:
        return None
    with holder.hold(table, row_id):
        made = False
        try:
            result = produce(row)
            made = True
            return store(holder, table, row_id, result)
        except Exception as error:
            note_failure(holder, table, row, error, made)
            raise


def take(
    holder: Holder,
    table: AnyTable,
    row_id: int,
    judges: list[str] | None = None,
    *,
    task_id: str | None = None,
) -> Row[Any] | None:
    """Claim a row; None if it is done, taken, wanted by nobody, or another judge's."""
    return patiently(lambda: _claim(holder, table, row_id, judges, task_id))


def store(holder: Holder, table: AnyTable, row_id: int, result: dict[str, Any]) -> list[int]:
    """Write a claimed row's result; the attempts that can go on."""
    return patiently(lambda: _finish(holder, table, row_id, result))


def note_failure(
    holder: Holder, table: AnyTable, row: Row[Any], error: Exception, made: bool
) -> None:
    """Write with a claimed row what it failed of, unless that is a database that is away.

    `made`: there was a result, and it was not stored.
    """
    if not is_passing(error):
        said, permanent = _failure(error, made)
        patiently(lambda: _fail(holder, table, row, said, permanent))


def _failure(error: Exception, made: bool) -> tuple[str, bool]:
    """Why a row has failed, and whether for good; `made`: there was a result, and it was not stored."""
    if isinstance(error, FoureyesError):
        return storable(str(error)), isinstance(error, RequestRefused)
    if not made:
        return storable(repr(error)), False
    first_line = str(getattr(error, "orig", None) or error).partition("\n")[0]
    return storable(f"what came of it cannot be stored: {first_line}"), True


def waiting(table: AnyTable, row_id: int) -> list[int]:
    """The attempts that can go on because the row has ended; none if it has not."""
    return patiently(lambda: _waiting(table, row_id))


def _waiting(table: AnyTable, row_id: int) -> list[int]:
    with transaction() as db:
        if lifecycle.state(db, table, row_id) not in (State.DONE, State.ERROR):
            return []
        return lifecycle.waiting_attempts(db, table, row_id)


def _claim(
    holder: Holder, table: AnyTable, row_id: int, judges: list[str] | None, task_id: str | None
) -> Row[Any] | None:
    with transaction() as db:
        return lifecycle.claim(db, table, row_id, holder.name, judges, task_id=task_id)


def _fail(holder: Holder, table: AnyTable, row: Row[Any], said: str, permanent: bool) -> None:
    with transaction() as db:
        lifecycle.fail(db, table, row, holder.name, said, permanent)


def _finish(holder: Holder, table: AnyTable, row_id: int, result: dict[str, Any]) -> list[int]:
    with transaction() as db:
        if not lifecycle.finish(db, table, row_id, holder.name, **result):
            log.warning("%s %s was taken over meanwhile", table.__name__, row_id)
        elif table is Completion:
            caps.have_ended(db, [row_id])
        # who asks from here on waits for our commit, and finds the row done
        return lifecycle.waiting_attempts(db, table, row_id)
