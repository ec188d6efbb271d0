"""A private PostgreSQL for the test session, and a fresh migrated database for each test; what lets
several processes test at once.
"""

import shutil
import tempfile
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

from foureyes import migrations
from foureyes.models import broker
from foureyes.models.session import dialect_url, engine
from foureyes.models.settings import settings
from foureyes.producer.stack.postgres import server
from tests import parallel

if TYPE_CHECKING:
    from playwright.sync_api import Browser


_turns = pytest.StashKey[parallel.Turns]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "alone: measures time, so no other test may run meanwhile")
    if hasattr(config, "workerinput"):  # one of several processes: `make test`
        assert config.cache is not None
        config.stash[_turns] = parallel.Turns(config.cache.mkdir("turns"))


@pytest.hookimpl(optionalhook=True)  # vLLM's environment lacks xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return parallel.group(Path(nodeid.partition("::")[0]))

    return Scheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: parallel.group(item.path) != parallel.LONGEST)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, object, object]:
    """Outside of everything that has a time limit: waiting for a turn is no test's time."""
    turns = item.config.stash.get(_turns, None)
    if turns is None:
        return (yield)
    turns.begin(_is_alone(item))
    try:
        return (yield)
    finally:
        turns.end(nextitem is not None and _is_alone(nextitem))


def _is_alone(item: pytest.Item) -> bool:
    return item.get_closest_marker("alone") is not None


@pytest.fixture(autouse=True)
def _settings_of_ones_own() -> None:
    """What a test sets in the environment is what it gets, whoever read the settings before."""
    settings.cache_clear()
    broker.app.cache_clear()


def _forget_settings() -> None:
    settings.cache_clear()
    engine.cache_clear()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a server of our own, whose database `migrated` is a template."""
    with tempfile.TemporaryDirectory(prefix="foureyes-test-") as folder:
        home = Path(folder)
        with server(home) as url:
            _execute(url, "CREATE DATABASE migrated")
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("FOUREYES_DATABASE_URL", url.replace("/postgres?", "/migrated?"))
                _forget_settings()
                migrations.upgrade()
                engine().dispose()
            _forget_settings()
            yield url
        shutil.rmtree((home / "postgres").resolve())  # as root it lies elsewhere


@pytest.fixture
def database(postgres: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a fresh migrated database, which settings and sessions use during the test."""
    with copied(postgres, "migrated", monkeypatch) as url:
        yield url


@pytest.fixture
def empty_database(postgres: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The same without any table."""
    with copied(postgres, "template0", monkeypatch) as url:
        yield url


@contextmanager
def copied(postgres: str, template: str, patch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a copy of a database that nobody is connected to; settings and sessions use it."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    _execute(postgres, f"CREATE DATABASE {name} TEMPLATE {template}")
    url = postgres.replace("/postgres?", f"/{name}?")
    assert name in url
    patch.setenv("FOUREYES_DATABASE_URL", url)
    _forget_settings()
    yield url
    engine().dispose()
    _forget_settings()
    _execute(postgres, f"DROP DATABASE {name} WITH (FORCE)")


def _execute(url: str, statement: str) -> None:
    admin = create_engine(dialect_url(url), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(statement))
    admin.dispose()


@pytest.fixture(scope="module")
def judging_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home of a file's own: judges keep there what references have shown."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("home")
        patch.setenv("FOUREYES_HOME", str(folder))
        settings.cache_clear()
        yield folder
    settings.cache_clear()


_CHROMIUM = ("chromium", "chromium-browser")
#: Nothing of a browser's own business: no updates, no accounts, no first-run pages.
_QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync",
    "--disable-component-update", "--no-first-run", "--disable-dev-shm-usage",
]  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Debian's Chromium, without a window; one at a time, as Playwright wants it.

    It ends with a file's tests: else hundreds of others, of signals and of full machines, would run
    between its start and its next use.
    """
    from playwright.sync_api import sync_playwright  # vLLM's environment has none

    found = next(filter(None, map(shutil.which, _CHROMIUM)), None)
    if found is None:
        pytest.skip("there is no chromium here: as root, apt-get install chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=_QUIET)
        yield launched
        launched.close()
