"""If one of these fails, a pattern that ships does not do what its docstring says, and its figures mislead."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from foureyes.models.problem import Spec, VisibleTest
from foureyes.models.shown import (
    GAVE,
    Output,
    TestResult,
    TestRun,
    TracedLine,
    Trial,
    WrittenResult,
)
from foureyes.worker import patterns
from foureyes.worker.attempt.replay import PatternReplay
from foureyes.worker.patterns.placebo_review import ANOTHER
from foureyes.worker.patterns.steps import (
    Ask,
    Choice,
    Choose,
    Compare,
    Compared,
    CompletionStep,
    Draft,
    Enrich,
    Fix,
    Inputs,
    Program,
    Reply,
    Review,
    RunTests,
    Step,
    Tests,
    Trace,
    Traced,
    Verdict,
    VisibleTests,
    WrittenInputs,
    WrittenTests,
)

TESTS = tuple(VisibleTest("doctest", f">>> f({n})\n{n}", f"f({n})", str(n)) for n in range(2))
SPEC = Spec(problem_id="t/1", prompt="def f(x):\n", entry_point="f", visible_tests=TESTS)
BARE = replace(SPEC, visible_tests=())
REVISE = Verdict(False, ("it is wrong for 0", "and for 1"), "it is wrong for 0 and for 1")
APPROVE = Verdict(True, ("fine",), "fine")

#: What comes of a step, by its class.
Acts = Mapping[type[Step], Callable[[Any], Any]]


class Played:
    """One attempt at a pattern: the code that it returned, and what it asked for, in order."""

    def __init__(self, name: str, acts: Acts, spec: Spec = SPEC, **options: object) -> None:
        self.asked: list[Step] = []
        self._written = 0
        replay = PatternReplay(patterns.find(name).configure(options), spec)
        while replay.wanted is not None:
            wanted = replay.wanted
            self.asked += wanted
            replay.answer(tuple(self._result(step, acts) for step in wanted))
        assert replay.code is not None
        self.code = replay.code

    def _result(self, step: Step, acts: Acts) -> Any:
        for kind, act in acts.items():
            if isinstance(step, kind):
                return act(step)
        match step:
            case Draft(spec=spec):
                self._written += 1
                return program(f"draft {self._written} by {step.by}", spec)
            case Enrich(spec=spec):
                return replace(spec, notes="noted")
            case Inputs():
                return WrittenInputs(("f(7)",))
            case Tests():
                return WrittenTests(("assert f(1) == 1", "assert f(2) == 2"), "an answer")
        raise AssertionError(f"nothing comes of {step}")

    @property
    def calls(self) -> list[str]:
        """What models were asked."""
        return [step.said for step in self.asked if isinstance(step, CompletionStep)]

    def only(self, kind: type[Step]) -> Any:
        """The one step of a class that was asked for."""
        (step,) = (each for each in self.asked if isinstance(each, kind))
        return step


def program(code: str, spec: Spec = SPEC) -> Program:
    return Program(spec, code, code)


def tried(passes: Mapping[str, int]) -> Callable[[VisibleTests], Trial]:
    """How many of two visible tests a program passes, by its code; all if nothing is said."""

    def trial(step: VisibleTests) -> Trial:
        passed = passes.get(step.draft.code, 2)
        return Trial(tuple(TestResult("t", n < passed, "") for n in range(2)))

    return trial


def ran(outcomes: Mapping[str, str]) -> Callable[[RunTests], TestRun]:
    """What became of two written tests, a letter each (p, f or b), by a program's code."""
    words = {"p": "passed", "f": "failed", "b": "broken"}

    def run(step: RunTests) -> TestRun:
        said = outcomes.get(step.program.code, "pp")
        results = zip(step.tests.tests, said, strict=True)
        return TestRun(tuple(WrittenResult(test, words[one], "") for test, one in results))

    return run


def grouped(*groups: tuple[int, ...]) -> Callable[[Compare], Compared]:
    """Programs that do the same, by their numbers; what each group gives is its number."""

    def compared(step: Compare) -> Compared:
        given = {number: at for at, group in enumerate(groups) for number in group}
        outputs = tuple(
            (Output(GAVE, str(given[number])),) * len(step.inputs.inputs)
            for number in range(len(step.programs))
        )
        found = tuple(tuple(step.programs[number] for number in group) for group in groups)
        return Compared(found, outputs, step.programs, step.inputs.inputs)

    return compared


