"""If one of these fails, a pattern stands beside a control that cost something else, or that never ends."""

import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlmodel import col, select

from foureyes.models import admission, broker, budgets, lifecycle, shares
from foureyes.models.enums import Outcome, State, Status, Suite
from foureyes.models.errors import FoureyesError
from foureyes.models.session import session
from foureyes.models.tables import Attempt, Completion, Execution
from foureyes.producer.archive import export_sweep, import_sweep
from foureyes.producer.sweeps import estimate, open_work
from foureyes.producer.sweeps.prune import prune
from foureyes.results import attempts as transcripts
from foureyes.results.figures.scoreboard import Budget, scoreboard
from foureyes.results.sweeps import find_sweep
from foureyes.results.web.app import create
from foureyes.worker import patterns, reaper
from foureyes.worker.attempt.advance import advance
from foureyes.worker.attempt.checking import difference
from foureyes.worker.attempt.rows import ATTEMPT, STEPS, sweep_of
from tests.integration.test_advance import CODE, attempts, completions
from tests.sweeps import make_grid, make_sweep

pytestmark = pytest.mark.usefixtures("database")

CONTROL: dict[str, object] = {"name": "sample-and-select", "tokens_of": "review-then-fix"}
#: How many answer tokens a call takes; None: its server does not say.
Tokens = Callable[[Completion], int | None]


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker whose queues are empty: the tests let attempts go on themselves."""
    monkeypatch.setattr(broker, "send", lambda *_, **__: None)
    monkeypatch.setattr(broker, "depth", lambda _: 0)


def say(row: Completion) -> str:
    if row.kind == "review":
        return '{"issues": ["no"], "verdict": "revise"}'
    written = {"inputs": "f(1)\nf(2)", "tests": "assert f(1) == 1\nassert f(2) == 2"}
    return f"```python\n{written[row.kind]}\n```" if row.kind in written else CODE


def answer(row: Completion, tokens: int | None, **more: Any) -> None:
    """Do as a model worker does."""
    with session() as db:
        assert lifecycle.claim(db, Completion, row.id, "w/1") is not None
    told = {"text": say(row), "completion_tokens": tokens, "finish_reason": "stop"} | more
    with session() as db:
        assert lifecycle.finish(db, Completion, row.id, "w/1", **told)


def fail(row: Completion, said: str) -> None:
    with session() as db:
        claimed = lifecycle.claim(db, Completion, row.id, "w/1")
    assert claimed is not None
    with session() as db:
        lifecycle.fail(db, Completion, claimed, "w/1", said, permanent=True)


def judge(row: Execution) -> None:
    detail: dict[str, Any] = {"results": []}
    if row.suite is Suite.COMPARED:
        programs = len(json.loads(row.code))
        outputs = [[{"how": "gave", "shown": "1"}] * len(row.given or [])] * programs
        detail = {"outputs": outputs, "groups": [list(range(programs))]}
    with session() as db:
        assert lifecycle.claim(db, Execution, row.id, "w/1") is not None
    with session() as db:
        assert lifecycle.finish(
            db, Execution, row.id, "w/1", detail=detail, base=Status.PASS, plus=Status.PASS
        )


def everything_open() -> list[Completion | Execution]:
    with session() as db:
        calls = db.exec(select(Completion).where(Completion.state == State.QUEUED)).all()
        programs = db.exec(select(Execution).where(Execution.state == State.QUEUED)).all()
    return [*calls, *programs]


def do(row: Completion | Execution, tokens: Tokens) -> None:
    if isinstance(row, Completion):
        answer(row, tokens(row))
    else:
        judge(row)


def work(tokens: Tokens) -> None:
    """Do all the work there is."""
    for _ in range(120):
        for attempt in attempts():
            advance(attempt.id)
        found = everything_open()
        for row in found:
            do(row, tokens)
        if not found and all(each.state not in ("queued", "running") for each in attempts()):
            return
    raise AssertionError("the attempts do not end")


def pair() -> tuple[Attempt, Attempt]:
    """The one attempt of review-then-fix, and its control."""
    with session() as db:
        found = db.execute(text("SELECT attempt_id, pattern FROM v_attempts")).all()
    ids = {row.pattern.partition("(")[0]: row.attempt_id for row in found}
    by_id = {each.id: each for each in attempts()}
    return by_id[ids["review-then-fix"]], by_id[ids["sample-and-select"]]


def changed(attempt_id: int) -> str | None:
    """What an attempt would ask for otherwise if it were replayed."""
    with session() as db:
        attempt = db.execute(ATTEMPT, {"attempt": attempt_id}).one()
        steps = list(db.execute(STEPS, {"attempt": attempt_id}))
    made = patterns.find(attempt.pattern.partition("(")[0]).configure(attempt.options)
    return difference(attempt, steps, sweep_of(attempt), made)


def calls(attempt_id: int) -> list[tuple[str, int]]:
    """The kinds and the tokens of an attempt's calls, in their order."""
    with session() as db:
        return [
            tuple(row)
            for row in db.execute(
                text("""SELECT kind, completion_tokens FROM v_steps
                    WHERE attempt_id = :id AND completion_id IS NOT NULL ORDER BY position, branch"""),
                {"id": attempt_id},
            )
        ]


