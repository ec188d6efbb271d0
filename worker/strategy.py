"""Celery's way from a message to its work, for model calls: without a thread, and a trace, for each."""

from collections.abc import Callable
from typing import Any

from celery.worker import strategy as celery_strategy
from celery.worker.request import create_request_cls
from celery.worker.state import revoked, task_reserved
from kombu.utils.imports import symbol_by_name

from foureyes.worker.calls import Calls
from foureyes.worker.process import serving

#: What is said of a message in its headers that Celery's own strategy must see to.
_SPECIAL = ("eta", "expires", "stamped_headers")


_calls: Calls | None = None


def calls(consumer: Any) -> Calls:
    """The calls in hand of this process, which has one consumer."""
    global _calls
    if _calls is None:
        _calls = Calls(serving(), consumer.call_soon)
    return _calls


def finish() -> None:
    """Wait for what is in hand, if there ever was anything."""
    if _calls is not None:
        _calls.wait()


def take_calls(task: Any, app: Any, consumer: Any, **_: Any) -> Callable[..., None]:
    """What is done with each message of a task that makes model calls: `Task.Strategy`.

    A message that is not one row's id, or asks for something special, goes Celery's way.
    """
    ordinary = celery_strategy.default(task, app, consumer)
    request_class = create_request_cls(
        symbol_by_name(task.Request), task, consumer.pool, consumer.hostname,
        consumer.event_dispatcher, app=app,
    )  # fmt: skip

    def take(message: Any, body: Any, ack: Any, reject: Any, callbacks: Any) -> None:
        row_id = _row_id(message, body)
        if row_id is None:
            ordinary(message, body, ack, reject, callbacks)
            return
        # `ack` would have Celery's thread do it soon. That thread is the one that is told how a call ended, and would
        # come to it at its next event: up to a second in which who takes one call at a time has nothing to do
        request = request_class(
            message, on_ack=message.ack_log_error, on_reject=message.reject_log_error,
            app=app, hostname=consumer.hostname,
            eventer=consumer.event_dispatcher, task=task, body=message.body,
            headers=message.headers, connection_errors=consumer.connection_errors,
        )  # fmt: skip
        request.send_event(
            "task-received", name=request.name, args=request.argsrepr, kwargs=request.kwargsrepr,
            root_id=request.root_id, parent_id=request.parent_id, retries=0, eta=None, expires=None,
        )  # fmt: skip
        task_reserved(request)
        calls(consumer).take(request, row_id)

    return take


def _row_id(message: Any, body: Any) -> int | None:
    """The row that a message names and nothing else; None if there is more to it."""
    headers = message.headers
    if body is not None or headers["id"] in revoked or any(map(headers.get, _SPECIAL)):
        return None
    match message.payload:
        case [[int() as row_id], {} as named, *_] if not named and row_id is not True:
            return row_id
    return None
