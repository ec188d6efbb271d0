"""The web pages without a browser: what they show, what they refuse, and what they never let through."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import psycopg
import pytest
from fastapi.testclient import TestClient
from rich.console import Console
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from foureyes.models.session import session
from foureyes.producer.sweeps import rehearsal
from foureyes.results import transcript
from foureyes.results.figures.scoreboard import scoreboard
from foureyes.results.web import database as reading
from foureyes.results.web import metrics
from foureyes.results.web.app import create
from foureyes.results.web.filters import Filters, HowEnded, Show
from foureyes.results.web.search import attempts
from foureyes.worker.attempt.advance import advance
from foureyes.worker.patterns import find
from tests import hostile_rows
from tests.integration.test_advance import CODE, THOUGHT, attempt_ids, run_to_the_end
from tests.production import run_reader_file
from tests.programs import command, environment
from tests.sweeps import make_sweep

HERE = "http://127.0.0.1"


@pytest.fixture
def pages(database: str) -> Iterator[TestClient]:
    """The pages; this process may write until it calls `read_only`."""
    with TestClient(
        create("http://127.0.0.1:5555"), base_url=HERE, follow_redirects=False
    ) as client:
        yield client


class Elements(HTMLParser):
    """The elements of a page, with their attributes; and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def links(page: str) -> set[str]:
    """The addresses of these pages that a page leads to."""
    addresses = {
        attributes.get("href") or attributes.get("src") or attributes.get("hx-get") or ""
        for _, attributes in Elements(page).found
    }
    return {address for address in addresses if address.startswith("/")}


def crawl(pages: TestClient, *more: str) -> dict[str, str]:
    """Every page that can be reached from the first one and from `more`, by its address."""
    found: dict[str, str] = {}
    waiting = {"/", *more}
    while waiting:
        address = waiting.pop()
        answer = pages.get(address)
        assert answer.status_code == 200, f"{address}: {answer.status_code}"
        found[address] = answer.text
        if answer.headers["content-type"].startswith("text/html"):
            waiting |= links(answer.text) - found.keys()
        assert len(found) < 500
    return found


def test_every_link_leads_somewhere(pages: TestClient) -> None:
    make_sweep("raw-coder", "review-then-fix", problems=2, samples=2)
    found = crawl(pages)
    kinds = {address.split("/")[1].split("?")[0] for address in found}
    assert kinds == {
        "", "sweeps", "runs", "problems", "attempts", "beside", "compare", "texts", "live", "static",
    }  # fmt: skip


def test_hostile_texts_are_texts_on_every_page(pages: TestClient) -> None:
    """Else what a model wrote acts in the browser of whoever looks at it."""
    ids = hostile_rows.make()
    found = crawl(
        pages,
        f"/sweeps/{ids['sweep']}/matrix?baseline={ids['run']}&run={ids['run']}",
        f"/beside?left={ids['attempt']}&right={ids['failed']}",
        f"/compare?baseline={ids['run']}",
    )
    assert len(found) > 20
    own = {"htmx.js"}
    for address, page in found.items():
        if address.startswith(("/texts/", "/static/")) or address.endswith("/report"):
            continue  # the report has a script and charts of its own, and tests for them
        elements = Elements(page)
        scripts = [attributes for tag, attributes in elements.found if tag == "script"]
        assert all(script["src"].endswith(tuple(own)) for script in scripts), address  # type: ignore[union-attr]
        for tag, attributes in elements.found:
            assert tag not in ("img", "svg", "style", "iframe"), address
            assert not any(name.startswith("on") or name == "style" for name in attributes), address
            assert "javascript:" not in (attributes.get("href") or "")[:12], address
        assert str(7 * 191) not in elements.text, address  # the template in it
        assert not set(page) & set("\x1b\x07\u202e\u2066\u200b\ufeff"), address
        assert len(page) < 700_000, address
    for address in (
        f"/attempts/{ids['attempt']}",
        f"/beside?left={ids['attempt']}&right={ids['failed']}",
    ):
        shown = Elements(found[address]).text
        assert shown.count("<script>document.title") > 10
        assert "\\u202eabc\\u2066" in shown


def test_a_long_text_is_cut_and_can_be_had_whole(pages: TestClient) -> None:
    ids = hostile_rows.make()
    page = pages.get(f"/attempts/{ids['attempt']}").text
    addresses = {address for address in links(page) if address.startswith("/texts/")}
    assert len(addresses) > 8
    for address in addresses:
        whole = pages.get(address)
        assert whole.headers["content-type"] == "text/plain; charset=utf-8"
        assert whole.headers["x-content-type-options"] == "nosniff"
        assert hostile_rows.HUGE in whole.text
        assert "\u202e" not in whole.text


