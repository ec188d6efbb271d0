"""The way to the database: too many connections from one worker would lock out all the others."""

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import QueuePool

from foureyes.models import session
from foureyes.models.errors import FoureyesError
from foureyes.models.settings import settings


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("FOUREYES_DATABASE_URL", "postgresql://u@127.0.0.1:9/x?options=-c%20a.b=1")
    monkeypatch.setattr(session, "_pool", session._POOL)
    monkeypatch.setattr(session, "_alive", 0.0)
    settings.cache_clear()
    session.engine.cache_clear()
    yield
    settings.cache_clear()
    session.engine.cache_clear()


@pytest.mark.parametrize(("threads", "connections"), [(1, 4), (8, 11), (512, 35)])
def test_a_worker_takes_a_connection_for_each_thread_but_never_hundreds(
    threads: int, connections: int
) -> None:
    session.reserve(threads)
    assert session.engine().pool.status().startswith(f"Pool size: {connections} ")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_way_to_write_postgres_is_understood(scheme: str) -> None:
    assert session.dialect_url(f"{scheme}://h/x") == "postgresql+psycopg://h/x"


def test_another_database_is_refused() -> None:
    with pytest.raises(FoureyesError, match="only Postgres"):
        session.dialect_url("mysql://h/x")


def test_a_connection_that_was_just_used_is_not_asked_whether_it_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It would cost every transaction of a busy worker a quarter more; one that lay idle is asked."""
    monkeypatch.setattr(session, "_alive", session._ALIVE)  # as a worker has it
    pooled = create_engine("sqlite://", poolclass=QueuePool)
    session._ask_after_idling(pooled)
    asked = []
    is_there = True

    def ping(connection: object) -> bool:
        asked.append(connection)
        if not is_there:
            raise psycopg.OperationalError("server closed the connection unexpectedly")
        return True

    monkeypatch.setattr(pooled.dialect, "do_ping", ping)
    for _ in range(3):
        with pooled.connect() as first:
            was = first.connection.driver_connection
    assert not asked
    monkeypatch.setattr(session, "_alive", 0.0)  # as a command has it, or after idling
    with pooled.connect() as same:
        assert same.connection.driver_connection is was
    assert len(asked) == 1
    is_there = False
    with pooled.connect() as another:
        assert another.connection.driver_connection is not was
    pooled.dispose()