def by_kind(row: Completion) -> int:
    """Ten for the draft, 20 for its review and 12 for the fix; the samples take 15, 15 and 5."""
    if row.request["seed"]:
        return {1000: 15, 2000: 15, 3000: 5}[row.request["seed"]]
    return {"draft": 10, "review": 20, "fix": 12}[row.kind]


def test_a_control_gets_as_many_samples_as_fit_into_what_the_pattern_spent() -> None:
    sweep_id = make_sweep(CONTROL, "raw-coder", "review-then-fix")
    work(by_kind)
    source, control = pair()
    # what the reviewer was asked counts as what the coder was
    assert (source.token_budget, control.token_budget) == (None, 42)
    assert calls(control.id) == [("draft", 10), ("draft", 15), ("draft", 15), ("draft", 5)]
    (note,) = control.notes
    assert (note["name"], note["value"]) == ("drafts within the budget", 3)
    with session() as db:
        trials = db.execute(
            text("SELECT count(*) FROM step WHERE attempt_id = :id AND kind = 'trial'"),
            {"id": control.id},
        ).scalar_one()
        found = transcripts.read(db, control.id)
    assert trials == 3
    assert found is not None
    assert found.budget_said == (
        f"Budget: 42 answer tokens, as many as attempt {source.id} by review-then-fix spent; it was "
        "given 45"
    )
    page = TestClient(create(), base_url="http://127.0.0.1").get(f"/attempts/{control.id}").text
    assert found.budget_said in page
    board = scoreboard(sweep_id)
    (budget,) = board.budgets.values()
    assert budget == Budget(tokens=42, drawn=45, attempts=1, single=0)
    sources = [score.run.tokens_of_id for score in board.scores]
    assert sources == [board.scores[2].run_id, None, None]


def test_what_a_control_did_is_what_it_would_do_again() -> None:
    """`foureyes patterns check` replays it with the budget that it had."""
    make_sweep("review-then-fix", CONTROL)
    work(by_kind)
    _, control = pair()
    assert changed(control.id) is None
    with session() as db:
        db.execute(text("UPDATE attempt SET token_budget = 30 WHERE id = :id"), {"id": control.id})
    said = changed(control.id)
    assert said is not None and said.startswith("step 4: ")


@pytest.mark.parametrize("seed", range(3))
def test_every_control_gets_exactly_as_many_as_fit(seed: int) -> None:
    """Whatever answers take: prompts with tests and without, and samples that share their first draft."""
    names = sorted(name for name, each in patterns.patterns().items() if each.counts)
    assert names == ["diverse-pair", "sample-and-select", "test-first", "vote"]
    controls = [{"name": name, "tokens_of": ["review-then-fix", "debate"]} for name in names]
    make_sweep("review-then-fix", "debate", *controls, problems=2, samples=2, lean=True)
    work(lambda row: random.Random(f"{row.key} {seed}").randrange(1, 40))
    found = [each for each in attempts() if each.token_budget is not None]
    assert len(found) == 4 * 2 * 2 * 2 * 2
    assert {each.outcome for each in found} == {Outcome.SOLVED}
    for attempt in found:
        with session() as db:
            spent = db.execute(
                text("""SELECT sum(completion_tokens) FROM v_attempts AS mine
                    JOIN run ON run.tokens_of_id = mine.run_id
                    JOIN attempt ON attempt.run_id = run.id AND attempt.problem_id = :problem
                        AND attempt.sample = mine.sample
                    JOIN problem ON problem.id = attempt.problem_id
                        AND problem.problem_id = mine.problem_id
                    WHERE attempt.id = :id"""),
                {"id": attempt.id, "problem": attempt.problem_id},
            ).scalar_one()
        assert attempt.token_budget == spent
        asked = calls(attempt.id)
        used = total = drawn = 0
        for number, (kind, tokens) in enumerate(asked):
            total += tokens
            drawn += kind == "draft"
            used += kind == "draft" and (total <= attempt.token_budget or drawn == 1)
            if total >= attempt.token_budget and drawn:
                assert number == len(asked) - 1  # nothing is asked that could not fit
        assert total >= attempt.token_budget  # the next one would not
        assert [note["value"] for note in attempt.notes] == [used]
        assert changed(attempt.id) is None


