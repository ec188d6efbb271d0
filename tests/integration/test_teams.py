"""Three models on one problem, in the rows: if one of these fails, a model is asked in another's place,
or what it did is told of another."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from rich.console import Console
from sqlalchemy import text

from foureyes import migrations
from foureyes.models import admission, shares, trouble
from foureyes.models.enums import State
from foureyes.models.errors import FoureyesError
from foureyes.models.session import session
from foureyes.models.tables import Completion, LanguageModel
from foureyes.producer.archive import export_sweep, import_sweep
from foureyes.producer.sweeps import open_work
from foureyes.results import transcript
from foureyes.results.figures import details
from foureyes.results.figures.scoreboard import scoreboard
from foureyes.results.progress import progress
from foureyes.results.report import formats, page
from foureyes.results.sweeps import find_sweep
from foureyes.results.web.app import create
from foureyes.worker import patterns
from foureyes.worker.attempt.advance import advance
from tests.integration.test_advance import CODE, attempts, completions, run_to_the_end
from tests.integration.test_exchange import On, on  # noqa: F401 - a fixture
from tests.sweeps import make_sweep

PATTERN = '''
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.steps import Draft, Fix, Review

@pattern("tested")
def tested(spec, rarely: str = ""):
    """The tester says what is wrong, the reviewer mends it."""
    draft = yield Draft(spec)
    review = yield Review(draft, by="tester")
    return (yield Fix(draft, review, by=rarely if rarely and "0" in draft.code else "reviewer")).code
'''
TEAM = "coder=c, reviewer=r, tester=t"
ROWS = "SELECT role, model FROM v_steps WHERE completion_id IS NOT NULL ORDER BY step_id"


def swept(folder: Path, *names: str | dict[str, object], **options: Any) -> int:
    """Enqueue these patterns, or that with a tester, by a team of three."""
    (folder / "ours.py").write_text(PATTERN)
    own = patterns.load_modules(["ours"], folder)
    names = names or ("raw-coder", "tested")
    return make_sweep(*names, modules=folder, own=own, roles={"tester": "t"}, **options)


def said(row: Completion) -> str:
    return '{"issues": ["no"], "verdict": "revise"}' if row.kind == "review" else CODE


def rows(statement: str, **values: Any) -> list[tuple[Any, ...]]:
    with session() as db:
        return [tuple(row) for row in db.execute(text(statement), values)]


@pytest.mark.usefixtures("database")
def test_each_role_is_played_by_its_model_and_told_of_it(tmp_path: Path) -> None:
    sweep_id = swept(tmp_path, problems=2)
    with session() as db:
        content = find_sweep(None).file
        content["models"]["t"]["price_per_hour"] = 3600.0
        db.execute(
            text("UPDATE sweep SET file = CAST(:file AS jsonb)"), {"file": json.dumps(content)}
        )
    assert run_to_the_end(said) == 2 * 3  # the two patterns share their drafts
    with session() as db:
        db.execute(text("UPDATE completion SET seconds = 1, finished_at = '2026-01-01'"))
    mine = "SELECT role, model FROM v_steps JOIN v_attempts USING (attempt_id) WHERE pattern = :p"
    assert set(rows(f"{mine} AND model IS NOT NULL", p="tested")) == {
        ("coder", "c"), ("reviewer", "r"), ("tester", "t"),
    }  # fmt: skip
    for view in ("v_scores", "v_attempts", "v_teams"):
        told = set(rows(f"SELECT coder, reviewer, team, pairing FROM {view}"))
        assert told == {("c", "r", TEAM, TEAM)}
    # the tester alone has a price: two seconds at one dollar a second, both in one moment
    assert rows("SELECT pattern, price FROM v_cost ORDER BY 1") == [("raw-coder", 0), ("tested", 1)]
    with session() as db:
        found = {each.name: each.done for each in progress(db, sweep_id).models}
    assert found == {"c": 2, "r": 2, "t": 2}
    board = scoreboard(sweep_id)
    assert {each.model for each in board.endings} <= {"c", "r", "t"}
    more = details.read(board)
    assert set(more.origin.models) == {"c", "r", "t"}
    for row in json.loads(formats.to_json(board, more))["scores"]:
        assert (row["team"], row["coder"], row["reviewer"]) == (TEAM, "c", "r")
    page.write(board, more, tmp_path / "report.html")
    assert TEAM in (tmp_path / "report.html").read_text()
    console = Console(width=200, record=True)
    transcript.show(attempts()[1].id, console)
    shown = console.export_text()
    assert f"sweep test, {TEAM}" in shown and "review by tester t" in shown


@pytest.mark.usefixtures("database")
def test_the_pages_show_the_whole_team(tmp_path: Path) -> None:
    swept(tmp_path)
    run_to_the_end(said)
    with TestClient(create(""), base_url="http://127.0.0.1") as pages:
        for path in ("/sweeps/1", "/runs/2", "/attempts/2", f"/attempts?pairing={TEAM}"):
            shown = pages.get(path)
            assert shown.status_code == 200
            assert TEAM in shown.text, path


@pytest.mark.usefixtures("database")
def test_only_models_that_a_run_asks_hold_it_up(tmp_path: Path) -> None:
    """And those of a third role do: else drafts pile up in front of a tester that is away."""
    swept(tmp_path, "raw-coder", "tested", problems=200)
    names = dict(rows("SELECT id, name FROM language_model"))
    with admission.transaction() as db:
        runs = db.execute(admission._RUNS, {"at_once": shares.AT_ONCE, "under_way": []}).all()
    places = [{names[model] for model in run.models} for run in runs]
    assert places == [{"c"}, {"c", "r", "t"}]
    assert trouble.waiting("t") == [1]
    with session() as db:
        db.execute(text("UPDATE language_model SET trouble = 'no card'"))
    open_work.retry(1)
    assert rows("SELECT DISTINCT trouble FROM language_model") == [(None,)]


@pytest.mark.usefixtures("database")
def test_each_model_has_a_queue_of_its_own(tmp_path: Path) -> None:
    swept(tmp_path, "tested")
    (attempt,) = attempts()
    queues = [message.queue for message in advance(attempt.id)]
    for kind in ("draft", "review"):
        (row,) = [each for each in completions() if each.kind == kind]
        with session() as db:
            done = {"state": State.DONE, "text": said(row)}
            db.get_one(Completion, row.id).sqlmodel_update(done)
        queues += [message.queue for message in advance(attempt.id)]
    assert queues == ["model.c", "model.t", "model.r"]


@pytest.mark.usefixtures("database")
def test_a_role_that_was_not_foreseen_ends_its_attempt_with_a_word(tmp_path: Path) -> None:
    """Rehearsals do not know every answer."""
    swept(tmp_path, {"name": "tested", "rarely": "judge"})
    run_to_the_end(lambda row: said(row).replace("return x", "return 0"))
    (attempt,) = attempts()
    assert attempt.error is not None
    assert attempt.error.startswith("pattern 'tested(rarely=judge)', step ")
    assert "asks the role 'judge', which the team does not have (coder, reviewer, tester)" in (
        attempt.error
    )
    assert attempt.error.endswith("(ours.py line 10)")


@pytest.mark.usefixtures("database")
def test_a_name_that_a_third_role_holds_is_not_given_to_another_model(tmp_path: Path) -> None:
    swept(tmp_path)
    with session() as db:
        db.execute(text("UPDATE language_model SET identity = 'other' WHERE name = 't'"))
    with pytest.raises(FoureyesError, match=r"models\.t: the unfinished sweep 'test' uses this"):
        swept(tmp_path, fresh="again")


@pytest.mark.usefixtures("database")
def test_a_sweep_that_was_under_way_before_there_were_teams_goes_on() -> None:
    """Else an upgrade costs whatever was not finished."""
    sweep_id = make_sweep("review-then-fix", "raw-reviewer", problems=2)
    for attempt in attempts():
        advance(attempt.id)
    before = completions()
    migrations.downgrade("0015")
    assert rows("SELECT file ? 'teams', file -> 'pairings' -> 0 ->> 'reviewer' FROM sweep") == [
        (False, "r")
    ]
    migrations.upgrade()
    assert run_to_the_end(said) == len(before) + 2 + 2  # a review and a fix of each draft
    assert {attempt.outcome for attempt in attempts()} == {"solved"}
    assert [row.key for row in completions()[: len(before)]] == [row.key for row in before]
    assert make_sweep("review-then-fix", "raw-reviewer", problems=2) == sweep_id
    assert run_to_the_end(said) == 0


def test_a_team_of_three_moves_to_another_machine(
    on: On,  # noqa: F811
    tmp_path: Path,
) -> None:
    on("a")
    swept(tmp_path)
    run_to_the_end(said)
    whole = "SELECT pattern, team, coder, reviewer, outcome FROM v_attempts ORDER BY attempt_id"
    before, asked = rows(whole), rows(ROWS)
    with (tmp_path / "archive").open("wb") as file:
        export_sweep.write(find_sweep(None), file)
    on("b")
    import_sweep.read(tmp_path / "archive")
    assert (rows(whole), rows(ROWS)) == (before, asked) and len(before) == 2
    with (tmp_path / "again").open("wb") as file:
        export_sweep.write(find_sweep(None), file)
    assert (tmp_path / "again").read_bytes() == (tmp_path / "archive").read_bytes()
    with session() as db:
        db.execute(text("UPDATE language_model SET trouble = NULL"))
    swept(tmp_path, accepts_imported=True)
    assert {attempt.state for attempt in attempts()} == {State.DONE}
    assert run_to_the_end(said) == 0


OLD = """
INSERT INTO language_model (name, settings, identity) VALUES ('c', '{}', 'c'), ('r', '{}', 'r');
INSERT INTO problem (benchmark, problem_id, version, entry_point, record)
    VALUES ('mine', 'mine/0', 'v', 'f', '{}');
