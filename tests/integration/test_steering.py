"""If one of these fails, what somebody paused goes on, or what goes on again has lost something."""

import math
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import typer
from fastapi.testclient import TestClient
from rich.console import Console
from sqlalchemy import Connection, text

from foureyes.models import admission, batches, broker, caps, lifecycle
from foureyes.models.enums import Outcome, State
from foureyes.models.errors import FoureyesError
from foureyes.models.session import session, transaction
from foureyes.models.tables import Completion, Execution, Sweep
from foureyes.producer.commands import reading, sweeping
from foureyes.producer.commands import steering as steering_commands
from foureyes.producer.sweeps import enqueue, holding, open_work, requeue
from foureyes.producer.sweeps.sweep import PlannedSweep, load
from foureyes.results import watch
from foureyes.results.figures.scoreboard import scoreboard
from foureyes.results.report import sentences
from foureyes.results.runs import find_of_sweep
from foureyes.results.steering import Steering, steering
from foureyes.results.web.app import create
from foureyes.worker import reaper
from foureyes.worker.attempt.advance import advance
from foureyes.worker.claims import Holder, store, take
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
from tests.programs import scripted_sweep, wait_for
from tests.sweeps import make_grid, make_sweep

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


def row(sweep_id: int) -> Sweep:
    with session() as db:
        return db.get_one(Sweep, sweep_id)


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

    assert holding.release(sweep_id, runs(sweep_id)) == [first, second, third]
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
    assert holding.release(sweep_id, runs(sweep_id)) == attempt_ids()
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
    assert holding.release(sweep_id, runs(sweep_id)) == [reviewed]
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
    holding.release(sweep_id, runs(sweep_id))
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


def test_what_has_ended_is_not_paused(capsys: pytest.CaptureFixture[str]) -> None:
    sweep_id = make_sweep("raw-coder")
    steering_commands.pause(f"id={sweep_id}", [])
    assert (
        "1 run paused, with 1 attempt that has not ended, 0 of them begun"
        in capsys.readouterr().out
    )
    holding.release(sweep_id, runs(sweep_id))
    run_to_the_end(lambda _: CODE)
    with pytest.raises(FoureyesError, match="all of it has ended"):
        steering_commands.pause(f"id={sweep_id}", [])
    assert told(sweep_id).held is None