def test_a_control_takes_no_room_until_its_time_has_come() -> None:
    """Else the one that waits would hold the place of the one that it waits for, for ever."""
    make_sweep(CONTROL, "review-then-fix", problems=3)  # the controls' rows come first
    waits = 0
    for _ in range(400):
        look = admission.start_waiting(shares.Ahead(1))
        with session() as db:
            under_way = db.exec(
                select(Attempt).where(
                    col(Attempt.moved_at).is_not(None), col(Attempt.finished_at).is_(None)
                )
            ).all()
            held = db.exec(select(Attempt).where(col(Attempt.awaits_tokens))).all()
        assert all(each.moved_at is None and each.moves == 0 for each in held)
        if held and len(under_way) + look.started == 0:
            waits += 1
        for attempt in under_way:
            advance(attempt.id)
        if found := everything_open():
            do(found[0], by_kind)
        elif all(each.outcome for each in attempts()):
            break
    assert {each.outcome for each in attempts()} == {Outcome.SOLVED}
    assert waits == 0
    assert not admission.start_waiting().others_wait


def test_what_waits_for_a_budget_is_nothing_that_waits_for_room() -> None:
    make_sweep("review-then-fix", CONTROL)
    assert admission.start_waiting().started == 1
    assert admission.start_waiting() == admission.Look(0, False)


def test_a_message_cannot_start_a_control_too_early() -> None:
    """One from before it was begun anew may come at any time."""
    make_sweep("review-then-fix", CONTROL)
    _, control = pair()
    assert advance(control.id) == []
    assert completions() == []
    _, control = pair()
    assert (control.moves, control.tries, control.state) == (0, 0, State.QUEUED)


def test_who_is_killed_before_it_settles_the_budget_keeps_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_sweep("review-then-fix", CONTROL)
    source, control = pair()
    with monkeypatch.context() as killed:
        killed.setattr(budgets, "settle", lambda _: 0)
        while advance(source.id) or everything_open():
            for row in everything_open():
                do(row, by_kind)
    source, control = pair()
    assert (source.outcome, control.awaits_tokens) == (Outcome.SOLVED, True)
    reaper.reap()
    _, control = pair()
    assert (control.awaits_tokens, control.token_budget) == (False, 42)
    reaper.reap()  # changes nothing
    assert admission.start_waiting().started == 1
    work(by_kind)
    assert pair()[1].outcome == Outcome.SOLVED


def test_a_pattern_that_fails_has_no_control_until_it_is_tried_again() -> None:
    sweep_id = make_sweep("review-then-fix", CONTROL)
    source, _ = pair()
    advance(source.id)
    (draft,) = completions()
    fail(draft, "no GPU")
    advance(source.id)
    source, control = pair()
    assert source.outcome is control.outcome is Outcome.ERROR
    assert control.error == (
        "no budget: the attempt by review-then-fix, whose tokens it gets, ended in error: no GPU"
    )
    assert control.finished_at is not None
    assert open_work.retry(sweep_id) == 2
    work(by_kind)
    source, control = pair()
    assert (source.outcome, control.outcome) == (Outcome.SOLVED, Outcome.SOLVED)
    assert control.token_budget == 42


def test_a_control_that_fails_itself_is_tried_again_with_the_budget_that_it_had() -> None:
    sweep_id = make_sweep("review-then-fix", CONTROL)
    source, control = pair()
    while pair()[0].outcome is None:
        advance(source.id)
        for row in everything_open():
            do(row, by_kind)
    advance(control.id)
    advance(control.id)
    sample = completions()[-1]
    assert sample.request["seed"] == 1000
    fail(sample, "no GPU")
    advance(control.id)
    assert [each.outcome for each in pair()] == [Outcome.SOLVED, Outcome.ERROR]
    assert open_work.retry(sweep_id) == 1
    assert pair()[1].token_budget == 42  # at once: what it is compared with ended long ago
    work(by_kind)
    assert [each.outcome for each in pair()] == [Outcome.SOLVED, Outcome.SOLVED]


def test_a_cancelled_sweep_cancels_controls_too_and_the_same_file_revives_them() -> None:
    sweep_id = make_sweep("review-then-fix", CONTROL)
    source, _ = pair()
    advance(source.id)
    assert open_work.cancel(sweep_id) == 2
    assert [each.state for each in pair()] == [State.CANCELLED, State.CANCELLED]
    assert budgets.settle() == 0
    make_sweep("review-then-fix", CONTROL)
    assert pair()[1].awaits_tokens
    work(by_kind)
    assert pair()[1].token_budget == 42


