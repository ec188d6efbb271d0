"""Files for other programs: if one of these fails, somebody's own analysis is of wrong or lost rows."""

import csv
import json
import sys
import tracemalloc
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet
from sqlalchemy import text

from foureyes.models.errors import FoureyesError
from foureyes.models.session import session
from foureyes.results.export import samples, tables
from foureyes.results.sweeps import find_sweep
from tests.integration.test_advance import make_sweep
from tests.integration.test_exchange import swept, work

pytestmark = pytest.mark.usefixtures("database")

HOSTILE = 'a,"b"\r\n=1+1;\u202e<script>'


def spoil_code() -> None:
    """Give every attempt a program that a careless writer of files would break on."""
    with session() as db:
        db.execute(text("UPDATE attempt SET code = :code"), {"code": HOSTILE})
        db.execute(text("UPDATE step SET code = :code"), {"code": HOSTILE})


def ended_sweep() -> None:
    swept()
    work(1)
    spoil_code()


def shown(table: str) -> list[dict[str, Any]]:
    """The rows as the view has them."""
    statement = text(tables.TABLES[table])
    with session() as db:
        return [
            dict(row._mapping) for row in db.execute(statement, {"sweep": find_sweep("test").id})
        ]


def test_parquet_has_the_rows_and_the_types_of_the_views(tmp_path: Path) -> None:
    ended_sweep()
    with session() as db:  # flips, whatever the scripts answered
        db.execute(
            text(
                "UPDATE attempt SET outcome = CASE WHEN run_id = 1 THEN 'solved' ELSE 'unsolved' END"
            )
        )
        db.execute(
            text(
                "INSERT INTO people_note (attempt_id, author, text, tags, written_at)"
                " SELECT min(id), 'Ada', :text, '{a,b}', now() FROM attempt"
            ),
            {"text": HOSTILE},
        )
    make_sweep("raw-coder", name="other", fresh="other")  # is no part of it
    counts = tables.write(find_sweep("test"), tmp_path, tables.as_parquet)
    attempts = parquet.read_table(tmp_path / "attempts.parquet")
    types = {field.name: str(field.type) for field in attempts.schema}
    assert types["attempt_id"] == "int32"
    assert types["changes_asked"] == "bool"
    assert types["finished_at"] == "timestamp[us, tz=UTC]"
    assert types["model_seconds"] == "double"
    assert types["outcome"] == "string"
    for name, count in counts.items():
        expected = shown(name)
        found = parquet.read_table(tmp_path / f"{name}.parquet").to_pylist()
        assert len(found) == count == len(expected) > 0, name
        for row, original in zip(found, expected, strict=True):
            as_text = {
                key: json.dumps(value)
                for key, value in original.items()
                if isinstance(value, dict | list)
            }
            assert row == original | as_text
    first = parquet.read_table(tmp_path / "attempts.parquet").to_pylist()[0]
    assert first["created_at"].utcoffset() == timedelta(0)


def test_csv_survives_hostile_programs(tmp_path: Path) -> None:
    ended_sweep()
    counts = tables.write(find_sweep(None), tmp_path, tables.as_csv)
    with (tmp_path / "steps.csv").open(newline="") as file:
        steps = list(csv.DictReader(file))
    assert len(steps) == counts["steps"]
    assert {row["code"] for row in steps} == {HOSTILE}
    with (tmp_path / "attempts.csv").open(newline="") as file:
        attempts = list(csv.DictReader(file))
    assert {row["changes_asked"] for row in attempts} <= {"true", "false"}
    assert all(row["finished_at"].endswith("+00:00") for row in attempts)
    assert {row["error"] for row in attempts} == {""}


def test_without_pyarrow_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_sweep("raw-coder")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(FoureyesError, match=r"install foureyes\[report\]"):
        tables.write(find_sweep(None), tmp_path, tables.as_parquet)


def test_memory_does_not_grow_with_the_sweep(tmp_path: Path) -> None:
    """Else a sweep of 100,000 attempts could not be exported on the machine that ran it."""
    make_sweep("raw-coder", problems=10, samples=1000)
    with session() as db:
        db.execute(
            text("UPDATE attempt SET state = 'done', outcome = 'solved', code = repeat('x', 2000)")
        )
    sweep = find_sweep(None)
    for write in (
        lambda: tables.write(sweep, tmp_path, tables.as_csv),
        lambda: samples.write(sweep, tmp_path),
    ):
        tracemalloc.start()
        write()
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 12_000_000  # all of the programs would be 20


def test_samples_are_those_that_ended_with_a_program(tmp_path: Path) -> None:
    """A sample for what the infrastructure failed would be judged as a wrong answer."""
    make_sweep("raw-coder", {"name": "review-then-fix", "prompts": "terse"}, problems=3, samples=2)
    work(1)
    with session() as db:
        db.execute(text("UPDATE attempt SET code = sample || ' of ' || problem_id"))
        db.execute(
            text("""
            UPDATE attempt SET state = 'error', outcome = 'error' WHERE id = 1;
            UPDATE attempt SET state = 'queued', outcome = NULL WHERE id = 2;
            UPDATE attempt SET code = NULL WHERE id = 4;
            UPDATE attempt SET code = '', outcome = 'refused' WHERE id = 5;
            UPDATE run SET benchmark = '../../mine' WHERE position = 1;
        """)
        )
        left = db.scalar(text("SELECT count(*) FROM attempt JOIN run ON run.id = run_id"
                              " WHERE position = 0 AND attempt.id NOT IN (1, 2, 4, 5)"))  # fmt: skip
    made = samples.write(find_sweep(None), tmp_path)
    assert made.left_out == {"ended in error": 1, "refused": 1, "unfinished": 1, "without code": 1}
    raw, reviewed = sorted(path.name for path in tmp_path.iterdir())
    assert raw == "001_mine_raw-coder_c+r.jsonl"
    assert reviewed == "002_.._.._mine_review-then-fix_prompts=terse_c+r.jsonl"
    assert made.files[raw.removesuffix(".jsonl")] == left
    lines = [json.loads(line) for line in (tmp_path / raw).read_text().splitlines()]
    assert len(lines) == left
    assert all(set(line) == {"task_id", "solution"} for line in lines)
    by_problem = [line["solution"] for line in lines if line["task_id"] == "t/2"]
    assert by_problem == ["0 of 3", "1 of 3"]  # in the order of the samples
    lists = tmp_path / "lists"
    lists.mkdir()
    assert samples.write(find_sweep(None), lists, samples.as_lists) == made
    listed = json.loads((lists / "001_mine_raw-coder_c+r.json").read_text())
    assert {each["question_id"]: each["code_list"] for each in listed} == {
        key: [line["solution"] for line in lines if line["task_id"] == key]
        for key in dict.fromkeys(line["task_id"] for line in lines)
    }