def test_who_starts_a_sweep_hears_of_those_that_go_on_beside_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One that was interrupted, and forgotten, had the models for itself: for as long nothing seemed to come."""

    def told_of(sweep_id: int) -> str:
        sweeping.let_go_on(row(sweep_id), [])
        return " ".join("".join(capsys.readouterr()).split())

    forgotten = make_sweep("raw-coder", "raw-reviewer", problems=2, name="forgotten")
    assert "goes on beside it" not in told_of(forgotten)
    mine = make_sweep("raw-coder", name="mine")
    said = told_of(mine)
    assert f"sweep {forgotten} (forgotten) goes on beside it, 4 attempts left;" in said
    assert f"`foureyes pause id={forgotten}` has it wait" in said
    holding.pause(runs(forgotten, "raw-coder"))
    assert "(forgotten) goes on beside it, 2 attempts left;" in told_of(mine)
    holding.pause(runs(forgotten))
    assert "goes on beside it" not in told_of(mine)
    others = [make_sweep("raw-coder", name=f"other-{n}") for n in range(4)]
    said = told_of(mine)
    assert said.count("goes on beside it") == 3 and "and 1 more" in said
    open_work.cancel(others[0])
    assert "more" not in told_of(mine)


def test_a_sweep_that_is_cancelled_while_it_is_paused_is_over() -> None:
    sweep_id = make_sweep("raw-coder")
    holding.pause(runs(sweep_id))
    assert open_work.cancel(sweep_id) == 1
    assert holding.release(sweep_id, runs(sweep_id)) == []


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


def capped(**caps: float) -> int:
    """A sweep whose calls take a second of a machine for 3,600 USD an hour, and 30 tokens."""
    grid = replace(make_grid("raw-coder", problems=6), caps=caps)
    return enqueue.enqueue(priced(grid)).id


def priced(grid: PlannedSweep) -> PlannedSweep:
    models = {
        name: model.model_copy(update={"price_per_hour": 3600.0})
        for name, model in grid.file.models.items()
    }
    return replace(grid, file=grid.file.model_copy(update={"models": models}))


def call(*ids: int, at: float = 0.0, worker: str = "w/1") -> None:
    """Do as a worker does with calls that it answers together; `at`: so many seconds ago."""
    with transaction() as db:
        write(db, *ids, at=at, worker=worker)


def write(db: Connection, *ids: int, at: float = 0.0, worker: str = "w/1") -> None:
    result = {
        "text": CODE, "finish_reason": "stop", "prompt_tokens": 20, "cached_tokens": None,
        "completion_tokens": 10, "seconds": 1.0, "engine": "e",
    }  # fmt: skip
    done = batches.finish(db, dict.fromkeys(ids, result), worker)
    assert done == set(ids)
    db.execute(
        text("UPDATE completion SET finished_at = now() - make_interval(secs => :at) WHERE id = ANY(:ids)"),
        {"at": at, "ids": list(ids)},
    )  # fmt: skip
    caps.have_ended(db, done)


def drafts() -> list[int]:
    for attempt in attempt_ids():
        advance(attempt)
    return sorted(row.id for row in completions())


def told(sweep_id: int) -> Steering:
    with session() as db:
        return steering(db, sweep_id)


@pytest.mark.parametrize(
    ("cap", "spent", "more"),
    [
        ({"max_tokens": 61}, "90 of 61 tokens", {"max_tokens": 1000}),
        ({"max_usd": 2.5}, "3.00 USD of 2.50 USD", {"max_usd": 1000}),
        ({"max_hours": 2.5 / 3600}, "3.0 s of 2.5 s", {"max_hours": math.inf}),
    ],
)
def test_at_a_cap_only_what_is_in_flight_ends(
    cap: dict[str, float], spent: str, more: dict[str, float], sent: list[int]
) -> None:
    """Three calls one after the other, of which the third is over it; a fourth is in flight."""
    sweep_id = capped(**cap)
    one, two, three, four, five, _ = drafts()
    assert claims(one) and claims(two)
    call(one, at=30)
    call(two, at=20)
    assert claims(three) and claims(four)
    call(three, at=10)
    assert not claims(five)
    found = told(sweep_id)
    assert (found.held, found.held_runs, list(found.spent().values())) == (*cap, 1, [spent])
    assert found.is_at_cap and not watch.look(sweep_id).is_over  # one is in flight
    assert f"at its cap {next(iter(cap))} since" in watch.held(watch.look(sweep_id))[0]
    call(four)
    assert watch.look(sweep_id).is_over
    assert "; of its caps " in watch.summary(watch.look(sweep_id))
    with pytest.raises(typer.Exit):
        reading.exit_if_not_well(sweep_id)

    assert holding.release(sweep_id, runs(sweep_id)) == []  # it is still at its cap
    assert told(sweep_id).held_since == found.held_since and not claims(five)
    with pytest.raises(FoureyesError, match="is held already: at its cap"):
        steering_commands.pause(f"id={sweep_id}", [])
    assert (
        len(holding.release(sweep_id, runs(sweep_id), more)) == 4
    )  # two calls wait in their queue
    assert not told(sweep_id).held and claims(five)


def test_what_workers_do_at_the_same_time_is_paid_for_once_each() -> None:
    """The price is that of a machine: two calls at a time take one of its seconds, two machines two."""
    sweep_id = capped(max_usd=1000)
    one, two, three, four, *_ = drafts()
    assert claims(one) and claims(two)
    sql(f"UPDATE completion SET state = 'running', worker = 'v/1' WHERE id IN ({three}, {four})")
    call(one, two)
    call(three, worker="v/1")
    found = told(sweep_id)
    assert found.usd == pytest.approx(2, abs=0.2)
    assert found.hours == pytest.approx(1 / 3600, rel=0.5)
    # what is long over counts as before
    sql(
        "UPDATE spending SET lately = tstzmultirange(tstzrange(now() - interval '1 h', now() - interval '59 min'))"
    )
    call(four, worker="v/1")
    assert told(sweep_id).usd == pytest.approx(60 + 60 + 1, abs=0.2)
    with session() as db:
        lately = "SELECT max(upper(lately) - lower(lately)) FROM spending WHERE node = 'v'"
        assert db.execute(text(lately)).scalar_one() < timedelta(seconds=2)


def test_a_cap_that_comes_later_counts_what_was_before_and_answers_on_record_cost_nothing() -> None:
    first = make_sweep("raw-coder", problems=2)
    run_to_the_end(lambda _: CODE)
    sweep_id = make_sweep("raw-coder", problems=6, name="later")
    drafts()
    *_, one, two, three, four = (row.id for row in completions())
    assert claims(one) and claims(two) and claims(three)
    call(one, two)
    with session() as db:
        caps.change(db, sweep_id, {"max_tokens": 80})
    assert told(sweep_id).tokens == 60  # without the two drafts that the first one had made
    call(three)
    assert told(sweep_id).tokens == 90 and not claims(four)
    assert told(first).tokens is None
    with session() as db:
        caps.change(db, sweep_id, {"max_tokens": math.inf, "max_usd": math.inf})
    assert told(sweep_id).tokens is None
    with pytest.raises(FoureyesError, match="no model has a price_per_hour"), session() as db:
        caps.change(db, sweep_id, {"max_usd": 1})


def test_calls_that_are_written_one_by_one_count_too() -> None:
    sweep_id = capped(max_tokens=1000)
    one, *_ = drafts()
    holder = Holder("test")
    try:
        assert take(holder, Completion, one) is not None
        store(holder, Completion, one, {"text": CODE, "prompt_tokens": 7, "seconds": 1.0})
    finally:
        holder.close()
    assert told(sweep_id).tokens == 7


def test_two_that_write_at_once_know_of_each_other() -> None:
    """Else both find room below the cap, and a call begins that should not."""
    sweep_id = capped(max_tokens=60)
    one, two, three, *_ = drafts()
    assert claims(one) and claims(two)
    with ThreadPoolExecutor(1) as threads:
        with transaction() as db:
            write(db, one)
            second = threads.submit(call, two)
            wait_for(lambda: second.done() or waits(db))
        second.result()
    assert told(sweep_id).held == "max_tokens" and not claims(three)


def waits(db: Connection) -> bool:
    """Whether somebody waits for a lock."""
    found = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    return bool(db.execute(text(found)).scalar_one())


def test_a_file_without_prices_cannot_be_capped_in_usd(tmp_path: Path) -> None:
    scripted_sweep(tmp_path, 1, 0.0, ["raw-coder"])
    file = tmp_path / "sweep.toml"
    with pytest.raises(FoureyesError, match="max_usd: no model has a price_per_hour"):
        load(file, caps={"max_usd": 1.0})
    file.write_text(f"{file.read_text()}[caps]\nmax_tokens = 500\nmax_hours = 1.5\n")
    assert load(file, caps={"max_hours": 2.0}).caps == {"max_tokens": 500, "max_hours": 2.0}


def test_what_holds_a_sweep_is_said_by_whoever_shows_it() -> None:
    sweep_id = make_sweep("raw-coder", "raw-reviewer", problems=2)
    with TestClient(create(), base_url="http://127.0.0.1") as web:
        assert "<td>running</td>" in web.get("/").text
        holding.pause(runs(sweep_id, "raw-coder"))
        assert "<td>paused</td>" in web.get("/").text
        page = web.get(f"/sweeps/{sweep_id}").text
        assert "Held: nothing new is started." in page and "1 of 2 runs paused since 20" in page
    said = sentences.state(scoreboard(sweep_id))
    assert said[0].startswith("Held: 4 of 4 attempts have not ended")
    assert said[1].startswith("1 of 2 runs paused since 20") and said[1].endswith("goes on.")
    (line,) = watch.held(watch.look(sweep_id))
    assert f"{line}." == said[1]
    console = Console(width=200, height=40, color_system=None)
    with console.capture() as shown:
        console.print(watch.screen(watch.look(sweep_id), 40))
    assert line in shown.get()
    with session() as db:
        row = db.execute(text("SELECT * FROM v_steering")).mappings().one()
    assert (row["held"], row["held_runs"], row["runs"], row["waiting"]) == ("paused", 1, 2, 4)


def test_what_ended_in_error_or_was_given_up_is_done_anew_and_nothing_else() -> None:
    sweep_id = make_sweep("raw-coder", "raw-reviewer", problems=3)
    coder, reviewer = runs(sweep_id)
    sql("UPDATE attempt SET state = 'error', outcome = 'error' WHERE id IN (1, 2)")
    sql("UPDATE attempt SET state = 'cancelled' WHERE id = 3")
    sql("UPDATE attempt SET state = 'done', outcome = 'unsolved' WHERE id = 4")
    sql("UPDATE attempt SET state = 'error', outcome = 'error' WHERE id = 5")
    with session() as db:
        of_coder = set(db.execute(text(f"SELECT id FROM attempt WHERE run_id = {coder}")).scalars())
    assert requeue.by_id([5, 3, 5]) == {sweep_id: [5, 3]}
    for number, says in (
        (4, r"ended well \(unsolved\): .*--fresh WORD"),
        (6, "not ended"),
        (7, "no"),
    ):
        with pytest.raises(FoureyesError, match=says):
            requeue.by_id([1, number])
    found = requeue.of_runs([coder], only_errors=True)
    assert set(found.ids) == of_coder & {1, 2, 5}
    both = requeue.of_runs([coder, reviewer], only_errors=False)
    assert both == ([1, 2, 3, 5], 1) and "1 attempt ended well, and stays" in requeue.said_of(1)
    assert open_work.retry(sweep_id, [3, 4, 5, 6]) == 2
    assert [row.state for row in attempts()] == [
        "error",
        "error",
        "queued",
        "done",
        "queued",
        "queued",
    ]
    assert open_work.retry(sweep_id) == 2


def test_a_higher_priority_begins_first_and_a_limit_holds_while_it_is_changed(
    sent: list[int],
) -> None:
    big = make_sweep("raw-coder", problems=40)
    small = make_sweep("raw-coder", problems=3, name="small", fresh="small")
    steering_commands.tune(f"id={big}", "30", 5)
    admission.start_waiting()
    assert (
        sent == attempt_ids()[:24]
    )  # all the room that there is, though little is left of the other
    sql(
        "UPDATE attempt SET state = 'running' WHERE moved_at IS NOT NULL"
    )  # each waits for something
    sent.clear()
    admission.start_waiting()
    assert sorted(sent) == [*attempt_ids()[24:30], *attempt_ids()[-3:]]
    steering_commands.tune(f"id={big}", "inf", None)
    assert (told(big).priority, told(big).at_once, told(small).priority) == (5, None, 0)
    for threads in ("0", "-1", "x", "1.5", "9" * 5000):
        with pytest.raises(FoureyesError, match="no number of attempts"):
            steering_commands.tune(f"id={big}", threads, None)
    with pytest.raises(FoureyesError, match="--threads N or --priority N"):
        steering_commands.tune(f"id={big}", None, None)


def test_more_than_a_statement_has_room_for_is_done_anew() -> None:
    """PostgreSQL takes 65,535 parameters; a sweep that failed as a whole has more attempts."""
    sweep_id = make_sweep("raw-coder", problems=1)
    (coder,) = runs(sweep_id)
    sql(f"""INSERT INTO attempt (run_id, problem_id, sample, state, outcome, created_at)
        SELECT {coder}, 1, n, 'error', 'error', now() FROM generate_series(1, 70000) AS n""")
    found = requeue.of_runs([coder], only_errors=True)
    assert len(found.ids) == 70_000
    assert open_work.retry(sweep_id, found.ids) == 70_000
    assert open_work.unfinished(sweep_id) == 70_001
