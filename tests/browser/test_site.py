"""A sweep's pages as files, in a real browser that opens them from the disk."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from foureyes.models.session import session
from foureyes.models.tables import Sweep
from foureyes.results.web.site import write
from tests import hostile_rows
from tests.browser.conftest import Seen
from tests.browser.test_pages import wide
from tests.sweeps import make_sweep


@pytest.fixture
def opened(browser: Browser, database: str, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Opens a sweep's first page from the disk; the test fails if the browser looks anywhere else."""
    seen = Seen(tmp_path.as_uri())
    contexts = []

    def opened(sweep: int, **options: Any) -> Page:
        with session() as db:
            row = db.get_one(Sweep, sweep)
        with ThreadPoolExecutor(1) as thread:  # in this one Playwright has a loop of its own
            thread.submit(write, row, tmp_path, lambda done, of: None).result()
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        seen.watch(page)
        page.goto((tmp_path / "index.html").as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not seen.complaints, "\n".join(seen.complaints)


def test_a_folder_is_read_from_the_disk_with_its_style(opened: Callable[..., Page]) -> None:
    page = opened(make_sweep("raw-coder", "review-then-fix", problems=2))
    assert page.evaluate("getComputedStyle(document.body).margin") == "0px"  # its own style sheet's
    page.get_by_role("link", name="review-then-fix").click()
    page.wait_for_url(re.compile(r"/runs/2\.html$"))
    page.locator("[aria-label=Attempts] tbody a").first.click()
    page.wait_for_url(re.compile(r"/attempts/\d+\.html$"))
    expect(page.get_by_role("heading", name="Specification")).to_be_visible()
    page.get_by_role("link", name="Sweep", exact=True).click()
    page.get_by_role("link", name="The report").click()
    page.wait_for_url(re.compile(r"/report\.html$"))
    page.get_by_role("link", name="All runs and attempts").click()
    page.wait_for_url(re.compile(r"/index\.html$"))


def test_hostile_texts_do_nothing_there(opened: Callable[..., Page], tmp_path: Path) -> None:
    """A page from the disk may reach other files, and has no server's headers to hold it."""
    ids = hostile_rows.make()
    page = opened(ids["sweep"], viewport={"width": 400, "height": 800})
    files = sorted(tmp_path.rglob("*.html"))
    assert len(files) > 10
    for file in files:
        page.goto(file.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        assert page.title() != "owned", file
        assert page.locator("main img, main svg, main script").count() == 0
        assert wide(page) <= 0, file
    text = next(file for file in tmp_path.rglob("*.txt"))
    page.goto(text.as_uri())
    assert page.evaluate("document.contentType") == "text/plain"
    assert page.evaluate("document.characterSet") == "UTF-8"
