"""A real browser, and the pages as `foureyes web` serves them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from foureyes.models.session import engine
from foureyes.models.settings import settings
from foureyes.producer.stack.ports import free_port
from tests.programs import started, wait_for


@dataclass
class Seen:
    """What a browser did besides showing pages: none of it may happen."""

    here: str
    complaints: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("console", lambda message: self._note(f"console: {message.text}"))
        page.on("pageerror", lambda error: self._note(f"error: {error}"))
        page.on("dialog", lambda dialog: self._note(f"dialog: {dialog.message}"))
        page.on("request", lambda request: self._requested(request.url))
        page.on("response", lambda answer: self._answered(answer.url, answer.status))

    def _requested(self, url: str) -> None:
        if not url.startswith((self.here, "data:")):
            self._note(f"a request to {url}")

    def _answered(self, url: str, status: int) -> None:
        if status >= 400:
            self._note(f"{status} from {url}")

    def _note(self, complaint: str) -> None:
        self.complaints.append(complaint)


@pytest.fixture(scope="session")
def shared(postgres: str) -> str:
    """The URL of a database that every test here begins anew."""
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute("CREATE DATABASE pages TEMPLATE migrated")
    return postgres.replace("/postgres?", "/pages?")


@pytest.fixture
def database(shared: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The same, empty, for settings and sessions of the test."""
    with psycopg.connect(shared, autocommit=True) as owner:
        owner.execute(
            "TRUNCATE sweep, kept_search, problem, language_model, completion, execution RESTART IDENTITY CASCADE"
        )
    monkeypatch.setenv("FOUREYES_DATABASE_URL", shared)
    for remembered in (settings, engine):
        remembered.cache_clear()
    yield shared
    engine().dispose()
    for remembered in (settings, engine):
        remembered.cache_clear()


@pytest.fixture(scope="session")
def served(shared: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of `foureyes web --notes` on that database."""
    home, port = tmp_path_factory.mktemp("web"), str(free_port())
    with started(
        "web", "--notes", "--port", port, home=home, FOUREYES_DATABASE_URL=shared
    ) as process:

        def is_up() -> bool:
            told = (home / "output").read_text()
            assert process.poll() is None, told
            return "Pages: http" in told

        wait_for(is_up)
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def here(served: str, database: str) -> str:
    """The address of the pages, with nothing to show yet."""
    return served


@pytest.fixture
def open_page(browser: Browser, here: str) -> Iterator[Callable[..., Page]]:
    """Opens a page of ours in a fresh browser profile; the test fails if it misbehaves."""
    seen = Seen(here)
    with ExitStack() as cleanup:

        def opened(address: str, **options: Any) -> Page:
            context: BrowserContext = browser.new_context(**options)
            context.set_default_timeout(60_000)
            cleanup.callback(context.close)
            page = context.new_page()
            seen.watch(page)
            page.goto(here + address)
            return page

        yield opened
    assert not seen.complaints, "\n".join(seen.complaints)
