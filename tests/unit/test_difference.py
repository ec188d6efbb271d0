"""What is said where a replay differs shows the difference, wherever it is: else two equal sides are shown."""

from types import SimpleNamespace
from typing import Any

import pytest

from foureyes.models.lifecycle import Asked
from foureyes.models.tables import Completion, Execution
from foureyes.worker.attempt.difference import side_by_side
from foureyes.worker.patterns.steps import CODER, Ask, Number

SCHEMA = {"type": "object", "description": "what the answer has to be " * 5, "value": 3}
LONG = "a word " * 400


def said(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


@pytest.mark.parametrize(
    ("before", "now", "was", "wanted"),
    [
        ({"schema": SCHEMA}, {"schema": SCHEMA | {"value": 2}}, '"value": 3}', '"value": 2}'),
        ({"seed": 1}, {"seed": None}, "seed 1", "seed null"),
        ({"messages": said(LONG + "a")}, {"messages": said(LONG + "b")}, "word a'", "word b'"),
        ({"messages": said("a")}, {"messages": said("a\n")}, "messages 'a'", r"messages 'a\n'"),
    ],
)
def test_two_calls_are_shown_where_they_differ(
    before: dict[str, Any], now: dict[str, Any], was: str, wanted: str
) -> None:
    recorded: Any = SimpleNamespace(prompt="rate", role=CODER, kind="ask")
    asked = Asked(Completion, {"request": now})
    told = side_by_side(recorded, before, Ask("rate", by=CODER, read=Number(0, 3)), asked)
    one, other = told.split(" | ")
    assert one.endswith(was) and other.endswith(wanted)
    assert len(told) < 400


def test_inputs_that_differ_at_their_end_are_shown_from_there() -> None:
    recorded: Any = SimpleNamespace(prompt=None, role=None, kind="judge")
    inputs = [f"f({number})" for number in range(90)]
    asked = Asked(Execution, {"code": "", "given": [*inputs, "f(100)"]})
    told = side_by_side(recorded, {"code": "", "given": [*inputs, "f(90)"]}, None, asked)
    one, other = told.split(" | ")
    assert one.endswith('"f(89)", "f(90)"]') and other.endswith('"f(89)", "f(100)"]')
