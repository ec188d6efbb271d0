"""If one of these fails, what somebody paused goes on, or what goes on again has lost something."""

from collections import Counter

import pytest
from sqlalchemy import text

from foureyes.models import admission, batches, broker, lifecycle
from foureyes.models.enums import Outcome, State
from foureyes.models.errors import FoureyesError
from foureyes.models.session import session, transaction
from foureyes.models.tables import Completion, Execution
from foureyes.producer.sweeps import enqueue, holding
from foureyes.results.runs import find_of_sweep
from foureyes.worker import reaper
from foureyes.worker.attempt.advance import advance
from tests.integration.test_advance import (
    CODE,
    answer,
    attempt_ids,
    attempts,
    completions,
    count,
    judge,
    run_to_the_end,
)
from tests.integration.test_progress import sql
from tests.sweeps import make_sweep

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The attempts that messages were sent for."""
    started: list[int] = []

    def send(task: str, queue: str, *ids: int, shown: str = "", **_: object) -> None:
        if task == broker.START:
            started.extend(ids)

    monkeypatch.setattr(broker, "send", send)
    monkeypatch.setattr(broker, "depth", lambda _: 0)
    return started


def runs(sweep_id: int, *names: str) -> list[int]:
    return [run.id for run in find_of_sweep(sweep_id, names)]


def claims(completion_id: int) -> bool:
    """Whether a worker gets the call, which it then is at."""
    with transaction() as db:
        return bool(batches.claim(db, [completion_id], "w/1"))


def finish(completion_id: int) -> None:
    with transaction() as db:
        assert lifecycle.finish(db, Completion, completion_id, "w/1", text=CODE)


def states() -> Counter[State]:
    return Counter(row.state for row in completions())


def test_of_what_is_paused_nothing_begins_and_what_is_at_work_ends(sent: list[int]) -> None:
    sweep_id = make_sweep("raw-coder", problems=4)
    first, second, third, fourth = attempt_ids()
    admission.start_waiting()
    assert sent == [first, second, third, fourth]
    sql(f"UPDATE attempt SET moved_at = NULL WHERE id = {fourth}")  # nobody has started it
    for attempt in (first, second):
        advance(attempt)
    at_work, waiting = (row.id for row in completions())
    assert claims(at_work)
    found = holding.pause(runs(sweep_id))
    assert found == (1, 4, 3)
    assert holding.pause(runs(sweep_id)) == (0, 4, 3)  # again
    sent.clear()
    assert admission.start_waiting() == (0, False)
    assert advance(third) == []
    assert not claims(waiting)
    assert not answer(waiting, CODE)  # one by one: nobody wants it now
    finish(at_work)
    assert advance(first) == [] and count(Execution) == 0
    sql("UPDATE attempt SET moved_at = now() - interval '1 hour' WHERE moved_at IS NOT NULL")
    assert reaper.reap() == 0
    assert states() == {State.DONE: 1, State.CANCELLED: 1} and sent == []

    assert holding.release(runs(sweep_id)) == [first, second, third]
    admission.start_waiting()
    assert sent == [fourth]
    calls = run_to_the_end(lambda _: CODE)
    assert calls == 3 and states() == {State.DONE: 4}  # what was paid for is not asked again
    assert {attempt.outcome for attempt in attempts()} == {Outcome.SOLVED}


def test_what_a_command_released_and_did_not_send_is_found(sent: list[int]) -> None:
    """It was killed between the two."""
    sweep_id = make_sweep("raw-coder")
    admission.start_waiting()
    holding.pause(runs(sweep_id))
    assert holding.release(runs(sweep_id)) == attempt_ids()
    sent.clear()
    sql("UPDATE attempt SET moved_at = now() - interval '1 hour'")
    assert reaper.reap() == 1 and sent == attempt_ids()


def test_a_call_that_a_run_beside_wants_is_made_for_that_run() -> None:
    sweep_id = make_sweep("raw-coder", "review-then-fix")
    alone, reviewed = attempt_ids()
    for attempt in attempt_ids():
        advance(attempt)
    holding.pause(runs(sweep_id, "review-then-fix"))
    (draft,) = completions()
    assert answer(draft.id, CODE)
    for attempt in attempt_ids():
        advance(attempt)
    assert count(Completion) == 1  # no review
    (program,) = attempts_programs()
    judge(program)
    advance(alone)
    assert [attempt.state for attempt in attempts()] == [State.DONE, State.RUNNING]
    assert holding.release(runs(sweep_id)) == [reviewed]
    run_to_the_end(lambda _: '{"issues": [], "verdict": "approve"}')
    assert {attempt.outcome for attempt in attempts()} == {Outcome.SOLVED}


def attempts_programs() -> list[int]:
    with session() as db:
        return list(db.execute(text("SELECT id FROM execution")).scalars())


def test_a_program_is_not_judged_while_its_run_is_paused() -> None:
    sweep_id = make_sweep("raw-coder")
    (attempt,) = attempt_ids()
    advance(attempt)
    answer(completions()[0].id, CODE)
    advance(attempt)
    (program,) = attempts_programs()
    holding.pause(runs(sweep_id))
    with session() as db:
        assert lifecycle.claim(db, Execution, program, "w/1") is None
    holding.release(runs(sweep_id))
    assert len(advance(attempt)) == 1  # it is asked for anew
    judge(program)
    advance(attempt)
    assert attempts()[0].outcome is Outcome.SOLVED


def test_what_is_paused_takes_no_room_of_others(sent: list[int]) -> None:
    """Attempts that were started and have asked for nothing yet would hold their places for ever."""
    paused = make_sweep("raw-coder", problems=60)
    admission.start_waiting()
    assert len(sent) == 24
    sent.clear()
    make_sweep("raw-coder", problems=3, name="other", fresh="other")
    holding.pause(runs(paused))
    admission.start_waiting()
    assert sent == attempt_ids()[-3:]


def test_a_sweep_that_is_cancelled_while_it_is_paused_is_over() -> None:
    sweep_id = make_sweep("raw-coder")
    holding.pause(runs(sweep_id))
    assert enqueue.cancel(sweep_id) == 1
    assert holding.release(runs(sweep_id)) == []


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("raw-codr", "has no pattern 'raw-codr'; did you mean 'raw-coder'?"),
        ("raw-coder:mein", "has no benchmark 'mein'; did you mean 'mine'?"),
        ("a:b:c:d", "is no run: give its id, or PATTERN"),
        ("77", "there is no run 77"),
        ("2", "run 2 is of sweep 2, not 1"),
    ],
)
def test_a_run_that_is_not_there_is_named(name: str, says: str) -> None:
    sweep_id = make_sweep("raw-coder")
    make_sweep("raw-coder", name="other")
    with pytest.raises(FoureyesError, match=says):
        find_of_sweep(sweep_id, [name])
    assert runs(sweep_id, "1", "raw-coder:mine:c+r") == [1]
