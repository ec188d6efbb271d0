"""If one of these fails, what Postgres will never hold is asked of a model ten times, and the reason is lost."""

import math
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from foureyes.models.enums import Outcome, State
from foureyes.models.errors import RequestRefused
from foureyes.models.session import is_passing, transaction
from foureyes.models.tables import Completion, Execution
from foureyes.worker import answers, retrying
from foureyes.worker.attempt import advance as advancing
from foureyes.worker.attempt.advance import advance
from foureyes.worker.claims import Holder, waiting, work_on
from foureyes.worker.engines import Answer
from tests.integration.test_advance import CODE, attempt_ids, attempts, completions, make_sweep

pytestmark = pytest.mark.usefixtures("database")

ANSWER = Answer(CODE, "stop", 10, 0, 5, 0.1, "an engine")


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.fixture
def holder() -> Iterator[Holder]:
    made = Holder("test")
    yield made
    made.close()


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("prompt_tokens", 2**40, "integer out of range"),
        ("completion_tokens", 10**30, "integer out of range"),
        ("text", "a\0b", "NUL"),
        ("text", "\ud800", "surrogates"),
        ("text", None, "done_has_text"),
        ("finish_reason", {"reason": "stop"}, "cannot adapt"),
        ("seconds", "soon", "double precision"),
    ],
)
def test_an_answer_that_cannot_be_stored_fails_once_with_its_reason(
    column: str, value: Any, reason: str, holder: Holder
) -> None:
    make_sweep("raw-coder")
    (attempt_id,) = attempt_ids()
    advance(attempt_id)
    (draft,) = completions()
    calls = []

    def produce(row: Any) -> dict[str, Any]:
        calls.append(row.id)
        return {"text": CODE} | {column: value}

    with pytest.raises(Exception, match=reason):
        work_on(holder, Completion, draft.id, produce)
    (draft,) = completions()
    assert (draft.state, draft.failures, draft.tries) == (State.ERROR, 0, 1)
    assert draft.error is not None and draft.error.startswith("what came of it cannot be stored: ")
    assert reason in draft.error
    # a message that comes once more does nothing but let the attempts go on, and they end so
    assert work_on(holder, Completion, draft.id, produce) is None
    assert waiting(Completion, draft.id) == [attempt_id]
    assert len(calls) == 1
    advance(attempt_id)
    assert [(each.outcome, each.error) for each in attempts()] == [(Outcome.ERROR, draft.error)]


@pytest.mark.parametrize("detail", [{"x": "a\0"}, {"x": math.nan}, {"x": nested(5000)}])
def test_a_verdict_that_cannot_be_stored_fails_once_with_its_reason(
    detail: Any, holder: Holder
) -> None:
    make_sweep("raw-coder")
    (attempt_id,) = attempt_ids()
    advance(attempt_id)
    (draft,) = completions()
    work_on(holder, Completion, draft.id, lambda _: {"text": CODE})
    (message,) = advance(attempt_id)
    with pytest.raises(Exception, match=r"."):
        work_on(holder, Execution, message.row_id, lambda _: {"detail": detail})
    advance(attempt_id)
    (attempt,) = attempts()
    assert attempt.outcome is Outcome.ERROR
    assert attempt.error is not None and "cannot be stored: " in attempt.error


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("prompt_tokens", 2**31),
        ("prompt_tokens", -1),
        ("cached_tokens", 1.5),
        ("completion_tokens", "many"),
        ("completion_tokens", True),
        ("completion_tokens", math.inf),
        ("completion_tokens", 10**4000),
    ],
)
def test_a_server_that_counts_wrong_is_told_from_others_by_name(name: str, count: Any) -> None:
    with pytest.raises(RequestRefused, match=f"says that {name} is"):
        answers.columns(replace(ANSWER, **{name: count}))


