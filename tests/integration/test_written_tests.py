"""Tests and inputs that models write, in the real sandbox: they may be wrong, and so may the programs."""

import json
from collections.abc import Iterator
from dataclasses import asdict

import pytest

from foureyes.judging.judge import Judge
from foureyes.models.problem import Spec, VisibleTest
from foureyes.models.settings import settings
from foureyes.models.shown import BROKEN, FAILED, PASSED, TestRun
from foureyes.worker.patterns.steps import Compare, Program, WrittenInputs, mutated
from tests.contests import problem

PROMPT = 'from math import floor\n\ndef half(x: float) -> float:\n    """Half of x."""\n'
SPEC = Spec("t/1", PROMPT, "half", ())
WHOLE = problem().spec()
METHOD = problem(
    [("[1, 2]\n3", "6")],
    method="add",
    starter_code="class Solution:\n    def add(self, many: List[int], one: int) -> int:\n",
).spec()
RIGHT = "def half(x):\n    return x / 2\n"


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FOUREYES_HOME", str(tmp_path_factory.mktemp("home")))
        settings.cache_clear()
        judge = Judge(slot=12)
        yield judge
        judge.close()
    settings.cache_clear()


def outcomes(run: TestRun) -> list[tuple[str, str]]:
    return [(result.outcome, result.shown) for result in run.results]


def one(judge: Judge, code: str, test: str, spec: Spec = SPEC) -> tuple[str, str]:
    (found,) = outcomes(judge.written(spec, code, [test]))
    return found


def test_a_wrong_program_is_told_from_a_broken_test(judge: Judge) -> None:
    tests = {
        "assert half(4) == 2": (PASSED, ""),
        "assert half(3) == 2": (FAILED, "got: 1.5"),
        "assert half(0.2) == 0.1, 'near'": (PASSED, ""),
        "assert half('a') == 1": (FAILED, "raised: TypeError: unsupported operand type(s) for /: 'str' and 'int'"),
        "assert half(4) < 'a'": (FAILED, "raised: TypeError: '<' not supported between instances of 'float' and 'str'"),
        "assert floor(half(5)) == 2": (PASSED, ""),
        "assert half(4) ==": (BROKEN, "it is no Python"),
        "assert half(4) == 2; import os": (BROKEN, "it is not one assert"),
        "half(4) == 2": (BROKEN, "it is not one assert"),
        "assert helper(4) == 2": (BROKEN, "it does not call half"),
        "assert half(size) == 2": (BROKEN, "there is no size"),
        "assert half(1, 2, 3) == 2": (BROKEN, "it calls half with other arguments than the prompt has"),
        "assert half(int('a')) == 2": (BROKEN, "raised: ValueError: invalid literal for int() with base 10: 'a'"),
        "assert half([1][3]) == 2": (BROKEN, "raised: IndexError: list index out of range"),
        "assert half(10**5) == 50000.0": (PASSED, ""),
        "assert all(half(2 * n) == n for n in range(9))": (PASSED, ""),
    }  # fmt: skip
    found = judge.written(SPEC, RIGHT, list(tests))
    assert dict(zip(tests, outcomes(found), strict=True)) == tests
    assert (found.passes, found.failures, found.broken) == (5, 3, 8)
    assert "it is no" not in found.report and "FAILED: assert half(3) == 2" in found.report


@pytest.mark.parametrize("depth", [200, 400, 900, 20_000])
def test_a_test_that_goes_on_for_ever_is_broken(judge: Judge, depth: int) -> None:
    """Small models repeat themselves until they are cut off, and an attempt ended in an error of Python's."""
    minus, many = "-" * depth, " + 1" * depth
    tests = [
        f"assert half({minus}1) == 0.5",
        f"assert half(1) == 0{many}",
        f"assert {'not ' * depth}half(1)",
        f"assert half({'[' * depth}{']' * depth}) == 1",
        f"assert half(1){'.a' * depth} == 1",
    ]
    found = outcomes(judge.written(SPEC, RIGHT, [*tests, "assert half(1) == 0.5"]))
    assert {outcome for outcome, _ in found[:-1]} == {BROKEN}
    assert {said for _, said in found[:-1]} <= {"it is nested too deep", "it is no Python"}
    assert found[-1] == (PASSED, "")
    calls = (f"half({minus}1)", f"half(0{many})", "half(1)")
    (outputs, _) = judge.compare(SPEC, [RIGHT, RIGHT], calls).outputs
    assert outputs[-1].shown == "0.5"
    assert judge.trace(SPEC, RIGHT, calls[0]).ended


