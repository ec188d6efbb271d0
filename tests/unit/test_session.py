"""The way to the database: too many connections from one worker would lock out all the others."""

from collections.abc import Iterator

import pytest

from models import session
from models.errors import FoureyesError
from models.settings import settings


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("FOUREYES_DATABASE_URL", "postgresql://u@127.0.0.1:9/x?options=-c%20a.b=1")
    monkeypatch.setattr(session, "_pool", session._POOL)
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
