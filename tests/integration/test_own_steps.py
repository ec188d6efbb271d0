"""Steps that the authors of patterns put together themselves, on real Postgres: rows, views, archives."""

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from rich.console import Console
from sqlalchemy import text

from foureyes.models import lifecycle
from foureyes.models.enums import Outcome
from foureyes.models.problem import Spec
from foureyes.models.session import session
from foureyes.models.shown import TestRun
from foureyes.models.tables import Execution
from foureyes.producer.sweeps import enqueue
from foureyes.results import transcript
from foureyes.results.web.app import create
from foureyes.worker import patterns
from foureyes.worker.attempt.advance import advance
from foureyes.worker.patterns import Pattern
from foureyes.worker.patterns.steps import (
    CODER,
    REVIEWER,
    Ask,
    Code,
    Draft,
    Fix,
    Note,
    OneOf,
    Plan,
    Review,
    RunTests,
    Sampling,
    Steps,
    WrittenTests,
)
from foureyes.worker.patterns.style import Style
from tests.integration.test_advance import (
    CODE,
    answer,
    attempt_ids,
    attempts,
    completions,
    run_to_the_end,
)
from tests.integration.test_budgets import changed
from tests.sweeps import make_grid, make_sweep

pytestmark = pytest.mark.usefixtures("database")

Add = Callable[[Callable[..., Steps]], str]


@pytest.fixture
def add(monkeypatch: pytest.MonkeyPatch) -> Add:
    """Add a pattern to those that ship; its name."""
    known = dict(patterns.patterns())
    monkeypatch.setattr(patterns, "patterns", lambda: known)

    def mark(body: Callable[..., Steps]) -> str:
        name = body.__name__.strip("_").replace("_", "-")
        known[name] = Pattern(name, body, "A test.", Style)
        return name

    return mark


def rows(query: str) -> list[tuple[Any, ...]]:
    with session() as db:
        return [tuple(row) for row in db.execute(text(query))]


def shown(attempt_id: int) -> str:
    console = Console(width=200, record=True, file=io.StringIO())
    transcript.show(attempt_id, console)
    return console.export_text()


def until_approved(spec: Spec) -> Steps:
    draft = yield Draft(spec, by=CODER)
    for round_ in range(3):
        review = yield Review(draft, by=REVIEWER)
        yield Note("issues", {"round": round_, "said": list(review.issues)})
        if not review.asks_for_changes:
            break
        draft = yield Fix(draft, review, by=CODER)
    yield Note("ended in round", round_)
    return draft.code


def test_what_a_pattern_notes_down_is_kept_once_and_shown_where_it_was_noted(add: Add) -> None:
    make_sweep(add(until_approved))
    reviews = iter(['{"issues": ["\\u0000 [bold]"], "verdict": "revise"}'] * 9)

    def say(row: Any) -> str:
        if row.kind == "review" and "x + 1" in str(row.request):
            return '{"issues": [], "verdict": "approve"}'
        if row.kind == "fix":
            return CODE.replace("return x", "return x + 1")
        return next(reviews) if row.kind == "review" else CODE

    assert run_to_the_end(say) == 4
    assert rows("SELECT position, number, name, value FROM v_notes") == [
        (2, 1, "issues", {"round": 0, "said": ["\ufffd [bold]"]}),
        (4, 2, "issues", {"round": 1, "said": []}),
        (4, 3, "ended in round", 1),
    ]
    (attempt,) = attempts()
    assert attempt.outcome is Outcome.SOLVED
    said = shown(attempt.id)
    places = [
        said.index(part)
        for part in ("2. review", 'note issues: {"said"', "3. fix", "note ended in round: 1", "5. judged")
    ]  # fmt: skip
    assert places == sorted(places)
    assert "[bold]" in said