INSERT INTO sweep (key, name, file, created_at) VALUES ('k', 'old', '{"pairings":
    [{"coder": "c", "reviewer": "r", "name": "us"}]}', now());
INSERT INTO run (sweep_id, key, position, benchmark, pattern, options, pairing, coder_id, reviewer_id,
    roles, samples)
    VALUES (1, 'k', 0, 'mine', 'review-then-fix', '{}', 'us', 1, 2, '{coder,reviewer}', 1),
        (1, 'l', 1, 'mine', 'raw-coder', '{}', 'us', 2, 2, NULL, 1);
INSERT INTO attempt (run_id, problem_id, sample, state, outcome, created_at)
    VALUES (1, 1, 0, 'running', NULL, now());
INSERT INTO completion (key, state, tries, send_again_at, created_at, model_id, kind, prompt,
        prompt_hash, request, text, seconds)
    VALUES ('a', 'done', 1, now(), now(), 1, 'draft', 'p', 'h', '{}', 't', 2.0),
        ('b', 'queued', 0, now(), now(), 2, 'review', 'p', 'h', '{}', NULL, NULL);
INSERT INTO step (attempt_id, position, branch, kind, role, completion_id, created_at)
    VALUES (1, 0, 0, 'draft', 'coder', 1, now()), (1, 1, 0, 'review', 'reviewer', 2, now());
