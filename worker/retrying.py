"""Waiting for a database that is away: no message and no result is lost meanwhile."""

import inspect
import logging
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import stamina
from celery import Task
from celery.exceptions import Reject
from sqlalchemy.exc import DBAPIError
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from foureyes.models.broker import BrokerLost
from foureyes.models.errors import InfrastructureError
from foureyes.models.session import is_passing, said_by, was_refused

log = logging.getLogger(__name__)

Result = TypeVar("Result")

#: Seconds a task waits for the database before its message goes back to the queue. Far below
#: RabbitMQ's consumer timeout (30 minutes unless configured).
PATIENCE = 300.0
_LONGEST_WAIT = 3.0
#: Characters of a reason to wait that a line tells.
_SHOWN = 300

_stopping = threading.Event()


def _tell(details: RetryDetails) -> None:
    """In place of what stamina tells by itself: it would import a server of metrics for that."""
    reason = str(getattr(details.caused_by, "orig", None) or details.caused_by)
    log.warning("again in %.1f s: %s", details.wait_for, " ".join(reason.split())[:_SHOWN])


set_on_retry_hooks([_tell])


class Refused(InfrastructureError):
    """A transaction that the database, although it is there, has ended again and again."""


def stop_waiting() -> None:
    """Have what waits give up: this worker is asked to end."""
    _stopping.set()


def patiently(transaction: Callable[[], Result]) -> Result:
    """Run a transaction, and run it again while it fails for reasons that pass.

    Raises: Refused if the database was there all the time; else what the transaction raised last,
    when patience ends or this worker is to end.
    """
    try:
        for attempt in stamina.retry_context(
            on=lambda error: is_passing(error) and not _stopping.is_set(),
            attempts=None,
            timeout=PATIENCE,
            wait_max=_LONGEST_WAIT,
        ):
            with attempt:
                return transaction()
    except DBAPIError as error:
        if was_refused(error) and not _stopping.is_set():
            raise Refused(f"the database has refused this for long: {said_by(error)}") from error
        raise
    raise AssertionError("stamina always tries once")


class PatientTask(Task):  # type: ignore[misc]  # Celery has no types
    """A task whose message goes back to its queue if database or broker stay away.

    A message that does not fit the task is given up: it goes to the dead letters.
    """

    def __call__(self, *ids: Any, **named: Any) -> None:
        """Do the task."""
        if named or not self._fit(ids):
            raise Reject(f"{self.name} takes row ids, not {ids} {named}", requeue=False)
        try:
            super().__call__(*ids)
        except Exception as error:
            if is_passing(error) or isinstance(error, BrokerLost):
                raise Reject(error, requeue=True) from error
            raise

    def _fit(self, ids: tuple[Any, ...]) -> bool:
        try:
            inspect.signature(self.run).bind(*ids)
        except TypeError:
            return False
        return all(isinstance(each, int) for each in ids)
