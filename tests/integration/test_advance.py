"""The state machine on real Postgres: work is done once, and no attempt is lost or doubled."""

import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import col, func, select, update

from foureyes.models import admission, broker, lifecycle, tables
from foureyes.models.enums import Kind, Outcome, State, Status, Suite
from foureyes.models.errors import FoureyesError
from foureyes.models.problem import Spec
from foureyes.models.session import session, transaction
from foureyes.models.settings import settings
from foureyes.models.shares import AHEAD
from foureyes.models.shown import Trial
from foureyes.models.sweep_content import SweepContent, as_written
from foureyes.models.tables import (
    Attempt,
    Completion,
    Execution,
    LanguageModel,
    Run,
    Seat,
    Step,
    Sweep,
    now,
)
from foureyes.producer.commands.sweeping import finished_row
from foureyes.producer.sweeps import enqueue, estimate, open_work
from foureyes.producer.sweeps.prune import prune
from foureyes.results.sweeps import find_sweep
from foureyes.worker import patterns, reaper
from foureyes.worker.attempt import requests
from foureyes.worker.attempt.advance import advance
from foureyes.worker.patterns.steps import CODER, REVIEWER, Draft, Plan, Review, Steps
from foureyes.worker.patterns.style import Style
from tests.sweeps import make_grid, make_sweep

pytestmark = pytest.mark.usefixtures("database")

#: Attempts that are started where nothing is at work.


def attempt_ids() -> list[int]:
    with session() as db:
        return list(db.exec(select(Attempt.id).order_by(col(Attempt.id))))


def attempts() -> list[Attempt]:
    with session() as db:
        return list(db.exec(select(Attempt).order_by(col(Attempt.id))))


def completions() -> list[Completion]:
    with session() as db:
        return list(db.exec(select(Completion).order_by(col(Completion.id))))


def count(table: type) -> int:
    with session() as db:
        return db.exec(select(func.count()).select_from(table)).one()


def answer(completion_id: int, text: str, worker: str = "w/1") -> bool:
    """Do as a model worker does; whether the claim was granted and the result was written."""
    with session() as db:
        row = lifecycle.claim(db, Completion, completion_id, worker)
    if row is None:
        return False
    with session() as db:
        return lifecycle.finish(
            db, Completion, row.id, worker, text=text, completion_tokens=1, prompt_tokens=1,
            engine=f"engine of {worker}",
        )  # fmt: skip


def judge(execution_id: int, solved: bool = True) -> None:
    with session() as db:
        row = lifecycle.claim(db, Execution, execution_id, "w/1")
    assert row is not None
    status = Status.PASS if solved else Status.FAIL
    detail = {"solved": solved} if row.suite is Suite.HIDDEN else {"results": []}
    with session() as db:
        assert lifecycle.finish(
            db, Execution, row.id, "w/1", detail=detail, base=status, plus=status
        )


CODE = "```python\ndef f(x):\n    return x\n```"


def run_to_the_end(say: Callable[[Completion], str], solved: bool = True) -> int:
    """Do all the work there is, in rounds; how many model calls were made."""
    calls = 0
    for _ in range(20):
        for attempt_id in attempt_ids():
            advance(attempt_id)
        with session() as db:
            open_calls = db.exec(select(Completion).where(Completion.state == State.QUEUED)).all()
            open_programs = db.exec(select(Execution).where(Execution.state == State.QUEUED)).all()
        for row in open_calls:
            assert answer(row.id, say(row))
            calls += 1
        for program in open_programs:
            judge(program.id, solved)
        if all(attempt.state not in (State.QUEUED, State.RUNNING) for attempt in attempts()):
            return calls
    raise AssertionError("the attempts do not end")


def _revise(row: Completion) -> str:
    return '{"issues": ["no"], "verdict": "revise"}' if row.kind == "review" else CODE


def test_patterns_that_start_from_the_same_draft_cost_one_draft() -> None:
    make_sweep("raw-coder", "review-then-fix", "grounded-review", problems=3)
    calls = run_to_the_end(_revise)
    # a problem: 1 draft, 2 reviews (one with evidence), 1 fix that both reviews lead to
    assert calls == 3 * 4 == count(Completion)
    assert {attempt.outcome for attempt in attempts()} == {Outcome.SOLVED}


def test_what_was_said_of_another_program_is_no_verdict_on_the_draft() -> None:
    """Else a placebo's reviewer is measured by a program that is the same for every problem."""
    make_sweep("placebo-review", problems=2)

    def say(row: Completion) -> str:
        if row.kind != "review":
            return CODE
        asked = row.request["messages"][-1]["content"]
        verdict = "approve" if "longest_run" in asked else "revise"
        return f'{{"reasons": ["It is so."], "verdict": "{verdict}"}}'

    run_to_the_end(say)
    with session() as db:
        found = db.execute(
            text("SELECT caught, missed, false_alarms, approved_right, fixes FROM v_reviewer")
        )
        assert [tuple(row) for row in found] == [(0, 0, 2, 0, 2)]
        said = db.execute(
            text("SELECT verdict, count(*) FROM step WHERE kind = 'review' GROUP BY 1")
        )
        assert dict(said.all()) == {"revise": 2, "approve another": 2}


PAPER = (
    "raw-coder", "raw-reviewer", "plan-then-code", "review-then-fix", "review-then-fix-retry",
    "debate", "enriched-review",
)  # fmt: skip