def test_what_a_server_says_is_stored_whatever_characters_it_has(holder: Holder) -> None:
    make_sweep("raw-coder")
    advance(attempt_ids()[0])
    (draft,) = completions()
    odd = replace(ANSWER, text="a\0\ud800", finish_reason="\0", engine="\udfff")
    work_on(holder, Completion, draft.id, lambda _: answers.columns(odd))
    (draft,) = completions()
    assert (draft.text, draft.finish_reason, draft.engine) == ("a\ufffd?", "\ufffd", "?")


def said_by_postgres(*statements: str) -> Exception:
    try:
        with transaction() as db:
            for statement in statements:
                db.execute(text(statement))
    except Exception as error:
        return error
    raise AssertionError("it does it")


def test_what_is_too_much_for_postgres_is_not_taken_for_its_absence() -> None:
    """It would be tried again for ever, each time with a model call before it."""
    # keys that fit no index page, and values that are nested too deep; both are OperationalErrors
    for statement in (
        "INSERT INTO sweep (key, name, file, created_at)"
        " SELECT string_agg(md5(n::text), ''), 'n', '{}', now() FROM generate_series(1, 2000) AS n",
        "SELECT CAST(repeat('[', 100000) || repeat(']', 100000) AS jsonb)",
    ):
        said = said_by_postgres(statement)
        assert said.orig.sqlstate.startswith("54")  # type: ignore[attr-defined]
        assert not is_passing(said)


@pytest.mark.parametrize(
    "statements",
    [
        ("SET LOCAL statement_timeout = '50ms'", "SELECT pg_sleep(5)"),
        ("SET LOCAL idle_in_transaction_session_timeout = '50ms'", "SELECT 1", "sleep"),
    ],
)
def test_a_transaction_that_is_ended_each_time_is_refused_at_last(
    statements: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrying, "PATIENCE", 1.0)
    tries = []

    def too_much() -> None:
        tries.append(1)
        with transaction() as db:
            for statement in statements:
                if statement == "sleep":
                    time.sleep(0.3)
                    db.execute(text("SELECT 1"))
                else:
                    db.execute(text(statement))

    with pytest.raises(retrying.Refused, match="timeout"):
        retrying.patiently(too_much)
    assert len(tries) > 1


def test_an_attempt_that_is_too_much_work_ends_alone_and_tells_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else it would come back at every round of the reaper, and take a thread each time."""
    monkeypatch.setattr(retrying, "PATIENCE", 0.5)
    make_sweep("raw-coder", problems=2)
    first, second = attempt_ids()
    go_on = advancing._go_on

    def endless(attempt_id: int, counted: bool, longest: float) -> Any:
        if attempt_id != first:
            return go_on(attempt_id, counted, longest)
        with transaction() as db:
            db.execute(text("SET LOCAL statement_timeout = '20ms'"))
            db.execute(text("SELECT pg_sleep(5)"))

    monkeypatch.setattr(advancing, "_go_on", endless)
    assert advancing.advance_patiently(first) == []
    assert len(advancing.advance_patiently(second)) == 1
    caught, other = attempts()
    assert caught.outcome is Outcome.ERROR
    assert caught.error is not None and "statement timeout" in caught.error
    assert other.state is State.RUNNING


def test_a_result_that_waits_for_a_lock_too_long_counts_as_a_failure_that_may_pass(
    monkeypatch: pytest.MonkeyPatch, holder: Holder
) -> None:
    monkeypatch.setattr(retrying, "PATIENCE", 0.5)
    make_sweep("raw-coder")
    advance(attempt_ids()[0])
    (draft,) = completions()

    def blocked(*_: Any) -> Any:
        with transaction() as db:
            db.execute(text("SET LOCAL statement_timeout = '20ms'"))
            db.execute(text("SELECT pg_sleep(5)"))

    monkeypatch.setattr("foureyes.worker.claims._finish", blocked)
    with pytest.raises(retrying.Refused):
        work_on(holder, Completion, draft.id, lambda _: {"text": CODE})
    (draft,) = completions()
    assert (draft.state, draft.failures) == (State.QUEUED, 1)
    assert draft.error is not None and "statement timeout" in draft.error