@pytest.mark.parametrize(
    "address",
    [
        "/sweeps/77", "/live/sweeps/77", "/sweeps/77/models", "/sweeps/77/matrix", "/beside?left=77&right=78", "/beside?left=1", "/compare?baseline=77", "/compare?baseline=1&run=x", "/runs/77", "/problems/77",
        "/attempts/77", "/attempts/99999999999999999999", "/attempts/0", "/attempts/-1",
        "/attempts/x", "/attempts/%00", "/texts/completion/77/answer", "/texts/sweep/77/key",
        "/texts/pg_authid/1/rolpassword", "/static/../app.py", "/static/none.css", "/nothing",
        "/docs", "/openapi.json", "/?before=x",
    ],
)  # fmt: skip
def test_what_is_not_there_is_said_in_a_page_that_leads_back(
    pages: TestClient, address: str
) -> None:
    answer = pages.get(address)
    assert answer.status_code == 404
    assert "There is no such" in answer.text or "There is no " in answer.text
    assert "/" in links(answer.text)


@pytest.mark.parametrize("query", ["outcome=good", "sweep=x", "run=-1", "show=all", "after=1e9"])
def test_a_search_that_cannot_be_understood_names_the_word(pages: TestClient, query: str) -> None:
    answer = pages.get(f"/attempts?{query}")
    assert answer.status_code == 400
    assert query.split("=")[0] in answer.text


def test_a_form_with_empty_fields_becomes_a_short_address(pages: TestClient) -> None:
    answer = pages.get("/attempts?sweep=&benchmark=&pattern=a%26b&outcome=solved&against=raw-coder")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/attempts?pattern=a%26b&outcome=solved"


def test_odd_characters_in_a_search_find_nothing_and_break_nothing(pages: TestClient) -> None:
    make_sweep("raw-coder")
    for given in ("%00", "%25", "_", "'", "\\", "%F0%9F%98%80", "%ED%A0%80"):
        for field in ("problem", "reason", "pattern", "against"):
            answer = pages.get(f"/attempts?{field}=nothing{given}&show=improved")
            assert answer.status_code == 200 and "There is no such attempt" in answer.text


def test_every_answer_has_the_headers(pages: TestClient) -> None:
    for address in ("/", "/attempts/77", "/static/htmx.js", "/static/foureyes.css", "/healthz"):
        headers = pages.get(address).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "set-cookie" not in headers


def test_benchmarks_are_in_the_order_of_the_file(pages: TestClient) -> None:
    sweep = make_sweep("raw-coder", lean=True)
    page = pages.get(f"/sweeps/{sweep}").text
    assert page.index("<h2>mine</h2>") < page.index("<h2>lean</h2>")


def test_steps_have_one_number_everywhere(pages: TestClient) -> None:
    """The page's, the transcript's, the view's: else people talk of different steps."""
    make_sweep("debate")
    said = '{"issues": ["no"], "verdict": "revise"}'
    run_to_the_end(lambda row: said if row.kind == "review" else CODE)
    (attempt,) = attempt_ids()
    with session() as db:
        rows = db.execute(text("SELECT number, kind FROM v_steps ORDER BY step_id")).all()
    assert [number for number, _ in rows][:3] == ["1a", "1b", "2a"]
    assert rows[-1] == ("6", "judge")
    shown = Elements(pages.get(f"/attempts/{attempt}").text).text
    terminal = Console(record=True, width=120)
    transcript.show(attempt, terminal)
    told = terminal.export_text()
    for number, kind in rows:
        said = (
            f"{number}. {'visible tests' if kind == 'trial' else '' if kind == 'judge' else kind}"
        )
        assert said in shown and said in told
    assert "6. hidden tests" in shown and "6. judged by the hidden tests" in told
    assert re.search(r"visible tests: the program of \d", told)
    assert re.search(r"What ran:\s+the program of \d", shown)


@pytest.mark.usefixtures("database")
def test_fifty_steps_at_the_same_time_have_fifty_numbers() -> None:
    """After `1z` came `1a` again, so two of them were one to whoever talked of them."""
    make_sweep({"name": "sample-and-select", "drafts": 50}, temperature=0.8)
    run_to_the_end(lambda _: CODE)
    with session() as db:
        query = text("SELECT number FROM v_steps WHERE position = 0 ORDER BY branch")
        numbers = list(db.execute(query).scalars())
    drawn = rehearsal.draw(find("sample-and-select").configure({"drafts": 50}))
    assert numbers == [rehearsal._numbered(0, at, beside=50) for at in range(50)]
    assert numbers[24:28] == ["1y", "1z", "1aa", "1ab"] and len(set(numbers)) == 50
    assert numbers[-1] == "1ax" and "1ax draft" in str(drawn.children[0].label)