@pytest.mark.parametrize(
    ("then", "said"),
    [
        (lambda spec: Plan(spec), "recorded: draft by coder | wanted: plan by reviewer"),
        (
            lambda spec: Draft(replace(spec, prompt=spec.prompt.replace("1)", "2)"))),
            r"recorded: draft by coder, messages '    >>> f(1)' | wanted: draft by coder, messages '    >>> f(2)'",
        ),
        (
            lambda spec: Draft(spec, sampling=Sampling(max_tokens=5)),
            'draft by coder, sampling {"max_tokens": 768, "temperature": 0.0, "top_p": 1.0} | wanted: draft by '
            'coder, sampling {"max_tokens": 5, "temperature": 0.0, "top_p": 1.0}',
        ),
        (lambda spec: (Draft(spec), Plan(spec)), "recorded: draft by coder | wanted: draft by coder, plan by"),
    ],
)  # fmt: skip
def test_a_replay_that_differs_says_what_was_and_what_is(add: Add, then: Any, said: str) -> None:
    asked: list[Any] = [Draft]

    def fickle(spec: Spec) -> Steps:
        """A test."""
        yield asked[-1](spec)
        return ""

    make_sweep(add(fickle))
    (attempt_id,) = attempt_ids()
    advance(attempt_id)
    asked.append(then)
    advance(attempt_id)
    (attempt,) = attempts()
    assert attempt.outcome is Outcome.ERROR
    assert said in str(attempt.error) and "test_own_steps.py line" in str(attempt.error)


def test_another_role_is_seen_though_the_same_model_plays_it(add: Add) -> None:
    """The call is the same, and what is recorded of the step is not."""
    asked = ["judge"]

    def asks_one(spec: Spec) -> Steps:
        """A test."""
        return (yield Draft(spec, by=asked[-1])).code

    made = add(asks_one)
    make_sweep(made, roles={"judge": "third", "tester": "third"})
    run_to_the_end(lambda row: CODE)
    (attempt_id,) = attempt_ids()
    assert changed(attempt_id) is None
    asked.append("tester")
    told = changed(attempt_id)
    assert told is not None
    assert "step 1: recorded: draft by judge | wanted: draft by tester" in told


def test_a_model_of_two_names_has_the_one_of_who_asked(add: Add) -> None:
    """Its calls are shared: by the name of whoever asked first a step would be another model's."""

    def by_both(spec: Spec) -> Steps:
        """A test."""
        first = yield Draft(spec, by=REVIEWER)
        yield Draft(spec, by="tester")
        return first.code

    make_sweep(add(by_both), roles={"tester": "rr"})
    assert run_to_the_end(lambda row: CODE) == 1
    (attempt_id,) = attempt_ids()
    assert rows("SELECT role, model FROM v_steps ORDER BY position") == [
        ("reviewer", "r"), ("tester", "rr"), (None, None),
    ]  # fmt: skip
    said = shown(attempt_id)
    assert "1. draft by reviewer r," in said and "2. draft by tester rr," in said


EXPLAIN = '{% include "_specification.md" %}\n\nExplain to a rubber duck, line by line:\n\n{{ draft.code }}'
MEND = "{{ spec.prompt }}\n\nYou said:\n\n{{ told.text }}\n\nWrite the program anew."


def rubber_duck(spec: Spec) -> Steps:
    """The coder explains its own draft, and mends it where the explanation stumbles."""
    draft = yield Draft(spec, by=CODER)
    told = yield Ask("explain", by=CODER, spec=spec, draft=draft)
    found = yield Ask("bug", by=CODER, read=OneOf("right", "wrong"), told=told)
    if found.value != "wrong":
        return draft.code
    mended = yield Ask("mend", by=CODER, read=Code(spec), spec=spec, told=told)
    return mended.code