@pytest.mark.parametrize(
    ("outcomes", "winner"),
    [
        (("pf", "pp", "pp"), 2),  # two that pass both
        (("pf", "pf", "pp"), 1),  # twice one is as much as once two: the earlier counts
        (("fb", "pb", "fb"), 2),
        (("ff", "ff", "ff"), 1),
    ],
)
def test_test_first_takes_where_most_drafts_and_tests_agree(
    outcomes: tuple[str, ...], winner: int
) -> None:
    names = [f"draft {n} by coder" for n in (1, 2, 3)]
    played = Played("test-first", {RunTests: ran(dict(zip(names, outcomes, strict=True)))})
    assert played.code == names[winner - 1]
    assert played.calls == ["tests by reviewer", *["draft by coder"] * 3]


def test_test_first_without_a_test_is_the_raw_coder() -> None:
    played = Played(
        "test-first", {Tests: lambda _: WrittenTests((), "none"), RunTests: lambda _: TestRun(())}
    )
    assert played.code == "draft 1 by coder"


def test_vote_takes_what_most_drafts_do() -> None:
    played = Played("vote", {Compare: grouped((1, 3, 4), (0, 2))})
    assert played.code == "draft 2 by coder"
    assert played.calls == [*["draft by coder"] * 5, "inputs by coder"]
    given = played.only(Compare).inputs.inputs
    assert "f(7)" in given and {"f(0)", "f(1)"} < set(given)  # a model's, and those of the tests


def test_distinguish_shows_the_reviewer_what_differs() -> None:
    def choose(step: Choose) -> Choice:
        assert step.left.code != step.right.code
        return Choice(step.right, "B")

    played = Played("distinguish", {Compare: grouped((0,), (1,), (2,)), Choose: choose})
    assert played.code == "draft 3 by coder"
    first, second = (each for each in played.asked if isinstance(each, Choose))
    assert [each.left for each in first.differences] == ["0"] * 5
    assert [each.right for each in second.differences] == ["2"] * 5
    shown = first.variables()
    assert shown["differences"][0].left == ("0" if shown["left"] == first.left else "1")


def test_distinguish_asks_nobody_where_all_do_the_same() -> None:
    played = Played("distinguish", {Compare: grouped((0, 1, 2))})
    assert played.code == "draft 1 by coder"
    assert "choose by reviewer" not in played.calls


@pytest.mark.parametrize(("passes", "by"), [(2, "coder"), (1, "reviewer")])
def test_cascade_asks_the_reviewer_only_where_the_coder_fails(passes: int, by: str) -> None:
    played = Played("cascade", {VisibleTests: tried({"draft 1 by coder": passes})})
    assert played.code == f"draft {1 if by == 'coder' else 2} by {by}"
    assert len(played.calls) == (1 if by == "coder" else 2)


@pytest.mark.parametrize(("outcome", "by"), [("pb", "coder"), ("pf", "reviewer")])
def test_cascade_writes_tests_where_the_prompt_shows_none(outcome: str, by: str) -> None:
    played = Played("cascade", {RunTests: ran({"draft 1 by coder": outcome})}, BARE)
    assert played.code.endswith(by)
    assert played.calls[:2] == ["draft by coder", "tests by coder"]


def test_diverse_pair_votes_among_those_that_pass_most() -> None:
    passes = {"draft 1 by coder": 1, "draft 2 by coder": 1}
    acts: Acts = {VisibleTests: tried(passes), Compare: grouped((1,), (0,))}
    played = Played("diverse-pair", acts)
    assert [each.code for each in played.only(Compare).programs] == [
        "draft 3 by reviewer", "draft 4 by reviewer",
    ]  # fmt: skip
    assert played.code == "draft 4 by reviewer"
    alone = Played("diverse-pair", {VisibleTests: tried(passes | {"draft 4 by reviewer": 0})})
    assert alone.code == "draft 3 by reviewer"
    assert "inputs by coder" not in alone.calls


def test_gated_debate_debates_only_where_programs_differ() -> None:
    same = Played("gated-debate", {Compare: grouped((0, 1))})
    assert same.code == "draft 1 by coder"
    assert same.calls == ["draft by coder", "draft by reviewer", "inputs by coder"]
    passes = tried({"draft 1 by coder": 1})
    untried: Acts = {
        Inputs: lambda _: WrittenInputs(()),
        Compare: grouped((0, 1)),
        Review: lambda _: APPROVE,
        VisibleTests: lambda _: Trial(()),
        Choose: lambda step: Choice(step.right, "B"),
    }
    assert Played("gated-debate", untried, BARE).code == "draft 2 by reviewer"
    acts: Acts = {
        Compare: grouped((0,), (1,)), Review: lambda _: APPROVE, VisibleTests: passes,
    }  # fmt: skip
    assert Played("gated-debate", acts).code == "draft 2 by reviewer"


