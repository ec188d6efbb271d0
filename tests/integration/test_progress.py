"""If one of these fails, `foureyes watch` tells something else than the rows do."""

import pytest
from rich.console import Console
from sqlalchemy import text

from foureyes.models.enums import Kind
from foureyes.models.errors import REFERENCE_FAILS
from foureyes.models.session import session
from foureyes.models.sweep_content import ExpectedCalls
from foureyes.models.tables import Sweep
from foureyes.results import time_left, watch
from foureyes.results.figures.scoreboard import scoreboard
from foureyes.results.report import sentences
from foureyes.worker import patterns
from foureyes.worker.attempt.advance import advance
from foureyes.worker.attempt.replay import PatternReplay
from tests.integration.test_advance import CODE, answer, attempt_ids, completions, judge, make_sweep
from tests.sweeps import problem

pytestmark = pytest.mark.usefixtures("database")


def sql(statement: str) -> None:
    with session() as db:
        db.execute(text(statement))


def half_done() -> int:
    """Four attempts of two problems: one solved, one in error, two waiting for the reviewer."""
    sweep_id = make_sweep("raw-coder", "review-then-fix", problems=2)
    for attempt_id in attempt_ids():
        advance(attempt_id)
    for draft in completions():
        answer(draft.id, CODE)
    for attempt_id in attempt_ids():
        advance(attempt_id)
    with session() as db:
        first, second = db.execute(text("SELECT id FROM execution ORDER BY id")).scalars()
    judge(first)
    sql(f"UPDATE execution SET state = 'error', error = 'no disk' WHERE id = {second}")
    for attempt_id in attempt_ids():
        advance(attempt_id)
    return sweep_id


def test_what_no_retry_mends_is_told_apart_from_what_one_may() -> None:
    """A task whose own reference program fails where it is judged fails there again, whoever tries."""
    control: dict[str, object] = {"name": "sample-and-select", "tokens_of": "raw-coder"}
    sweep_id = make_sweep("raw-coder", "retry", control, problems=3)
    task = problem(1).hidden_tests().problem_id
    sql(f"""UPDATE attempt SET state = 'error', outcome = 'error', finished_at = now(),
        awaits_tokens = false, error = CASE
        WHEN problem_id <> (SELECT id FROM problem WHERE problem_id = '{task}') THEN 'no disk'
        WHEN awaits_tokens THEN 'no budget: raw-coder ended in error: {task}: {REFERENCE_FAILS}: it asks'
        ELSE '{task}: {REFERENCE_FAILS}: it asks the network' END""")
    board = scoreboard(sweep_id)
    assert (board.without_reference.attempts, board.without_reference.tasks) == (3, 1)
    assert board.failures[0] == ("no disk", 6)
    told = list(sentences.of_sweep(board))
    (failed,) = (each for each in told if "nothing was judged" in each)
    assert failed.startswith("6 attempts ended in error") and "Most often: no disk." in failed
    (lost,) = (each for each in told if "reference program fails where it was judged" in each)
    assert lost.startswith("3 attempts of 1 task ended in error") and "foureyes retry" not in lost
    line = watch.summary(watch.look(sweep_id))
    assert "9 errors (3 of them of tasks whose reference program fails here)" in line
    sql("UPDATE attempt SET error = 'no disk'")
    assert "no retry" not in " ".join(sentences.of_sweep(scoreboard(sweep_id)))
    assert "9 errors;" in watch.summary(watch.look(sweep_id)) + ";"


def test_a_pattern_that_fails_is_no_failure_of_the_infrastructure() -> None:
    """Whoever wrote it looks for it in their module, and not at the machines."""
    control: dict[str, object] = {"name": "sample-and-select", "tokens_of": "retry"}
    sweep_id = make_sweep("raw-coder", "retry", control)
    sql(
        "UPDATE attempt SET state = 'error', outcome = 'error', awaits_tokens = false, error = 'no disk'"
    )
    replay = PatternReplay(patterns.find("retry").configure({}), problem(0).spec())
    failed = str(replay.error("raised KeyError: 'x'", "own.py line 7"))
    budget = f"no budget: the attempt by retry, whose tokens it gets, ended in error: {failed}"
    with session() as db:
        for pattern, error in (("retry", failed), ("sample", budget)):
            db.execute(
                text("""UPDATE attempt SET error = :error FROM run
                    WHERE run.id = run_id AND run.pattern LIKE :pattern || '%'"""),
                {"pattern": pattern, "error": error},
            )
    board = scoreboard(sweep_id)
    assert board.patterns_failed.attempts == 2 and board.failures[0] == ("no disk", 1)
    told = list(sentences.of_sweep(board))
    (other,) = (each for each in told if "nothing was judged" in each)
    assert other.startswith("1 attempt ended in error") and "Most often: no disk." in other
    (mine,) = (each for each in told if "the pattern failed" in each)
    assert mine.startswith("2 attempts ended in error") and "foureyes retry" not in mine
    assert "Most often: pattern 'retry', step 1: raised KeyError: 'x' (own.py line 7). Mend" in mine


