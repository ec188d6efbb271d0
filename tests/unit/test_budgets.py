"""If one of these fails, a control at equal tokens is compared with another pattern than its name says, or
spends something else than it has.
"""

import itertools
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from foureyes.models.errors import FoureyesError
from foureyes.models.problem import Spec
from foureyes.models.shown import TestRun, WrittenResult
from foureyes.producer.commands.sweeping import show_plan
from foureyes.producer.sweeps import rehearsal
from foureyes.producer.sweeps.estimate import SweepEstimate
from foureyes.results.figures.equal_tokens import at_equal_tokens
from foureyes.results.figures.scoreboard import Budget
from foureyes.results.report import formats
from foureyes.worker import patterns
from foureyes.worker.attempt.replay import PatternReplay
from foureyes.worker.patterns import Pattern, _options
from foureyes.worker.patterns.steps import (
    Compare,
    Compared,
    Draft,
    Inputs,
    Program,
    RunTests,
    Steps,
    Tests,
    TokensLeft,
    VisibleTests,
    WrittenInputs,
    WrittenTests,
)
from tests.boards import board, group
from tests.unit.test_catalogue import BARE, SPEC, tried
from tests.unit.test_patterns import ROOT, load

PAGE = (ROOT / "docs" / "howto" / "pattern.md").read_text()
CONTROL = '{ name = "sample-and-select", tokens_of = "review-then-fix" }'


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ('"retry", { name = "sample-and-select", tokens_of = "retri" }',
         "tokens_of: no pattern of the sweep is called 'retri'; did you mean 'retry'?"),
        ('"retry", { name = "review-then-fix", tokens_of = "retry" }',
         "pattern 'review-then-fix' draws no samples until a budget is spent, so `tokens_of` says nothing of it; diverse-pair, sample-and-select, test-first and vote do"),
        ('{ name = "retry", retries = [1, 2] }, { name = "sample-and-select", tokens_of = "retry" }',
         "tokens_of: several are called 'retry'; write 'retry(retries=1)' or 'retry(retries=2)'"),
        ('{ name = "sample-and-select", tokens_of = "sample-and-select" }',
         "tokens_of: 'sample-and-select' has a budget itself; name a pattern that spends what it likes"),
        ('"retry", { name = "sample-and-select", drafts = 4, tokens_of = "retry" }',
         "pattern 'sample-and-select': `tokens_of` says how many drafts there are; leave `drafts` out"),
        ('"retry", { name = "sample-and-select", tokens_of = 3 }',
         "option 'tokens_of': Input should be a valid string (it is 3)"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_before_anything_is_enqueued(
    tmp_path: Path, written: str, says: str
) -> None:
    with pytest.raises(FoureyesError) as raised:
        load(tmp_path, written)
    assert says in str(raised.value)
    assert str(raised.value).startswith(f"{tmp_path}/sweep.toml: ")


def test_two_that_have_each_other_s_tokens_are_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "my_own.py").write_text(OWN)
    with pytest.raises(FoureyesError, match=r"'last-that-fits' has a budget itself"):
        load(
            tmp_path,
            '{ name = "sample-and-select", tokens_of = "last-that-fits" }, { name = "last-that-fits", tokens_of = "sample-and-select" }',
            'modules = ["my_own"]',
        )


