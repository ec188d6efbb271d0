"""If one of these fails, calls that go together lose, double or hold up what each would do alone."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from celery.exceptions import Reject
from sqlalchemy.exc import OperationalError

from foureyes.models import batches, broker
from foureyes.models.enums import State
from foureyes.models.errors import InfrastructureError
from foureyes.models.session import session, transaction
from foureyes.models.tables import Completion
from foureyes.worker import calls as calling
from foureyes.worker.attempt.advance import advance
from foureyes.worker.calls import Calls
from foureyes.worker.claims import Holder
from foureyes.worker.engines import Answer
from tests.integration.test_advance import CODE, answer, attempt_ids, completions, make_sweep
from tests.programs import wait_for

pytestmark = pytest.mark.usefixtures("database")

ANSWER = Answer(CODE, "stop", 10, 0, 5, 0.1, "an engine")
RESULT = {
    "text": CODE, "finish_reason": "stop", "prompt_tokens": 10, "cached_tokens": None,
    "completion_tokens": 5, "seconds": 0.1, "engine": "an engine",
}  # fmt: skip


def drafts(number: int) -> list[int]:
    """So many drafts that are asked for."""
    make_sweep("raw-coder", problems=number)
    for attempt in attempt_ids():
        advance(attempt)
    return [row.id for row in completions()]


def states() -> list[State]:
    return [row.state for row in sorted(completions(), key=lambda row: row.id)]


def test_a_batch_takes_what_is_free_and_waits_for_nobody() -> None:
    one, two, three, four = ids = drafts(4)
    assert answer(two, CODE)
    with transaction() as asking:
        # whoever asks for it right now holds it
        asking.exec_driver_sql(f"SELECT FROM completion WHERE id = {three} FOR SHARE")
        with transaction() as db:
            assert set(batches.claim(db, [*ids, 10**6], "w/1")) == {one, four}
    assert states() == [State.RUNNING, State.DONE, State.QUEUED, State.RUNNING]
    with transaction() as db:
        assert batches.claim(db, [one], "w/2") == {}  # its lease lives
        assert batches.finish(db, {one: RESULT}, "w/2") == set()
        assert batches.finish(db, {one: RESULT, three: RESULT, four: RESULT}, "w/1") == {one, four}
        waiting = batches.waiting_attempts(db, [one, four])
    assert waiting == {one: [attempt_ids()[0]], four: [attempt_ids()[3]]}
    (row,) = [row for row in completions() if row.id == one]
    assert (row.state, row.lease_until, row.error, row.tries) == (State.DONE, None, None, 1)
    assert {name: getattr(row, name) for name in RESULT} == RESULT
    assert row.finished_at is not None


def test_a_lost_lease_is_taken_over_and_what_nobody_wants_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, two = drafts(2)
    with session() as db:
        db.connection().exec_driver_sql(
            "UPDATE completion SET state = 'running', worker = 'gone/1', tries = 1,"
            " lease_until = now() - interval '1 s'"
        )
        db.connection().exec_driver_sql(
            f"UPDATE attempt SET state = 'cancelled' WHERE id = {attempt_ids()[1]}"
        )
    with transaction() as db:
        taken = batches.claim(db, [one, two], "w/1")
    assert list(taken) == [one] and taken[one].tries == 2 and taken[one].request["messages"]


class Asked:
    """Celery's request in small: what it is told, in order."""

    name, argsrepr, root_id = "draft", "mine/1 (a sweep, attempt 1)", "first"

    def __init__(self, told: list[Any], number: int) -> None:
        self.id, self._told = f"message {number}", told

    def on_accepted(self, pid: int, now: float) -> None:
        self._told.append((self.id, "begun"))

    def on_success(self, ended: tuple[int, Any, float]) -> None:
        failed, said, _ = ended
        error = said.exception if failed else None
        self._told.append((self.id, error, states()))


class Model:
    """What a worker serves: an engine whose calls end when the test says so."""

    def __init__(self, holder: Holder) -> None:
        self.holder = holder
        self.asked: dict[int, Future[Answer]] = {}
        self.useless: list[Exception] = []
        self.ended: list[str] = []

    def begin(self, row: Any) -> "Future[Answer]":
        return self.asked.setdefault(row.id, Future())

    def pause(self, seconds: float) -> float:
        return 0.05

    def end_if_useless(self, error: Exception) -> None:
        self.useless.append(error)

    def end(self, said: str) -> None:
        self.ended.append(said)