def test_the_papers_patterns_share_their_drafts() -> None:
    """Else the seven of them would cost six drafts a problem where two are enough."""
    make_sweep(*PAPER, problems=3)
    run_to_the_end(_revise)
    drafts = [(row.model_id, row.prompt) for row in completions() if row.kind is Kind.DRAFT]
    # the coder's, the reviewer's, along a plan, and on the enriched specification: each once
    assert len(drafts) == 3 * 4
    reviews = [row for row in completions() if row.prompt == "review"]
    # of the coder's draft, of the reviewer's in the debate, of the draft on the enriched one
    assert len(reviews) == 3 * 3
    assert {attempt.outcome for attempt in attempts()} == {Outcome.SOLVED}


def test_what_steps_gave_is_in_their_rows() -> None:
    """Else the transcript and the reviewer's record have to be guessed from texts."""
    make_sweep("review-then-fix", problems=1)
    run_to_the_end(lambda row: "Hm." if row.kind == "review" else CODE)
    make_sweep("debate", problems=1, name="second", fresh="second")
    run_to_the_end(_revise)
    with session() as db:
        rows = db.execute(
            text("SELECT attempt_id, kind, prompt, verdict, code FROM v_steps ORDER BY step_id")
        ).all()
    first = [tuple(row)[1:] for row in rows if row.attempt_id == rows[0].attempt_id]
    code = "def f(x):\n    return x\n"
    assert first == [
        ("draft", "draft", None, code),
        ("review", "review", "none", None),
        ("review", "repair-verdict", "none", None),  # asked once more, then the draft stands
        ("judge", None, None, None),
    ]
    verdicts = [
        row.verdict for row in rows if row.kind == "review" and row.attempt_id != rows[0].attempt_id
    ]
    assert verdicts == ["revise", "revise"]


#: A review that thinks of one thing and names others, not all as the schema wants it.
THOUGHT = (
    '<think>{"issues": ["discarded"], "verdict": "revise"}</think>\n'
    '```json\n{"issues": ["off by one", 3, "nul \\u0000",], "verdict": "VERDICT"}\n```'
)


@pytest.mark.parametrize("verdict", ["revise", "approve"])
def test_what_a_review_named_is_kept_as_the_fix_was_told_of_it(verdict: str) -> None:
    """Else a page that reads the answer by other rules shows what no fix was ever asked to mend."""
    make_sweep("review-then-fix")
    said = THOUGHT.replace("VERDICT", verdict)
    run_to_the_end(lambda row: said if row.kind == "review" else CODE)
    with session() as db:
        draft, review, *_ = db.exec(select(Step).order_by(col(Step.position))).all()
    assert (review.verdict, review.issues) == (verdict, ["off by one", "3", "nul \ufffd"])
    assert draft.issues is None
    for row in completions():
        if row.kind is Kind.FIX:
            told = row.request["messages"][-1]["content"]
            assert all(issue in told for issue in review.issues) and "discarded" not in told


def test_samples_drawn_with_a_temperature_have_a_seed_each() -> None:
    make_sweep("sample-and-select", "raw-coder", samples=2)
    run_to_the_end(_revise)
    asked = [(row.request["sampling"]["temperature"], row.request["seed"]) for row in completions()]
    # greedy drafts are one for both samples; the others are 2 for each
    assert sorted(asked, key=str) == [
        (0.0, None),
        (0.8, 1000),
        (0.8, 1001),
        (0.8, 2000),
        (0.8, 2001),
    ]


def test_options_and_prompts_make_runs_of_their_own() -> None:
    choice = {"name": "retry", "retries": [1, 2], "prompts": ["default", "terse"]}
    make_sweep("raw-coder", choice)
    run_to_the_end(_revise)
    with session() as db:
        runs = db.exec(select(Run).order_by(col(Run.position))).all()
    assert [(run.pattern, run.options.get("retries")) for run in runs] == [
        ("raw-coder", None),
        ("retry(retries=1)", 1),
        ("retry(prompts=terse, retries=1)", 1),
        ("retry(retries=2)", 2),
        ("retry(prompts=terse, retries=2)", 2),
    ]
    drafts = [row for row in completions() if row.kind is Kind.DRAFT]
    assert len(drafts) == 2  # one in each style
    assert len({row.prompt_hash for row in drafts}) == 2


def test_a_fresh_sweep_reuses_nothing_but_its_own() -> None:
    make_sweep("raw-coder")
    assert run_to_the_end(_revise) == 1
    make_sweep("raw-coder", fresh="again")
    assert run_to_the_end(_revise) == 1
    make_sweep("raw-coder", fresh="again", name="other")
    assert run_to_the_end(_revise) == 0


def test_an_approved_draft_is_judged_once_for_all_patterns() -> None:
    make_sweep("raw-coder", "review-then-fix")
    run_to_the_end(
        lambda row: '{"issues": [], "verdict": "approve"}' if row.kind == "review" else CODE
    )
    assert count(Execution) == 1
    assert all(attempt.code == "def f(x):\n    return x\n" for attempt in attempts())