def test_a_pattern_that_begins_anew_takes_its_control_along() -> None:
    """It may spend something else this time."""
    make_sweep("review-then-fix", CONTROL)
    work(by_kind)
    source, control = pair()
    with session() as db:
        assert open_work.reopen(db, [col(Attempt.id) == source.id]) == 2
    source, control = pair()
    assert (control.state, control.awaits_tokens, control.token_budget) == ("queued", True, None)
    assert calls(control.id) == []
    work(by_kind)
    assert pair()[1].token_budget == 42


@pytest.mark.parametrize(("reason", "budget"), [("refused", 10), ("stop", None)])
def test_what_nobody_counted_is_no_budget_but_what_was_refused_cost_nothing(
    reason: str, budget: int | None
) -> None:
    make_sweep("review-then-fix", CONTROL)
    source, _ = pair()
    advance(source.id)
    answer(completions()[0], 10)
    advance(source.id)
    review = completions()[1]
    answer(review, None, finish_reason=reason, text=say(review) if budget is None else "No.")
    work(by_kind)
    source, control = pair()
    assert source.outcome == Outcome.SOLVED
    assert control.token_budget == budget
    if budget is None:
        assert control.outcome == Outcome.ERROR
        assert "does not say how many tokens" in (control.error or "")


def test_a_control_whose_own_server_does_not_count_ends_in_error() -> None:
    make_sweep("review-then-fix", CONTROL)
    work(lambda row: None if row.request["seed"] else by_kind(row))
    _, control = pair()
    assert control.outcome == Outcome.ERROR
    assert "the server of the coder does not say how many tokens its answer has" in str(
        control.error
    )


def _rewritten(path: Path, change: Callable[[list[dict[str, Any]]], None]) -> Path:
    lines = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    change(lines)
    path.write_bytes(gzip.compress("".join(f"{json.dumps(line)}\n" for line in lines).encode()))
    return path


def _control(lines: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    (run,) = (each["run"] for each in lines if "run" in each and each["run"]["tokens_of"])
    if kind == "run":
        return run
    (attempt,) = (
        each["attempt"]
        for each in lines
        if "attempt" in each and each["attempt"]["run"] == run["key"]
    )
    return attempt


@pytest.mark.parametrize(
    ("kind", "told", "says"),
    [
        ("attempt", {"token_budget": 43}, "had a budget of 43 tokens, and the one that it is compared with spent 42"),
        ("attempt", {"token_budget": None}, "had a budget of None tokens"),
        ("attempt", {"token_budget": -1}, "token_budget: Input should be greater than or equal to 0"),
        ("run", {"tokens_of": None}, "gets the tokens of no run that it can be compared with"),
        ("run", {"tokens_of": "x"}, "gets the tokens of no run that it can be compared with"),
    ],
)  # fmt: skip
def test_an_archive_cannot_say_that_a_control_had_what_nobody_spent(
    tmp_path: Path, kind: str, told: dict[str, Any], says: str
) -> None:
    make_sweep("raw-coder", "review-then-fix", CONTROL)
    work(by_kind)
    path = tmp_path / "archive"
    with path.open("wb") as file:
        export_sweep.write(find_sweep(None), file)
    import_sweep.read(path)  # it is sound
    with pytest.raises(FoureyesError) as raised:
        import_sweep.read(_rewritten(path, lambda lines: _control(lines, kind).update(told)))
    assert says in str(raised.value)


def test_a_control_is_not_brought_as_ended_without_what_it_is_compared_with(tmp_path: Path) -> None:
    make_sweep("raw-coder", "review-then-fix", CONTROL)
    work(by_kind)
    path = tmp_path / "archive"
    with path.open("wb") as file:
        export_sweep.write(find_sweep(None), file)

    def unfinish(lines: list[dict[str, Any]]) -> None:
        source = _control(lines, "run")["tokens_of"]
        (attempt,) = (
            each["attempt"]
            for each in lines
            if "attempt" in each and each["attempt"]["run"] == source
        )
        attempt |= {"outcome": None, "code": None, "finished_at": None}

    _rewritten(path, unfinish)
    prune(find_sweep(None).id)
    made = import_sweep.read(path)
    assert (made.attempts, made.unfinished) == (1, 2)
    assert [each.state for each in pair()] == [State.CANCELLED, State.CANCELLED]
    make_sweep("raw-coder", "review-then-fix", CONTROL, accepts_imported=True)
    assert pair()[1].awaits_tokens
    work(by_kind)
    assert pair()[1].token_budget == 42


def test_a_control_is_estimated_at_what_its_pattern_is() -> None:
    alone = estimate.estimate(make_grid("review-then-fix", lean=True))
    both = estimate.estimate(make_grid("review-then-fix", CONTROL, lean=True))
    # a draft, a review of 90 and a fix are 430: the draft that both have, and one more
    spent = sum(load.answer_tokens for load in alone.models.values())
    added = sum(load.answer_tokens for load in both.models.values()) - spent
    assert 0 < added <= spent + 170
