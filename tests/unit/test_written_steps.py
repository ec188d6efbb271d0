"""Tests and inputs that models write: what is read of them, and what patterns may do with them."""

import json
from typing import Any

import pytest

from foureyes.models.problem import Spec
from foureyes.models.shown import GAVE, Comparison, Output, TestRun
from foureyes.producer.archive.format import ArchivedExecution
from foureyes.worker.attempt.replay import PatternError, PatternReplay
from foureyes.worker.patterns import Configured, Pattern
from foureyes.worker.patterns.reading import asserts
from foureyes.worker.patterns.steps import (
    Compare,
    Draft,
    ExecutionStep,
    Inputs,
    Program,
    RunTests,
    Steps,
    Tests,
    WrittenInputs,
    WrittenTests,
    mutated,
)
from foureyes.worker.patterns.style import Style

SPEC = Spec("t/1", "def f(x):\n", "f", ())
WHOLE = Spec("t/2", "Add.", "", (), prose=True)
ONE, OTHER = Program(SPEC, "one", ""), Program(SPEC, "other", "")


@pytest.mark.parametrize(
    ("answer", "tests"),
    [
        ("Sure:\n```python\nassert f(1) == 2\nassert f(2) == 3, 'no'\n```\nDone.", ["assert f(1) == 2", "assert f(2) == 3, 'no'"]),
        ("assert f(1) == 2\nand assert f(1) == 2", ["assert f(1) == 2"]),
        ("```\ndef test_f():\n    assert f(1) == 2\n    assert f(3) == 4\n```", ["assert f(1) == 2", "assert f(3) == 4"]),
        ("```\nassert f([1,\n  2]) == 3\nassert f(4 ==\nassert f(5) == 6\n```", ["assert f([1,\n  2]) == 3", "assert f(4 ==", "assert f(5) == 6"]),
        ("<think>assert f(9) == 9</think>```\nassert f(1) == 2\n```", ["assert f(1) == 2"]),
        ("1. `assert f(1) == 2`: one\n- assert f(2) == 3\n* assert f(3) == 4", ["assert f(1) == 2", "assert f(2) == 3", "assert f(3) == 4"]),
        ("assert f(1) == 2\n```\nThat is all.\n\n    Done.", ["assert f(1) == 2"]),
        ("```python\n1 | assert f(1) == 2\n2 | assert f('&') &lt; 3\n```", ["assert f(1) == 2", "assert f('&') < 3"]),
        ("```json\n{\"tests\": [\"assert f(1) == 2\", \"assert f('a') == 3\"]}\n```", ["assert f(1) == 2", "assert f('a') == 3"]),
        ("```\n\ufeffassert f(1) ==\u00a02\n```", ["assert f(1) == 2"]),
        ("```\ndef f(x):\n    assert x\n    return x\n\nassert(f(1) == 1)\n```", ["assert(f(1) == 1)"]),
        ("<answer>assert f(1) == 2</answer>", ["assert f(1) == 2"]),
        ("```\ndef f(x):\n    return (\n\nassert f(1) == 2\nassert", ["assert f(1) == 2"]),
        ("I cannot.", []),
        ("", []),
        ("```\n" + "assert f(1) == '" + "x" * 3000 + "'\n```", []),
        ("```\n" + "\n".join(f"assert f({n}) == 0" for n in range(99)) + "\n```", [f"assert f({n}) == 0" for n in range(50)]),
    ],
)  # fmt: skip
def test_asserts_are_found_as_models_write_them(answer: str, tests: list[str]) -> None:
    """One that is no Python is kept: RunTests says that it is broken."""
    assert Tests(SPEC).read(answer).tests == tuple(tests)