def test_what_is_read_in_another_way_is_asked_once_and_so_is_what_is_reviewed_in_other_words() -> (
    None
):
    """A style's extraction decides what the answer is taken for, its wording only what a review is asked."""
    example = f"{CODE}\nFor example:\n```python\nf(1)\n```"
    names = ("raw-coder", "review-then-fix")
    make_sweep(
        *names, *({"name": name, "extraction": "last-block"} for name in names),
        {"name": "review-then-fix", "verdict": "verdict-first"},
    )  # fmt: skip
    run_to_the_end(lambda row: '{"verdict": "approve"}' if row.kind == "review" else example)
    whole, last = "def f(x):\n    return x\n", "f(1)"
    assert [attempt.code for attempt in attempts()] == [whole, whole, last, last, whole]
    # one draft, and a review of either program, of one of them in other words
    assert [row.kind for row in completions()].count(Kind.DRAFT) == 1
    assert [row.kind for row in completions()].count(Kind.REVIEW) == 3


def test_a_message_delivered_again_changes_nothing() -> None:
    make_sweep("review-then-fix")
    (attempt_id,) = attempt_ids()
    assert len(advance(attempt_id)) == 1
    assert advance(attempt_id) == []  # it waits: nothing new is asked for
    (draft,) = completions()
    assert answer(draft.id, CODE)
    assert not answer(draft.id, "something else")  # done is done
    assert len(advance(attempt_id)) == 1
    assert advance(attempt_id) == []
    assert (count(Completion), count(Step)) == (2, 2)
    assert completions()[0].text == CODE


def test_greedy_samples_share_a_draft_and_drawn_ones_do_not() -> None:
    make_sweep("raw-coder", samples=3)
    assert run_to_the_end(_revise) == 1
    assert len(attempts()) == 3


def test_a_worker_that_lost_its_claim_cannot_overwrite_the_result() -> None:
    make_sweep("raw-coder")
    advance(attempt_ids()[0])
    (draft,) = completions()
    with session() as db:
        lost = lifecycle.claim(db, Completion, draft.id, "slow/1")
        assert lost is not None
        assert lifecycle.claim(db, Completion, draft.id, "other/1") is None  # held by a lease
        db.exec(update(Completion).values(lease_until=now() - timedelta(seconds=1)))
    assert answer(draft.id, CODE, worker="quick/1")
    with session() as db:
        assert not lifecycle.finish(db, Completion, lost.id, "slow/1", text="too late")
    assert completions()[0].text == CODE


class _Ahead(datetime):
    """A worker's clock that is an hour fast."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + timedelta(hours=1)


def test_no_clock_of_a_worker_enters_a_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "datetime", _Ahead)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    make_sweep("raw-coder", problems=2)
    for attempt_id in attempt_ids():
        advance(attempt_id)
    with session() as db:
        assert lifecycle.claim(db, Completion, completions()[0].id, "w/1")
        assert lifecycle.claim(db, Completion, completions()[1].id, "w/1")
    with session() as db:
        lifecycle.renew(db, Completion, [completions()[0].id], "w/1")
    decides = (
        "SELECT greatest(max(abs(extract(epoch FROM lease_until - clock_timestamp()))),"
        " max(abs(extract(epoch FROM send_again_at - clock_timestamp()))),"
        " (SELECT max(abs(extract(epoch FROM moved_at - clock_timestamp()))) FROM attempt))"
        " FROM completion"
    )
    with session() as db:
        assert float(db.scalar(text(decides))) < settings().lease + settings().grace


def test_what_kills_every_worker_ends_in_error_and_is_not_tried_for_ever() -> None:
    make_sweep("raw-coder")
    (attempt_id,) = attempt_ids()
    advance(attempt_id)
    (draft,) = completions()
    for killed in range(lifecycle.MOST_CLAIMS):
        assert completions()[0].state is State.QUEUED, killed
        with session() as db:
            assert lifecycle.claim(db, Completion, draft.id, "dead/1")
            db.exec(update(Completion).values(lease_until=lifecycle.later(-1)))
        with session() as db:
            # a supervisor may be quicker to start the worker again than the lease is to end
            freed = (
                lifecycle.release(db, Completion, "dead")
                if killed % 2
                else lifecycle.expire(db, Completion)
            )
        assert freed == (killed + 1 < lifecycle.MOST_CLAIMS)
    advance(attempt_id)
    (attempt,) = attempts()
    assert attempt.outcome is Outcome.ERROR
    assert attempt.error == "its worker was lost 10 times while it worked on this"


def test_a_worker_frees_its_own_claims_and_not_those_of_a_similar_name() -> None:
    make_sweep("raw-coder", problems=2)
    for attempt_id in attempt_ids():
        advance(attempt_id)
    mine, other = completions()
    with session() as db:
        assert lifecycle.claim(db, Completion, mine.id, "c_1@host/7-ab")
        assert lifecycle.claim(db, Completion, other.id, "cx1@host/7-ab")
    with session() as db:
        assert lifecycle.release(db, Completion, "c_1@host") == 1
    assert [row.state for row in completions()] == [State.QUEUED, State.RUNNING]


def test_a_call_that_keeps_failing_ends_in_error_and_is_never_a_wrong_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sweep_id = make_sweep("raw-coder")
    advance(attempt_ids()[0])
    for _ in range(5):  # workers that are lost are not the call's fault
        with session() as db:
            assert lifecycle.claim(db, Completion, completions()[0].id, "w/0") is not None
            db.execute(text("UPDATE completion SET lease_until = now() - interval '1 second'"))
    for attempted in range(1, 5):
        with session() as db:
            row = lifecycle.claim(db, Completion, completions()[0].id, "w/1")
            assert row is not None
        with session() as db:
            ended = lifecycle.fail(db, Completion, row, "w/1", "the engine died", permanent=False)
        assert ended == (attempted == 4)
    advance(attempt_ids()[0])
    (attempt,) = attempts()
    assert (attempt.outcome, attempt.error) == (Outcome.ERROR, "the engine died")
    # and `retry` starts it anew, with a fresh count of tries
    assert open_work.retry(sweep_id) == 1
    run_to_the_end(_revise)
    assert attempts()[0].outcome is Outcome.SOLVED


def test_cancelled_work_is_not_done_and_comes_back_when_the_sweep_does() -> None:
    sweep_id = make_sweep("raw-coder")
    advance(attempt_ids()[0])
    assert open_work.models_in_demand() == ["c"]
    assert open_work.cancel(sweep_id) == 1
    assert open_work.models_in_demand() == []  # no worker is started for it
    assert not answer(completions()[0].id, CODE)
    assert completions()[0].state is State.CANCELLED
    assert make_sweep("raw-coder") == sweep_id  # the same file again goes on
    run_to_the_end(_revise)
    assert attempts()[0].outcome is Outcome.SOLVED


def test_what_another_sweep_waits_for_survives_a_cancel() -> None:
    first = make_sweep("raw-coder", name="first")
    make_sweep("raw-coder", name="second")
    for attempt_id in attempt_ids():
        advance(attempt_id)
    open_work.cancel(first)
    assert answer(completions()[0].id, CODE)


def test_whom_an_advice_cancels_is_the_one_that_it_speaks_of() -> None:
    """A sweep may have another one's number for a name: a bare number is refused then."""
    meant = make_sweep("raw-coder", name="meant")
    open_work.cancel(make_sweep("raw-coder", name=str(meant)))
    with session() as db:
        db.execute(text("UPDATE language_model SET identity = 'of another model'"))
    for refused in (lambda: make_sweep("raw-coder", name="new"), lambda: prune(meant)):
        with pytest.raises(FoureyesError, match="`foureyes cancel ") as told:
            refused()
        (word,) = re.findall(r"`foureyes cancel (\S+)`", str(told.value))
        assert find_sweep(word).id == meant


