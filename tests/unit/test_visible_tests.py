"""The tests a prompt shows: what is taken from it must be true, and what is unclear left alone."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from foureyes.judging.formats.problem import Problem
from foureyes.judging.formats.records import parse_record
from foureyes.judging.visible.reading import visible_tests
from foureyes.models.problem import VisibleTest

OFFICIAL = Path(os.environ.get("FOUREYES_DATA") or Path(__file__).parents[3] / "shared" / "data")

#: Runs each program's visible tests as the judge does; prints those that fail, as JSON.
RUN_VISIBLE_TESTS = """
import json, sys
failed = []
for program, name, tests in json.load(sys.stdin):
    for kind, call, expected in tests:
        space = {}
        try:
            exec(program, space)
            if kind == "assert":
                exec(call, space)
            elif (printed := repr(eval(call, space))) != expected:
                failed.append([name, call, printed])
        except Exception as error:
            failed.append([name, call, repr(error)])
print(json.dumps(failed))
"""


def prompt(docstring: str, name: str = "f") -> str:
    indented = "\n".join(f"    {line}" for line in docstring.split("\n"))
    return f'def {name}(x):\n    """Do it.\n\n{indented}\n    """\n'


def shown(docstring: str, name: str = "f") -> list[tuple[str, str, str | None]]:
    return [
        (test.kind, test.call, test.expected) for test in visible_tests(prompt(docstring), name)
    ]


def run(programs: list[tuple[str, str, tuple[VisibleTest, ...]]]) -> list[list[str]]:
    """The failures of (program, name, tests), each in a fresh namespace of one subprocess."""
    asked = [
        [program, name, [[test.kind, test.call, test.expected] for test in tests]]
        for program, name, tests in programs
    ]
    done = subprocess.run(
        [sys.executable, "-c", RUN_VISIBLE_TESTS],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    failed: list[list[str]] = json.loads(done.stdout.splitlines()[-1])
    return failed


def official(file: str, benchmark: str) -> list[Problem]:
    path = OFFICIAL / file
    if not path.is_file():
        pytest.skip(f"needs {file}: set FOUREYES_DATA to the folder that has it")
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as lines:
        return [parse_record(benchmark, line.rstrip("\n")) for line in lines]


@pytest.mark.parametrize(
    ("file", "benchmark", "prompts", "tests"),
    [
        ("HumanEvalPlus-v0.1.10.jsonl.gz", "humaneval+", 138, 390),
        ("MbppPlus-v0.2.0.jsonl.gz", "mbpp+", 378, 378),
    ],
)
def test_no_official_problem_calls_a_right_program_wrong(
    file: str, benchmark: str, prompts: int, tests: int
) -> None:
    """Else a pattern that looks at the visible tests would make right programs wrong."""
    problems = official(file, benchmark)
    specs = [problem.spec() for problem in problems]
    counts = [len(spec.visible_tests) for spec in specs]
    assert (len(counts) - counts.count(0), sum(counts)) == (prompts, tests)
    programs = [
        (problem.hidden_tests().reference, spec.problem_id, spec.visible_tests)
        for problem, spec in zip(problems, specs, strict=True)
    ]
    assert run(programs) == []


@pytest.mark.parametrize(
    ("docstring", "expected"),
    [
        # doctests
        (">>> f(1)\n2", [("doctest", "f(1)", "2")]),
        (">>> f([1,2])\n[1,2]", [("doctest", "f([1, 2])", "[1, 2]")]),
        ('>>> f(1)\n"a"', [("doctest", "f(1)", "'a'")]),
        (
            ">>> f(1)\n[1,\n 2]\n>>> f(2)\n3",
            [("doctest", "f(1)", "[1, 2]"), ("doctest", "f(2)", "3")],
        ),
        (">>> f(\n...   1)\n2", [("doctest", "f(1)", "2")]),
        (">>> round(f(1), 2)  # about\n2.5", [("doctest", "round(f(1), 2)", "2.5")]),
        (">>> f(1) == 2", [("assert", "assert f(1) == 2", None)]),
        # a doctest prints nothing for None, and a set in any order
        (">>> f(1)\nNone", [("assert", "assert f(1) == None", None)]),
        (">>> f(1)\n{'b', 'a'}", [("assert", "assert f(1) == {'b', 'a'}", None)]),
        # written examples, in the forms that HumanEval uses
        ("f(1) == 2", [("assert", "assert f(1) == 2", None)]),
        ("f(1) => 2", [("assert", "assert f(1) == 2", None)]),
        ("f(1)==>2", [("assert", "assert f(1) == 2", None)]),
        ("f([1]) ➞ [2]", [("assert", "assert f([1]) == [2]", None)]),
        ("f(1) -> (1, 2)", [("assert", "assert f(1) == (1, 2)", None)]),
        ("* f(1) -> 2", [("assert", "assert f(1) == 2", None)]),
        ("for f(1) == 2", [("assert", "assert f(1) == 2", None)]),
        ("f(1) returns 'a'", [("assert", "assert f(1) == 'a'", None)]),
        ("f(1) should return 16.", [("assert", "assert f(1) == 16", None)]),
        ("f(1)   # returns 'a'", [("assert", "assert f(1) == 'a'", None)]),
        ("f(1) = 3", [("assert", "assert f(1) == 3", None)]),
        ("f(')') => true", [("assert", "assert f(')') == True", None)]),
        ("f([\n  1,\n  2\n]) == [\n  3\n]", [("assert", "assert f([1, 2]) == [3]", None)]),
        ("f(1) == 2,", [("assert", "assert f(1) == 2", None)]),
        ("f(1) == (2, 3);", [("assert", "assert f(1) == (2, 3)", None)]),
        ("f(1) == ((2), 3)", [("assert", "assert f(1) == (2, 3)", None)]),
        ("f(1) == (\n  2,\n  3,\n)", [("assert", "assert f(1) == (2, 3)", None)]),
        ("f(1) -> ()", [("assert", "assert f(1) == ()", None)]),
        ("f(100) -> 1000", [("assert", "assert f(100) == 1000", None)]),
        ("f(1.00) == '1,000'", [("assert", "assert f(1.0) == '1,000'", None)]),
        ("f([100,200]) == [100,0]", [("assert", "assert f([100, 200]) == [100, 0]", None)]),
        ("f(set([1])) == 1", [("assert", "assert f(set([1])) == 1", None)]),
        ("f(1) ⟶ 2", [("assert", "assert f(1) == 2", None)]),
        (">>> f(max)\n2", [("doctest", "f(max)", "2")]),
        ("assert f(1) == 2, 'no'", [("assert", "assert f(1) == 2", None)]),
        ("f(1) == 2  # since 1 + 1", [("assert", "assert f(1) == 2", None)]),
        ("f(1) => 2\nf(1) == 2", [("assert", "assert f(1) == 2", None)]),
        # asserts
        ("assert f(1) == 2", [("assert", "assert f(1) == 2", None)]),
        ("assert not f(1)", [("assert", "assert not f(1)", None)]),
        ("assert (\n    f(1)\n    == 2\n)", [("assert", "assert f(1) == 2", None)]),
        (
            "assert 2 == f(1)\nassert 2 == f(3)",
            [("assert", "assert 2 == f(1)", None), ("assert", "assert 2 == f(3)", None)],
        ),
    ],
)
def test_an_example_is_not_lost(
    docstring: str, expected: list[tuple[str, str, str | None]]
) -> None:
    """Else grounded review and retries would know less than the prompt says."""
    assert shown(docstring) == expected


@pytest.mark.parametrize(
    "docstring",
    [
        "g(1) == 2",  # another function's example
        "f(a) => False",  # is it 'a', or a variable?
        "f(abc) => False",  # a name that happens to be a module's
        "f(order.size) == 3",
        "f(1) == 1 + 9 + 0 = 10",  # an explanation
        "f(1) ->19 - 5 - 6 = 8",
        "f(1) => 'No' (it must start with a letter)",
        'f(1) == ""aaa"',
        'f(1) ==> ("Venus")',  # a tuple was meant
        "f(1) => [1, 2, ...]",  # something is left out
        "f(1) = 3\nf(n) = 1 + f(n - 1)",  # algebra
        "f(1) == 2\nf(1) == 3",  # one of them is wrong
        ">>> f(1) == 2\n>>> f(3) [4]",  # outputs were forgotten here, so who knows what else was
        ">>> f(1)\nTraceback (most recent call last):\n    ...\nValueError: no",
        ">>> f(1)\n2 and then some prose",
        ">>> f(1)\n2\nprose without a blank line",
        ">>> x = f(1)",
        ">>>f(1)\n2",  # no doctest: its blank is missing
        "if f(1) == 2 then all is well",
        "use f(1) => 2",
        "assert f(1) == helper(2)",
        # what a person reads as one number, and Python as two
        "f(1000) == 1,000",
        "f(1) => 1,500",
        "f(1) -> 1,000,000",
        "f(1) returns 1,000.",
        ">>> f(1000)\n1,000",
        ">>> f(1,000)\n5",
        ">>> f(1000) == 1,000",
        "f(1,000) == 5",
        "f(1) == [1,000]",
        "f({1: 1,000}) == 2",
        "assert f(1000) == 1,000",
        "assert f(1,000) == 3",
        "f(1) == 1.000,50",
        # two answers, or a tuple?
        "f(1) == 1, 2",
        "f(1) == (1, 2), (3, 4)",
        "f(1) == (1), 2",
        "f(1) -> 'a', 'b'",
        "f(1) -> 'a' 'b'",
        "f(1) -> 2 or 3",
        # not meant to the last digit, or not meant at all
        "f(1) == 0.33  # rounded",
        "f(1) -> 3.14  # approximately",
        "f(1) -> 3.14 # ~ pi",
        "f(1) == 2  # wrong, it should be 3",
        "f(1) == 0.333...",
        "f(1) == ~3",
        # a placeholder
        "f(list) == 2",
        "f(str) -> True",
        "f(input) returns 5",
        "f([1, ..., 9]) == 9",
        ">>> f(1, ...)\n2",
        # no calls of f(x)
        "f(12,345) == 2",
        "f() == 2",
        "f(1, 2, 3) == 2",
        # quotes of a text processor
        "f(\u201ca\u201d) == 1",
        "f(1) == \u201ca\u201d",
        "f(1) == \u2212 1",
    ],
)
def test_what_is_unclear_is_no_test(docstring: str) -> None:
    """Else a model would be told that its right program fails."""
    assert shown(docstring) == []


def test_the_clear_examples_survive_an_unclear_one() -> None:
    """Else one odd line would cost all the evidence in a prompt."""
    assert shown("f(1) == 1 + 9 = 10\nf(2) == 3") == [("assert", "assert f(2) == 3", None)]


def test_a_docstring_that_forgot_to_escape_is_read_as_it_was_meant() -> None:
    """As in HumanEval/51: Python sees a line break where everybody reads \\n."""
    assert shown(r'>>> f("a\nb")' + "\n'a'") == [("doctest", "f('a\\nb')", "'a'")]
    assert shown(r'>>> f("a\\nb")' + "\n'a'") == [("doctest", "f('a\\nb')", "'a'")]


def test_only_the_entry_points_own_docstring_is_searched() -> None:
    """Else a helper's example, or code, could be taken for a promise about the entry point."""
    helper = 'def helper(x):\n    """\n    f(1) == 2\n    """\n    return f(x) == 3\n\n'
    (test,) = visible_tests(helper + prompt("f(5) == 6"), "f")
    assert test.call == "assert f(5) == 6"


