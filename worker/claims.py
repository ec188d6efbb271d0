"""Working on a row: claim it, hold the claim while the work lasts, write what came of it."""

import logging
import os
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from models import work
from models.errors import FoureyesError, RequestRefused
from models.session import is_passing, session
from models.settings import settings
from models.tables import Completion, Execution, Work
from models.text import storable
from models.work import AnyWork
from worker.patience import patiently

log = logging.getLogger(__name__)


class Holder:
    """Renews the claims of this process while their work lasts.

    One thread for all of them: a worker with hundreds of calls in flight renews with one statement.
    """

    def __init__(self, node: str) -> None:
        self.node = node
        # process ids alone repeat: in containers each worker may be number 1
        self.name = f"{node}/{os.getpid()}-{secrets.token_hex(3)}"
        self._held: dict[type[Work], set[int]] = {
            Completion: set(),
            Execution: set(),
        }
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="leases", daemon=True)
        self._thread.start()

    @contextmanager
    def hold(self, table: type[AnyWork], row_id: int) -> Iterator[None]:
        """Keep a claimed row ours until the block ends."""
        with self._lock:
            self._held[table].add(row_id)
        try:
            yield
        finally:
            with self._lock:
                self._held[table].discard(row_id)

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

    def _renew_once(self, held: dict[type[Work], tuple[int, ...]]) -> None:
        with session() as db:
            for table, ids in held.items():
                work.renew(db, table, ids, self.name)


def work_on(
    holder: Holder,
    table: type[AnyWork],
    row_id: int,
    produce: Callable[[AnyWork], dict[str, Any]],
) -> None:
    """Claim a row, produce its result and write it, once; nothing if it is done or taken.

    `produce` returns the columns to write. What it raises is an infrastructure failure: the row is
    tried again later (or ends in error after so many tries), and the exception goes on to Celery so
    that Flower shows it. A database that is away is no such failure: it is waited for, and a result
    that cost a model call waits too.
    """
    row = patiently(lambda: _claim(holder, table, row_id))
    if row is None:
        return
    with holder.hold(table, row_id):
        try:
            result = produce(row)
        except Exception as error:
            if is_passing(error):
                raise
            said = storable(str(error) if isinstance(error, FoureyesError) else repr(error))
            permanent = isinstance(error, RequestRefused)
            patiently(lambda: _fail(holder, row, said, permanent))
            raise
        if not patiently(lambda: _finish(holder, row, result)):
            log.warning("%s %s was taken over meanwhile", table.__name__, row_id)


def _claim(holder: Holder, table: type[AnyWork], row_id: int) -> AnyWork | None:
    with session() as db:
        return work.claim(db, table, row_id, holder.name)


def _fail(holder: Holder, row: Work, said: str, permanent: bool) -> None:
    with session() as db:
        work.fail(db, row, holder.name, said, permanent)


def _finish(holder: Holder, row: Work, result: dict[str, Any]) -> bool:
    with session() as db:
        return work.finish(db, row, holder.name, **result)
