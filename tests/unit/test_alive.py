"""A worker's sign of life; what health checks make of it is in tests/deploy/test_services.py."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import signals

from foureyes.models.settings import settings
from foureyes.worker import alive


@pytest.fixture
def heartbeat(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No other test's worker is told of the heartbeats of this one."""
    monkeypatch.setattr(signals.heartbeat_sent, "receivers", [])
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.usefixtures("heartbeat")
def test_the_file_is_as_young_as_the_last_heartbeat_of_this_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOUREYES_HOME", str(tmp_path / "home"))
    alive.show("start@here")
    file = tmp_path / "home" / "start@here.alive"
    assert not file.exists()
    signals.heartbeat_sent.send(sender=None)
    os.utime(file, (0, 0))
    signals.heartbeat_sent.send(sender=None)
    assert file.stat().st_mtime > 0
    alive.show("start@here")  # the next worker of the name: the last one's file would speak for it
    assert not file.exists()


@pytest.mark.usefixtures("heartbeat")
def test_a_worker_that_has_nowhere_to_write_works_all_the_same(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("FOUREYES_HOME", "/dev/null/home")
    alive.show("start@here")
    signals.heartbeat_sent.send(sender=None)
    assert "no sign of life: [Errno 20] Not a directory" in caplog.text
