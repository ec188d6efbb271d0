"""The broker's settings: what one transport says in its own way must mean the same here."""

from collections.abc import Iterator

import pytest

from foureyes.models import broker, deadletters
from foureyes.models.errors import FoureyesError
from foureyes.models.settings import settings


@pytest.fixture(autouse=True)
def in_memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A broker of kombu's own kind, as the one for Valkey is."""
    monkeypatch.setenv("FOUREYES_BROKER_URL", "memory://")
    settings.cache_clear()
    broker.app.cache_clear()
    yield
    settings.cache_clear()
    broker.app.cache_clear()


def test_a_queue_that_does_not_exist_is_empty() -> None:
    assert broker.depth("model.nobody") == 0  # else the reaper would stop for every queue


def test_the_same_queues_and_dead_letters_on_every_broker() -> None:
    broker.check_connection()
    broker.send("start", broker.START, 1, 2, shown="two attempts")
    assert broker.depth(broker.START) == 1
    assert deadletters.count() == 0
    assert deadletters.look() == []


@pytest.mark.parametrize(
    ("version", "fine"), [("3.7.28", False), ("3.8.0", True), ("3.10.8", True), ("4.1.0", True)]
)
def test_the_oldest_rabbitmq(version: str, fine: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker, "version", lambda connection: version)
    with broker.app().connection_for_read() as connection:
        if fine:
            broker.check_version(connection)
        else:
            with pytest.raises(FoureyesError, match=r"RabbitMQ 3\.7\.28"):
                broker.check_version(connection)
