"""Prompts of a pattern author's own: what is read from their answers, and what is said of mistakes."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from foureyes.models.errors import FoureyesError
from foureyes.models.problem import Spec
from foureyes.producer.sweeps import rehearsal
from foureyes.producer.sweeps.sweep import PlannedSweep
from foureyes.worker.attempt import checking
from foureyes.worker.attempt.requests import Caller
from foureyes.worker.patterns.steps import (
    CODER,
    TEXT,
    Ask,
    Code,
    Compared,
    Draft,
    Json,
    Number,
    OneOf,
    Program,
    Reply,
    drafts,
    mutated,
)
from foureyes.worker.patterns.steps.readings import Reading
from foureyes.worker.patterns.style import Style
from tests.unit.test_patterns import load

SPEC = Spec("t/1", "def f(x):\n", "f", ())
ISSUES = {
    "type": "object",
    "properties": {
        "issues": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
        "score": {"type": "integer", "minimum": 1, "maximum": 5},
    },
    "required": ["issues", "score"],
    "additionalProperties": False,
}
FITTING = '{"issues": ["a"], "score": 2}'


@pytest.mark.parametrize(
    ("reading", "answer", "value"),
    [
        (TEXT, "<think>no</think> It is.\n", "It is."),
        (OneOf("yes", "no"), "Is it right? Yes or no ...\nAnswer: **Yes**.", "yes"),
        (OneOf("yes", "no"), "yes\n\nThat is all.", "yes"),
        (OneOf("yes", "no"), "There is no doubt: yes", None),  # both
        (OneOf("right", "wrong"), "It is not right.", None),  # denied
        (OneOf("right", "wrong"), "It isn't wrong", None),
        (OneOf("yes", "no"), "nobody knows", None),
        (OneOf("A", "A+"), "grade: A+", "A+"),
        (Number(0, 10), "Two bugs, so I say\n7/10", 7),
        (Number(0, 10), "7 out of 10, I think", 7),
        (Number(), "about -2.5e3", -2500.0),
        (Number(), "1,000", None),
        (Number(), "between 3 and 4", None),
        (Number(0, 10), "11", None),
        (Number(), "x1 and y2z", None),
        (Number(), "9" * 5000, None),
        (Number(), "1e999", None),
        (Number(0, 10), "7" + " " * 200_000 + "I say", 7),
        (Json(ISSUES), f"```json\n{FITTING}\n```", {"issues": ["a"], "score": 2}),
        (Json(ISSUES), f'{FITTING} or {{"issues": [], "score": 1}}', {"issues": [], "score": 1}),
        (Json(ISSUES), f'{{"found": {FITTING}}}', {"issues": ["a"], "score": 2}),
        (Json(ISSUES), FITTING.replace("2", "6"), None),
        (Json(ISSUES), FITTING.replace("2", "true"), None),
        (Json(ISSUES), FITTING[:-1] + ', "more": 1}', None),
        (Json({"enum": ["A", 1, None]}), '"A" or 1', 1),
        (Json({"type": "number"}), "NaN", None),
        (Json(ISSUES), "[" * 20_000, None),
        (Json(ISSUES), '{"' * 10_000, None),
        (Json({"type": "integer"}), "9" * 400, int("9" * 400)),
        (Json({"type": "object"}), '{"a":' * 90 + "1" + "}" * 90, eval('{"a":' * 90 + "1" + "}" * 90)),
        # or what is read would depend on how many calls are open where it is read
        (Json({"type": "object"}), '{"a":' * 150 + "1" + "}" * 150, None),
        (Json({"type": "object"}), "{} or " + '{"a":' * 150 + "1" + "}" * 150, None),
    ],
)  # fmt: skip
def test_a_value_is_read_for_certain_or_not_at_all(
    reading: Reading, answer: str, value: Any
) -> None:
    reply = Ask("explain", by=CODER, read=reading).read(answer)
    assert reply.value == value and type(reply.value) is type(value)


def test_a_program_is_one_like_any_other() -> None:
    made = Ask("explain", by=CODER, read=Code(SPEC)).read("```\ndef f(x):\n    return x\n```")
    assert isinstance(made, Program)
    assert (made.code, made.spec) == ("def f(x):\n    return x\n", SPEC)


def nested(depth: int) -> Any:
    return {
        "type": "array",
        "minItems": 10,
        "items": nested(depth - 1) if depth else {"type": "null"},
    }


COMPARED = Compared((), (), (), ())


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Ask("Ex plain", by=CODER), "a template is the name of a Markdown file beside"),
        (lambda: Ask("../up", by=CODER), "a template is the name of a Markdown file beside"),
        (lambda: Ask("explain", by=CODER, read="text"), "read= is TEXT, Json"),
        (lambda: Ask("explain", by=CODER, style="x"), "style= cannot fill a prompt"),
        (lambda: Ask("explain", by=CODER, how=print), "how= cannot fill a prompt"),
        (lambda: Ask("explain", by=CODER, how=[{1: object()}]), "how= cannot fill a prompt"),
        (lambda: OneOf("yes"), "takes two words or more"),
        (lambda: OneOf("yes", "Yes"), "takes two words or more"),
        (lambda: OneOf("yes", ""), "a word is a text of one line"),
        (lambda: OneOf("yes ", "no"), "without space around it, not 'yes '"),
        (lambda: Number(3, 2), "nothing is from 3 to 2"),
        (lambda: Number("3"), "a bound is a number, not '3'"),
        (lambda: Code("def f"), "takes a Spec"),
        (lambda: Json("object"), "the schema is a JSON schema as a dict, not 'object'"),
        (lambda: Json({"typ": "object"}), "no word 'typ' here; there are type, properties, "),
        (lambda: Json({"type": "string", "pattern": "x"}), "no word 'pattern' here; there are type, "),
        (lambda: Json({"type": "objct"}), "'type' is one of object, array"),
        (lambda: Json({"type": "array", "items": {"type": "int"}}), "the schema, 'items': 'type' is one"),
        (lambda: Json({"type": "object", "required": ["a"]}), "'a' is required, and not among"),
        (lambda: Json({"type": "integer", "minimum": 2.5, "maximum": 2.7}), "nothing can be found that fits"),
        (lambda: Json({"type": "string", "maxLength": True}), "'maxLength' is a int, not True"),
        (lambda: Json({"enum": []}), "nothing can be found that fits"),
        (lambda: Json({"enum": [object()]}), "the schema: 'enum' holds what no JSON is: <object"),
        (lambda: Json({"enum": [("a",)]}), r"'enum' holds what no JSON is: \('a',\)"),
        (lambda: Json({"enum": [float("nan")]}), "'enum' holds what no JSON is: nan"),
        (lambda: Json({"type": "array", "minItems": -1}), "the schema: 'minItems' is from 0, not -1"),
        (lambda: Json({"type": "string", "minLength": 10**12}), "ask for more than 100000 characters or items"),
        (lambda: Json(nested(12)), "ask for more than 100000 characters or items"),
        (lambda: mutated("x"), "mutated: takes a Spec, not 'x'"),
        (lambda: mutated(SPEC) + "f(1)", r"`\+` takes WrittenInputs"),
        (lambda: COMPARED.differences(1, 2), "takes two of the Programs that were compared, not 1"),
        (lambda: drafts(SPEC, 0, 0.5), "drafts: count is a whole number from 1, not 0"),
        (lambda: drafts(SPEC, True, 0.5), "drafts: count is a whole number from 1, not True"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_said_where_it_is_written(make: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        make()


MODULE = '''# coding: latin-1, as an editor of old writes it: é
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.steps import CODER, REVIEWER, Ask, Code, Draft, OneOf

@pattern("duck")
def duck(spec):
    """The coder explains its draft; somebody says whether that is right."""
    draft = yield Draft(spec, by=CODER)
    told = yield Ask("explain", by=CODER, spec=spec, draft=draft)
    found = yield Ask("is-it-so", by=REVIEWER, read=OneOf("right", "wrong"), told=told)
    if found.value != "wrong":
        return draft.code
    mended = yield Ask("explain", by=CODER, read=Code(spec), spec=spec, draft=draft)
    return mended.code
'''
EXPLAIN = '{% include "_specification.md" %}\nExplain, line by line:\n{{ draft.code }}\n'
IS_IT_SO = "Right or wrong?\n{{ told.text }}\n"


def duck(folder: Path, module: str = MODULE, explain: str = EXPLAIN) -> PlannedSweep:
    (folder / "rubber.py").write_bytes(module.encode("latin-1"))
    (folder / "explain.md").write_text(explain)
    (folder / "is-it-so.md").write_text(IS_IT_SO)
    (folder / "README.md").write_text("About the folder.")
    return load(folder, '"duck"', 'modules = ["rubber"]')


def test_prompts_travel_with_the_sweep_and_make_it_another_one(tmp_path: Path) -> None:
    """A worker on another machine has no file of theirs; and what has another prompt is another sweep."""
    grid = duck(tmp_path)
    assert grid.content().prompt_files == {"": {"explain": EXPLAIN, "is-it-so": IS_IT_SO}}
    (made,) = grid.patterns
    caller = Caller(grid.templates("default"), made.style)
    model = next(iter(grid.file.models.values()))
    step = Ask("explain", by=CODER, spec=SPEC, draft=Program(SPEC, "CODE", ""))
    call = caller.call(step, model, 0)
    said = call.request["messages"][1]["content"]
    assert said.startswith("Specification:") and said.endswith("line by line:\nCODE")
    assert call.prompt == "explain"
    other = duck(tmp_path, explain=EXPLAIN + "Be brief.")
    assert other.key != grid.key
    again = Caller(other.templates("default"), made.style).call(step, model, 0)
    assert again.prompt_hash != call.prompt_hash
    (tmp_path / "README.md").write_text("Something else.")
    assert load(tmp_path, '"duck"', 'modules = ["rubber"]').key == other.key


def test_a_pattern_is_drawn_with_what_its_own_prompts_may_bring(tmp_path: Path) -> None:
    (made,) = duck(tmp_path).patterns
    drawn = "\n".join(str(branch.label) for branch in rehearsal.draw(made).children)
    assert "2 explain by coder" in drawn
    assert "if 3 says wrong" in drawn


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"explain", by=CODER, spec', '"exlain", by=CODER, spec', "there is no exlain.md beside the module"),
        ("told=told", "tld=told", r"step 3: is-it-so.md line 2: there is no variable "
         r"'told'; did you mean 'tld'\? \(rubber.py line 10, while the pattern was rehearsed\)"),
        ("found.value !=", "found.value.strip() !=", r"step 4: raised AttributeError: 'NoneType' .* "
         r"\(rubber.py line 11, while the pattern was rehearsed, where 3 cannot be read\)"),
        ('OneOf("right", "wrong")', 'OneOf("right")', r"step 3: raised ValueError: OneOf: takes two words .*"
         r"\(rubber.py line 10, while"),
        ("return draft.code", "return draft", r"step 4: must return code as a str, not Program; return its `.code` \(rubber.py line 5, while the"),
        ("found = yield Ask", "found = Ask", r"step 3: raised AttributeError: 'Ask' object has no attribute "
         r"'value': it is a step until it is yielded, `yield Ask\(...\)` gives its result \(rubber.py line 11"),
        ("return draft.code", "return found.code", r"step 4: raised AttributeError: 'Reply' object has no "
         r"attribute 'code'; it has text, value \(rubber.py line"),
        ("by=REVIEWER", "by=3", r"step 3: Ask\(by=...\) takes a str, not 3 \(rubber.py line 10,"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line_before_anything_is_enqueued(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    assert old in MODULE
    with pytest.raises(
        FoureyesError, match=f"sweep.toml: pattern 'duck', {says}" if says[0] == "s" else says
    ):
        duck(tmp_path, MODULE.replace(old, new, 1))


def test_a_prompt_that_is_no_template_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(FoureyesError, match=r"explain.md line 2: Expected an expression"):
        duck(tmp_path, explain="\n{% if %}")
    (tmp_path / "draft.md").write_text("Mine.")
    with pytest.raises(
        FoureyesError, match=r"draft.md: 'draft' is the name of a prompt that ships"
    ):
        duck(tmp_path, MODULE.replace('"is-it-so"', '"draft"'))


def test_a_prompt_may_include_others_of_its_author(tmp_path: Path) -> None:
    (tmp_path / "manners.md").write_text("Be brief.")
    (tmp_path / "tone.md").write_text('{% include "manners.md" %} Be kind.')
    grid = duck(
        tmp_path, explain=EXPLAIN + '{% include "tone.md" %}{% include "no.md" ignore missing %}'
    )
    assert grid.content().prompt_files[""].keys() == {"explain", "is-it-so", "tone", "manners"}
    step = Ask("explain", by=CODER, spec=SPEC, draft=Program(SPEC, "CODE", ""))
    caller = Caller(grid.templates("default"), grid.patterns[0].style)
    call = caller.call(step, next(iter(grid.file.models.values())), 0)
    assert call.request["messages"][1]["content"].endswith("CODE\nBe brief. Be kind.")
    (tmp_path / "manners.md").unlink()
    with pytest.raises(FoureyesError, match=r"it includes manners.md, and there is no such prompt"):
        duck(tmp_path, explain=EXPLAIN + '{% include "tone.md" %}')


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{{ draft | nofilter }}", "line 1: No filter named 'nofilter'"),
        ("a\0b", "holds a NUL character"),
    ],
)
def test_a_prompt_that_nobody_can_fill_in_or_keep_is_named(
    tmp_path: Path, text: str, says: str
) -> None:
    with pytest.raises(FoureyesError, match=f"explain.md:? {says}"):
        duck(tmp_path, explain=text)


def test_a_prompt_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    """A sweep that came from somebody would send a file of ours to a model."""
    (tmp_path / "sweep").mkdir()
    duck(tmp_path / "sweep")
    (tmp_path / "secret").write_text("a password")
    (tmp_path / "sweep" / "explain.md").unlink()
    (tmp_path / "sweep" / "explain.md").symlink_to(tmp_path / "secret")
    with pytest.raises(FoureyesError, match="leads out of the sweep file's folder"):
        load(tmp_path / "sweep", '"duck"', 'modules = ["rubber"]')


def test_a_value_that_may_not_be_there_is_drawn(tmp_path: Path) -> None:
    module = MODULE.replace("OneOf(", "Json({'enum': [").replace('"wrong")', '"wrong"]})').replace(
        "Draft, OneOf", "Draft, Json"
    ).replace('found.value != "wrong"', "found.value")  # fmt: skip
    drawn = rehearsal.draw(duck(tmp_path, module).patterns[0]).children
    assert [str(branch.label) for branch in drawn[3:]] == [
        "if 3 cannot be read",
        "otherwise",
    ]


def test_a_loop_of_questions_is_looked_through_in_time(tmp_path: Path) -> None:
    """Every way of twelve rounds with four outcomes would be sixteen million."""
    module = MODULE.replace(
        "    if found", "    for n in range(50):\n        if found.value == 'wrong':\n            break\n"
        '        found = yield Ask("is-it-so", by=REVIEWER, read=OneOf("right", "left", "wrong"), told=told)\n'
        "    if found",
    )  # fmt: skip
    assert rehearsal.draw(duck(tmp_path, module).patterns[0]).children


def test_a_reply_can_be_quoted(tmp_path: Path) -> None:
    assert Ask("again", by=CODER, told=Reply("x", 1)) == Ask("again", by=CODER, told=Reply("x", 1))


def test_what_postgres_cannot_hold_is_not_in_a_value() -> None:
    """It ended the attempt in error, as soon as a prompt showed it."""
    answer = r'{"a": "x\u0000\ud800", "b": 1e999}'
    assert Json({"type": "object"}).read(answer).value == {"a": "x\ufffd?", "b": "inf"}


def test_a_program_asked_for_is_taken_from_where_the_option_says() -> None:
    answer = "```python\ndef f(x):\n    return x\n```\nIt prints:\n```\n1\n```\n"
    step = Ask("mend", by=CODER, read=Code(SPEC))
    style = Style(extraction="last-block")
    assert step.read_in(style, answer) == Draft(SPEC).read_in(style, answer)
    assert step.read_in(Style(), answer) == Draft(SPEC).read_in(Style(), answer)


def test_a_check_reads_answers_as_the_sweep_did() -> None:
    """It read programs as without the option, and said that judging them was something else."""
    answer = "```python\ndef f(x):\n    return x\n```\nIt prints:\n```\n1\n```\n"
    row: Any = SimpleNamespace(finish_reason="stop", text=answer)
    assert checking._read(Style(extraction="last-block"), Draft(SPEC), row).code == "1"
