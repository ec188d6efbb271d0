"""Starts attempts as others end, in a thread of every worker that lets attempts go on.

Few are started ahead (models/shares.py), so it is seldom long until a place is free. However many workers
there are, one looks at a time, a few times a second while there is something to start. Where none of
them runs, the reaper's rounds do the same.
"""

import logging
import threading

from sqlalchemy import text

from foureyes.models import admission
from foureyes.models.session import transaction
from foureyes.models.shares import Ahead

log = logging.getLogger(__name__)

#: Of all workers one holds the lock while it waits, and starts attempts then.
_TURN = text("""
SELECT CASE WHEN pg_try_advisory_xact_lock(4711006) THEN pg_sleep(0.2) IS NOT NULL ELSE false END
""")
#: Seconds until a worker looks again that was not the one, or found nothing that waits.
_PAUSE = 0.8

_stop = threading.Event()
_thread: threading.Thread | None = None


def start() -> None:
    """Start attempts in a thread of this process until `stop`."""
    global _thread
    _stop.clear()
    _thread = threading.Thread(target=_run, name="starter", daemon=True)
    _thread.start()


def stop() -> None:
    """End the thread, if there is one."""
    _stop.set()
    if _thread is not None:
        _thread.join(timeout=10)


def _run() -> None:
    ahead = Ahead()
    while not _stop.is_set():
        others_wait = False
        try:
            with transaction() as db:
                is_ours = db.execute(_TURN).scalar_one()
            if is_ours:
                others_wait = admission.start_waiting(ahead).others_wait
        except Exception:  # one of the servers is away, and the reaper says so
            log.debug("attempts could not be started", exc_info=True)
        if not others_wait:
            _stop.wait(_PAUSE)
