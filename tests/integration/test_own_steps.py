"""Steps that the authors of patterns put together themselves, on real Postgres: rows, views, archives."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console
from sqlalchemy import text

from models.enums import Outcome
from models.problem import Spec
from models.session import session
from results import transcript
from tests.integration.test_advance import CODE, attempts, run_to_the_end
from tests.sweeps import make_sweep
from worker import patterns
from worker.patterns import Pattern
from worker.patterns.steps import CODER, REVIEWER, Draft, Fix, Note, Review, Steps
from worker.patterns.style import Style

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