def test_pruning_takes_what_nobody_else_uses() -> None:
    """Else the database only grows; or another sweep loses its answers."""
    first = make_sweep("raw-coder", "review-then-fix", name="first")
    run_to_the_end(_revise)
    second = make_sweep("raw-coder", name="second")
    with pytest.raises(
        FoureyesError, match=r"1 attempt of 'second' has not ended: .*cancel id=\d+`"
    ):
        prune(second)
    run_to_the_end(_revise)
    gone = prune(first)
    # the draft and its judging belong to the second sweep too; the same code came out of the fix
    assert (gone.attempts, gone.completions, gone.executions) == (2, 2, 0)
    assert [row.kind for row in completions()] == [Kind.DRAFT]
    assert count(Execution) == 1
    assert prune(second).completions == 1
    assert count(Attempt) == count(Step) == count(Completion) == count(Execution) == 0


def test_a_pattern_that_changes_under_way_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    make_sweep("raw-coder", "raw-reviewer")
    first, second = attempt_ids()
    advance(first)
    advance(second)

    def changed(spec: object) -> Steps:
        yield Plan(spec)  # type: ignore[arg-type]
        return ""

    monkeypatch.setattr(
        patterns, "find", lambda name, _: patterns.Pattern(name, changed, "changed", Style)
    )
    advance(first)
    caught, untouched = attempts()
    assert caught.outcome is Outcome.ERROR
    assert caught.error is not None and "pattern 'raw-coder', step 1: asks for some" in caught.error
    assert untouched.outcome is None


def test_a_pattern_that_a_worker_does_not_know_ends_its_attempts_alone() -> None:
    make_sweep("raw-coder", "raw-reviewer")
    with session() as db:
        db.exec(update(Run).where(col(Run.pattern) == "raw-coder").values(pattern="gone"))
    for attempt_id in attempt_ids():
        advance(attempt_id)
    caught, untouched = attempts()
    assert caught.outcome is Outcome.ERROR
    assert caught.error is not None and "unknown pattern 'gone'" in caught.error
    assert untouched.outcome is None


def _everywhere(monkeypatch: pytest.MonkeyPatch, body: Callable[[Any], Steps]) -> None:
    """Have every pattern be this one."""
    monkeypatch.setattr(
        patterns, "find", lambda name, _: patterns.Pattern(name, body, "a test", Style)
    )


def _raises_at_once(spec: object) -> Steps:
    raise ValueError("oh no")
    yield


def _raises_later(spec: object) -> Steps:
    yield Draft(spec)  # type: ignore[arg-type]
    raise ValueError("oh no")