def test_reflexion_carries_every_lesson_on() -> None:
    tries = iter(range(1, 9))

    def ask(step: Ask) -> Program | Reply:
        if step.template == "lesson":
            return Reply(f"lesson {next(tries)}", None)
        return program(f"after {', '.join(dict(step.values)['lessons'])}")

    failing = {"draft 1 by coder": 0, "after lesson 1": 1}
    played = Played("reflexion", {VisibleTests: tried(failing), Ask: ask})
    assert played.code == "after lesson 1, lesson 2"
    assert played.calls == [
        "draft by coder",
        *["lesson by coder", "draft-with-lessons by coder"] * 2,
    ]


def test_trace_debug_shows_the_way_to_what_fails() -> None:
    trace = Traced((TracedLine(1, "x = 1", "x = 0"),), 0, "it gives 0")
    acts: Acts = {
        VisibleTests: tried({"draft 1 by coder": 1}),
        Trace: lambda _: trace,
        Ask: lambda step: program(f"mended by {dict(step.values)['trace'].ended}"),
    }
    played = Played("trace-debug", acts)
    assert played.code == "mended by it gives 0"
    step = played.only(Trace)
    assert (step.test, step.given) == (TESTS[1], ("f(1)",))  # the first that failed


def test_trace_debug_mends_a_whole_program_without() -> None:
    whole = Spec("t/1", "Print it.", "", (VisibleTest("stdin", "1", "1", "1"),))
    acts: Acts = {
        VisibleTests: tried({"draft 1 by coder": 0}), Fix: lambda _: program("mended", whole),
    }  # fmt: skip
    assert Played("trace-debug", acts, whole).code == "mended"


def test_staged_mends_on_its_own_tests_only_what_keeps_the_visible_ones() -> None:
    def mended(step: Ask) -> Program:
        return program(f"{dict(step.values)['draft'].code}, mended")

    failing = {"draft 1 by coder": "pf", "draft 1 by coder, mended": "pp"}
    acts: Acts = {RunTests: ran(failing), Ask: mended, VisibleTests: tried({})}
    played = Played("staged", acts)
    assert played.code == "draft 1 by coder, mended"
    assert played.asked[0] == Enrich(SPEC, by="coder")
    assert played.only(Tests).spec.notes == "noted"
    worse = tried({"draft 1 by coder, mended": 1})
    assert Played("staged", {**acts, VisibleTests: worse}).code == "draft 1 by coder"


def test_staged_mends_on_the_visible_tests_first() -> None:
    acts: Acts = {
        VisibleTests: tried({"draft 1 by coder": 0}),
        Fix: lambda step: program(f"{step.draft.code}, fixed"),
        RunTests: ran({}),
    }
    assert Played("staged", acts).code == "draft 1 by coder, fixed"


@pytest.mark.parametrize("of", ["another", "shuffled"])
def test_placebo_review_fixes_what_the_review_would_have_but_is_told_something_else(
    of: str,
) -> None:
    other = Verdict(False, ("the last run counts alone",), "of another program")
    acts: Acts = {
        Review: lambda step: other if step.draft == ANOTHER else REVISE,
        Fix: lambda step: program("fixed"),
    }
    played = Played("placebo-review", acts, of=of)
    assert played.code == "fixed"
    told = played.only(Fix).found
    if of == "another":
        assert told == other
    else:
        assert sorted(" ".join(told.issues).split()) == sorted(" ".join(REVISE.issues).split())
        assert told.issues != REVISE.issues
    approved = Played("placebo-review", {Review: lambda _: APPROVE}, of=of)
    assert approved.code == "draft 1 by coder"
    assert len(approved.calls) == 2


def test_another_program_has_the_fault_that_its_review_should_find() -> None:
    namespace: dict[str, Any] = {}
    exec(ANOTHER.code, namespace)  # ours
    assert namespace["longest_run"]("1101") != 2
    assert namespace["longest_run"]("1011") == 2


def test_sample_and_select_votes_where_the_prompt_shows_no_tests() -> None:
    played = Played("sample-and-select", {Compare: grouped((1, 2), (0,))}, BARE)
    assert played.code == "draft 2 by coder"
    assert played.calls == [*["draft by coder"] * 3, "inputs by coder"]
    shown = Played("sample-and-select", {VisibleTests: tried({"draft 1 by coder": 1})})
    assert shown.code == "draft 2 by coder"


def test_every_pattern_names_its_control_or_is_one() -> None:
    """A figure without the control that it is to be held against says nothing."""
    controls = {
        "raw-coder", "raw-reviewer", "retry", "self-review", "sample-and-select", "placebo-review",
    }  # fmt: skip
    new = {
        "test-first", "vote", "distinguish", "cascade", "diverse-pair", "gated-debate", "reflexion",
        "staged", "trace-debug",
    }  # fmt: skip
    assert len(patterns.patterns()) >= 20
    for name in new:
        said = patterns.find(name).summary
        assert any(control in said for control in {*controls, "debate", "vote"}), name
