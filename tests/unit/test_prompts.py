"""Every prompt as a model gets it, in files to look at: a word that changes by mistake changes results.

After a change that is meant: `SNAPSHOTS=rewrite pytest tests/unit/test_prompts.py`, and look at what
git shows.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

import pytest

from foureyes.models.digest import digest
from foureyes.models.llm import Scripted
from foureyes.models.problem import Spec, VisibleTest
from foureyes.models.shown import TestResult, TestRun, Traced, TracedLine, Trial, WrittenResult
from foureyes.worker.attempt.requests import Caller
from foureyes.worker.patterns import templates
from foureyes.worker.patterns.reading.verdict import Verdict
from foureyes.worker.patterns.steps import (
    CODER,
    Ask,
    Choose,
    CompletionStep,
    Difference,
    Draft,
    Enrich,
    Fix,
    Inputs,
    Plan,
    Planned,
    Program,
    RepairVerdict,
    Review,
    Tests,
)
from foureyes.worker.patterns.style import Style, Wording
from foureyes.worker.patterns.templates import COMMON, Templates

SNAPSHOTS = Path(__file__).parent / "snapshots"
SPEC = Spec(
    problem_id="t/1",
    prompt='\nfrom math import floor\n\n\ndef f(x: int) -> int:\n    """Half of x & no "<more>".\n\n    >>> f(4)\n    2\n    """\n\n',
    entry_point="f",
    visible_tests=(VisibleTest("doctest", ">>> f(4)\n2", "f(4)", "2"),),
)
NOTED = replace(SPEC, notes="\nx is never negative;\nodd x round down\n")
WHOLE = Spec(
    problem_id="t/2",
    prompt="Read n, print its half.\n\nInput:\n\n    4\n\nOutput:\n\n    2\n",
    entry_point="",
    visible_tests=(),
    prose=True,
)
SCRIPT = Program(WHOLE, "print(int(input()) / 2)\n", "")
DRAFT = Program(SPEC, "def f(x):\n    return x / 2\n", "I think: def f")
OTHER = Program(SPEC, "\ndef f(x):\n    return x // 2", "")
PASSED = Trial((TestResult(">>> f(4)\n2", True, ""),))
FAILED = Trial(
    (TestResult(">>> f(4)\n2", False, "got: 2.0"), TestResult("assert f(0) == 0", True, ""))
)
UNTRIED = Trial(())
FOUND = Verdict(False, ("odd x gives a float", "`f(-1)` fails"), "a text that is not shown")
NOTHING_LISTED = Verdict(False, (), "\nIt is wrong for odd x.\n\nVerdict: revise\n")
UNREAD = Verdict(None, (), "?" * 10 + "x" * 3990 + "\nWho knows.\n")
DIFFERENCES = (Difference("f(3)", "1.5", "1"), Difference("f('a')", "raised: TypeError", "0"))
LESSONS = ("`/` gives a float.\n", "Odd numbers\nround down.")
RUN = TestRun(
    (
        WrittenResult("assert f(3) == 1", "failed", "got: 1.5"),
        WrittenResult("assert f(2) == 1", "passed", ""),
        WrittenResult("assert g(2) == 1", "broken", "names what is not there: g"),
    )
)
TRACE = Traced(
    (TracedLine(2, "return x / 2", "x = 4"), TracedLine(2, "return x / 2", "returns 2.0")),
    0,
    "it gives 2.0",
)

#: A step for each prompt, and for each way that one branches.
CASES: dict[str, CompletionStep] = {
    "draft": Draft(SPEC),
    "draft.notes": Draft(NOTED),
    "draft-along-plan": Draft(SPEC, Planned("1. Halve.\n2. Round down.\n")),
    "draft-along-plan.notes": Draft(NOTED, Planned("1. Halve.")),
    "enrich": Enrich(SPEC),
    "plan": Plan(SPEC),
    "plan-after-trial": Plan(SPEC, DRAFT, FAILED),
    "review": Review(DRAFT),
    "review.notes": Review(replace(DRAFT, spec=NOTED)),
    "review-grounded.failed": Review(DRAFT, FAILED),
    "review-grounded.passed": Review(DRAFT, PASSED),
    "review-grounded.no-examples": Review(DRAFT, UNTRIED),
    "repair-verdict": RepairVerdict(UNREAD),
    "fix": Fix(DRAFT, FOUND),
    "fix.nothing-listed": Fix(DRAFT, NOTHING_LISTED),
    "fix-failed-tests": Fix(DRAFT, FAILED),
    "choose.left-first": Choose(DRAFT, OTHER, first="left"),
    "choose.right-first": Choose(DRAFT, OTHER, first="right"),
    "choose.differences": Choose(DRAFT, OTHER, first="right", differences=DIFFERENCES),
    "lesson": Ask("lesson", by=CODER, spec=SPEC, draft=DRAFT, trial=FAILED),
    "draft-with-lessons": Ask("draft-with-lessons", by=CODER, spec=SPEC, lessons=LESSONS),
    "draft-with-lessons.whole": Ask("draft-with-lessons", by=CODER, spec=WHOLE, lessons=LESSONS),
    "fix-traced": Ask(
        "fix-traced",
        by=CODER,
        spec=SPEC,
        draft=DRAFT,
        trial=FAILED,
        test=SPEC.visible_tests[0],
        trace=TRACE,
    ),
    "fix-written-tests": Ask("fix-written-tests", by=CODER, spec=NOTED, draft=DRAFT, run=RUN),
    "fix-written-tests.whole": Ask(
        "fix-written-tests", by=CODER, spec=WHOLE, draft=SCRIPT, run=RUN
    ),
    "tests": Tests(SPEC),
    "tests.whole": Tests(WHOLE),
    "inputs": Inputs(SPEC),
    "inputs.whole": Inputs(WHOLE),
    "draft.whole": Draft(WHOLE),
    "draft-along-plan.whole": Draft(WHOLE, Planned("1. Halve.")),
    "fix.whole": Fix(SCRIPT, FOUND),
    "fix-failed-tests.whole": Fix(SCRIPT, FAILED),
}
#: What differs where a review is written in plain words.
FREE = {name: step for name, step in CASES.items() if isinstance(step, Review)}
MODEL = Scripted(engine="scripted", name="m", script="m.toml")


def sent(step: CompletionStep, style: Style) -> str:
    """What a model gets, to look at."""
    call = Caller(templates.shipped(style.prompts), style).call(step, MODEL, 0)
    parts = [f"[{each['role']}]\n{each['content']}" for each in call.request["messages"]]
    schema = call.request["schema"]
    parts.append(f"[answer]\n{json.dumps(schema, indent=2) if schema else 'free'}")
    return "\n\n".join(parts) + "\n"


def snapshots() -> dict[str, str]:
    """Every prompt of every style, by the path of its file."""
    found = {}
    for prompts in templates.names():
        for name, step in CASES.items():
            found[f"{prompts}/{name}.txt"] = sent(step, Style(prompts=prompts))
        for name, step in FREE.items():
            style = Style(prompts=prompts, review_format="text")
            found[f"{prompts}/{name}.in-words.txt"] = sent(step, style)
        for verdict in get_args(Wording):
            if verdict != Style().verdict:
                name = f"{prompts}/review.{verdict}"
                style = Style(prompts=prompts, verdict=verdict)
                found[f"{name}.txt"] = sent(CASES["review"], style)
                words = style.model_copy(update={"review_format": "text"})
                found[f"{name}.in-words.txt"] = sent(CASES["review"], words)
    return found


def test_every_prompt_is_what_it_was_when_somebody_last_looked_at_it() -> None:
    now = snapshots()
    if os.environ.get("SNAPSHOTS") == "rewrite":
        for path in SNAPSHOTS.glob("*/*.txt"):
            path.unlink()
        for name, text in now.items():
            (SNAPSHOTS / name).parent.mkdir(parents=True, exist_ok=True)
            (SNAPSHOTS / name).write_text(text)
    before = {
        str(path.relative_to(SNAPSHOTS)): path.read_text() for path in SNAPSHOTS.glob("*/*.txt")
    }
    assert now.keys() == before.keys()
    for name, text in now.items():
        assert text == before[name], name


@pytest.mark.parametrize("prompts", templates.names())
def test_every_template_is_among_them(prompts: str) -> None:
    folder = Path(templates.__file__).parent.parent / "prompts" / prompts
    shipped = {path.stem for path in folder.glob("*.md")} - set(COMMON)
    assert {step.prompt for step in CASES.values()} == shipped


def programs(number: int) -> list[Program]:
    return [Program(SPEC, f"def f(x):\n    return x - {i}\n", "") for i in range(number)]


@pytest.mark.parametrize("verdict", get_args(Wording))
@pytest.mark.parametrize("prompts", templates.names())
def test_no_verdict_is_always_named_first(prompts: str, verdict: Wording) -> None:
    """What is named first is taken more often; then the prompt would have decided."""
    style = Style(prompts=prompts, verdict=verdict)
    made = [sent(Review(program), style).partition("\n[answer]")[0] for program in programs(80)]
    asked = [text.replace("return x", "").rpartition("```")[2] for text in made]
    first = [text.find("approve") < text.find("revise") for text in asked]
    assert 20 < sum(first) < 60
    # each verdict is named as often as the other, whatever the order
    assert all(text.count("approve") == text.count("revise") for text in asked)
    assert sent(Review(programs(1)[0]), style) == sent(Review(programs(1)[0]), style)


def test_the_order_of_a_review_depends_on_nothing_that_it_does_not_show() -> None:
    """Else two drafts of the same code would be reviewed twice."""
    for program in programs(20):
        other = replace(program, text="another answer with the same program")
        assert sent(Review(program), Style()) == sent(Review(other), Style())


def test_neither_program_is_always_shown_first() -> None:
    found = [Choose(DRAFT, other) for other in programs(80)]
    assert 20 < sum(step.shown[0] is DRAFT for step in found) < 60
    for step in found:
        # the same two the other way round are the same question, and the same answer
        turned = Choose(step.right, step.left)
        assert sent(step, Style()) == sent(turned, Style())
        for letter, program in zip("AB", step.shown, strict=True):
            answer = json.dumps({"reason": "", "choice": letter})
            assert step.read(answer).program is turned.read(answer).program is program
        assert step.read("none of them").program is DRAFT


def test_both_orders_can_be_asked_for() -> None:
    left, right = (Choose(DRAFT, OTHER, first=first) for first in ("left", "right"))
    assert left.shown == (DRAFT, OTHER)
    assert right.shown == (OTHER, DRAFT)
    assert right.read('{"choice": "A"}').program is OTHER
    with pytest.raises(ValueError, match="first is 'left', 'right', or unset, not 'A'"):
        Choose(DRAFT, OTHER, first="A")


def test_no_two_of_them_are_alike() -> None:
    """A case that branches nowhere would show nothing."""
    now = snapshots()
    assert len(set(now.values())) == len(now)


def texts(**changed: str) -> Mapping[str, str]:
    folder = Path(templates.__file__).parent.parent / "prompts" / "default"
    return MappingProxyType({path.stem: path.read_text() for path in folder.glob("*.md")} | changed)


def own(**changed: str) -> Templates:
    return templates.of("mine", {"mine": texts(**changed)})


PROMPTS = sorted(set(texts()) - set(COMMON))


@pytest.mark.parametrize("changed", ["system", "_specification", "_verdict"])
def test_what_a_prompt_includes_is_part_of_its_hash(changed: str) -> None:
    """Else the report says that two sweeps had the same prompts, and they had not."""
    before, after = own(), own(**{changed: "something else"})
    for prompt in PROMPTS:
        assert before.hash(prompt) != after.hash(prompt), prompt


def test_a_prompt_of_its_own_changes_its_own_hash_alone() -> None:
    before, after = own(), own(plan="something else")
    assert [name for name in PROMPTS if before.hash(name) != after.hash(name)] == ["plan"]


@pytest.mark.parametrize(
    "including",
    [
        '{% include "draft.md" %} Mind the end.',
        '{% if true %}{% include ["draft.md"] %}{% endif %}',
        '{% extends "draft.md" %}',
        '{% set name = "draft" %}{% include name ~ ".md" %}',
        '{% include "enrich.md" %}',
    ],
)
def test_so_is_what_a_prompt_of_ones_own_includes_besides(including: str) -> None:
    chain: dict[str, Any] = {"plan": including, "enrich": '{% include "draft.md" %}'}
    before, after = own(**chain), own(**chain, draft="something else")
    assert before.hash("plan") != after.hash("plan")
    assert before.render("plan", spec=SPEC) != after.render("plan", spec=SPEC)


def test_the_hashes_of_prompts_that_ship_are_those_of_before() -> None:
    """Else every report would tell of two prompts where there is one."""
    made = templates.shipped("default")
    for prompt in PROMPTS:
        sources = [made.source(name) for name in (*COMMON, prompt)]
        assert made.hash(prompt) == digest(sources)[:16]