@pytest.mark.parametrize(
    ("lines", "tests"),
    [
        ("xs = [1, 2]\nassert f(xs) == 3", ["assert f([1, 2]) == 3"]),
        ("def test_f():\n    xs, n = [1], 2\n    got = f(xs, n)\n    assert got == 3, f'not {got}'",
         ["assert f([1], 2) == 3"]),
        ("class TestF:\n    def test(self):\n        n: int = 2\n        assert f(n) == n", ["assert f(2) == 2"]),
        ("n = 1\nn = n + 1\nassert f(n) == 3\nassert f(0) == 0", ["assert f(1 + 1) == 3", "assert f(0) == 0"]),
        ("for x, want in [(1, 2), (3, 4)]:\n    assert f(x) == want", ["assert f(1) == 2", "assert f(3) == 4"]),
        ("cases = ((1, 2),)\nfor x, want in cases:\n    got = f(x)\n    assert got == want or got is None",
         ["assert f(1) == 2 or f(1) is None"]),
        ("if __name__ == '__main__':\n    n = 1\n    assert f(n) == 2", ["assert f(1) == 2"]),
        ("try:\n    n = 1\n    assert f(n) == 2\nexcept ValueError:\n    n = 3", ["assert f(1) == 2"]),
        # an answer that is cut off, or has words between
        ("xs = [1,\n      2]\nn = 2\nassert f(xs, n) == 3\nassert f(xs", ["assert f([1, 2], 2) == 3", "assert f(xs"]),
        ("Test 1:\nn = 1\nassert f(n) == 2\nNow another.\nn = 2\nassert f(n) == 3", ["assert f(1) == 2", "assert f(2) == 3"]),
        # as it is written: what a name stands for is not known, or would be another
        ("assert f(n) == 2", ["assert f(n) == 2"]),
        ("n = 1\nn += 1\nassert f(n) == 2", ["assert f(n) == 2"]),
        ("xs = [2, 1]\nf(xs)\nassert f(xs) == 2", ["assert f(xs) == 2"]),
        ("xs = [2, 1]\nf(xs)\nassert f(xs) == 2\nassert f(", ["assert f(xs) == 2", "assert f("]),
        ("xs = [2, 1]\nxs.sort()\nassert f(xs) == 2", ["assert f(xs) == 2"]),
        ("xs = [2, 1]\nassert f(xs) is None\nassert xs == [1, 2]", ["assert f([2, 1]) is None", "assert xs == [1, 2]"]),
        ("xs = [2, 1]\nassert f(xs) == xs", ["assert f(xs) == xs"]),
        ("xs = [2, 1]\ngot = f(xs)\nassert got == xs", ["assert got == xs"]),
        ("it = C()\nassert it.add(1) == 1\nassert it.size() == 1", ["assert it.add(1) == 1", "assert it.size() == 1"]),
        ("xs = [2, 1]\nys = xs\nf(xs)\nassert f(ys) == 2", ["assert f(ys) == 2"]),
        ("xs = [2, 1]\nys = xs\nys.append(3)\nassert f(xs) == 2", ["assert f(xs) == 2"]),
        ("xs = [2, 1]\nlast = xs.pop()\nassert f(xs) == 2", ["assert f(xs) == 2"]),
        ("it = iter([1, 2])\na = next(it)\nb = next(it)\nassert f(b) == 2", ["assert f(b) == 2"]),
        ("n = 1\nassert (n := f(3)) == 2\nassert f(n) == 2", ["assert (n := f(3)) == 2", "assert f(n) == 2"]),
        ("xs = [2, 1]\na = f(xs, 1)\nb = f(xs, 2)\nassert b == 3", ["assert f([2, 1], 2) == 3"]),
        ("s = Solution()\nassert s.f(1) == 1\nassert s.f(2) == 2", ["assert Solution().f(1) == 1", "assert Solution().f(2) == 2"]),
        ("n = 1\nassert f([n for n in (1, 2)]) == 3", ["assert f([n for n in (1, 2)]) == 3"]),
        ("n = 1\ndef test(n):\n    assert f(n) == 3", ["assert f(n) == 3"]),
        ("if x:\n    n = 1\nelse:\n    n = 2\nassert f(n) == 2", ["assert f(n) == 2"]),
        ("for n in range(3):\n    assert f(n) == n", ["assert f(n) == n"]),
        ("last = 0\nfor n in [1, 2]:\n    assert f(n) == last\n    last = n", ["assert f(1) == 0", "assert f(2) == 1"]),
        ("for n in [1, 2]:\n    if n == 2:\n        assert f(n) == 3", ["assert f(n) == 3"]),
        ("for n in [1, 2]:\n    if n > 1: break\n    assert f(n) == 3", ["assert f(n) == 3"]),
        ("n = 1\nwith g() as n:\n    assert f(n) == 3", ["assert f(n) == 3"]),
        ("n = 1\nwhile n:\n    n -= 1\n    assert f(n) == 3", ["assert f(n) == 3"]),
        ("for x, y in [(1, 2), 3]:\n    assert f(x) == y", ["assert f(1) == 2", "assert f(x) == y"]),
        ("n = 1\nn += 1\nm = n\nassert f(m) == 2", ["assert f(m) == 2"]),
        ("n = 1\nassert f(n, C) == 2", ["assert f(1, C) == 2"]),
        ("a, *b = [1, 2]\nassert f(a, b) == 2", ["assert f(a, b) == 2"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("fence", ["```python\n{}\n```", "{}"], ids=["a block", "no block"])
def test_what_names_stand_for_is_put_back(fence: str, lines: str, tests: list[str]) -> None:
    """Each test is run by itself: a name that was said before would make it a broken one."""
    assert Tests(SPEC).read(fence.format(lines)).tests == tuple(tests)


def test_what_names_stand_for_has_bounds() -> None:
    doubled = "\n".join(["x0 = [1]", *(f"x{n + 1} = x{n} + x{n}" for n in range(60))])
    assert Tests(SPEC).read(f"{doubled}\nassert f(x3, x60) == 1").tests == (
        "assert f(x3, x60) == 1",
    )
    loops = "".join(f"{' ' * depth}for n{depth} in {list(range(99))}:\n" for depth in range(9))
    assert len(Tests(SPEC).read(f"{loops}{' ' * 9}x = n8\n").tests) == 0
    found = Tests(SPEC).read(f"{loops}{' ' * 9}assert f(n8) == 1\n").tests
    assert found == tuple(f"assert f({n}) == 1" for n in range(50))
    deep = "\n".join(["x = 1", *["x = -x"] * 900, "assert f(x) == 1"])
    assert Tests(SPEC).read(deep).tests == ("assert f(x) == 1",)
    assert Tests(SPEC).read(f"x = {'-' * 900}1\nassert f(x) == 1").tests == ("assert f(x) == 1",)
    assert Inputs(SPEC).read(f"f({'-' * 900}1)\nf(2)").inputs == ("f(2)",)
    for cases in (100, 900, 2000):
        chain = "if a: pass\n" + "elif b: pass\n" * cases + "assert f(1) == 2\n"
        assert Tests(SPEC).read(chain).tests == ("assert f(1) == 2",)


def test_tests_of_whole_programs_are_json() -> None:
    answer = 'So: {"tests": [{"input": "1\\u0000", "output": "2"}, {"input": "1\\u0000", "output": "2"}]}'
    (test,) = Tests(WHOLE).read(answer).tests
    assert json.loads(test) == {"input": "1\0", "output": "2"}
    assert Tests(WHOLE).read("assert f(1) == 2").tests == ()
    assert Tests(WHOLE).schema is not None
    assert Tests(SPEC).schema is None


def test_inputs_are_calls_that_name_nothing_strange() -> None:
    answer = (
        "```python\nf(1)\nf([0] * 3)  # zeros\nf(size)\nprint(f(2))\nlen(f(5))\nf(1)\nx = f(3)\n```"
    )
    assert Inputs(SPEC).read(answer).inputs == ("f(1)", "f([0] * 3)", "f(2)")
    assert Inputs(WHOLE).read('{"inputs": ["1 2", "3", "3"]}').inputs == ("1 2", "3")
    assert Inputs(WHOLE).read("1 2").inputs == ()


@pytest.mark.parametrize(
    ("lines", "inputs"),
    [
        ("xs = [1]\nf(xs)\nf(xs, 2)\nn = 3\nprint(f(n))", ("f([1])", "f([1], 2)", "f(3)")),
        ("for n in (1, 2):\n    f(n)", ("f(1)", "f(2)")),
        ("def test():\n    n = 1\n    f(n)", ("f(1)",)),
        ("n = 1\nf(n)\nf([n", ("f(1)", "f([n")),
        ("n = other()\nf(n)\nf(1)", ("f(1)",)),
    ],
)
def test_what_names_stand_for_is_put_back_into_inputs(lines: str, inputs: tuple[str, ...]) -> None:
    assert Inputs(SPEC).read(f"```\n{lines}\n```").inputs == inputs


@pytest.mark.parametrize(
    "answer",
    [
        "1. f(1)\n2. f('a')",
        "- `f(1)`: one\n- `f('a')` is \"a\"",
        "```\n>>> f(1)\n2\n>>> f('a')\n```",
        "```\nf(1) -> 2\nf('a') => 3\n```",
        "```\nf(1) == 2\nassert f('a') == 3\n```",
        "```\nf(1),\nf('a'),\n```",
        '{"inputs": ["f(1)", "f(\'a\')"]}',
        "f(1)\nf(‘a’)\n```\nDone.",
        "Input 1: f(1)\nInput 2: f('a')",
        "<answer>f(1)\nf('a')</answer>",
    ],
)
def test_inputs_are_found_as_models_write_them(answer: str) -> None:
    assert Inputs(SPEC).read(answer).inputs == ("f(1)", "f('a')")


def test_an_input_may_have_names_of_its_own() -> None:
    answer = "```\nf([i for i in range(3)])\nf(lambda x: x)\nf([x for i in range(3)])\n```"
    assert Inputs(SPEC).read(answer).inputs == ("f([i for i in range(3)])", "f(lambda x: x)")


def test_a_vote_is_by_what_programs_do() -> None:
    step = Compare([ONE, OTHER, ONE], WrittenInputs(("f(1)",)))  # type: ignore[arg-type]
    detail = {
        "outputs": [[{"how": GAVE, "shown": "1"}], [{"how": GAVE, "shown": "2"}], [{"how": GAVE, "shown": "1"}]],
        "groups": [[0, 2], [1]],
    }  # fmt: skip
    found = step.read(detail)
    assert (found.groups, found.best, found.votes, found.agree) == (
        ((ONE, ONE), (OTHER,)),
        ONE,
        2,
        False,
    )
    assert found.outputs[1] == (Output(GAVE, "2"),)
    assert Comparison.from_json(detail).groups == ((0, 2), (1,))


@pytest.mark.parametrize(
    "step",
    [
        RunTests(ONE, WrittenTests(("assert f(1) == 2", "assert f(2) == 3"))),
        Compare((ONE, OTHER), WrittenInputs(("f(1)",))),
    ],
)
def test_what_a_rehearsal_makes_up_is_like_what_comes(step: ExecutionStep) -> None:
    first, second = (step.rehearsed(n, "") for n in range(2))
    assert first != second == step.stand_in("")
    if isinstance(first, TestRun):
        assert (first.failed, second.failed, len(first.results)) == (False, True, 2)
        assert TestRun.from_json(json.loads(json.dumps(first.to_json()))) == first
    else:
        assert (first.agree, second.agree) == (True, False)


def _run(program: Program, *tests: str, text: str = "") -> Any:
    return lambda: RunTests(program, WrittenTests(tests, text))


def _compare(*programs: Any, inputs: int = 1) -> Any:
    return lambda: Compare(programs, WrittenInputs(("f(1)",) * inputs))


HELPER = Program(Spec("t/1", "", "helper", ()), "", "")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (_run(ONE, "assert f(1 ==", text="an answer"), None),
        (_run(ONE, "assert f(1 =="), "RunTests: this test is not an assert: 'assert f(1 =='"),
        (_run(ONE, "f(1)"), "RunTests: this test is not an assert: 'f(1)'"),
        (_run(ONE, *["assert f(1)"] * 101), "RunTests runs 100 tests at most, not 101"),
        (_run(HELPER), "RunTests needs a program for the problem's own entry_point"),
        (lambda: RunTests(ONE, "assert f(1)"), "RunTests(tests=...) takes a WrittenTests, not 'assert"),
        (lambda: WrittenTests("assert f(1)"), "WrittenTests: takes a tuple of texts, not 'assert"),
        (lambda: WrittenInputs((1,)), "WrittenInputs: takes a tuple of texts, not (1,)"),
        (lambda: Tests("f"), "Tests(spec=...) takes a Spec, not 'f'"),
        (lambda: Inputs(SPEC, by=3), "Inputs(by=...) takes a str, not 3"),
        (_compare(ONE), "Compare takes 2 to 50 programs, not 1"),
        (_compare(*[ONE] * 51), "Compare takes 2 to 50 programs, not 51"),
        (_compare(ONE, "code"), "Compare(programs=...) takes Programs, not (Program("),
        (_compare(ONE, HELPER), "Compare needs programs for the problem's own entry_point"),
        (_compare(ONE, OTHER, inputs=101), "Compare takes 100 inputs at most, not 101"),
        (lambda: Compare((ONE, OTHER), WrittenInputs(("f(",), "an answer")), None),
        (lambda: Compare((ONE, OTHER), WrittenInputs(("f(1)", "f("))), "Compare: this input is not a call: 'f('"),
        (lambda: Compare(ONE, WrittenInputs(())), "Compare(programs=...) takes a tuple, not Program("),
    ],
)  # fmt: skip
def test_a_step_with_wrong_arguments_is_named_with_its_line(make: Any, says: str | None) -> None:
    def mine(spec: Spec) -> Steps:
        yield make()
        return ""

    configured: Configured = Pattern("mine", mine, "Mine.", Style).configure({})
    if says is None:
        PatternReplay(configured, SPEC)
        return
    if "is not a" in says:  # a model may have written it, where this is no rehearsal
        assert PatternReplay(configured, SPEC).wanted
    with pytest.raises(PatternError) as caught:
        PatternReplay(configured, SPEC, is_rehearsal=True)
    assert says in str(caught.value)
    assert "(test_written_steps.py line " in str(caught.value)
    assert str(caught.value).endswith("while the pattern was rehearsed)")


def test_steps_that_only_differ_in_what_is_given_are_other_steps() -> None:
    assert RunTests(ONE, WrittenTests(("a",))) != RunTests(ONE, WrittenTests(("b",)))
    assert Draft(SPEC) == Draft(SPEC)
    assert mutated(SPEC) == WrittenInputs(())


def test_a_long_answer_is_read_in_time() -> None:
    """It is read anew each time its attempt goes on, and others wait meanwhile: most lines are passed over."""
    broken = "\n".join(f"assert f([{n}, (" for n in range(20_000))
    assert len(Tests(SPEC).read(f"```\n{broken}\n```").tests) == 50
    asked: list[list[str]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asserts, "_is_whole", lambda lines: bool(asked.append(lines)))
        Tests(SPEC).read(f"```\n{broken}\n```")
        assert len(asked) <= 300 * 30
        asked.clear()
        Tests(SPEC).read("```\nassert f((\nassert f((\n```\n" * 5000)  # each block is no Python
        assert len(asked) <= 300 * 30
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asserts, "_is_whole", lambda lines: bool(asked.append(lines)))
        asked.clear()
        Tests(SPEC).read("```\n" + ("assert f((" + "1," * 900 + "\n") * 300 + "```")
    assert asked and max(len("\n".join(lines)) for lines in asked) <= asserts.LONGEST


def test_of_very_many_tests_only_those_that_are_kept_are_cut_out() -> None:
    """With 10,000 it took minutes, and the attempt ended in error."""
    cut: list[object] = []
    segment = asserts._segment
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asserts, "_segment", lambda *given: [cut.append(given), segment(*given)][1])
        many = "\n".join(f"assert f({n}) == 'é', (  # why\n    'one')" for n in range(10_000))
        tests = Tests(SPEC).read(f"```\n{many}\n```").tests
    assert (len(tests), len(cut)) == (50, 50)
    assert tests[1] == "assert f(1) == 'é', (  # why\n    'one')"


@pytest.mark.parametrize("groups", [[[0]], [[0, 1], [1]], [[0, 2]], []])
def test_a_comparison_from_elsewhere_has_each_program_in_one_group(groups: list[list[int]]) -> None:
    """An archive could say anything, and a pattern would take a program that is not there."""
    outputs = [[{"how": GAVE, "shown": "1"}], [{"how": GAVE, "shown": "2"}]]
    with pytest.raises(ValueError, match="not every program is in one group"):
        Comparison.from_json({"outputs": outputs, "groups": groups})
    execution = {
        "key": "", "state": "done", "error": None, "tries": 1, "worker": None, "created_at": "2026-01-01T00:00:00Z",
        "finished_at": None, "seconds": None, "version": "v", "suite": "compared", "code": "[]", "given": ["f(1)"],
        "judge_version": "1", "base": None, "plus": None, "reason": None, "level": None,
        "detail": {"outputs": outputs, "groups": groups},
    }  # fmt: skip
    row = ArchivedExecution.model_validate_json(json.dumps(execution))
    with pytest.raises(ValueError, match="not every program is in one group"):
        row.is_genuine()