def test_a_program_cannot_say_that_a_test_is_broken(judge: Judge) -> None:
    """It would be taken for right by whoever only looks at sound tests."""
    liar = "class Asked(BaseException):\n    pass\ndef half(x):\n    raise NameError('x is not defined')\n"
    assert one(judge, liar, "assert half(4) == 2")[0] == FAILED
    hides = "def half(x):\n    raise RuntimeError('raised: Asked')\n"
    assert one(judge, hides, "assert half(4) == 2")[0] == FAILED


def test_what_does_not_end_or_cannot_be_loaded_fails(judge: Judge) -> None:
    tests = ["assert half(1) == 0.5", "assert half(2) == 1", "assert half(3) == 1.5"]
    endless = judge.written(SPEC, "def half(x):\n    while True: pass\n", tests)
    assert [result.outcome for result in endless.results] == [FAILED] * 3
    assert endless.results[2].shown == "not run: others took too long"
    assert one(judge, "def half(x:", tests[0])[0] == FAILED
    assert one(judge, "", tests[0]) == (FAILED, "missing entry point")
    assert judge.written(SPEC, "", []).results == ()


def test_a_test_that_does_not_end_by_itself_is_broken(judge: Judge) -> None:
    slow = "assert half(sum(range(10**12))) == 2"
    assert one(judge, RIGHT, slow) == (BROKEN, "took more than 2 s")


def test_whole_programs_are_tested_by_what_they_print(judge: Judge) -> None:
    adds = "a, b = map(int, input().split())\nprint(a + b)"
    tests = [json.dumps({"input": "1 2\n", "output": out}) for out in ("3\n", "4\n")]
    no_text = json.dumps({"input": "1 \ud800\n", "output": "3\n"})
    found = judge.written(WHOLE, adds, [*tests, "assert 1 + 2 == 3", '{"input": 3}', no_text])
    assert outcomes(found) == [
        (PASSED, ""),
        (FAILED, "got: 3\n"),
        (BROKEN, "it has no input and output"),
        (BROKEN, "it has no input and output"),
        (BROKEN, "its input holds what is no character"),
    ]


def test_methods_are_tested_by_asserts_of_literals(judge: Judge) -> None:
    code = "class Solution:\n    def add(self, many: List[int], one):\n        return sum(many) + one\n"
    tests = {
        "assert Solution().add([1, 2], 3) == 6": (PASSED, ""),
        "assert Solution().add([1, 2], 3) == 7": (FAILED, "got: 6"),
        "assert Solution().subtract([1], 3) == 6": (
            BROKEN,
            "it does not call Solution().add with literals",
        ),
        "assert add([1], 3) == 4": (BROKEN, "it does not call Solution().add with literals"),
        "assert Solution().add(many, 3) == 4": (BROKEN, "it has something that is no literal"),
        "assert Solution().add({1}, 3) == 4": (BROKEN, "it has a value that JSON has no words for"),
    }
    found = judge.written(METHOD, code, list(tests))
    assert dict(zip(tests, outcomes(found), strict=True)) == tests
    other = code.replace("+ one", "- one")
    asked = ["Solution().add([1, 2], 3)", "Solution().add([], 0)", "nothing"]
    compared = judge.compare(METHOD, [code, other, code], asked)
    assert compared.groups == ((0, 2), (1,))
    assert [each.how for each in compared.outputs[0]] == ["gave", "gave", "raised"]


def test_programs_that_give_the_same_are_one_group(judge: Judge) -> None:
    programs = [
        "def half(x):\n    return x // 2\n",
        RIGHT,
        "def half(x):\n    return x * 0.5 + 1e-12\n",  # near
        "def half(x):\n    raise ValueError(x)\n",
        "def half(x):\n    raise ValueError('another text')\n",
        "def half(x):\n    raise KeyError(x)\n",
        "no program",
    ]
    found = judge.compare(SPEC, programs, ["half(3)", "half(1.0)"])
    assert found.groups == ((1, 2), (0,), (3, 4), (5,), (6,))
    how = [[(output.how, output.shown) for output in many] for many in found.outputs]
    assert how[0] == [("gave", "1"), ("gave", "0.0")]
    assert how[3][0] == ("raised", "raised: ValueError: 3")
    assert how[6][0][0] == "stopped"


