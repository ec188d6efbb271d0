"""The patterns of docs/howto/pattern.md, as it says, to their end: scripted models, real rows and sandbox."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlmodel import select
from typer.testing import CliRunner

from foureyes.judging.formats.records import parse_record
from foureyes.judging.judge import Judge
from foureyes.models import lifecycle
from foureyes.models.session import session
from foureyes.models.settings import settings
from foureyes.models.tables import Attempt, Completion, Execution, Problem
from foureyes.producer import cli
from foureyes.producer.archive import export_sweep, import_sweep
from foureyes.producer.sweeps import enqueue, open_work, sweep
from foureyes.producer.sweeps.prune import prune
from foureyes.results.export import recording
from foureyes.results.sweeps import find_sweep
from foureyes.results.web.app import create
from foureyes.worker import answers, executions
from foureyes.worker.attempt.advance import advance
from foureyes.worker.engines.base import Request, load
from tests.conftest import copied
from tests.integration.test_own_steps import shown

PAGE = Path(__file__).parents[2] / "docs" / "howto" / "pattern.md"


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FOUREYES_HOME", str(tmp_path_factory.mktemp("home")))
        settings.cache_clear()
        judge = Judge(slot=13)
        yield judge
        judge.close()
    settings.cache_clear()


def written(folder: Path) -> Path:
    """The page's files, each named in the sentence before it; the sweep file among them."""
    named = r"`([\w-]+\.(?:py|md|toml))`(?:(?!\n\n).)*?:\n\n(`{3,})\w+\n(.*?)\n\2\n\n"
    blocks = [(name, text) for name, _, text in re.findall(named, PAGE.read_text(), re.DOTALL)]
    for name, content in blocks:
        (folder / name).write_text(content + "\n")
    assert len(blocks) == 8
    return folder / "own.toml"


def run(
    file: Path,
    judge: Judge,
    recording: Path | None = None,
    limit: int | None = 1,
    rounds: int = 1000,
) -> None:
    """Do all the work of a sweep, as its workers do it; from a recording without a model.

    `rounds`: how often every attempt goes on, at most.
    """
    grid = sweep.load(file, limit, recording=recording)
    enqueue.enqueue(grid)
    engines = {name: load(model) for name, model in grid.file.models.items()}
    with session() as db:
        waiting = list(db.exec(select(Attempt.id)))
    while waiting and rounds:
        rounds -= 1
        for message in [each for attempt in waiting for each in advance(attempt)]:
            table: Any = Execution if message.task == "execute" else Completion
            with session() as db:
                row = lifecycle.claim(db, table, message.row_id, "w/1")
                assert row is not None
                if table is Completion:
                    engine = engines[message.queue.removeprefix("model.")]
                    columns = answers.columns(
                        engine.complete(Request.from_json(row.key, row.request))
                    )
                else:
                    problem = db.get_one(Problem, row.problem_id)
                    columns = executions.columns(
                        judge, parse_record(problem.benchmark, problem.record), row
                    )
                assert lifecycle.finish(db, table, row.id, "w/1", **columns)
        with session() as db:
            waiting = list(db.exec(select(Attempt.id).where(Attempt.state == "running")))


