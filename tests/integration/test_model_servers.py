"""What model servers refuse, on real Postgres: shown as what it is, and never as a wrong program."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import col, select
from typer.testing import CliRunner

from foureyes.models import lifecycle
from foureyes.models.enums import Outcome, State, Status
from foureyes.models.errors import FoureyesError
from foureyes.models.session import session
from foureyes.models.tables import Attempt, Completion, Execution, Step, Sweep
from foureyes.producer import cli
from foureyes.worker.attempt.advance import advance
from tests.model_servers import Server, error
from tests.sweeps import make_sweep

pytestmark = pytest.mark.usefixtures("database")

CODE = "```python\ndef f(x):\n    return x\n```"
REVISE = '{"issues": ["no"], "verdict": "revise"}'
Say = Callable[[Completion], tuple[str, str]]


def run(say: Say) -> Attempt:
    """Take the one attempt to its end: `say` gives the text and the finish reason of each call."""
    with session() as db:
        (attempt_id,) = db.exec(select(Attempt.id)).all()
    for _ in range(9):
        advance(attempt_id)
        with session() as db:
            calls = db.exec(select(Completion).where(Completion.state == State.QUEUED)).all()
            programs = db.exec(select(Execution).where(Execution.state == State.QUEUED)).all()
        for row in calls:
            said, reason = say(row)
            with session() as db:
                lifecycle.claim(db, Completion, row.id, "w/1")
                lifecycle.finish(db, Completion, row.id, "w/1", text=said, finish_reason=reason)
        for program in programs:
            detail = {"results": []}
            with session() as db:
                lifecycle.claim(db, Execution, program.id, "w/1")
                lifecycle.finish(
                    db, Execution, program.id, "w/1",
                    detail=detail, base=Status.FAIL, plus=Status.FAIL,
                )  # fmt: skip
    with session() as db:
        return db.get_one(Attempt, attempt_id)


def steps() -> list[str]:
    with session() as db:
        return [row.kind.value for row in db.exec(select(Step).order_by(col(Step.id)))]


def test_a_refused_program_is_not_judged_and_the_attempt_ends_as_refused() -> None:
    make_sweep("raw-coder")
    words = "```python\nI cannot help with that.\n```"  # no program, though it may look like one
    attempt = run(lambda row: (words, "refused"))
    assert (attempt.state, attempt.outcome, attempt.code) == (State.DONE, Outcome.REFUSED, "")
    assert steps() == ["draft"]
    with session() as db:  # what was said instead is kept, for `show`
        assert db.exec(select(Completion.text)).one() == words


def test_a_refused_review_is_none_and_its_draft_is_judged() -> None:
    make_sweep("review-then-fix")
    attempt = run(lambda row: (REVISE, "refused") if row.kind == "review" else (CODE, "stop"))
    assert attempt.outcome is Outcome.UNSOLVED and attempt.code == "def f(x):\n    return x\n"
    assert steps() == ["draft", "review", "judge"]  # nor is anybody asked for its verdict


def test_a_refused_fix_leaves_nothing_to_judge() -> None:
    make_sweep("review-then-fix")
    said = {"review": (REVISE, "stop"), "fix": (CODE, "refused"), "draft": (CODE, "stop")}
    assert run(lambda row: said[row.kind]).outcome is Outcome.REFUSED


def test_an_empty_program_that_nobody_refused_is_judged() -> None:
    make_sweep("raw-coder")
    assert run(lambda row: ("", "length")).outcome is Outcome.UNSOLVED
    assert steps() == ["draft", "judge"]


def test_what_a_server_refuses_is_told_before_anything_is_enqueued(tmp_path: Path) -> None:
    """Else each attempt would end in an error, one after the other."""
    said = error("Unsupported value: 'temperature' does not support 0 with this model.")

    class Refusing(Server):
        def answer(self, asked: dict[str, object]) -> tuple[int, str]:
            return (400, json.dumps(said)) if "temperature" in asked else super().answer(asked)

    answer = {"choices": [{"message": {"content": "5"}, "finish_reason": "stop"}]}
    with closing(Refusing(200, answer)) as server:
        file = tmp_path / "sweep.toml"
        file.write_text(f'''
            name = "served"
            benchmarks = ["starter-lean"]
            patterns = ["raw-coder"]
            [[pairings]]
            coder = "m"
            reviewer = "m"
            [models.m]
            engine = "openai"
            model = "some-model"
            base_url = "{server.url}"
        ''')
        done = CliRunner().invoke(cli.app, ["sweep", str(file), "--limit", "1"])
    assert isinstance(done.exception, FoureyesError)
    assert "write send = { temperature = false }" in str(done.exception)
    assert "does not support 0" in str(done.exception)
    with session() as db:
        assert db.exec(select(Sweep)).all() == []
        assert db.execute(text("SELECT count(*) FROM language_model")).scalar_one() == 0