def test_steps_lead_to_flowers_task(pages: TestClient) -> None:
    make_sweep("raw-coder")
    run_to_the_end(lambda _: CODE)
    with session() as db:
        db.execute(text("UPDATE completion SET task_id = 'a/b'"))
    page = pages.get("/attempts/1").text
    assert 'href="http://127.0.0.1:5555/task/a%2Fb"' in page
    # from before that was kept: a search by name and by who asked
    assert 'href="http://127.0.0.1:5555/tasks?name=execute%20args' in page


def test_the_report_is_among_the_pages_and_leads_back(pages: TestClient) -> None:
    ids = flips()
    there = f"/sweeps/{ids['sweep']}/report"
    assert there in links(pages.get(f"/sweeps/{ids['sweep']}").text)
    answer = pages.get(there)
    assert answer.status_code == 200
    flipped = {f"/attempts/{number}" for number in (1, 2, 3, 4)}
    assert links(answer.text) == flipped | {f"/sweeps/{ids['sweep']}"}
    assert "foureyes show" not in answer.text
    (policy,) = answer.headers.get_list("content-security-policy")
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert re.search(r"script-src 'sha256-[^ ]*';", policy)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert pages.get("/sweeps/77/report").status_code == 404


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[x]", "a b"])
def test_a_name_that_is_not_ours_is_refused(pages: TestClient, host: str) -> None:
    """Else a page elsewhere can have its own name point here, and read every result."""
    answer = pages.get("/", headers={"host": host})
    assert answer.status_code == 421
    assert "default-src" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("host", ["localhost:8765", "127.0.0.1", "[::1]:8765", "10.1.2.3:80"])
