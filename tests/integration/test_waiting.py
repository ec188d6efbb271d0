"""If one of these fails, whoever waits for a sweep is not told what it waits for in vain."""

import pytest
from rich.console import Console

from foureyes.results import watch
from foureyes.worker.attempt.advance import advance
from tests.integration.test_advance import CODE, answer, attempt_ids, completions, make_sweep
from tests.integration.test_progress import half_done, sql

pytestmark = pytest.mark.usefixtures("database")


def test_calls_that_are_tried_again_are_shown_with_the_latest_reason() -> None:
    """Else a server that refuses every other call looks as one that is slow."""
    sweep_id = half_done()
    assert watch.look(sweep_id).retried == []
    open_calls = "state = 'queued'"
    sql(f"UPDATE completion SET failures = 1, error = 'long ago' WHERE {open_calls}")
    sql(
        "UPDATE completion SET error = 'r.example: 429' || chr(10) || 'Too Many', state = 'running',"
        f" send_again_at = send_again_at + interval '1 second' WHERE id = (SELECT max(id) FROM completion WHERE {open_calls})"
    )
    found = watch.look(sweep_id)
    assert [(each.what, each.retried) for each in found.retried] == [("r", 2)]
    assert "; 2 for r tried again (r.example: 429 Too Many)" in watch.summary(found)
    console = Console(width=100, height=30, color_system=None)
    with console.capture() as captured:
        console.print(watch.screen(found, 30))
    assert "2 for r tried again: r.example: 429 Too Many" in captured.get()
    sql("UPDATE completion SET state = 'done', text = '', error = NULL WHERE error IS NOT NULL")
    assert watch.look(sweep_id).retried == []


def test_judgings_that_are_tried_again_are_shown() -> None:
    sweep_id = make_sweep("raw-coder")
    advance(attempt_ids()[0])
    answer(completions()[0].id, CODE)
    advance(attempt_ids()[0])
    (judge,) = watch.look(sweep_id).waiting
    assert (judge.what, judge.queued, judge.retried, judge.said) == ("the judge", 1, 0, None)
    sql("UPDATE execution SET failures = 1, error = 'the sandbox does not answer'")
    found = watch.look(sweep_id)
    assert "; 1 for the judge tried again (the sandbox does not answer)" in watch.summary(found)


def test_a_model_at_which_nothing_works_is_named_with_what_to_do() -> None:
    sweep_id = half_done()
    sql("UPDATE language_model SET trouble = 'no such file' WHERE name = 'r'")
    found = watch.look(sweep_id)
    assert found.is_stuck
    assert watch.in_vain(found) == [
        "nothing works at r, for which 2 calls wait: no such file. Mend it and run the sweep's command "
        f"again, or give it up: `foureyes cancel id={sweep_id}`"
    ]
    # a worker elsewhere has it
    sql("UPDATE completion SET state = 'running' WHERE state = 'queued' AND id % 2 = 0")
    found = watch.look(sweep_id)
    assert not found.is_stuck and watch.in_vain(found) == []
    # a program is being judged: what comes of it may need another model
    sql("UPDATE completion SET state = 'queued' WHERE state = 'running'")
    sql("UPDATE execution SET state = 'queued' WHERE state = 'done'")
    sql("UPDATE attempt SET state = 'running', outcome = NULL WHERE outcome = 'solved'")
    assert not watch.look(sweep_id).is_stuck