def test_mbpp_style_and_plain_text_prompts_are_read() -> None:
    """Else benchmarks whose prompts are no Python would have no visible tests."""
    statement = "assert set(f((3,4))) == set((4, 5))"
    for text in (
        f'"""\nWrite it.\n{statement}\n"""\n',
        f"Write it, you can't fail.\n{statement}\n",
    ):
        (test,) = visible_tests(text, "f")
        assert (test.kind, test.source, test.expected) == ("assert", statement, None)


def test_an_assertion_works_in_a_program_that_does_not_import_what_it_uses() -> None:
    """Ten of MBPP's asserts use math or sys; without this every program would fail them."""
    tests = visible_tests('"""\nassert math.isclose(f(1), 2.0, rel_tol=0.001)\n"""\n', "f")
    assert tests[0].source == "assert math.isclose(f(1), 2.0, rel_tol=0.001)"
    assert run([("def f(x): return x * 2.0001", "right", tests)]) == []
    ((name, _, error),) = run([("def f(x): return x * 3", "wrong", tests)])
    assert (name, error) == ("wrong", "AssertionError()")


def test_a_doctest_is_shown_as_it_stands_in_the_prompt() -> None:
    """Else the report that a model reads would not match what it was given."""
    (test,) = visible_tests(prompt(">>> f([1,\n...    2])\n[1,2]"), "f")
    assert test.source == ">>> f([1,\n...    2])\n[1,2]"


STRANGE = {
    "calls without end": "f(" * 5000,
    "brackets": "f(" + ")" * 5000,
    "lines": "f(1)\n" * 2000,
    "asserts without end": "assert f(1) == (\n" * 200,
    "nesting": "f(1) == " + "[" * 3000,
    "NUL": "f(\0) == 1",
    "no outputs": ">>> f(1)\n" * 1000,
    "a depth that Python reads and does not write": f"f({'-' * 900}1) == 1",
    "such an assert": f"assert f({'-' * 900}1) == 1",
    "such a doctest": f">>> f({'-' * 900}1)\n1",
    "such attributes": f">>> f(1){'.a' * 900}\n1",
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("text", STRANGE.values(), ids=STRANGE)
def test_a_strange_prompt_yields_no_tests_and_no_crash(text: str) -> None:
    """Else one strange problem in a user's file would stop every worker that meets it."""
    assert visible_tests(text, "f") == ()
    assert visible_tests(prompt(text), "f") == ()
