"""The patterns of docs/howto/pattern.md, as it says, to their end: scripted models, real rows and sandbox."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import text
from sqlmodel import select
from typer.testing import CliRunner

from judging.formats.records import parse_record
from judging.judge import Judge
from models import lifecycle
from models.session import session
from models.settings import settings
from models.tables import Attempt, Completion, Execution, Problem
from producer import cli
from producer.sweeps import enqueue, sweep
from tests.integration.test_own_steps import shown
from worker import answers, executions
from worker.attempt.advance import advance
from worker.engines import scripted
from worker.engines.base import Request

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
    named = r"`([\w-]+\.(?:py|md|toml))`(?:(?!\n\n).)*?:\n\n```\w+\n(.*?)\n```\n\n"
    blocks = re.findall(named, PAGE.read_text(), re.DOTALL)
    for name, content in blocks:
        (folder / name).write_text(content + "\n")
    assert len(blocks) == 8
    return folder / "own.toml"


def run(file: Path, judge: Judge, limit: int = 1) -> None:
    """Do all the work of a sweep, as its workers do it."""
    grid = sweep.load(file, limit)
    enqueue.enqueue(grid)
    engines = {name: scripted.load(model) for name, model in grid.file.models.items()}
    with session() as db:
        waiting = list(db.exec(select(Attempt.id)))
    while waiting:
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


def rows(query: str) -> list[tuple[Any, ...]]:
    with session() as db:
        return [tuple(row) for row in db.execute(text(query))]


def test_the_page_works_as_it_is_written(database: str, judge: Judge, tmp_path: Path) -> None:
    run(written(tmp_path), judge)
    assert rows("SELECT pattern, outcome, completions FROM v_attempts ORDER BY attempt_id") == [
        ("raw-coder", "unsolved", 1),
        ("tests-first", "solved", 4),
        ("knockout", "solved", 4),
        ("rubber-duck", "solved", 6),
    ]
    notes = rows(
        "SELECT pattern, name, value FROM v_notes JOIN v_attempts USING (attempt_id) ORDER BY 1, 2"
    )
    assert notes == [
        ("knockout", "votes", [2, 1]),
        ("tests-first", "broken", 1),
        ("tests-first", "failures", [1, 0, 0]),
    ]
    # the first candidate at 0.8 is not the raw coder's draft; its inputs are of both kinds
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
    assert "the same from program 2, 3:" in said[2]
    assert "4. mend by coder coder" in said[3] and "verdict: wrong" in said[3]


def check(file: Path) -> Result:
    return CliRunner().invoke(cli.app, ["patterns", "check", str(file)])


def test_a_changed_pattern_is_held_against_the_record(
    database: str, judge: Judge, tmp_path: Path
) -> None:
    """Whoever mends a pattern sees what of a long sweep would have gone otherwise, at no cost."""
    file = written(tmp_path)
    run(file, judge)
    before = rows("SELECT count(*), max(moved_at) FROM attempt, completion, execution")
    same = check(file)
    assert same.exit_code == 0, same.output
    changes = {
        "duck.py": (("range(rounds)", "range(0)"), "step 2: recorded: explain by coder | wanted: judge"),
        "explain.md": (("Explain this", "Explain the"), "step 2: recorded: explain by coder, messages 'Explain this "),
        "choosing.py": (('"broken", runs[0].broken', '"broken", 1 / 0'), "raised ZeroDivisionError: division by zero"),
    }  # fmt: skip
    for name, ((old, new), said) in changes.items():
        text_before = (tmp_path / name).read_text()
        assert old in text_before
        (tmp_path / name).write_text(text_before.replace(old, new, 1))
        differing = check(file)
        (tmp_path / name).write_text(text_before)
        if name == "choosing.py":  # found out before that
            assert differing.exit_code == 1 and said in str(differing.exception)
        else:
            assert differing.exit_code == 1, differing.output
            assert said in differing.output
    assert rows("SELECT count(*), max(moved_at) FROM attempt, completion, execution") == before