def price() -> None:
    """The sweep's file has a price; a later one has another, which is not this sweep's."""
    sql("UPDATE sweep SET file = jsonb_set(file, '{models,c,price_per_hour}', '36')")
    sql("""UPDATE language_model SET settings = settings || '{"price_per_hour": 99}'""")


def test_progress_is_what_the_rows_say() -> None:
    found = watch.look(half_done())
    assert (found.attempts, found.ended, found.unfinished, found.errors) == (4, 2, 2, 1)
    assert [(run.pattern, run.solved, run.ended) for run in found.runs] == [
        ("raw-coder", 1, 2),
        ("review-then-fix", 0, 0),
    ]
    assert found.failures == [("no disk", 1)]
    coder, reviewer = found.models
    assert (coder.name, coder.done, coder.running, coder.queued) == ("c", 2, 0, 0)
    assert (reviewer.name, reviewer.done, reviewer.running, reviewer.queued) == ("r", 0, 0, 2)
    assert found.per_minute > 0 and found.seconds_left == 60 * 2 / found.per_minute


def test_attempts_that_found_every_answer_there_do_not_hasten_the_rest() -> None:
    """A sweep with more problems than the last would promise to be done in seconds."""
    sweep_id = half_done()
    sql("UPDATE attempt SET created_at = now() + interval '1 second' WHERE outcome IS NOT NULL")
    found = watch.look(sweep_id)
    assert found.ended == 2 and found.seconds_left is None
    sql("UPDATE execution SET finished_at = now() + interval '2 seconds' WHERE state = 'error'")
    assert watch.look(sweep_id).per_minute == 60 / 5


def test_slow_attempts_have_a_rate_too() -> None:
    """With calls of minutes there would be none most of the time, and then one that is far off."""
    sweep_id = half_done()
    sql("UPDATE attempt SET created_at = created_at - interval '1 hour'")
    sql(
        "UPDATE attempt SET finished_at = now() - interval '4 minutes'"
        " WHERE id = (SELECT min(id) FROM attempt WHERE outcome IS NOT NULL)"
    )
    assert ", 0.5 a minute, about 4:0" in watch.summary(watch.look(sweep_id))
    sql("UPDATE attempt SET finished_at = now() - interval '6 minutes' WHERE outcome IS NOT NULL")
    assert watch.look(sweep_id).seconds_left is None


def test_the_time_left_is_told_by_what_the_plan_still_asks() -> None:
    """Two drafts took 10 s each, one of them in an attempt that ended: two reviews, and as many fixes, are
    left of four calls that were planned for the second pattern."""
    sweep_id = half_done()
    expect(sweep_id)
    sql("UPDATE completion SET seconds = 10, completion_tokens = 10 WHERE finished_at IS NOT NULL")
    assert watch.look(sweep_id).by_plan is None  # nobody knows how fast the reviewer is
    expect(sweep_id, seconds=30)
    found = watch.look(sweep_id)
    assert found.seconds_left == found.by_plan == 2 * 30  # longer than the coder's two fixes
    assert ", about 1:00 left" in watch.summary(found)
    # what an earlier sweep made is not expected to be made again, and says nothing of speeds
    sql(
        "UPDATE completion SET finished_at = now() - interval '1 day' WHERE finished_at IS NOT NULL"
    )
    assert watch.look(sweep_id).by_plan is None


