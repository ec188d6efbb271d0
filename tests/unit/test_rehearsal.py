"""If this fails, a mistake in a pattern comes to light hours later, in attempts that end in `error`."""

import json
from pathlib import Path
from typing import Any

import pytest

from foureyes.models.errors import FoureyesError
from foureyes.producer.sweeps import rehearsal
from foureyes.worker.patterns.steps import (
    CODER,
    TEXT,
    Ask,
    Code,
    Json,
    Number,
    OneOf,
    Program,
)
from foureyes.worker.patterns.steps.readings import Reading
from tests.unit.test_ask import ISSUES, SPEC
from tests.unit.test_patterns import load

MODULE = """
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.steps import *

@pattern("odd")
def odd(spec):
    "Fails where something turns out that seldom does."
    draft = yield Draft(spec)
    BODY
    return draft.code
"""
OPTIONAL = '{"type": "object", "properties": {"good": {"type": "boolean"}}}'
BOOLEAN = '{"type": "object", "properties": {"good": {"type": "boolean"}}, "required": ["good"]}'


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("review = yield Review(draft); assert review.approves is not None", "where 2 has no verdict"),
        ("review = yield Review(draft); review.approves or review.issues[0]", "where 2 asks for changes and names none"),
        ("choice = yield Choose(draft, draft); choice.letter.lower()", "where 2 chooses none"),
        ("tests = yield Tests(spec); tests.tests[0]", "where 2 has no tests"),
        ("inputs = yield Inputs(spec); inputs.inputs[0]", "where 2 has no inputs"),
        ("tests = yield Tests(spec); run = yield RunTests(draft, tests); assert not run.broken", "where 3 shows that the tests are broken"),
        ("draft.code.splitlines()[0]", "where 1 has no program"),
        ("plan = yield Plan(spec); plan.text.splitlines()[0]", "where 2 says nothing"),
        ("ask = yield Ask('how', by=CODER); ask.text.splitlines()[0]", "where 2 says nothing"),
        ("ask = yield Ask('how', by=CODER, read=Number(0, 10)); assert ask.value != 7", "where 2 says 7"),
        (f"ask = yield Ask('how', by=CODER, read=Json({BOOLEAN})); assert not (ask.value and ask.value['good'])", 'where 2 says {"good": true}'),
        (f"ask = yield Ask('how', by=CODER, read=Json({OPTIONAL})); ask.value is None or ask.value['good']", "where 2 says {}"),
        # further on than a picture goes
        ("for n in range(1, 14): yield Draft(spec, sampling=Sampling(seed=n))\n    yield Draft('spec')", "step 15: Draft"),
        ("for n in range(1, 14): yield Draft(spec, sampling=Sampling(seed=n))\n    yield Draft(spec, by='tester')", "has no 'tester', whom pattern 'odd' asks (odd.py line 10)"),
        ("for n in range(1, 14): yield Draft(spec, sampling=Sampling(seed=n))\n    yield Ask('gone', by=CODER)", "step 15: there is no gone.md beside the module"),
        ("review = yield Review(draft)\n    if review.approves is None: yield Draft(spec, by='judge')", "has no 'judge', whom pattern 'odd' asks (odd.py line 10)"),
    ],
)  # fmt: skip
def test_what_seldom_turns_out_is_rehearsed(tmp_path: Path, body: str, says: str) -> None:
    (tmp_path / "odd.py").write_text(MODULE.replace("BODY", body))
    (tmp_path / "how.md").write_text("How?")
    with pytest.raises(FoureyesError) as raised:
        load(tmp_path, '"odd"', 'modules = ["odd"]')
    assert says in str(raised.value) and "odd.py line" in str(raised.value)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("return draft.code", "return draft", "must return code as a str, not Program"),
        ("draft = yield Draft(spec)", "return ''", "step 1: is not a generator"),
        ("def odd", "async def odd", "step 1: is not a generator"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_a_function_that_is_no_pattern_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    module = MODULE.replace("BODY", "").replace(old, new)
    if "async" in new:
        module = module.replace("yield", "await")
    (tmp_path / "odd.py").write_text(module)
    with pytest.raises(FoureyesError) as raised:
        load(tmp_path, '"odd"', 'modules = ["odd"]')
    assert says in str(raised.value) and "(odd.py line 5" in str(raised.value)


def test_a_picture_shows_what_a_value_brings(tmp_path: Path) -> None:
    """Nobody sees from one example of a schema that a pattern mends what is severe."""
    severity = '{"type": "integer", "minimum": 0, "maximum": 3}'
    body = f"ask = yield Ask('how', by=CODER, read=Json({severity}))\n    if (ask.value or 0) > 1: draft = yield Fix(draft, Verdict(False, ('it',), ''))"
    (tmp_path / "odd.py").write_text(MODULE.replace("BODY", body))
    (tmp_path / "how.md").write_text("How?")
    (made,) = load(tmp_path, '"odd"', 'modules = ["odd"]').patterns
    drawn = [str(branch.label) for branch in rehearsal.draw(made).children]
    assert drawn[-2:] == ["if 2 says 3", "otherwise"]
    assert rehearsal.prompts(made) == ["draft", "how", "fix"]


@pytest.mark.parametrize(
    "reading",
    [TEXT, Json(ISSUES), Number(1, 5), Number(0.5, 1e6), Number(most=-3), OneOf("a", "b"), Code(SPEC)],
)  # fmt: skip
def test_what_is_made_up_fits(reading: Reading) -> None:
    """A pattern that is rehearsed with what no model may say would fail where nothing is wrong."""
    step = Ask("explain", by=CODER, read=reading)
    ways = step.outcomes + step.rarer
    assert len(set(ways)) == len(ways)
    for way, made in [
        *((way, step.rehearsed(number, "a name")) for number, way in enumerate(ways)),
        ("", step.stand_in("x" * 300)),
    ]:
        assert isinstance(made, Program) or (made.value is None) == (way == "cannot be read")
        if isinstance(made, Program) or isinstance(reading, type(TEXT)) or made.value is None:
            continue
        assert reading.read(as_said(made.value)).value == made.value


def as_said(value: Any) -> str:
    """As a model would say it."""
    return value if isinstance(value, str) else json.dumps(value)
