"""Notes that people write in the pages: the one thing that pages write, and who must not be able to."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import psycopg
import pytest
from fastapi.testclient import TestClient
from httpx import Response
from rich.console import Console
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from foureyes.models.errors import FoureyesError
from foureyes.models.session import session
from foureyes.results import transcript
from foureyes.results.web import database as reading
from foureyes.results.web.app import create
from tests.hostile_rows import HOSTILE
from tests.integration.test_site import written
from tests.integration.test_web import HERE, Elements, unreachable
from tests.production import run_reader_file
from tests.sweeps import make_sweep

Send = Callable[..., Response]
NOTE = {"author": "Ada", "text": "Off by one.", "tags": "off-by-one, #flaky"}


@pytest.fixture
def pages(database: str) -> Iterator[TestClient]:
    """The pages of `foureyes web --notes` on a sweep, as its process has them."""
    make_sweep("raw-coder", problems=3)
    reading.read_only()
    with TestClient(create(with_notes=True), base_url=HERE, follow_redirects=False) as client:
        yield client


@pytest.fixture
def send(pages: TestClient) -> Send:
    """Sends a form as a browser does that shows a page of ours."""
    page = pages.get("/attempts/1").text
    token = next(
        attributes["value"]
        for tag, attributes in Elements(page).found
        if tag == "input" and attributes.get("name") == "token"
    )

    def sent(address: str = "/attempts/1/notes", **fields: str | None) -> Response:
        given = {"token": token, **NOTE, **fields}
        return pages.post(
            address,
            content=urlencode({name: value for name, value in given.items() if value is not None}),
            headers={"origin": HERE, "content-type": "application/x-www-form-urlencoded"},
        )

    return sent


def notes() -> list[tuple[object, ...]]:
    with session() as db:
        rows = db.execute(
            text("SELECT attempt_id, author, text, tags FROM v_people_notes ORDER BY note_id")
        )
        return [tuple(row) for row in rows]


def test_a_note_is_kept_and_shown_where_people_look(pages: TestClient, send: Send) -> None:
    answer = send()
    assert answer.status_code == 303 and answer.headers["location"] == "/attempts/1#notes"
    assert notes() == [(1, "Ada", "Off by one.", ["off-by-one", "flaky"])]
    shown = Elements(pages.get("/attempts/1").text).text
    assert "Off by one." in shown and "#flaky" in shown and "1 note" in shown
    terminal = Console(record=True, width=120)
    transcript.show(1, terminal)
    assert "note by Ada" in (told := terminal.export_text()) and "#off-by-one #flaky" in told
    # in lists, and as what is searched for
    assert "#flaky" in Elements(pages.get("/runs/1").text).text
    found = pages.get("/attempts?sweep=1&tag=flaky").text
    assert "/attempts/1" in found and 'href="/attempts/2"' not in found
    assert "<option selected>flaky</option>" in found
    assert "There is no such attempt" in pages.get("/attempts?tag=none").text


def test_a_withdrawn_note_is_shown_no_longer_and_its_row_stays(
    pages: TestClient, send: Send
) -> None:
    send()
    assert send("/notes/1/withdraw").headers["location"] == "/attempts/1#notes"
    assert notes() == []
    assert "Off by one" not in pages.get("/attempts/1").text
    assert "There is no such attempt" in pages.get("/attempts?tag=flaky").text
    with session() as db:
        assert db.execute(text("SELECT text FROM people_note")).scalar_one() == "Off by one."
    assert send("/notes/1/withdraw").status_code == 404


def test_without_the_option_nothing_can_be_written_and_notes_are_shown(
    pages: TestClient, send: Send
) -> None:
    send()
    with TestClient(create(), base_url=HERE) as only_read:
        page = only_read.get("/attempts/1").text
        assert "Off by one." in page and "<form" not in page and "hidden" not in page
        for address in ("/attempts/1/notes", "/notes/1/withdraw"):
            answer = only_read.post(address, content=urlencode(NOTE), headers={"origin": HERE})
            assert answer.status_code in (404, 405)
    assert len(notes()) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "null"},
        {"origin": "http://evil.example"},
        {"origin": "http://127.0.0.1.evil.example"},
        {"origin": "http://127.0.0.1:81"},
        {"origin": "http://[broken"},
    ],
)
def test_a_form_of_another_site_is_refused(pages: TestClient, headers: dict[str, str]) -> None:
    """Else any page that somebody looks at beside this one can write in their name."""
    token = pages.app._app.state.token  # type: ignore[attr-defined]
    answer = pages.post(
        "/attempts/1/notes", content=urlencode(NOTE | {"token": token}), headers=headers
    )
    assert answer.status_code == 403
    assert "does not come from a page of this server" in answer.text
    assert notes() == []


@pytest.mark.parametrize("token", [None, "", "x" * 43, "\u00e9"])
def test_a_form_without_this_processs_token_is_refused(send: Send, token: str | None) -> None:
    answer = send(token=token)
    assert answer.status_code == 403 and "load its page again" in answer.text
    assert notes() == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"author": ""}, "author"),
        ({"author": "x" * 81}, "author"),
        ({"text": "x" * 4001}, "text"),
        ({"text": "x" * 100_000}, "more than 65,536 bytes"),
        ({"text": "", "tags": ""}, "a note has a text, or a tag"),
        ({"tags": "x" * 41}, "tags"),
        ({"tags": " ".join(map(str, range(11)))}, "tags"),
    ],
)
def test_what_is_too_long_or_empty_is_said(send: Send, fields: dict[str, str], said: str) -> None:
    answer = send(**fields)
    assert answer.status_code == 400 and said in answer.text
    assert notes() == []


def test_odd_forms_break_nothing(pages: TestClient, send: Send) -> None:
    assert send("/attempts/77/notes").status_code == 404
    assert send("/notes/77/withdraw").status_code == 404
    assert send(text="\x00\ud800 x".encode("utf-8", "replace").decode()).status_code == 303
    for content in (b"\xff\xfe", b"&".join(b"a=1" for _ in range(50)), b"", b"%"):
        answer = pages.post("/attempts/1/notes", content=content, headers={"origin": HERE})
        assert answer.status_code == 403


def test_an_attempt_has_only_so_many_notes(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("foureyes.results.web.notes._MOST_NOTES", 1)
    assert send().status_code == 303
    answer = send()
    assert answer.status_code == 400 and "which is the most" in answer.text


def test_what_people_write_is_text(pages: TestClient, send: Send, tmp_path: Path) -> None:
    assert (
        send(author=HOSTILE[:80], text=HOSTILE, tags="<script>alert(1)</script> \"'>").status_code
        == 303
    )
    files = written(1, tmp_path)
    for page in (
        pages.get("/attempts/1").text,
        pages.get("/runs/1").text,
        files["attempts/1.html"],
    ):
        elements = Elements(page)
        for tag, attributes in elements.found:
            assert tag not in ("img", "svg") and not any(
                name.startswith("on") for name in attributes
            )
            assert tag != "script" or attributes["src"] == "/static/htmx.js"
        assert not set(page) & set("\x1b\x07\u202e\u2066\u200b\ufeff")
        assert "<script>alert(1)</script>" in elements.text
    assert "<form" not in files["attempts/1.html"]


def test_a_search_is_kept_by_a_name_until_it_is_forgotten(pages: TestClient, send: Send) -> None:
    query = "pattern=raw-coder&outcome=unfinished&reason=&after=2"
    answer = send("/searches", name="to <b>do</b>", query=query)
    there = "/attempts?pattern=raw-coder&outcome=unfinished"  # from its first page
    assert answer.status_code == 303 and answer.headers["location"] == there
    page = pages.get("/attempts").text
    assert there in {attributes.get("href") for _, attributes in Elements(page).found}
    assert "to <b>do</b>" in Elements(page).text
    assert "Keep this search" in pages.get(there).text
    # the same name again is the search from then on
    assert send("/searches", name="to <b>do</b>", query="outcome=solved").status_code == 303
    page = pages.get("/attempts").text
    assert there not in page and page.count("/forget") == 1
    with TestClient(create(), base_url=HERE) as only_read:
        shown = only_read.get("/attempts").text
        assert "/attempts?outcome=solved" in shown and "forget" not in shown
    assert send("/searches/1/forget").status_code == 303
    assert "/forget" not in pages.get("/attempts").text
    assert send("/searches/1/forget").status_code == 404


@pytest.mark.parametrize(
    "query", ["outcome=wrong", "//evil.example", "sweep=x", "pattern=" + "x" * 301, "x" * 5000]
)
def test_only_a_search_can_be_kept(pages: TestClient, send: Send, query: str) -> None:
    answer = send("/searches", name="n", query=query)
    if answer.status_code == 303:  # what no field has says nothing
        assert answer.headers["location"] == "/attempts"
    else:
        assert answer.status_code == 400
    assert "evil" not in pages.get("/attempts").text


def test_all_else_of_the_process_still_only_reads(send: Send) -> None:
    assert send().status_code == 303
    with pytest.raises(DBAPIError, match="read-only transaction"), session() as db:
        db.execute(text("DELETE FROM people_note"))


def test_who_may_not_write_is_told_before_the_pages_are_served(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading.check_notes()
    assert run_reader_file(database, "secret").returncode == 0
    unreachable(monkeypatch, database.replace("postgres@", "foureyes_reader@"))
    with pytest.raises(
        FoureyesError, match=r"'foureyes_reader' may not write notes.* GRANT INSERT"
    ):
        reading.check_notes()
    grants = (
        "INSERT, UPDATE, DELETE ON people_note, kept_search TO",
        "USAGE ON people_note_id_seq, kept_search_id_seq TO",
    )
    with psycopg.connect(database) as owner:
        for grant in grants:
            owner.execute(f"GRANT {grant} foureyes_reader")
    reading.check_notes()