@pytest.fixture
def model() -> Iterator[Model]:
    holder = Holder("test")
    yield Model(holder)
    holder.close()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The attempts of each message that is sent."""
    messages: list[tuple[int, ...]] = []

    def send(task: str, queue: str, *ids: int, shown: str = "", **_: Any) -> None:
        assert State.RUNNING not in [row.state for row in completions() if row.text]
        messages.append(ids)

    monkeypatch.setattr(broker, "send", send)
    return messages


def taken(model: Model, ids: list[int], told: list[Any]) -> Calls:
    made = Calls(model, lambda tell: tell())  # type: ignore[arg-type]
    for number, row in enumerate(ids):
        made.take(Asked(told, number), row)
    return made


def test_what_ends_together_is_written_then_sent_on_then_acknowledged(
    model: Model, sent: list[tuple[int, ...]]
) -> None:
    ids, told = drafts(10), []
    made = taken(model, ids, told)
    wait_for(lambda: len(model.asked) == 10)
    for asked in model.asked.values():
        asked.set_result(ANSWER)
    made.wait()
    wait_for(lambda: len(told) == 20)
    assert states() == [State.DONE] * 10
    messages = {row_id: f"message {number}" for number, row_id in enumerate(ids)}
    assert {row.id: row.task_id for row in completions()} == messages
    assert sorted(sum(sent, ())) == attempt_ids()
    assert len(sent) < 10  # several attempts in a message
    ended = [each for each in told if len(each) == 3]
    assert [error for _, error, _ in ended] == [None] * 10
    assert all(now.count(State.DONE) >= 1 for *_, now in ended)
    assert not model.holder._held[Completion]


def test_one_answer_that_cannot_be_kept_fails_alone(
    model: Model, sent: list[tuple[int, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, three = ids = drafts(3)
    told: list[Any] = []
    made = taken(model, ids, told)
    wait_for(lambda: len(model.asked) == 3)
    # a number that its column does not hold, past the check of what servers count
    monkeypatch.setattr(calling.answers, "countable", lambda _: True)
    model.asked[one].set_result(ANSWER)
    model.asked[two].set_result(replace(ANSWER, prompt_tokens=2**40))
    model.asked[three].set_exception(InfrastructureError("no answer"))
    made.wait()
    wait_for(lambda: len(told) == 6)
    by_id = {row.id: row for row in completions()}
    assert (by_id[one].state, by_id[one].text) == (State.DONE, CODE)
    assert by_id[two].state is State.ERROR and "cannot be stored" in (by_id[two].error or "")
    # to be tried again, and nothing goes on
    assert (by_id[three].state, by_id[three].failures) == (State.QUEUED, 1)
    assert sorted(sum(sent, ())) == attempt_ids()[:2]
    errors = {message: error for message, error, *rest in told if rest}
    assert errors["message 0"] is None and "out of range" in str(errors["message 1"])
    assert str(errors["message 2"]) == "no answer"
    assert [str(error) for error in model.useless] == ["no answer"]


def test_a_message_that_comes_again_pays_nothing_twice(
    model: Model, sent: list[tuple[int, ...]]
) -> None:
    (draft,) = drafts(1)
    told: list[Any] = []
    made = taken(model, [draft, draft], told)
    wait_for(lambda: len(told) == 2)  # one is at work, the other is done with
    assert list(model.asked) == [draft] and not sent
    model.asked[draft].set_result(ANSWER)
    made.wait()
    again: list[Any] = []
    taken(model, [draft], again).wait()
    wait_for(lambda: again)
    assert sent == [tuple(attempt_ids())] * 2  # done: its attempt may not have heard of it
    assert completions()[0].tries == 1


@pytest.mark.parametrize("away", ["broker", "database"])
def test_with_a_server_away_every_message_goes_back(
    model: Model, monkeypatch: pytest.MonkeyPatch, away: str
) -> None:
    ids, told = drafts(3), []
    made = taken(model, ids, told)
    wait_for(lambda: len(model.asked) == 3)

    def gone(*_: Any, **__: Any) -> None:
        if away == "broker":
            raise broker.BrokerLost("it went away")
        raise OperationalError("x", {}, psycopg.OperationalError("the connection is lost"))

    monkeypatch.setattr(broker, "send", gone)
    if away == "database":
        monkeypatch.setattr(calling, "patiently", lambda _: gone())
    for asked in model.asked.values():
        asked.set_result(ANSWER)
    made.wait()
    wait_for(lambda: len(told) == 6)
    errors = [each[1] for each in told if len(each) == 3]
    assert all(isinstance(error, Reject) and error.requeue for error in errors)
    assert states() == [State.DONE if away == "broker" else State.RUNNING] * 3


def test_a_worker_that_cannot_go_on_with_its_calls_ends(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would hold on to claims on which nobody works."""
    (draft,) = drafts(1)
    taken(model, [draft], [])
    wait_for(lambda: model.asked)
    monkeypatch.setattr(Calls, "_settle", lambda *_: 1 / 0)
    model.asked[draft].set_result(ANSWER)
    wait_for(lambda: model.ended)
    assert "ZeroDivisionError" in model.ended[0]


def test_nothing_is_in_hand_when_a_worker_has_waited(
    model: Model, sent: list[tuple[int, ...]]
) -> None:
    ids, told = drafts(2), []
    made = taken(model, ids, told)
    waiting = threading.Thread(target=made.wait)
    waiting.start()
    wait_for(lambda: len(model.asked) == 2)
    assert waiting.is_alive()
    for asked in model.asked.values():
        asked.set_result(ANSWER)
    waiting.join(20)
    assert not waiting.is_alive() and states() == [State.DONE] * 2