@pytest.mark.parametrize(("body", "step"), [(_raises_at_once, 1), (_raises_later, 2)])
def test_a_pattern_that_raises_ends_its_attempts_alone(
    body: Callable[[object], Steps], step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its attempts would be started again for ever, and never be seen to have failed."""
    make_sweep("raw-coder", "raw-reviewer")
    find = patterns.find
    broken = patterns.Pattern("raw-coder", body, "broken", Style)
    monkeypatch.setattr(
        patterns, "find", lambda name, known: broken if name == "raw-coder" else find(name, known)
    )
    run_to_the_end(_revise)
    caught, untouched = attempts()
    assert caught.outcome is Outcome.ERROR
    said = (
        rf"pattern 'raw-coder', step {step}: raised ValueError: oh no \(test_advance.py line \d+\)"
    )
    assert re.fullmatch(said, caught.error or "")
    assert untouched.outcome is Outcome.SOLVED


def test_parallel_steps_wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def both(spec: object) -> Steps:
        left, _ = yield Draft(spec), Plan(spec)  # type: ignore[arg-type]
        return str(left.code)

    _everywhere(monkeypatch, both)
    make_sweep("raw-coder")
    (attempt_id,) = attempt_ids()
    messages = advance(attempt_id)
    assert sorted(message.task for message in messages) == ["draft", "plan"]
    answer(messages[0].row_id, CODE)
    assert advance(attempt_id) == []
    answer(messages[1].row_id, CODE)
    (judged,) = advance(attempt_id)
    assert (judged.task, judged.queue) == ("execute", "execution")


def test_what_postgres_cannot_hold_ends_its_attempts_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else its attempts would be started again for ever, and never be seen to have failed."""

    def odd(spec: Spec) -> Steps:
        plan = yield Plan(replace(spec, notes=f"{chr(0xD800)} {chr(0)}"))
        return str(plan.text)

    make_sweep("raw-coder", problems=2)
    _everywhere(monkeypatch, odd)
    first, second = attempt_ids()
    monkeypatch.setattr(requests, "storable", str)  # as if a place had been forgotten
    assert advance(first) == []
    caught, untouched = attempts()
    assert caught.outcome is Outcome.ERROR
    assert caught.error is not None and "cannot go on: DataError" in caught.error
    assert (untouched.id, untouched.outcome) == (second, None)
    assert count(Completion) == 0
    monkeypatch.undo()
    _everywhere(monkeypatch, odd)
    (asked,) = advance(second)
    assert asked.task == "plan" and chr(0) not in str(completions()[0].request)


def test_what_is_drawn_again_is_drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a retry, after a fix that changed nothing, would be the same fix for ever."""

    def thrice(spec: Spec) -> Steps:
        first, second = yield Draft(spec), Draft(spec)
        third = yield Draft(spec)
        return "".join(draft.code for draft in (first, second, third))

    _everywhere(monkeypatch, thrice)
    for temperature, seeds in ((0.0, [None]), (0.7, [0, 1, 1000, 1001, 2000, 2001])):
        make_sweep("raw-coder", name=f"at-{temperature}", samples=2, temperature=temperature)
        run_to_the_end(_revise)
        asked = [row.request for row in completions()]
        drawn = [each for each in asked if each["sampling"]["temperature"] == temperature]
        assert sorted(each["seed"] for each in drawn) == seeds


MINE = '''
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.steps import CODER, Draft

@pattern("mine")
def mine(spec):
    """A draft."""
    draft = yield Draft(spec, by=CODER)
    return draft.code
'''


@pytest.mark.parametrize(
    ("edited", "says"),
    [
        (MINE.replace("A draft.", "A Draft."), "{file} is not what it was when the sweep was enqueued; put"),
        (MINE.replace("CODER)", "'reviewer')"), "{file} is not what it was when the sweep was enqueued; put"),
        ("open({run!r}, 'w')\ndef (", "{file} is not what it was when the sweep was enqueued; put"),
        ("open({run!r}, 'w')\n" + MINE, "{file} is not what it was when the sweep was enqueued; put"),
        (None, "there is no ours.py beside the sweep file and no installed module 'ours' (workers on other"),
    ],
)  # fmt: skip
def test_a_module_that_was_edited_ends_the_attempts_of_before(
    tmp_path: Path, edited: str | None, says: str
) -> None:
    """Else some attempts of a run would be one pattern's, and some another's. What nobody enqueued is not
    even run."""
    ours, run = tmp_path / "ours.py", tmp_path / "run"
    ours.write_text(MINE)
    own = patterns.load_modules(["ours"], tmp_path)
    sweep_id = make_sweep("mine", problems=2, modules=tmp_path, own=own)
    first, second = attempt_ids()
    advance(first)
    if edited is None:
        ours.unlink()
    else:
        ours.write_text(edited.replace("{run!r}", repr(str(run))))
    advance(second)
    running, caught = attempts()
    assert (running.outcome, caught.outcome) == (None, Outcome.ERROR)
    assert caught.error is not None and caught.error.startswith(
        f"modules: {says.format(file=ours)}"
    )
    assert caught.error.count("put it back as it was") == 1 and "`foureyes retry`" in caught.error
    assert not run.exists()
    ours.write_text(MINE)
    assert open_work.retry(sweep_id) == 1
    advance(second)
    assert [each.outcome for each in attempts()] == [None, None]


def test_whoever_enqueues_an_edited_module_hears_what_becomes_of_the_sweep_of_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = tmp_path / "ours.py"
    ours.write_text(MINE)
    own = patterns.load_modules(["ours"], tmp_path)
    before = make_sweep("mine", problems=2, modules=tmp_path, own=own)
    for edited, line in ((MINE, ""), (MINE.replace("A draft.", "A Draft."), "ours.py was edited")):
        ours.write_text(edited)
        own = patterns.load_modules(["ours"], tmp_path)
        assert finished_row(make_grid("mine", problems=2, modules=tmp_path, own=own)) is None
        said = capsys.readouterr().out
        assert said.startswith(line) and bool(said) is bool(line)
    assert f"2 attempts of sweep {before} will end in error" in said
    open_work.cancel(before)
    assert finished_row(make_grid("mine", problems=2, modules=tmp_path, own=own)) is None
    assert capsys.readouterr().out == ""


def test_no_attempt_is_missed_when_a_call_ends_while_it_is_asked_for() -> None:
    """Asking and finishing race; whoever is second must see the other's row, or nobody goes on."""
    make_sweep("raw-coder", problems=12, name="first")
    first = attempt_ids()
    for attempt_id in first:
        advance(attempt_id)
    make_sweep("raw-coder", problems=12, name="second")
    second = attempt_ids()[len(first) :]
    missed = []
    for mine, row in zip(second, completions(), strict=True):
        start = threading.Barrier(2)

        def finish(completion_id: int = row.id, start: threading.Barrier = start) -> None:
            start.wait()
            answer(completion_id, CODE)

        other = threading.Thread(target=finish)
        other.start()
        start.wait()
        went_on = bool(advance(mine))
        other.join()
        with session() as db:
            told = mine in lifecycle.waiting_attempts(db, Completion, row.id)
        if not (went_on or told):
            missed.append(mine)
    assert missed == []


def test_what_is_asked_for_cannot_end_before_the_asking_is_written() -> None:
    """The same, with the one moment forced in which it goes wrong."""
    make_sweep("raw-coder")
    (attempt_id,) = attempt_ids()
    advance(attempt_id)
    (draft,) = completions()
    with session() as db:
        assert lifecycle.claim(db, Completion, draft.id, "w/1") is not None
    ended = threading.Event()

    def finish() -> None:
        with session() as db:
            assert lifecycle.finish(db, Completion, draft.id, "w/1", text=CODE)
        ended.set()

    other = threading.Thread(target=finish)
    with transaction() as db:
        _, send = lifecycle.ask(db, lifecycle.Asked(Completion, {"key": draft.key, **_UNUSED}))
        assert not send
        other.start()
        assert not ended.wait(1)
    other.join()
    assert ended.is_set()


#: What a row would be made of if there were none; there is.
_UNUSED = {"model_id": 1, "kind": Kind.DRAFT, "prompt": "", "prompt_hash": "", "request": {}}


def test_what_is_asked_for_is_not_cancelled_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker finds that a cancelled sweep's call is wanted no more, while another sweep asks."""
    first = make_sweep("raw-coder", name="first")
    advance(attempt_ids()[0])
    open_work.cancel(first)
    make_sweep("raw-coder", name="second")
    (draft,) = completions()
    asked, go_on = threading.Event(), threading.Event()

    def ask(db: lifecycle.Db, wanted: lifecycle.Asked) -> Any:
        found = lifecycle.ask(db, wanted)
        asked.set()
        assert go_on.wait(20)
        return found

    monkeypatch.setattr("foureyes.worker.attempt.advance.ask", ask)
    claims = []

    def claim() -> None:
        with session() as db:
            claims.append(lifecycle.claim(db, Completion, draft.id, "w/1"))

    with ThreadPoolExecutor(2) as pool:
        advancing = pool.submit(advance, attempt_ids()[1])
        assert asked.wait(20)
        claiming = pool.submit(claim)
        time.sleep(0.5)  # it gets as far as it can
        go_on.set()
        advancing.result()
        claiming.result()
    assert [row.state for row in completions()] == [State.RUNNING]
    assert claims[0] is not None


def test_many_that_ask_again_for_what_failed_do_not_lock_each_other_out() -> None:
    """Postgres would end all but one, a second each, and those would ask once more."""
    sweep_id = make_sweep("raw-coder", samples=6)
    for _ in range(5):
        for attempt_id in attempt_ids():
            advance(attempt_id)
        sql = text("UPDATE completion SET state = 'error', error = 'away'")
        with session() as db:
            db.execute(sql)
        for attempt_id in attempt_ids():
            advance(attempt_id)
        assert {attempt.outcome for attempt in attempts()} == {Outcome.ERROR}
        open_work.retry(sweep_id)
        start = threading.Barrier(6)

        def together(attempt_id: int, start: threading.Barrier = start) -> int:
            start.wait()
            return len(advance(attempt_id))

        with ThreadPoolExecutor(6) as pool:
            sent = list(pool.map(together, attempt_ids()))
        assert sum(sent) == 1


def test_each_call_goes_to_the_queue_of_its_own_model() -> None:
    make_sweep("raw-coder", "raw-reviewer")
    sent = [message for attempt_id in attempt_ids() for message in advance(attempt_id)]
    assert [message.queue for message in sent] == ["model.c", "model.r"]


def test_a_call_follows_who_asks_for_it_under_another_name() -> None:
    """Else it would wait for ever for a worker of a name that nobody uses any more."""
    first = make_sweep("raw-coder", name="first")
    (attempt_id,) = attempt_ids()
    assert [message.queue for message in advance(attempt_id)] == ["model.c"]
    make_sweep("raw-coder", name="second", coder="c2")
    open_work.cancel(first)
    other = attempt_ids()[-1]
    assert [message.queue for message in advance(other)] == ["model.c2"]
    assert open_work.models_in_demand() == ["c2"]
    assert advance(other) == []


def test_samples_of_every_kind_of_call_have_a_seed_each() -> None:
    make_sweep("review-then-fix", samples=2, temperature=0.7)
    run_to_the_end(lambda row: _revise(row).replace("no", f"no {row.id}"))
    asked = sorted((row.kind.value, row.request["seed"]) for row in completions())
    assert asked == [(kind, seed) for kind in ("draft", "fix", "review") for seed in (0, 1)]


def test_every_review_without_a_verdict_gets_its_own_second_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def panel(spec: Spec) -> Steps:
        draft = yield Draft(spec)
        reviews = yield Review(draft, by=CODER), Review(draft), Review(draft, Trial(()))
        return ", ".join(str(review.approves) for review in reviews)

    _everywhere(monkeypatch, panel)
    make_sweep("raw-coder")

    def say(row: Completion) -> str:
        if row.prompt == "repair-verdict":
            asked = row.request["messages"][-1]["content"]
            return f'{{"verdict": "{"revise" if "left" in asked else "approve"}"}}'
        if row.prompt == "review" and row.request["model"]["script"] == "c.toml":
            return "left"
        return {"draft": CODE, "review": '{"verdict": "revise"}', "review-grounded": "right"}[
            row.prompt
        ]

    run_to_the_end(say)
    assert [attempt.code for attempt in attempts()] == ["False, False, True"]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, int, str]]:
    """What is sent, and what Flower displays of it, with a broker whose queues are empty."""
    messages: list[tuple[str, str, int, str]] = []

    def send(task: str, queue: str, *ids: int, shown: str = "") -> None:
        messages.extend((task, queue, row_id, shown) for row_id in ids)

    monkeypatch.setattr(broker, "send", send)
    monkeypatch.setattr(broker, "depth", lambda queue: 0)
    return messages