def test_a_prompt_of_ones_own_has_its_own_name_wherever_it_is_shown(add: Add) -> None:
    prompts = {"explain": EXPLAIN, "bug": "Right or wrong?\n{{ told.text }}", "mend": MEND}
    grid = make_grid(add(rubber_duck))
    enqueue.enqueue(replace(grid, prompt_files={"": prompts}))
    says = {
        "draft": CODE,
        "explain": "It adds one; no, it does not.",
        "bug": "It is wrong.",
        "mend": CODE.replace("return x", "return x + 1"),
    }
    (attempt_id,) = attempt_ids()
    advance(attempt_id)
    answer(completions()[0].id, CODE)
    (message,) = advance(attempt_id)
    assert message.task == "ask"
    assert message.shown.startswith("explain: mine t/0 rubber-duck #0")
    assert run_to_the_end(lambda row: says[row.prompt]) == 3
    assert rows("SELECT kind, prompt, verdict, code FROM v_steps WHERE kind = 'ask'") == [
        ("ask", "explain", None, None),
        ("ask", "bug", "wrong", None),
        ("ask", "mend", None, "def f(x):\n    return x + 1\n"),
    ]
    (attempt,) = attempts()
    assert (attempt.outcome, attempt.code) == (Outcome.SOLVED, "def f(x):\n    return x + 1\n")
    said = shown(attempt.id)
    assert "2. explain by coder c" in said and "verdict: wrong" in said
    assert "5. judged by the hidden tests: the program of 4 " in said


def first_of_three(spec: Spec) -> Steps:
    first, _, third = yield (
        Draft(spec, by=CODER),
        Draft(spec, by=REVIEWER),
        Draft(spec, by=CODER, sampling=Sampling(temperature=0.5)),
    )
    yield RunTests(third, WrittenTests((), "none that could be read"))
    return first.code


def adds_a_line(spec: Spec) -> Steps:
    draft = yield Draft(spec, by=CODER)
    return f"{draft.code}<b># added</b>\n"


def test_a_transcript_says_which_program_was_judged_and_shows_it_if_it_is_of_no_step(
    add: Add,
) -> None:
    """Else nobody can tell which of three drafts passed, nor what a pattern made of one."""
    make_sweep(add(first_of_three), add(adds_a_line))
    ((reviewer,),) = rows("SELECT id FROM language_model WHERE name = 'r'")
    run_to_the_end(lambda row: CODE.replace("x\n", "x + 1\n") if row.model_id == reviewer else CODE)
    first, second = attempt_ids()
    with TestClient(create(None), base_url="http://127.0.0.1") as pages:
        one, other = (pages.get(f"/attempts/{each}").text for each in (first, second))
    said = shown(first)
    assert "judged by the hidden tests: the program of 1a and 1c, which are the same" in said
    assert "Judged is the program of 1a and 1c, which are the same." in one
    written = said.split("tests that a model wrote: the program of 1a and 1c, which are the same")[
        1
    ]
    assert "There are none: no test could be read" in written
    assert "What ran: the program of 1a and 1c, which are the same." in one
    assert "There are none: no test could be read" in one
    assert "<details><summary>The judged program" in one
    made = shown(second).split("judged by the hidden tests: a program that the pattern made itself")
    assert "<b># added</b>" in made[1] and "added" not in made[0]
    assert "Judged is a program that the pattern made itself." in other
    assert "<details open><summary>The judged program" in other and "<b># added" not in other


def odd(spec: Spec) -> Steps:
    """What no column can hold, wherever a pattern can put it."""
    draft = yield Draft(spec, by=CODER)
    other = replace(draft, code=f"{draft.code}# \0\ud800")
    yield RunTests(other, WrittenTests(("assert f(1) == '\0\ud800'",), "an answer"))
    return other.code


def test_a_program_that_no_column_can_hold_is_run_and_judged_as_what_one_can(add: Add) -> None:
    """It ended the attempt in error."""
    make_sweep(add(odd))
    (attempt_id,) = attempt_ids()
    advance(attempt_id)
    answer(completions()[0].id, CODE)
    (message,) = advance(attempt_id)
    with session() as db:
        row = lifecycle.claim(db, Execution, message.row_id, "w/1")
        assert row is not None and row.code.endswith("# \ufffd?")
        assert row.given == ["assert f(1) == '\ufffd?'"]
        told = TestRun(()).to_json()
        assert lifecycle.finish(db, Execution, row.id, "w/1", detail=told)
    assert run_to_the_end(lambda row: CODE) == 0
    (attempt,) = attempts()
    assert attempt.outcome is Outcome.SOLVED
    assert attempt.code is not None and attempt.code.endswith("# \ufffd?")