def test_a_run_that_ends_late_tells_of_its_reviews_from_its_first_attempts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of 378 problems the raw coder had solved most before the first reviews came: with all the places taken,
    each review was expected to want changes, and the time left was ten times too long."""
    monkeypatch.setattr(time_left, "_LATEST", 4)
    monkeypatch.setattr(time_left, "_LATEST_OF_RUN", 2)
    sweep_id = make_sweep("raw-coder", "review-then-fix", problems=6)
    expect(sweep_id, seconds=10)
    with session() as db:
        found = db.execute(text("SELECT id FROM attempt ORDER BY run_id, problem_id"))
        ids = list(found.scalars())
    raw, reviewed = ids[:6], ids[6:]
    for attempt_id in (*raw, *reviewed):
        advance(attempt_id)
    for draft in completions():
        answer(draft.id, CODE)
    for attempt_id in raw:
        advance(attempt_id)
    for attempt_id in reviewed[:2]:
        (review,) = advance(attempt_id)
        answer(review.row_id, '{"reasons": ["It is right."], "verdict": "approve"}')
        advance(attempt_id)
    with session() as db:
        programs = list(db.execute(text("SELECT id FROM execution")).scalars())
    for program in programs:
        judge(program)
    for attempt_id in (*raw, *reviewed[:2]):
        advance(attempt_id)
    # the coder's calls take 100 s, and one follows the other
    sql("""UPDATE completion SET completion_tokens = 10, finished_at = finished_at + id * interval '100 s',
        seconds = CASE WHEN kind = 'review' THEN 1 ELSE 100 END WHERE finished_at IS NOT NULL""")
    seen = watch.look(sweep_id)
    assert seen.unfinished == 4 and seen.by_plan is not None
    assert seen.by_plan < 2 * 100  # and not the four fixes that were planned


def expect(sweep_id: int, seconds: float | None = None) -> None:
    """Keep with the sweep what its plan says; `seconds` is how long a review should take."""

    def calls(model: str, kind: Kind, calls: int, seconds: float | None = None) -> ExpectedCalls:
        return ExpectedCalls(
            model=model,
            kind=kind,
            steps=1,
            calls=calls,
            prompt_tokens=0,
            tokens=10,
            seconds=seconds,
        )

    raw = [calls("c", Kind.DRAFT, 1)]
    reviewed = [
        calls("c", Kind.DRAFT, 0), calls("r", Kind.REVIEW, 1, seconds), calls("c", Kind.FIX, 1),
    ]  # fmt: skip
    told = [[each.model_dump(mode="json") for each in run] for run in (raw, reviewed)]
    with session() as db:
        row = db.get_one(Sweep, sweep_id)
        row.file = row.file | {"expected": told}


def test_spending_is_the_time_in_which_a_model_was_busy() -> None:
    """Calls at the same time are paid for once."""
    sweep_id = half_done()
    price()
    sql("UPDATE completion SET finished_at = now() - interval '1 hour' WHERE model_id = 1")
    sql("UPDATE completion SET seconds = 10, completion_tokens = 7 WHERE id = 1")
    second = "id = (SELECT max(id) FROM completion WHERE model_id = 1)"
    sql(f"UPDATE completion SET seconds = 4, completion_tokens = 5 WHERE {second}")
    (coder, _) = watch.look(sweep_id).models
    assert (coder.busy_seconds, coder.completion_tokens) == (10.0, 12)
    assert coder.spent == pytest.approx(0.10)
    assert coder.rate == 0  # nothing lately
    sql(f"UPDATE completion SET finished_at = finished_at - interval '1 minute' WHERE {second}")
    assert watch.look(sweep_id).models[0].busy_seconds == 14.0


def test_every_worker_of_a_model_is_paid_for() -> None:
    sweep_id = half_done()
    price()
    sql(
        "UPDATE completion SET finished_at = now(), seconds = 10, worker = 'c-' || id || '@host/1-a'"
    )
    (coder, _) = watch.look(sweep_id).models
    assert coder.busy_seconds == 10.0 and coder.spent == pytest.approx(0.20)


def test_the_screen_has_room_for_all_that_matters() -> None:
    found = watch.look(half_done())
    for width, height in ((80, 24), (60, 12)):
        console = Console(width=width, height=height, force_terminal=True, color_system=None)
        with console.capture() as captured:
            console.print(watch.screen(found, height))
        said = captured.get()
        assert "2 of 4 attempts ended, 1 errors" in said and "1 x no disk" in said
        assert max(map(len, said.splitlines())) <= width


def test_refusals_are_told_apart_from_errors_and_counted_as_ended() -> None:
    sweep_id = half_done()
    sql("UPDATE attempt SET outcome = 'refused' WHERE outcome = 'solved'")
    found = watch.look(sweep_id)
    assert (found.ended, found.errors, found.runs[0].refused, found.runs[0].solved) == (2, 1, 1, 0)
    assert "2 of 4 attempts ended, 1 errors, 1 refused" in watch.summary(found)
    console = Console(width=120)
    with console.capture() as screen:
        console.print(watch.screen(found, 40))
    assert "refused" in screen.get()