def test_the_reaper_sends_again_what_was_committed_but_never_sent(
    sent: list[tuple[str, str, int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_sweep("raw-coder")
    (attempt_id,) = attempt_ids()
    assert reaper.reap() == 0  # enqueued just now: its message may well be on the way
    with session() as db:
        db.exec(update(Attempt).values(moved_at=now() - timedelta(seconds=settings().grace + 1)))
    assert reaper.reap() == 1
    about = f"test, sent again: attempts {attempt_id} to {attempt_id}"
    assert sent.pop() == ("start", "start", attempt_id, about)
    advance(attempt_id)
    (draft,) = completions()
    assert reaper.reap() == 0
    with session() as db:
        db.exec(update(Completion).values(send_again_at=now()))
    monkeypatch.setattr(broker, "depth", lambda queue: 1)
    assert reaper.reap() == 0  # it plausibly waits in its queue
    monkeypatch.setattr(broker, "depth", lambda queue: 0)
    assert reaper.reap() == 1
    about = f"mine t/0 raw-coder #0 (test, attempt {attempt_id}), sent again"
    assert sent == [("draft", "model.c", draft.id, about)]
    assert reaper.reap() == 0  # not again within the grace time


def test_the_reaper_takes_work_from_the_dead(sent: list[tuple[str, str, int, str]]) -> None:
    make_sweep("raw-coder")
    advance(attempt_ids()[0])
    (draft,) = completions()
    with session() as db:
        assert lifecycle.claim(db, Completion, draft.id, "dead/1")
    assert reaper.reap() == 0
    with session() as db:
        db.exec(update(Completion).values(lease_until=now() - timedelta(seconds=1)))
    assert reaper.reap() == 1
    assert [message[:3] for message in sent] == [("draft", "model.c", draft.id)]
    assert answer(draft.id, CODE)


def test_enqueueing_twice_adds_nothing(tmp_path: Path) -> None:
    assert make_sweep("raw-coder", "raw-reviewer", problems=5) == make_sweep(
        "raw-coder", "raw-reviewer", problems=5
    )
    assert len(attempts()) == 10


def started(sent: list[tuple[str, str, int, str]]) -> set[int]:
    """The attempts that messages to start name."""
    return {row_id for _, queue, row_id, _ in sent if queue == broker.START}


def test_of_a_big_run_only_a_part_is_started_and_more_as_it_goes_on(
    sent: list[tuple[str, str, int, str]],
) -> None:
    """Else a hundred thousand drafts wait in front of the first fix, and a broker that is wiped
    loses as many messages."""
    make_sweep("raw-coder", problems=100, samples=3)
    assert admission.start_waiting().started == AHEAD
    assert admission.start_waiting().started == 0
    with session() as db:  # those that have not been started are not lost: no reaper starts them
        db.exec(update(Attempt).where(col(Attempt.moved_at).is_(None)).values(created_at=now() - timedelta(days=1)))  # fmt: skip
    assert reaper.reap() == 0
    first = attempt_ids()[:AHEAD]
    assert started(sent) == set(first)
    for attempt_id in first:  # eight problems, whose samples share a draft
        advance(attempt_id)
    assert len(completions()) == AHEAD / 3
    assert admission.start_waiting().started == AHEAD - len(completions())
    for attempt_id in started(sent):
        advance(attempt_id)
    with session() as db:
        for row in completions()[:5]:
            assert lifecycle.claim(db, Completion, row.id, "w/1") is not None
    # what is at work takes nobody's place
    assert admission.start_waiting().started == AHEAD + 5 - len(completions())
    moved = sum(attempt.moved_at is not None for attempt in attempts())
    assert moved == len(started(sent)) < len(attempts())


def test_one_who_waits_for_a_model_that_is_away_does_not_hold_up_the_others(
    sent: list[tuple[str, str, int, str]],
) -> None:
    """Its worker may be away for days; what is to be done at others goes on."""
    sweep_id = make_sweep("raw-coder", "raw-reviewer", problems=100)
    with session() as db:
        coders, reviewers = db.exec(select(Run).order_by(col(Run.id)))
        assert (coders.roles, reviewers.roles) == (["coder"], ["reviewer"])

    def begin() -> dict[int, int]:
        """Start what there is room for, and have it ask; how many of each run."""
        sent.clear()
        admission.start_waiting()
        found: Counter[int] = Counter()
        for attempt in attempts():
            if attempt.id in started(sent):
                found[attempt.run_id] += 1
                advance(attempt.id)
        return found

    assert begin() == {
        coders.id: AHEAD / 2,
        reviewers.id: AHEAD / 2,
    }  # as many as the judge may get
    assert begin() == {coders.id: AHEAD / 2, reviewers.id: AHEAD / 2}
    assert begin() == {}
    finish_drafts(coders)
    assert begin() == {coders.id: AHEAD}
    with (
        session() as db
    ):  # nobody has taken what waits for the reviewer for longer than a message may
        due = update(Completion).where(col(Completion.model_id) == seated(reviewers, REVIEWER))
        db.exec(due.values(send_again_at=now() - timedelta(seconds=1)))
    assert begin() == {reviewers.id: AHEAD / 2}  # half of what the judge may get is the coders'
    assert open_work.cancel(sweep_id)
    assert begin() == {}


def test_more_waits_for_a_model_that_takes_turns(sent: list[tuple[str, str, int, str]]) -> None:
    """What it has in hand may wait for its turn: with little more there, the turn would be short."""
    make_sweep("raw-coder", problems=100)
    assert admission.start_waiting().started == AHEAD
    for attempt_id in started(sent):
        advance(attempt_id)
    first, *_ = completions()
    with session() as db:
        for row in completions()[:5]:
            assert lifecycle.claim(db, Completion, row.id, "w/1") is not None
        row = db.get_one(LanguageModel, first.model_id)
        row.settings = row.settings | {"share": "sleep"}
    assert admission.start_waiting().started == AHEAD  # as many as the judge may get, and not 5


def seated(run: Run, role: str) -> int:
    """The model that plays a role in a run, by its row's id."""
    with session() as db:
        return db.exec(select(Seat.model_id).where(Seat.run_id == run.id, Seat.role == role)).one()


def finish_drafts(run: Run) -> None:
    """End the attempts of a run that are under way, and what they asked for."""
    with session() as db:
        mine = col(Attempt.run_id) == run.id, col(Attempt.moved_at).is_not(None)
        ended = {"state": State.DONE, "outcome": Outcome.SOLVED}
        db.exec(update(Attempt).where(*mine).values(**ended))
        asked = col(Completion.model_id) == seated(run, CODER)
        db.exec(update(Completion).where(asked).values(state=State.DONE, text=""))


def test_a_plan_counts_what_was_done_before_and_leaves_it_out() -> None:
    """Else a sweep that costs nothing more looks as dear as it was the first time."""
    grid = make_grid("review-then-fix", problems=3)
    before = estimate.estimate(grid)
    coder, reviewer = before.models["c"], before.models["r"]
    assert (coder.calls, coder.already_done, reviewer.calls) == (6, 0, 3)
    make_sweep("raw-coder", problems=2)
    run_to_the_end(_revise)
    after = estimate.estimate(grid)
    coder = after.models["c"]
    assert (coder.calls, coder.already_done) == (6, 2)  # the drafts of two problems
    assert coder.answer_tokens == before.models["c"].answer_tokens * 4 / 6
    assert coder.prompt_tokens < before.models["c"].prompt_tokens
    assert after.models["r"].already_done == 0
    alone = make_grid("raw-coder", problems=2)
    assert estimate.estimate(alone).seconds == 0


def test_the_least_that_a_sweep_asks_is_told_too() -> None:
    """Most reviews of most models approve: at their worst they are several times the work."""
    for pattern, fewest, most in [
        ("raw-coder", {"c": 3}, {"c": 3}),
        ("review-then-fix", {"c": 3, "r": 3}, {"c": 6, "r": 3}),
        ("retry", {"c": 3}, {"c": 12}),
        ("enriched-review", {"c": 3, "r": 6}, {"c": 6, "r": 6}),
    ]:
        grid = make_grid(pattern, problems=3)
        asked = [
            {
                name: load.calls
                for name, load in estimate.estimate(grid, all_well=well).models.items()
            }
            for well in (True, False)
        ]
        assert asked == [fewest, most], pattern


def test_what_is_expected_of_each_run_is_kept_as_it_was_at_first() -> None:
    """The time left is told by it: later, what the sweep itself has done would look as if it were there."""
    make_sweep("raw-coder", problems=2, name="earlier")
    run_to_the_end(_revise)
    grid = make_grid("raw-coder", "review-then-fix", problems=4)
    plan = estimate.estimate(grid)
    raw, reviewed = [
        [(each.model, each.kind, each.steps, each.calls) for each in run] for run in plan.expected
    ]
    assert raw == [("c", Kind.DRAFT, 1, 0.5)]  # two of the four drafts are there
    assert reviewed == [
        ("c", Kind.DRAFT, 1, 0),  # the same as the first run's
        ("r", Kind.REVIEW, 1, 1),
        ("c", Kind.FIX, 1, 1),
    ]
    row = enqueue.enqueue(grid, plan.expected)
    run_to_the_end(_revise)
    again = estimate.estimate(grid)
    assert again.expected != plan.expected
    assert enqueue.enqueue(grid, again.expected).id == row.id
    with session() as db:
        content = SweepContent.model_validate(db.get_one(Sweep, row.id).file)
    assert content.expected == plan.expected
    assert "expected" not in as_written(content.model_dump())
