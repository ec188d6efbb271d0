"""If one of these fails, a coder that mends by a trace is told what its program did not do."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from foureyes.judging.judge import Judge
from foureyes.models.enums import Level
from foureyes.models.problem import Spec
from foureyes.models.shown import Traced, TracedLine

SPEC = Spec("t/1", "def f(x):\n", "f", ())


@pytest.fixture(scope="module", params=Level)
def judge(judging_home: Path, request: pytest.FixtureRequest) -> Iterator[Judge]:
    judge = Judge(slot=12, levels=(request.param,))
    yield judge
    judge.close()


def test_a_way_has_every_line_with_what_changed_before_it(judge: Judge) -> None:
    code = "def f(xs):\n    total = 0\n    for x in xs:\n        total += x\n    return total\n"
    traced = judge.trace(SPEC, code, "f([1, -2])")
    assert traced.report.splitlines() == [
        "line 2: total = 0   # xs = [1, -2]",
        "line 3: for x in xs:   # total = 0",
        "line 4: total += x   # x = 1",
        "line 3: for x in xs:   # total = 1",
        "line 4: total += x   # x = -2",
        "line 3: for x in xs:   # total = -1",
        "line 5: return total",
        "line 5: return total   # returns -1",
        "in the end: it gives -1",
    ]
    assert traced.left_out == 0


def test_an_exception_is_told_where_it_is_raised(judge: Judge) -> None:
    code = "def g(x):\n    return 1 // x\n\ndef f(x):\n    try:\n        return g(x)\n    except ValueError:\n        return 0\n"
    said = judge.trace(SPEC, code, "f(0)").report
    assert "line 2: return 1 // x   # raises ZeroDivisionError" in said
    assert said.endswith(
        "in the end: it raises ZeroDivisionError: integer division or modulo by zero"
    )
    assert "returns" not in said


def test_a_long_way_keeps_its_beginning_and_its_end(judge: Judge) -> None:
    code = "def f(x):\n    while x:\n        x -= 1\n    return 'done'\n"
    traced = judge.trace(SPEC, code, "f(1000)")
    assert len(traced.lines) == 60
    assert traced.left_out > 1900
    assert "x = 1000" in traced.lines[0].values
    assert traced.lines[-1].values == "returns 'done'"
    assert f"... {traced.left_out} lines more ..." in traced.report


@pytest.mark.parametrize(
    ("body", "ended"),
    [
        ("while True:\n        x += 1", "it goes on and on"),
        ("while True: pass", "took more than 2 s"),
        ("import os; os._exit(0)", "the process ended"),
        ("import sys; sys.settrace(None); return 2", "it gives 2"),
        ("return object.__getattribute__(x, 'y')", "it raises AttributeError"),
        ("return 'a' * 10 ** 8", "it gives 'aaa"),
    ],
)
def test_whatever_a_program_does_there_is_an_end(judge: Judge, body: str, ended: str) -> None:
    traced = judge.trace(SPEC, f"def f(x):\n    {body}\n", "f(1)")
    assert traced.ended.startswith(ended)
    assert len(traced.report) <= 6000


def test_a_way_that_is_too_long_to_be_told_leaves_out_its_middle() -> None:
    lines = tuple(TracedLine(n, "x" * 100, "y" * 100) for n in range(1, 61))
    told = Traced(lines, 40, "it gives 1").report.splitlines()
    assert told[0].startswith("line 1: ") and told[-2].startswith("line 60: ")
    (gap,) = [line for line in told if line.startswith("...")]
    assert gap == f"... {100 - (len(told) - 2)} lines more ..."
    assert 5000 < len("\n".join(told)) <= 6000


def test_where_an_object_lies_in_memory_is_not_told(judge: Judge) -> None:
    """Else each process would have another way, and each model another question."""
    code = "class A: pass\ndef f(x):\n    a = A()\n    return a\n"
    traced = judge.trace(SPEC, code, "f(1)")
    assert "A object at 0x...>" in traced.ended and "object at 0x...>" in traced.lines[1].values


@pytest.mark.parametrize(
    "lie",
    [
        "'not a list'",
        "[[(1, 'x = 1')], 'many', 'an end']",
        "[[(1, 2), ('a', 'b'), [None]], 3, 'an end']",
        "[[(1, 'x' * 10 ** 6)] * 1000, 10 ** 30, 'e' * 10 ** 6]",
        "[[(10 ** 4400, 'a line that no JSON can say'), (-1, ''), (2 ** 31, '')], 3, 'an end']",
    ],
)
def test_a_program_that_answers_for_the_tracer_deceives_nobody_but_its_mender(
    judge: Judge, lie: str
) -> None:
    """What it says is bounded, and nothing but text."""
    code = (
        "import sys\n\ndef f(x):\n    sys.settrace(None)\n"
        f"    sys.modules['solution']._foureyes_trace.__code__ = (lambda call: {lie}).__code__\n"
        "    return 1\n"
    )
    assert judge.trace(SPEC, code, "f(1)").ended
    replaced = f"import threading, sys\ndef f(x): return 1\nclass Named(dict): pass\ndef late():\n    while '_foureyes_trace' not in globals(): pass\n    globals()['_foureyes_trace'] = lambda call: {lie}\nthreading.Thread(target=late, daemon=True).start()\n"
    traced = judge.trace(SPEC, replaced, "f(1)")
    assert len(traced.report) <= 6000
    assert all(0 <= each.number < 2**31 for each in traced.lines)
    json.dumps(asdict(traced))
    assert 0 <= traced.left_out <= 5000
