"""If this fails, a worker stands still: two of its threads wait for each other on one connection."""

from typing import Any

import pytest
from celery.events.dispatcher import EventDispatcher

from foureyes.models import broker
from foureyes.worker import consumer


class Hub:
    """An event loop's list of what to do."""

    def __init__(self) -> None:
        self.soon: list[Any] = []

    def call_soon(self, what: Any) -> None:
        self.soon.append(what)


def test_events_are_sent_by_celerys_own_thread_however_many_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FOUREYES_BROKER_URL", "amqp://127.0.0.1:9//")
    worker = consumer.Consumer.__new__(consumer.Consumer)
    worker.hub, worker._flush_events_promise = Hub(), "flush"
    sent: list[Any] = []
    worker.event_dispatcher = dispatcher = EventDispatcher(
        app=broker.app(),
        enabled=False,
        buffer_group=["task"],
        on_send_buffered=worker.on_send_event_buffered,
    )
    dispatcher.enabled = True
    monkeypatch.setattr(dispatcher, "_publish", lambda *what, **_: sent.append(what))
    for _ in range(100):
        dispatcher.send("task-received")
    assert not sent and worker.hub.soon[0] == "flush"
    dispatcher.flush()
    assert [len(events) for events, *_ in sent] == [100]
