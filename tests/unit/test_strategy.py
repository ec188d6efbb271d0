"""If one of these fails, a model stands still between its calls, or a message is lost."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest
from celery import Celery
from kombu import Message, Queue

from foureyes.models.broker import BrokerLost
from foureyes.worker import calls as calling
from foureyes.worker import strategy
from foureyes.worker.calls import ModelCall


def not_soon(*_: Any) -> None:
    """Celery's own way to be done with a message, which its thread would come to at its next event."""
    raise AssertionError


@pytest.fixture
def queue() -> Iterator[Queue]:
    """With one message that asks for a call."""
    app = Celery(broker="memory://", set_as_current=False)
    with app.connection_for_write() as connection:
        queue = Queue("celery")(connection.default_channel)
        app.send_task("draft", (7,), connection=connection)
        yield queue
        queue.purge()


def taken(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> tuple[Message, ModelCall]:
    """The message, and the call that came of it, as a worker has it in hand."""
    message = queue.get()
    app = Celery(broker="memory://", set_as_current=False)
    task = app.task(name="draft", acks_late=True)(not_soon)
    in_hand: list[ModelCall] = []
    calls = SimpleNamespace(take=lambda *told: in_hand.append(ModelCall(*told)))
    monkeypatch.setattr(strategy, "_calls", calls)
    consumer = MagicMock(hostname="here", event_dispatcher=None, connection_errors=(OSError,))
    strategy.take_calls(task, app, consumer)(message, None, not_soon, not_soon, [])
    (call,) = in_hand
    assert call.completion_id == 7 and not message.acknowledged
    return message, call


def test_a_worker_that_has_been_told_of_a_call_s_end_has_room_for_the_next(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Put off to the next event of Celery's thread, it took up to a second: a worker that has one call in hand
    made two a second of answers that were there at once."""
    message, call = taken(queue, monkeypatch)
    calling._tell_ended([call], None)
    assert message.acknowledged and queue.get() is None


def test_a_call_that_could_not_be_kept_goes_back_to_its_queue(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, call = taken(queue, monkeypatch)
    calling._tell_ended([call], BrokerLost("gone"))
    again = queue.get()
    assert again is not None and again.headers["id"] == call.request.id
    again.ack()
