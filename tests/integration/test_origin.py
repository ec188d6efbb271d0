"""If one of these fails, what a stranger says was answered or judged counts as if it were made here."""

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from foureyes.models import llm
from foureyes.models.enums import State
from foureyes.models.errors import FoureyesError, RequestRefused
from foureyes.models.session import session
from foureyes.models.tables import Attempt, Completion, Execution, LanguageModel, Sweep
from foureyes.producer.archive import export_sweep, import_sweep
from foureyes.producer.sweeps import enqueue, open_work
from foureyes.producer.sweeps.sweep import _replayed
from foureyes.results.figures.scoreboard import Elsewhere, scoreboard
from foureyes.results.report.sentences import of_sweep
from foureyes.results.sweeps import find_sweep
from foureyes.worker.engines.replay import ReplayEngine
from foureyes.worker.process import Serving
from tests.integration.test_exchange import On, export, on, outcomes, sizes, work
from tests.sweeps import make_grid, make_sweep

__all__ = ["on"]

FORGED = "```python\ndef f(x):\n    return 'forged'\n```"


@pytest.fixture
def theirs(on: On, tmp_path: Path) -> Path:
    """An archive of two attempts whose answers and verdicts nobody produced; we are on a new machine."""
    on("theirs")
    make_sweep("raw-coder", problems=2, name="theirs")
    work(1)
    with session() as db:
        db.execute(text("UPDATE execution SET base = 'pass', plus = 'pass'"))
        db.execute(text("UPDATE attempt SET outcome = 'solved'"))
    path = export(tmp_path / "archive.gz")
    on("ours")
    return path


def texts(origin: bool) -> list[str | None]:
    with session() as db:
        marked = col(Completion.origin).is_not(None)
        wanted = select(Completion.text).where(marked if origin else ~marked)
        return list(db.exec(wanted.order_by(Completion.key)))


def test_a_sweep_of_ones_own_asks_and_judges_anew(theirs: Path) -> None:
    import_sweep.read(theirs)
    ours = make_sweep("raw-coder", problems=2)
    assert work(1, by="here") == 2
    assert all("# here" in (answer or "") for answer in texts(origin=False))
    assert all("# here" not in (answer or "") for answer in texts(origin=True))
    with session() as db:
        judged = db.exec(select(Execution).where(col(Execution.origin).is_(None))).all()
        assert len(judged) == len({row.code for row in judged}) > 0
    assert scoreboard(ours).elsewhere == ()


def test_it_uses_what_was_imported_if_somebody_says_so_and_shows_it(theirs: Path) -> None:
    import_sweep.read(theirs)
    ours = make_sweep("raw-coder", problems=2, accepts_imported=True)
    assert work(1) == 0
    (found,) = scoreboard(ours).elsewhere
    assert found == Elsewhere(found.origin, 2, 2, found.verdicts)
    assert found.origin.startswith("archive archive.gz (") and found.verdicts > 0
    assert any(line.startswith("Not made here: 2 attempts rest on 2 answers and ")
               and "archive.gz" in line for line in of_sweep(scoreboard(ours)))  # fmt: skip
    with session() as db:
        origins = db.execute(text("SELECT DISTINCT origin FROM v_steps")).scalars().all()
    assert origins == [found.origin]


def test_the_same_sweep_said_by_a_file_here_begins_anew_without_that_word(theirs: Path) -> None:
    """A forged archive of a sweep that everybody knows must not be taken for one's own results."""
    made = import_sweep.read(theirs)
    grid = make_grid("raw-coder", problems=2, name="theirs")
    row = find_sweep("theirs")
    assert enqueue.rests_elsewhere(row, grid) == 2
    assert enqueue.enqueue(grid).id == made.sweep_id
    assert work(1, by="here") == 2
    assert scoreboard(made.sweep_id).elsewhere == ()
    # and with it goes on from there again
    accepting = replace(grid, accepts_imported=True)
    assert enqueue.rests_elsewhere(find_sweep("theirs"), accepting) == 0


def test_what_was_made_here_is_not_begun_anew(on: On) -> None:
    on("ours")
    make_sweep("raw-coder", problems=2, name="ours")
    work(1)
    grid = make_grid("raw-coder", problems=2, name="ours")
    row = find_sweep("ours")
    assert enqueue.rests_elsewhere(row, grid) == 0
    enqueue.enqueue(grid)
    with session() as db:
        assert {row.state for row in db.exec(select(Attempt))} == {State.DONE}


def test_an_import_changes_nothing_of_a_sweep_that_is_here(theirs: Path) -> None:
    """A finished sweep became cancelled, and attempts that waited here took a stranger's answers."""
    ours = make_sweep("raw-coder", problems=2, name="theirs")
    work(0)
    waiting = sizes(), outcomes()
    made = import_sweep.read(theirs)
    assert made.is_own and made.completions == 2
    assert {
        kind: count for kind, count in sizes().items() if kind in ("Sweep", "Run", "Attempt")
    } == {kind: count for kind, count in waiting[0].items() if kind in ("Sweep", "Run", "Attempt")}
    assert outcomes() == waiting[1]
    assert work(1, by="here") == 2
    finished = outcomes()
    import_sweep.read(theirs)
    assert outcomes() == finished
    with session() as db:
        assert db.get_one(Sweep, ours).cancelled_at is None
        assert {row.state for row in db.exec(select(Attempt))} == {State.DONE}