@pytest.fixture(scope="module")
def played(postgres: str, judge: Judge, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The sweep file of a database in which it has been played to its end; nothing is to be changed there."""
    with pytest.MonkeyPatch.context() as patch, copied(postgres, "migrated", patch):
        file = written(tmp_path_factory.mktemp("own"))
        run(file, judge)
        yield file


def rows(query: str) -> list[tuple[Any, ...]]:
    with session() as db:
        return [tuple(row) for row in db.execute(text(query))]


@pytest.mark.usefixtures("played")
def test_the_page_works_as_it_is_written() -> None:
    assert rows("SELECT pattern, outcome, completions FROM v_attempts ORDER BY attempt_id") == [
        ("raw-coder", "unsolved", 1),
        ("tests-first", "solved", 4),
        ("knockout", "solved", 4),
        ("rubber-duck", "solved", 6),
    ]
    # the duck's draft is the raw coder's, and what two patterns draw alike is drawn once
    assert rows("SELECT count(*) FROM completion") == [(11,)]
    notes = rows(
        "SELECT pattern, name, value FROM v_notes JOIN v_attempts USING (attempt_id) ORDER BY 1, 2"
    )
    assert notes == [
        ("knockout", "votes", [2, 1]),
        ("tests-first", "broken", 1),
        ("tests-first", "failures", [1, 0, 0]),
    ]
    (given,) = rows("SELECT given FROM execution WHERE suite = 'compared'")
    assert {"cart_total([30], 100)", "cart_total([30], 101)", "cart_total([7, 7], 3)"} <= set(
        *given
    )
    tested = rows(
        "SELECT detail ->> 'broken', detail ->> 'failed' FROM execution WHERE suite = 'written' ORDER BY 2"
    )
    assert tested == [("1", "0"), ("1", "0"), ("1", "1")]
    assert rows("SELECT DISTINCT suite FROM execution ORDER BY 1") == [
        ("compared",),
        ("hidden",),
        ("written",),
    ]
    said = [shown(attempt_id) for (attempt_id,) in rows("SELECT id FROM attempt ORDER BY id")]
    assert "broken: assert cart_total(prices, 100) == 0" in said[1]
    assert "the same from the program of 1b; the program of 1c:" in said[2]
    assert "4. mend by coder coder" in said[3] and "verdict: wrong" in said[3]


def check(file: Path) -> Result:
    return CliRunner().invoke(cli.app, ["patterns", "check", str(file)])


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("duck.py", "told", "told", ""),
        ("duck.py", "range(rounds)", "range(0)", "step 2: recorded: explain by coder | wanted: judge"),
        ("duck.py", "draft=draft, told", "draft=told, told", "step 4: mend.md line 5: a Reply has no 'code' (duck.py line 14"),
        ("explain.md", "Explain this", "Explain the", "step 2: recorded: explain by coder, messages 'Explain this "),
        ("choosing.py", "mutated(spec).inputs + written", "written", "step 3: recorded: compare, given [\"cart_total([250, 100"),
        ("choosing.py", '"broken", runs[0].broken', '"broken", 1 / 0', "raised ZeroDivisionError: division by zero"),
    ],
)  # fmt: skip
def test_a_changed_pattern_is_held_against_the_record(
    played: Path, name: str, old: str, new: str, said: str
) -> None:
    """Whoever mends a pattern sees what of a long sweep would have gone otherwise, at no cost."""
    state = "SELECT (SELECT count(*) FROM completion), (SELECT max(moves) FROM attempt)"
    file, before = played.parent / name, rows(state)
    text_before = file.read_text()
    assert old in text_before
    file.write_text(text_before.replace(old, new, 1))
    checked = check(played)
    file.write_text(text_before)
    assert said in checked.output + str(checked.exception)
    assert checked.exit_code == (1 if said else 0)
    assert rows(state) == before


@pytest.mark.usefixtures("played")
def test_each_attempt_has_a_page() -> None:
    with TestClient(create("http://127.0.0.1:5555"), base_url="http://127.0.0.1") as pages:
        first, choosing, voting, duck = (
            pages.get(f"/attempts/{attempt_id}").text
            for (attempt_id,) in rows("SELECT id FROM attempt ORDER BY id")
        )
    assert "tests that a model wrote" in choosing and ">broken</span>" in choosing
    assert "<dt>failures</dt>" in choosing and "Notes of the pattern" not in first
    assert (
        "The same from the program of 1b; the program of 1c<" in voting
        and "cart_total([30], 101)" in voting
    )
    assert "4. mend <small>" in duck


WORK = """
    SELECT v_attempts.problem_id, pattern, position, branch, s.kind, s.prompt, verdict, s.code, execution.given,
        execution.detail - 'seconds' - 'cpu_seconds' - 'level'
    FROM v_steps AS s JOIN v_attempts USING (attempt_id)
    LEFT JOIN execution ON execution.id = execution_id
    ORDER BY pattern, position, branch"""
NOTES = "SELECT pattern, position, number, name, value FROM v_notes JOIN v_attempts USING (attempt_id) ORDER BY 1, 2, 3"


def test_what_such_a_sweep_has_travels(
    played: Path, postgres: str, judge: Judge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Another machine has all of it from an archive; and from a recording the same again, without a model."""
    before = rows(WORK), rows(NOTES)
    assert all(before)
    recording.write(find_sweep("own"), tmp_path / "calls.jsonl")
    with (tmp_path / "archive").open("wb") as file:
        export_sweep.write(find_sweep("own"), file)
    with copied(postgres, "migrated", monkeypatch):
        import_sweep.read(tmp_path / "archive")
        assert (rows(WORK), rows(NOTES)) == before
    with copied(postgres, "migrated", monkeypatch):
        run(played, judge, recording=tmp_path / "calls.jsonl")
        assert (rows(WORK), rows(NOTES)) == before
        assert rows("SELECT DISTINCT suite FROM execution WHERE origin IS NULL") == [("hidden",)]


@pytest.mark.parametrize("rounds", [1, 2, 3, 4])
def test_a_cancel_and_an_error_in_its_midst_lose_nothing(
    played: Path, postgres: str, judge: Judge, monkeypatch: pytest.MonkeyPatch, rounds: int
) -> None:
    """Wherever it was ended, the same command comes to the same end; and then nothing of it need stay."""
    before = rows(WORK), rows(NOTES)
    with copied(postgres, "migrated", monkeypatch):
        run(played, judge, rounds=rounds)
        sweep_id = find_sweep("own").id
        assert open_work.cancel(sweep_id)
        for table in (Completion, Execution):
            with session() as db:
                open_rows = list(db.exec(select(table.id).where(table.state == "queued")))
                assert not any(lifecycle.claim(db, table, each, "w/1") for each in open_rows)
        run(played, judge)
        assert (rows(WORK), rows(NOTES)) == before
        with session() as db:
            for table in ("execution", "completion"):
                db.execute(text(f"UPDATE {table} SET state = 'error' WHERE id % 2 = 0"))
            db.execute(text("UPDATE attempt SET state = 'error', outcome = 'error'"))
        assert open_work.retry(sweep_id) == 4
        run(played, judge)
        assert (rows(WORK), rows(NOTES)) == before
        gone = prune(sweep_id)
        assert (gone.attempts, gone.completions, rows("SELECT count(*) FROM execution")) == (
            4,
            11,
            [(0,)],
        )