def test_a_difference_is_one_of_values_and_not_of_what_is_shown_of_them(judge: Judge) -> None:
    """Whoever chooses would be told of inputs on which both give the same, and not of the one that tells."""
    codes = [
        "def half(x):\n    return 0.1 + 0.2 if x < 7 else 'y' * 400 + str(x)\n",
        "def half(x):\n    return 0.3 if x < 7 else 'y' * 400\n",
    ]
    made = tuple(Program(SPEC, code, "") for code in codes)
    step = Compare(made, WrittenInputs(tuple(f"half({n})" for n in range(8))))
    detail = asdict(judge.compare(SPEC, codes, step.given))
    found = step.read(json.loads(json.dumps(detail)))
    (difference,) = found.differences(*made)
    assert difference.input == "half(7)" and len(found.groups) == 2
    assert difference.left.endswith("yyy ...") and len(difference.left) == 300
    before = step.read({name: detail[name] for name in ("outputs", "groups")})
    assert [each.input for each in before.differences(*made)] == [f"half({n})" for n in range(5)]


def test_what_programs_give_is_bounded_and_is_never_more_than_text(judge: Judge) -> None:
    """It goes into rows, prompts and pages; and no object of theirs decides what is equal."""
    programs = [
        "class All:\n    def __eq__(self, other):\n        return True\n    def __repr__(self):\n        return 'gave'\n"
        "def half(x):\n    return All()\n",
        "def half(x):\n    return ['x' * 10**6] * 9\n",
        "def half(x):\n    print('y' * 10**6)\n    return x\n",
        "def half(x):\n    return x\n",
        "import os\ndef half(x):\n    os._exit(0)\n",
    ]
    found = judge.compare(SPEC, programs, ["half(1)"])
    assert found.groups == ((2, 3), (0,), (1,), (4,))
    assert max(len(each.shown) for (each,) in found.outputs) <= 300
    assert (
        len(json.dumps(judge.written(SPEC, programs[1], ["assert half(1) == 2"]).to_json())) < 5000
    )


def test_whole_programs_are_compared_by_what_they_print(judge: Judge) -> None:
    adds = "a, b = map(int, input().split())\nprint(a + b)"
    programs = [
        adds,
        "print(sum(map(int, input().split())))  ",
        adds.replace("+", "-"),
        "print(1 / 0)",
    ]
    found = judge.compare(WHOLE, programs, ["1 2\n", "3 3\n"])
    assert found.groups == ((0, 1), (2,), (3,))
    assert [each.shown for each in found.outputs[0]] == ["3\n", "6\n"]
    assert found.outputs[3][0].shown.startswith("raised: ZeroDivisionError")


def test_inputs_near_the_visible_ones_are_always_the_same(judge: Judge) -> None:
    tests = (
        VisibleTest("doctest", "", "half(3)", "1.5"),
        VisibleTest("assert", "", "assert half('ab') == 1"),
    )
    spec = Spec("t/1", PROMPT, "half", tests)
    made = mutated(spec)
    assert made == mutated(spec)
    assert made.inputs[:6] == (
        "half(3)",
        "half('ab')",
        "half(4)",
        "half('')",
        "half(2)",
        "half('ba')",
    )
    assert mutated(SPEC).inputs == ()
    assert mutated(WHOLE).inputs[:3] == ("1 2\n", "2 2\n", "0 2\n")
    assert mutated(METHOD).inputs[:2] == ("Solution().add([1, 2], 3)", "Solution().add([], 3)")
    lists = VisibleTest("doctest", "", "half([1.5, {'a': 1}], (True,))", "1")
    assert "half([], (True,))" in mutated(Spec("t/1", PROMPT, "half", (lists,))).inputs
    found = judge.compare(spec, [RIGHT, RIGHT], list(made.inputs))
    assert found.groups == ((0, 1),)