"""


@pytest.mark.usefixtures("empty_database")
def test_the_teams_of_a_filled_database_are_those_that_it_had() -> None:
    migrations.upgrade("0015")
    with session() as db:
        db.execute(text(OLD))
    migrations.upgrade()
    migrations.check()
    assert rows("SELECT pattern, team, pairing FROM v_scores ORDER BY run_id") == [
        ("review-then-fix", "coder=c, reviewer=r", "us"), ("raw-coder", "coder=r, reviewer=r", "us"),
    ]  # fmt: skip
    assert rows("SELECT role, model FROM v_steps ORDER BY 1") == [("coder", "c"), ("reviewer", "r")]
    with session() as db:
        db.add(LanguageModel(name="t", settings={}, identity="t"))
        db.execute(
            text("""
            INSERT INTO run (sweep_id, key, position, benchmark, pattern, options, pairing, samples)
            VALUES (1, 'm', 2, 'mine', 'tested', '{}', 'three', 1);
            INSERT INTO seat (run_id, role, model_id) VALUES (3, 'tester', 3), (3, 'coder', 1);
        """)
        )
    migrations.downgrade("0015")
    back = "SELECT pattern, coder_id, reviewer_id FROM run ORDER BY id"
    assert rows(back) == [("review-then-fix", 1, 2), ("raw-coder", 2, 2)]
    migrations.upgrade()
    assert rows("SELECT count(*) FROM seat") == [(4,)]