#: The patterns of docs/howto/pattern.md that can have a budget.
OWN = """
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.steps import (
    CODER, Compare, Draft, Inputs, Sampling, TokensLeft, drafts, while_tokens_last,
)

""" + "".join(re.findall(r"^```python\n(@pattern\(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))


def test_the_pattern_of_the_page_does_as_it_says(tmp_path: Path) -> None:
    (tmp_path / "my_own.py").write_text(OWN)
    grid = load(
        tmp_path,
        '"retry", "last-that-fits", { name = "last-that-fits", tokens_of = "retry" }',
        'modules = ["my_own"]',
    )
    codes = []
    for made, budget in zip(grid.patterns[1:], (None, 35), strict=True):
        replay = PatternReplay(made, SPEC, budget=budget)
        while replay.wanted is not None:
            name = f"draft {replay.position + 1}"
            replay.answer((Program(SPEC, name, name),), 10)
        codes.append((replay.code, replay.position))
    assert codes == [("draft 3", 3), ("draft 3", 4)]


def test_the_page_s_choice_among_several_is_one_whatever_says_how_many(tmp_path: Path) -> None:
    (tmp_path / "my_own.py").write_text(OWN)
    grid = load(
        tmp_path,
        '"retry", "same-behaviour", { name = "same-behaviour", tokens_of = "retry" }',
        'modules = ["my_own"]',
    )
    asked = []
    for made, budget in zip(grid.patterns[1:], (None, 40), strict=True):
        replay = PatternReplay(made, SPEC, budget=budget)
        said = []
        while replay.wanted is not None:
            said += [step.said for step in replay.wanted]
            results = tuple(step.rehearsed(0, "x") for step in replay.wanted)
            replay.answer(results, 10 * len(results))
        asked.append([each.partition(" ")[0] for each in said])
    assert asked[0] == ["draft"] * 5 + ["inputs", "the"]
    assert asked[1] == ["draft", "inputs", "draft", "draft", "the"]


def test_whose_tokens_they_are_is_said_by_a_name_or_as_tables_write_it(tmp_path: Path) -> None:
    (tmp_path / "my_own.py").write_text(OWN)
    grid = load(
        tmp_path,
        '"retry", { name = "retry", retries = 1 }, "review-then-fix", '
        '{ name = "review-then-fix", review_format = "text" }, "sample-and-select", '
        '{ name = "sample-and-select", tokens_of = ["retry", "retry(retries=1)", "review-then-fix", '
        '"sample-and-select"] }, { name = "last-that-fits", tokens_of = "review-then-fix" }',
        'modules = ["my_own"]\nprompts = ["default", "terse"]',
    )
    by_default = {
        "sample-and-select(tokens_of=retry)": "retry",  # the one without options of its own
        "sample-and-select(tokens_of=retry(retries=1))": "retry(retries=1)",
        "sample-and-select(tokens_of=review-then-fix)": "review-then-fix",
        "sample-and-select(tokens_of=sample-and-select)": "sample-and-select",
        "last-that-fits(tokens_of=review-then-fix)": "review-then-fix",
    }
    # each is compared with what is written in its own prompts, if it is there
    terse = {
        "sample-and-select(prompts=terse, tokens_of=retry)": "retry(prompts=terse)",
        "sample-and-select(prompts=terse, tokens_of=retry(retries=1))": (
            "retry(prompts=terse, retries=1)"
        ),
        "sample-and-select(prompts=terse, tokens_of=review-then-fix)": "review-then-fix(prompts=terse)",
        "sample-and-select(prompts=terse, tokens_of=sample-and-select)": (
            "sample-and-select(prompts=terse)"
        ),
        "last-that-fits(prompts=terse, tokens_of=review-then-fix)": "review-then-fix(prompts=terse)",
    }
    assert grid.budgets == by_default | terse
    assert len({cell.key for cell in grid.cells()}) == len(grid.patterns)


def test_runs_of_before_there_were_budgets_are_the_same_runs() -> None:
    """Else a sweep that is there would begin anew."""
    pattern = patterns.find("sample-and-select")
    style = {"prompts": "default", "thinking": None, "review_format": "json"}
    assert pattern.configure({}).options == style | {"drafts": 3, "temperature": 0.8}
    budgeted = pattern.configure({"tokens_of": "debate"})
    assert budgeted.options == style | {"temperature": 0.8, "tokens_of": "debate"}
    assert budgeted.label == "sample-and-select(tokens_of=debate)"
    assert pattern.configure(budgeted.options) == budgeted  # as workers find them in the row


class Drawn:
    """An attempt with a budget, whose answers take these many tokens."""

    def __init__(
        self, budget: int, *tokens: int, spec: Spec = SPEC, name: str = "sample-and-select"
    ) -> None:
        self.asked: list[Any] = []
        made = patterns.find(name).configure({"tokens_of": "debate"})
        costs = itertools.chain(tokens, itertools.repeat(1))
        replay = PatternReplay(made, spec, budget=budget)
        while replay.wanted is not None:
            wanted, spent, results = replay.wanted, 0, []
            for step in wanted:
                self.asked.append(step)
                match step:
                    case Draft():
                        spent += next(costs)
                        code = f"draft {self.count(Draft)}"
                        results.append(Program(spec, code, code))
                    case Inputs():
                        spent += next(costs)
                        results.append(WrittenInputs(("f(7)",)))
                    case Tests():
                        spent += next(costs)
                        results.append(WrittenTests(("assert f(1) == 1",), ""))
                    case RunTests(program=Program(code=code)):
                        # of the first two nobody passes, and all others do
                        outcome = "failed" if code in ("draft 1", "draft 2") else "passed"
                        results.append(TestRun((WrittenResult("", outcome, ""),)))
                    case VisibleTests():
                        results.append(tried({"draft 1": 0})(step))
                    case Compare():
                        results.append(Compared((step.programs[1:], step.programs[:1]), (), (), ()))
            replay.answer(tuple(results), spent)
        self.code, self.notes = replay.code, replay.notes

    def count(self, kind: type) -> int:
        return sum(isinstance(step, kind) for step in self.asked)

    @property
    def used(self) -> int:
        (note,) = self.notes
        return int(note["value"])


@pytest.mark.parametrize(
    ("budget", "tokens", "used", "drawn"),
    [
        (42, (10, 15, 15, 5), 3, 4),  # 40 fit, 45 do not
        (45, (10, 15, 15, 5), 4, 4),  # all of it is spent: no other could fit
        (42, (10, 40), 1, 2),
        (9, (10, 1), 1, 1),  # always one
        (0, (0, 1), 1, 1),
        (10, (10, 1), 1, 1),
        (10_000, (), 50, 50),  # the most that there are
    ],
)
def test_as_many_drafts_count_as_fit(
    budget: int, tokens: tuple[int, ...], used: int, drawn: int
) -> None:
    made = Drawn(budget, *tokens)
    assert (made.used, made.count(Draft)) == (used, drawn)
    assert made.count(VisibleTests) == (used if used > 1 else 0)
    assert made.code == f"draft {min(used, 2)}"


@pytest.mark.parametrize(
    ("name", "spec", "budget", "tokens", "asked", "code"),
    [
        # the inputs are paid for before the second draft, and the last draft was too long
        ("vote", SPEC, 42, (10, 8, 15, 5, 5), "d i d d d", "draft 2"),
        ("vote", SPEC, 9, (10,), "d", "draft 1"),
        ("vote", SPEC, 12, (10, 2), "d i", "draft 1"),
        # both write in turn; of those that pass most visible tests those that agree count
        ("diverse-pair", SPEC, 42, (10, 8, 15, 5, 5), "d i d d d", "draft 3"),
        ("diverse-pair", SPEC, 19, (10, 8, 1), "d i d", "draft 2"),
        ("diverse-pair", SPEC, 9, (10,), "d", "draft 1"),
        # the tests come first, and one draft counts whatever they took
        ("test-first", BARE, 42, (10, 8, 8, 8, 8), "t d d d d", "draft 3"),
        ("test-first", BARE, 41, (10, 8, 8, 8, 8), "t d d d d", "draft 3"),
        ("test-first", BARE, 26, (10, 8, 8), "t d d", "draft 1"),
        ("test-first", BARE, 9, (10, 8), "t d", "draft 1"),
    ],
)  # fmt: skip
def test_other_patterns_that_sample_spend_what_they_have(
    name: str, spec: Spec, budget: int, tokens: tuple[int, ...], asked: str, code: str
) -> None:
    made = Drawn(budget, *tokens, spec=spec, name=name)
    letters = {Draft: "d", Inputs: "i", Tests: "t"}
    assert " ".join(letters[type(each)] for each in made.asked if type(each) in letters) == asked
    assert made.code == code
    overspent = sum(tokens[: asked.count(" ") + 1]) > budget
    assert made.used == max(1, asked.count("d") - overspent)
    roles = [each.by for each in made.asked if isinstance(each, Draft)]
    assert roles == [
        "reviewer" if name == "diverse-pair" and n % 2 else "coder" for n in range(len(roles))
    ]


@pytest.mark.parametrize("name", ["vote", "diverse-pair", "test-first"])
def test_what_is_on_record_of_other_patterns_is_what_they_are(name: str) -> None:
    """Else a sweep of theirs that is there would begin anew."""
    made = patterns.find(name).configure({})
    assert "tokens_of" not in made.options
    assert made.label == name
    budgeted = patterns.find(name).configure({"tokens_of": "debate"})
    assert made.options.keys() - budgeted.options.keys() == {"candidates"}
    assert list(rehearsal.roles(budgeted)) == list(rehearsal.roles(made))


@pytest.mark.parametrize(
    ("budget", "tokens", "used", "drawn", "inputs"),
    [
        (42, (10, 8, 15, 15), 2, 3, 1),  # inputs cost tokens, too
        (12, (10, 8, 1), 1, 1, 1),  # and may be all that is left
        (10, (10,), 1, 1, 0),
    ],
)
def test_inputs_to_compare_drafts_by_are_paid_for(
    budget: int, tokens: tuple[int, ...], used: int, drawn: int, inputs: int
) -> None:
    made = Drawn(budget, *tokens, spec=BARE)
    assert (made.used, made.count(Draft), made.count(Inputs)) == (used, drawn, inputs)
    assert made.code == f"draft {min(used, 2)}"
    assert made.count(VisibleTests) == 0


def test_who_has_no_budget_has_enough() -> None:
    left: list[float] = []

    def body(spec: Spec, tries: int | None = 2) -> Steps:
        """Asks what is left."""
        left.append((yield TokensLeft()))
        draft = yield Draft(spec)
        left.append((yield TokensLeft()))
        return draft.code

    pattern = Pattern("body", body, "", _options("body", body, "tries"), "tries")
    for made, budget, told in (
        (pattern.configure({}), None, [math.inf, math.inf]),
        (pattern.configure({"tokens_of": "x"}), 5, [5, -2]),
    ):
        left.clear()
        replay = PatternReplay(made, SPEC, budget=budget)
        replay.answer((Program(SPEC, "x", "x"),), 7)
        assert left == told


def test_a_pattern_with_a_budget_can_be_drawn() -> None:
    made = patterns.find("sample-and-select").configure({"tokens_of": "debate"})
    assert "3 draft by coder" in str(_labels(made))
    assert list(rehearsal.roles(made)) == ["coder"]


def _labels(made: patterns.Configured) -> list[str]:
    return sorted(rehearsal._said_in(rehearsal._explore(made, rehearsal._SPEC)))


def test_the_plan_says_that_the_control_costs_as_much(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grid = load(tmp_path, f'"review-then-fix", {CONTROL}')
    show_plan(grid, SweepEstimate(attempts=grid.attempts))
    said = " ".join(capsys.readouterr().out.split())
    assert (
        "sample-and-select(tokens_of=review-then-fix): for each problem as many answer tokens as "
        "review-then-fix spends, so it costs about as much" in said
    )


def test_the_plan_gives_no_bound_where_as_many_drafts_are_made_as_fit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It said at most 70 calls; with short answers 97 were made."""

    def said_of(*patterns: str) -> str:
        grid = load(tmp_path, ", ".join(patterns))
        made = SweepEstimate(attempts=grid.attempts)
        made.models["c"].calls = 70
        made.models["c"].seconds = 600.0
        show_plan(grid, made)
        return " ".join(capsys.readouterr().out.split())

    bounded = said_of('"review-then-fix"')
    assert "c: at most 70 calls" in bounded and "at most about 10 min" in bounded
    unbounded = said_of('"review-then-fix"', CONTROL)
    assert "c: about 70 calls" in unbounded and "about 10 min on" in unbounded
    assert "at most" not in unbounded


@pytest.mark.parametrize(
    ("debate", "answer", "single", "ends"),
    [
        (
            "11111111",
            "Yes: of 8 attempts, 7 are solved by debate alone and 0 by sample-and-select",
            5,
            "included. In 5 of 8 attempts no second draft fitted.",
        ),
        ("10000000", "No evidence of a difference: of 8 attempts, 0 are", 0, " included."),
    ],
)
def test_the_report_says_what_a_pattern_is_worth_at_equal_tokens(
    debate: str, answer: str, single: int, ends: str
) -> None:
    made, outcomes = group(
        1, "b", raw_coder=list("10000000"), debate=list(debate), sample_and_select=list("10000000"),
    )  # fmt: skip
    control = made.scores[2]
    budgeted = replace(control, run=replace(control.run, tokens_of_id=2))
    made = replace(made, scores=[*made.scores[:2], budgeted])
    found = replace(
        board((made, outcomes)), budgets={3: Budget(1412.4, 1500.0, attempts=8, single=single)}
    )
    (said,) = [line for line in formats.said(found) if "equal tokens" in line]
    assert said.startswith(f"b: is debate better than sample-and-select at equal tokens? {answer}")
    assert "had 1,412 answer tokens, as debate spent, and was given 1,500" in said
    assert said.endswith(ends)
    (each,) = at_equal_tokens(found)
    assert (each.comparison.run_id, each.comparison.baseline_run_id) == (2, 3)
    without = board((made, outcomes))  # nothing of it was judged yet
    assert not any("equal tokens" in line for line in formats.said(without))