def test_what_an_archive_names_is_not_run(theirs: Path, tmp_path: Path) -> None:
    """A module at a path of its choice, or prompts and keys sent to a server of its choice."""
    lines = [json.loads(line) for line in gzip.decompress(theirs.read_bytes()).splitlines()]
    ran = tmp_path / "ran"
    (tmp_path / "evil.py").write_text(f"open({str(ran)!r}, 'w')\n")
    lines[1]["sweep"]["file"] |= {"modules": ["evil"], "module_folder": str(tmp_path)}
    for line in lines:
        if "attempt" in line:
            line["attempt"] |= {"outcome": None, "code": None, "finished_at": None, "steps": []}
    theirs.write_bytes(gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode()))
    made = import_sweep.read(theirs)
    for again in (
        open_work.retry,
        lambda sweep_id: make_sweep("raw-coder", problems=2, name="theirs"),
    ):
        with session() as db:
            db.execute(text("UPDATE attempt SET state = 'error', outcome = 'error'"))
        if again is open_work.retry:
            with pytest.raises(
                FoureyesError, match=r"theirs\) came from archive .*--accept-imported"
            ):
                again(made.sweep_id)
        else:
            again(made.sweep_id)
        work(1)
        assert not ran.exists()
    with session() as db:
        assert find_sweep("theirs").file["modules"] == []


def test_a_model_that_only_an_archive_names_answers_nothing(theirs: Path) -> None:
    import_sweep.read(theirs)
    with session() as db:
        models = [llm.read(row.settings) for row in db.exec(select(LanguageModel))]
    assert {model.engine for model in models} == {"replay"}
    assert {model.answers_from for model in models} == {"no recording"}
    make_sweep("raw-coder", name="mine")
    with session() as db:
        assert {row.settings["engine"] for row in db.exec(select(LanguageModel))} == {"scripted"}


@pytest.fixture
def replayed(database: str, tmp_path: Path) -> Callable[[str], Any]:
    """Runs a sweep by a recording that says this of every call; as the replaying worker does it."""

    def run(answer: str) -> Any:
        grid = make_grid("raw-coder", problems=2)
        calls = tmp_path / "calls.jsonl"
        calls.write_text('{"key": "of another call", "text": ""}\n')
        grid = replace(grid, file=_replayed(grid.file, calls), recording=calls)
        row = enqueue.enqueue(grid)
        work(1, by=answer)
        return row

    return run


def test_a_forged_recording_is_marked_and_answers_no_other_sweep(
    replayed: Callable[[str], Any],
) -> None:
    row = replayed("forged")
    (found,) = scoreboard(row.id).elsewhere
    assert found.origin.startswith("recording calls.jsonl (") and found.attempts == 2
    assert texts(origin=False) == [] and len(texts(origin=True)) == 2
    assert make_sweep("raw-coder", problems=2) == row.id  # the same sweep, with its models
    assert work(1, by="here") == 2
    assert scoreboard(row.id).elsewhere == ()
    assert all("# here" in (answer or "") for answer in texts(origin=False))
    make_sweep("raw-coder", problems=2, name="another")
    assert work(1) == 0


def test_a_replaying_worker_answers_no_call_of_a_model(replayed: Callable[[str], Any]) -> None:
    """A call that was asked of the model before the replay began is still there, in its queue."""
    make_sweep("raw-coder", problems=2)
    work(0)
    with session() as db:
        asked = db.exec(select(Completion).where(col(Completion.origin).is_(None))).first()
    replayed("forged")
    serving = Serving("w")
    try:
        with session() as db:
            named = select(LanguageModel).where(LanguageModel.name == "c")
            serving.loaded = db.exec(named).one()
        serving._model = llm.read(serving.loaded.settings)
        serving.engine = ReplayEngine({})
        with pytest.raises(RequestRefused, match="enqueue this sweep again"):
            serving._engine_for(asked)  # type: ignore[arg-type]
    finally:
        serving.close()


def test_an_archive_holds_one_answer_to_a_call_and_the_attempts_that_rest_on_it(
    on: On, theirs: Path, tmp_path: Path
) -> None:
    """It knows an answer by its call alone: attempts with another one must not take it for theirs."""
    import_sweep.read(theirs)
    grid = make_grid("raw-coder", problems=2, samples=2, accepts_imported=True)
    ours = enqueue.enqueue(grid)
    work(1)
    make_sweep("raw-coder", problems=2, name="mine")
    work(1, by="here")
    with session() as db:  # as if one attempt had asked before the archive came
        moved = db.execute(
            text("""UPDATE step SET completion_id = mine.id
                FROM completion AS theirs JOIN completion AS mine USING (key)
                WHERE attempt_id = (SELECT min(attempt.id) FROM attempt JOIN run ON run.id = run_id
                    WHERE sweep_id = :sweep)
                    AND completion_id = theirs.id AND theirs.origin IS NOT NULL
                    AND mine.origin IS NULL RETURNING step.id"""),
            {"sweep": ours.id},
        ).all()
    assert len(moved) == 1
    with (tmp_path / "mixed").open("wb") as file:
        export_sweep.write(find_sweep(f"id={ours.id}"), file)
    on("third")
    made = import_sweep.read(tmp_path / "mixed")
    assert (made.attempts, made.unfinished) == (3, 1)