def test_addresses_and_localhost_are_ours(pages: TestClient, host: str) -> None:
    assert pages.get("/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_pages_are_only_read(pages: TestClient, method: str) -> None:
    assert pages.request(method, "/").status_code == 405


def test_no_session_can_write(pages: TestClient) -> None:
    """Whatever a bug in a page would ask for."""
    make_sweep("raw-coder")
    reading.read_only()
    with session() as db:
        assert db.execute(text("SHOW statement_timeout")).scalar_one() == "10s"
    for statement in ("DELETE FROM attempt", "CREATE TABLE mine (x int)"):
        with pytest.raises(DBAPIError, match="read-only transaction"), session() as db:
            db.execute(text(statement))
    assert pages.get("/").status_code == 200


def test_the_role_that_may_only_read_sees_every_page(
    pages: TestClient, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_sweep("raw-coder", "review-then-fix", problems=2)
    made = run_reader_file(database, "secret")
    assert made.returncode == 0, made.stderr
    from foureyes.models.session import engine
    from foureyes.models.settings import settings

    monkeypatch.setenv("FOUREYES_DATABASE_URL", database.replace("postgres@", "foureyes_reader@"))
    engine().dispose()
    settings.cache_clear()
    engine.cache_clear()
    reading.read_only()
    with session() as db:
        assert db.execute(text("SELECT current_user")).scalar_one() == "foureyes_reader"
    assert len(crawl(pages)) > 15


def test_a_locked_database_is_said_in_a_line(
    pages: TestClient, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_sweep("raw-coder")
    monkeypatch.setattr(reading, "_OPTIONS", "-c statement_timeout=200ms")
    reading.read_only()
    with psycopg.connect(database) as other:
        other.execute("LOCK TABLE attempt, run IN ACCESS EXCLUSIVE MODE")
        answer = pages.get("/attempts")
        other.rollback()
    assert answer.status_code == 503
    assert "it is locked, or very busy" in answer.text
    assert pages.get("/attempts").status_code == 200


def unreachable(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Let this process look for its database there."""
    from foureyes.models.session import engine
    from foureyes.models.settings import settings

    engine().dispose()
    monkeypatch.setenv("FOUREYES_DATABASE_URL", url)
    settings.cache_clear()
    engine.cache_clear()


def test_a_database_that_is_gone_is_said_in_a_line_without_its_address(
    pages: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    unreachable(monkeypatch, f"postgresql://u:secret@127.0.0.1:{port}/d")
    answer = pages.get("/healthz")
    assert answer.status_code == 503
    assert "The database cannot be reached: Connection refused" in answer.text
    for private in ("secret", "127.0.0.1", str(port), "\t", "Is the server running"):
        assert private not in answer.text


def test_a_host_that_nobody_knows_is_not_named(
    pages: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reaches the pages need not learn where the database is."""
    unreachable(monkeypatch, "postgresql://u:secret@db.internal.invalid/d")
    answer = pages.get("/healthz")
    assert answer.status_code == 503
    assert "The database cannot be reached: failed to resolve host" in answer.text
    assert "internal" not in answer.text and "secret" not in answer.text


@pytest.mark.parametrize(
    ("line", "said"),
    [
        # several lines, of which the last is about where in the plan it was
        ("canceling statement due to statement timeout\nCONTEXT:  parallel worker", "very busy"),
        # libpq names the server and, of a refusal, us
        (
            'connection to server at "db" (10.0.0.1), port 5432 failed: FATAL:  no pg_hba.conf entry '
            'for host "10.0.0.9", user "u", database "d", no encryption',
            ": FATAL:  no pg_hba.conf entry for host –, user –, database –, no encryption",
        ),
        ("server closed the connection\n\tThis probably means\n\tit ended.", "the connection"),
        ("", "OperationalError"),
    ],
)
def test_what_libpq_says_becomes_a_line_without_names(line: str, said: str) -> None:
    error = OperationalError("", {}, psycopg.OperationalError(line))
    assert said in reading.reason(error)
    assert "10.0.0" not in reading.reason(error)


def flips() -> dict[str, int]:
    """Two patterns on three problems, judged: the second improves on one and regresses on one."""
    sweep = make_sweep("raw-coder", "review-then-fix", problems=3)
    outcomes = (["unsolved", "solved", "solved"], ["solved", "unsolved", "solved"])
    with session() as db:
        runs = db.execute(text("SELECT id FROM run ORDER BY position")).scalars().all()
        for run, ended in zip(runs, outcomes, strict=True):
            ids = db.execute(
                text("SELECT id FROM attempt WHERE run_id = :run ORDER BY problem_id"), {"run": run}
            ).scalars()
            for attempt, outcome in zip(ids, ended, strict=True):
                db.execute(
                    text("UPDATE attempt SET state = 'done', outcome = :how WHERE id = :id"),
                    {"how": outcome, "id": attempt},
                )
    return {"sweep": sweep, "raw": runs[0], "review": runs[1]}


def test_samples_of_one_problem_are_no_evidence_by_themselves(pages: TestClient) -> None:
    """Ten improvements at two problems are two: else a page shows 0.002 where the report has 0.5."""
    sweep = make_sweep("raw-coder", "review-then-fix", problems=2, samples=5)
    with session() as db:
        db.execute(text("""
            UPDATE attempt SET state = 'done',
                outcome = CASE run.pattern WHEN 'raw-coder' THEN 'unsolved' ELSE 'solved' END
            FROM run WHERE run.id = attempt.run_id"""))  # fmt: skip
    ((run, comparison),) = scoreboard(sweep).comparisons.items()
    assert comparison.p > 0.4
    shown = Elements(pages.get(f"/runs/{run}").text).text
    assert f"{comparison.p:.3f}" in shown and "0.002" not in shown
    assert comparison.test in shown and "McNemar" not in shown
    shown = Elements(pages.get(f"/sweeps/{sweep}").text).text
    assert "100%" in shown and "0%" in shown
    assert "[" not in shown.partition("The sweep file")[0]


def test_with_one_sample_the_counted_flips_suffice(
    pages: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run's page need not read every attempt of every run of its sweep."""
    ids = flips()
    monkeypatch.delattr("foureyes.results.figures.outcomes.read")
    shown = Elements(pages.get(f"/runs/{ids['review']}").text).text
    assert "exact McNemar" in shown and "1.000" in shown
    shown = Elements(pages.get(f"/sweeps/{ids['sweep']}").text).text
    assert "share [95 %]" in shown and "67% [21..94]" in shown


def problems_of(filters: Filters) -> list[str]:
    with session() as db:
        return [row["problem_id"] for row in attempts(db, filters).rows]


@pytest.mark.usefixtures("database")
def test_flips_are_found_as_the_view_has_them() -> None:
    ids = flips()
    assert problems_of(Filters(sweep=ids["sweep"], show=Show.IMPROVED)) == ["t/0"]
    assert problems_of(Filters(run=ids["review"], show=Show.REGRESSED)) == ["t/1"]
    assert problems_of(Filters(show=Show.IMPROVED, against="review-then-fix")) == ["t/1"]
    with session() as db:
        counted = db.execute(
            text("SELECT flip, count(*) FROM v_flips WHERE run_id = :run GROUP BY 1"),
            {"run": ids["review"]},
        ).all()
    assert sorted(map(tuple, counted)) == [("improved", 1), ("regressed", 1)]


@pytest.mark.usefixtures("database")
def test_flips_are_against_the_raw_coder_with_the_same_prompts() -> None:
    """As reports have it; against another that is named, they are against that one."""
    ids = flips()
    options = '{"prompts": "terse"}'
    with session() as db:
        db.execute(text("UPDATE run SET options = options || CAST(:o AS jsonb) WHERE id = :r"), {"o": options, "r": ids["review"]})  # fmt: skip
    assert problems_of(Filters(sweep=ids["sweep"], show=Show.IMPROVED)) == []
    named = Filters(sweep=ids["sweep"], show=Show.IMPROVED, against="raw-coder")
    assert problems_of(named) == ["t/0"]
    with session() as db:
        db.execute(text("UPDATE run SET options = options || CAST(:o AS jsonb), pattern = 'raw-coder(prompts=terse)' WHERE pattern = 'raw-coder'"), {"o": options})  # fmt: skip
    assert problems_of(Filters(sweep=ids["sweep"], show=Show.IMPROVED)) == ["t/0"]


def test_refusals_are_shown_found_and_count_as_not_solved(pages: TestClient) -> None:
    ids = flips()
    with session() as db:
        db.execute(text("UPDATE attempt SET outcome = 'refused' WHERE id = (SELECT min(attempt_id) FROM v_flips WHERE flip = 'regressed' AND run_id = :r)"), {"r": ids["review"]})  # fmt: skip
    assert problems_of(Filters(sweep=ids["sweep"], outcome=HowEnded.REFUSED)) == ["t/1"]
    assert problems_of(Filters(run=ids["review"], show=Show.REGRESSED)) == ["t/1"]
    shown = Elements(pages.get(f"/sweeps/{ids['sweep']}").text).text
    assert "1 refused, which count as not solved" in shown and "67% [21..94]" in shown
    assert "refused, not solved" in Elements(pages.get(f"/runs/{ids['review']}").text).text


@pytest.mark.usefixtures("database")
def test_filters_narrow_a_search() -> None:
    ids = flips()
    other = make_sweep("raw-coder", problems=2, name="other", fresh="other")
    assert len(problems_of(Filters())) == 8
    assert problems_of(Filters(sweep=other)) == ["t/0", "t/1"]
    assert problems_of(Filters(outcome=HowEnded.UNFINISHED)) == ["t/0", "t/1"]
    assert problems_of(Filters(run=ids["raw"], outcome=HowEnded.SOLVED)) == ["t/1", "t/2"]
    assert problems_of(Filters(problem="T/2")) == ["t/2", "t/2"]
    assert len(problems_of(Filters(problem="t/"))) == 8
    assert problems_of(Filters(pattern="review-then-fix", problem="t/0")) == ["t/0"]
    assert problems_of(Filters(benchmark="none")) == []


def test_reviewer_filters_agree_with_the_view(pages: TestClient) -> None:
    """A right program that was sent back, a wrong one that passed, and one that nobody judged."""
    make_sweep({"name": "review-then-fix", "verdict": "checklist"}, problems=4)
    cases = [("revise", "pass"), ("approve", "fail"), ("revise", None), ("approve", "pass")]
    with session() as db:
        rows = db.execute(text("SELECT id, problem_id FROM attempt ORDER BY problem_id")).all()
        for (attempt, problem), (verdict, judged) in zip(rows, cases, strict=True):
            values = {"attempt": attempt, "problem": problem, "verdict": verdict, "judged": judged}
            for statement in _REVIEWED:
                if judged is not None or "INTO execution" not in statement:
                    db.execute(text(statement), values)
    assert problems_of(Filters(show=Show.FALSE_ALARM)) == ["t/0"]
    assert problems_of(Filters(show=Show.MISSED)) == ["t/1"]
    with session() as db:
        matrix = db.execute(text("SELECT false_alarms, missed, unjudged FROM v_reviewer")).one()
    assert tuple(matrix) == (1, 1, 1)
    # with how the reviews were asked for, and no word of choices where there were none
    page = " ".join(Elements(pages.get("/runs/1").text).text.split())
    assert "The reviewer Asked for by: default, checklist, json of 4 reviews" in page
    assert "Between two programs" not in page
    with session() as db:
        db.execute(text("UPDATE completion SET prompt = 'choose' WHERE kind = 'review'"))
        db.execute(text("UPDATE step SET verdict = 'B' WHERE kind = 'review'"))
    page = " ".join(Elements(pages.get("/runs/1").text).text.split())
    assert "shown first 0 times, the second 4 times, 0 times no choice" in page


@pytest.mark.usefixtures("database")
def test_reviewer_filters_know_a_program_that_another_benchmark_had_judged() -> None:
    """Two benchmarks with one record share its executions; those keep the first asker's problem."""
    make_sweep("review-then-fix", problems=2)
    with session() as db:
        db.execute(text(_SHARED))
        rows = db.execute(text("SELECT id, problem_id FROM attempt ORDER BY problem_id")).all()
        cases = [("revise", "pass"), ("approve", "fail")]
        for (attempt, problem), (verdict, judged) in zip(rows, cases, strict=True):
            first = db.execute(
                text("""SELECT other.id FROM problem JOIN problem AS other USING (version)
                    WHERE problem.id = :problem AND other.benchmark = 'theirs'"""),
                {"problem": problem},
            ).scalar_one()
            values = {"attempt": attempt, "problem": first, "verdict": verdict, "judged": judged}
            for statement in _REVIEWED:
                db.execute(text(statement), values)
    assert problems_of(Filters(show=Show.FALSE_ALARM)) == ["t/0"]
    assert problems_of(Filters(show=Show.MISSED)) == ["t/1"]


_SHARED = """INSERT INTO problem (benchmark, problem_id, version, entry_point, record)
    SELECT 'theirs', problem_id, version, entry_point, record FROM problem"""
_REVIEWED = (
    """INSERT INTO completion (key, state, tries, send_again_at, created_at, model_id, kind, prompt,
        prompt_hash, request, text)
    SELECT 'd' || :attempt, 'done', 0, now(), now(), min(id), 'draft', 'draft', '', '{}', ''
    FROM language_model""",
    """INSERT INTO completion (key, state, tries, send_again_at, created_at, model_id, kind, prompt,
        prompt_hash, request, text)
    SELECT 'r' || :attempt, 'done', 0, now(), now(), min(id), 'review', 'review', '', '{}', ''
    FROM language_model""",
    """INSERT INTO step (attempt_id, position, branch, kind, role, code, completion_id, created_at)
    SELECT :attempt, 0, 0, 'draft', 'coder', 'code ' || :attempt, id, now()
    FROM completion WHERE key = 'd' || :attempt""",
    """INSERT INTO step (attempt_id, position, branch, kind, role, verdict, completion_id, created_at)
    SELECT :attempt, 1, 0, 'review', 'reviewer', :verdict, id, now()
    FROM completion WHERE key = 'r' || :attempt""",
    """WITH judged AS (
        INSERT INTO execution (key, state, tries, send_again_at, created_at, problem_id, suite, code,
            judge_version, detail, base, plus)
        VALUES ('e' || :attempt, 'done', 0, now(), now(), :problem, 'hidden', 'code ' || :attempt, '',
            '{}', :judged, :judged)
        RETURNING id
    )
    INSERT INTO step (attempt_id, position, branch, kind, execution_id, created_at)
    SELECT :attempt, 2, 0, 'judge', id, now() FROM judged""",
)


@pytest.mark.usefixtures("database")
def test_pages_of_a_search_hold_every_attempt_once() -> None:
    make_sweep("raw-coder", "raw-reviewer", problems=9, samples=7)
    seen: list[int] = []
    filters = Filters()
    while True:
        with session() as db:
            page = attempts(db, filters)
        seen += [row["attempt_id"] for row in page.rows]
        if page.next is None:
            break
        filters = Filters(after=int(page.next.rsplit("=", 1)[1]))
    assert len(seen) == len(set(seen)) == 2 * 9 * 7


@pytest.mark.usefixtures("database")
def test_a_search_ends_when_its_time_is_up_and_goes_on_from_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A needle in a haystack of any size: a page that says how far it looked, and not a timeout."""
    from foureyes.results.web import search

    make_sweep("raw-coder", problems=10, samples=10)
    with session() as db:
        db.execute(
            text("UPDATE attempt SET state = 'done', outcome = 'solved' WHERE id = (SELECT max(id) FROM attempt)")
        )  # fmt: skip
    monkeypatch.setattr(search, "_FIRST_PORTION", 40)
    monkeypatch.setattr(search, "_SECONDS", 0.0)
    filters, looks = Filters(outcome=HowEnded.SOLVED), 0
    with session() as db:
        while (page := attempts(db, filters)).next is not None:
            assert page.rows == [] and page.looked_at == 40
            filters, looks = Filters(**dict(parse_qsl(urlsplit(page.next).query))), looks + 1
    assert looks == 2 and len(page.rows) == 1


def remarks(page: str) -> list[str]:
    """What stands in the lists of issues, and beside the lines of a program."""
    return re.findall(r'<(?:li|p|span)[^>]*class="remark"[^>]*>(.*?)<', page) + re.findall(
        r'<ul class="remarks"[^>]*>(.*?)</ul>', page, re.DOTALL
    )


def test_a_review_shows_what_was_read_of_it_and_nothing_else(
    pages: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else a thought that the reviewer discarded stands beside "approve"."""
    make_sweep("review-then-fix")
    said = THOUGHT.replace("VERDICT", "approve")
    run_to_the_end(lambda row: said if row.kind == "review" else CODE)
    (attempt,) = attempt_ids()
    shown = remarks(pages.get(f"/attempts/{attempt}").text)
    assert "off by one" in str(shown) and "discarded" not in str(shown)
    transcript.show(attempt, Console(width=120))
    told = capsys.readouterr().out
    assert "- off by one" in told and "- discarded" not in told
    # of a review from before, what it named is not guessed: its answer is there to be read
    with session() as db:
        db.execute(text("UPDATE step SET issues = NULL"))
    page = pages.get(f"/attempts/{attempt}").text
    assert remarks(page) == [] and "discarded" in page


def test_a_sweeps_page_tells_what_is_tried_again_and_what_nothing_works_at(
    pages: TestClient,
) -> None:
    sweep_id = make_sweep("raw-coder", "raw-reviewer")
    for attempt_id in attempt_ids():
        advance(attempt_id)
    with session() as db:
        db.execute(
            text("UPDATE completion SET failures = 1, error = '<b>429</b>' WHERE model_id = 1")
        )
        db.execute(text("UPDATE language_model SET trouble = '<i>no file</i>' WHERE id = 2"))
    shown = Elements(pages.get(f"/sweeps/{sweep_id}/models").text).text
    assert "1 for c tried again: <b>429</b>" in shown
    assert "Nothing works at r, for which 1 calls wait: <i>no file</i>" in shown


def test_an_issue_stands_at_the_line_that_it_names() -> None:
    from foureyes.results.reviews import beside

    said = ("Line 2 is wrong", "`return 0` hides it", "bad")
    remarks = beside(said, ["def f(x):", "    y = x", "    return 0"])
    assert remarks.by_line == {2: ("Line 2 is wrong",), 3: ("`return 0` hides it",)}
    assert remarks.general == ("bad",)


def test_lines_are_those_that_are_shown() -> None:
    """Blank ones at the beginning count, form feeds end none, and what is said of a line that is cut
    off is still said."""
    from foureyes.results.reviews import beside
    from foureyes.results.web.texts import excerpt

    program = "\n\n\ndef f(x):\n    s = '\x0c\u2028\r'\n    return 0\n" + "# more\n" * 900
    shown = excerpt(program).lines
    remarks = beside(("`return 0` is wrong", "line 6 is", "line 700 is odd"), shown)
    assert shown[5] == "    return 0"
    assert remarks.by_line == {6: ("`return 0` is wrong", "line 6 is")}
    assert remarks.general == ("line 700 is odd",)
    assert excerpt("x\n\n").lines == ["x"]


def web(*words: str, home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command("web", *words),
        env=environment(home, **more),
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_mistakes_at_the_start_end_in_one_line(database: str, tmp_path: Path) -> None:
    taken = socket.create_server(("127.0.0.1", 0))
    port = str(taken.getsockname()[1])
    made = web("--port", port, home=tmp_path, FOUREYES_DATABASE_URL=database)
    assert made.returncode == 2
    assert f"cannot listen on 127.0.0.1, port {port}" in " ".join(made.stderr.split())
    taken.close()
    gone = f"postgresql://u:secret@127.0.0.1:{port}/d"
    made = web("--port", port, home=tmp_path, FOUREYES_DATABASE_URL=gone)
    assert made.returncode == 2
    said = " ".join(made.stderr.split())
    assert "cannot reach the database at" in said and "secret" not in said
    assert "Traceback" not in made.stderr
    made = web("--flower", "javascript:alert(1)", home=tmp_path)
    assert made.returncode == 2
    assert "--flower must begin with http" in " ".join(made.stderr.split())


def test_without_the_extra_it_says_how_to_install_it(database: str, tmp_path: Path) -> None:
    (tmp_path / "uvicorn.py").write_text("raise ModuleNotFoundError('no', name='uvicorn')")
    made = subprocess.run(
        [sys.executable, "-c", "from foureyes.producer.cli import main; main()", "web"],
        env=environment(tmp_path, FOUREYES_DATABASE_URL=database)
        | {"PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert made.returncode == 2
    assert "need the extra `web` (uvicorn is missing): `make install`" in " ".join(
        made.stderr.split()
    )


def test_the_other_commands_do_not_load_it() -> None:
    code = "import sys, producer.commands.reading; sys.exit(bool({'fastapi', 'uvicorn'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


#: A value of /metrics, by its name and labels as they are written there.
_SAMPLE = re.compile(r"^(foureyes_\w+(?:\{.*\})?) (\S+)$", re.MULTILINE)


def test_the_metrics_say_what_the_rows_say(pages: TestClient) -> None:
    """Else an alarm rings for nothing, or not at all."""
    sweep_id = make_sweep("raw-coder", problems=3, name="one")
    run_to_the_end(lambda row: CODE)
    changes = (
        "UPDATE attempt SET state = 'error', outcome = 'error',"
        " error = 'openai: http://h:8000/v1: 503 after 12 tries' WHERE id = 2",
        "UPDATE attempt SET state = 'queued', outcome = NULL, finished_at = NULL WHERE id = 3",
        "UPDATE completion SET prompt_tokens = 7, completion_tokens = 5, seconds = 2, failures = 1",
        "UPDATE execution SET seconds = 0.5",
    )
    with session() as db:
        for change in changes:
            db.execute(text(change))
    told = pages.get("/metrics")
    assert told.status_code == 200
    assert told.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = {name: float(value) for name, value in _SAMPLE.findall(told.text)}
    sweep = f'sweep="one",sweep_id="{sweep_id}"'
    assert found[f'foureyes_attempts{{state="solved",{sweep}}}'] == 1
    assert found[f'foureyes_attempts{{state="error",{sweep}}}'] == 1
    assert found[f'foureyes_attempts{{state="queued",{sweep}}}'] == 1
    assert found['foureyes_calls{model="c",state="done"}'] == 3
    assert found['foureyes_tokens_total{kind="in",model="c"}'] == 21
    assert found['foureyes_tokens_total{kind="out",model="c"}'] == 15
    assert found['foureyes_call_seconds_total{model="c"}'] == 6
    assert found['foureyes_call_failures_total{model="c"}'] == 3
    assert found['foureyes_judgings{state="done",suite="hidden"}'] == 3
    assert found['foureyes_judge_seconds_total{suite="hidden"}'] == 1.5
    assert found['foureyes_waiting{queue="model.r"}'] == 0
    assert found['foureyes_waiting_seconds{queue="model.r"}'] == 0
    reason = "openai: http://h:N/vN: N after N tries"
    assert found[f'foureyes_errors{{reason="{reason}"}}'] == 1


def test_the_age_of_a_queue_is_that_of_its_oldest(pages: TestClient) -> None:
    make_sweep("raw-coder")
    (only,) = attempt_ids()
    advance(only)
    with session() as db:
        db.execute(text("UPDATE completion SET created_at = now() - interval '1 hour'"))
    found = dict(_SAMPLE.findall(pages.get("/metrics").text))
    assert found['foureyes_waiting{queue="model.c"}'] == "1.0"
    assert 3600 <= float(found['foureyes_waiting_seconds{queue="model.c"}']) < 4000


def test_reasons_without_end_are_a_few_series_and_one_line_each(pages: TestClient) -> None:
    """Words of servers would otherwise fill Prometheus, or say metrics of their own."""
    make_sweep("raw-coder", problems=30)
    with session() as db:
        db.execute(
            text(
                "UPDATE attempt SET state = 'error', outcome = 'error', "
                "error = repeat('x', id) || E'\n' || 'foureyes_attempts{state=\"solved\"} 9' || chr(27)"
            )
        )
    told = pages.get("/metrics").text
    reasons = re.findall(r"^foureyes_errors\{.*$", told, re.MULTILINE)
    assert len(reasons) == 21 and 'foureyes_errors{reason="other"} 10.0' in reasons
    assert "\x1b" not in told
    assert not re.search('^foureyes_attempts{state="solved"} 9', told, re.MULTILINE)


def test_metrics_that_are_asked_for_all_the_time_are_counted_now_and_then(
    pages: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a database of millions of rows, counting would be all that it does."""
    moments = iter([0.0, 10.0, 49.0, 51.0, 52.0])
    monkeypatch.setattr(metrics, "monotonic", lambda: next(moments))
    counted = metrics.Metrics()
    make_sweep("raw-coder", name="first")
    before = counted.read()
    make_sweep("raw-coder", name="second")
    assert counted.read() == before
    assert b'sweep="second"' in counted.read()
