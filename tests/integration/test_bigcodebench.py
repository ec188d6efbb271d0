"""If one of these fails, a right program is refused by BigCodeBench's tests, or a wrong one passes them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foureyes.judging.formats.verdicts import ReferenceFails
from foureyes.judging.judge import Judge
from foureyes.models.enums import Level, Status
from foureyes.models.shown import Judgement
from tests.bigcodebench import RECORDS, problem, record

pytestmark = pytest.mark.usefixtures("judging_home")

HEAD = 'def task_func(*arguments, **named):\n    """Do it."""\n'


@pytest.fixture(scope="module")
def judge(judging_home: Path) -> Iterator[Judge]:
    judge = Judge(10, levels=(Level.A,))
    yield judge
    judge.close()


def case(*lines: str, before: str = "import unittest") -> str:
    """Tests of one line each, in BigCodeBench's form."""
    body = "".join(f"    def test_{at}(self):\n        {line}\n" for at, line in enumerate(lines))
    return f"{before}\nclass TestCases(unittest.TestCase):\n{body}"


def judged(judge: Judge, fields: dict[str, Any], code: str | None = None) -> Judgement:
    made = problem(fields)
    return judge.hidden(made.hidden_tests(), made.reference if code is None else code)


#: What goes between a test and a program: for each a solution, and what a test says of it.
CARRIED = {
    "named arguments": (
        "return sorted(named)",
        "self.assertEqual(task_func(b=1, a=2), ['a', 'b'])",
    ),
    "a frame": (
        "frame = arguments[0]; frame = frame.copy(); frame['c'] = frame['a'] * 2; return frame",
        "pd.testing.assert_frame_equal(task_func(pd.DataFrame({'a': [1, 2], 'b': ['x', None]})),"
        " pd.DataFrame({'a': [1, 2], 'b': ['x', None], 'c': [2, 4]}))",
    ),
    "a frame of dates": (
        "return arguments[0].set_index('d')",
        "pd.testing.assert_frame_equal(task_func(pd.DataFrame({'d': pd.to_datetime(['2024-01-02']), 'n': [0.5]})),"
        " pd.DataFrame({'n': [0.5]}, index=pd.DatetimeIndex(['2024-01-02'], name='d')))",
    ),
    "a series": (
        "return arguments[0].cumsum()",
        "pd.testing.assert_series_equal(task_func(pd.Series([1.5, 2], name='s')), pd.Series([1.5, 3.5], name='s'))",
    ),
    "arrays": (
        "return {'sum': arguments[0].sum(axis=0), 'all': [arguments[0]]}",
        "np.testing.assert_array_equal(task_func(np.ones((2, 3)))['sum'], np.array([2.0, 2, 2]))",
    ),
    "numbers of numpy's": (
        "import numpy; return numpy.int32(arguments[0])",
        "self.assertIsInstance(task_func(3), np.int32)",
    ),
    "counters": (
        "import collections; return collections.Counter(arguments[0])",
        "self.assertEqual(task_func('aab').most_common(1), [('a', 2)])",
    ),
    "dates": (
        "import datetime; return arguments[0] + datetime.timedelta(days=1)",
        "self.assertEqual(task_func(datetime.datetime(2024, 2, 28)), datetime.datetime(2024, 2, 29))",
    ),
    "what is raised": (
        "raise ValueError(f'no {arguments[0]}')",
        "self.assertRaisesRegex(ValueError, 'no 3', task_func, 3)",
    ),
    "a list that is changed": (
        "arguments[0].sort()",
        "items = [2, 1]; self.assertIsNone(task_func(items)); self.assertEqual(items, [1, 2])",
    ),
    "several calls": (
        "return arguments[0] + 1",
        "self.assertEqual(task_func(task_func(task_func(1))), 4)",
    ),
    "what tests import": ("return os.sep", "self.assertEqual(task_func(), '/')"),
}
_IMPORTS = "import datetime, os, unittest\nimport numpy as np\nimport pandas as pd"


@pytest.mark.parametrize("what", CARRIED)
def test_calls_and_answers_go_between_two_processes(judge: Judge, what: str) -> None:
    """Where this fails, a task's verdicts can be forged for want of words."""
    solution, test = CARRIED[what]
    fields = record(HEAD, f"    {solution}\n", case(test, before=_IMPORTS))
    right = judged(judge, fields)
    assert right.solved and right.trust == "outside", right
    assert not judged(judge, fields, HEAD).solved


def test_an_argument_that_is_changed_and_should_not_be_is_seen(judge: Judge) -> None:
    fields = record(
        HEAD,
        "    return sorted(arguments[0])\n",
        case("items = [2, 1]; task_func(items); self.assertEqual(items, [2, 1])"),
    )
    changing = HEAD + "    arguments[0].sort()\n    return arguments[0]\n"
    assert judged(judge, fields).trust == "outside"
    assert not judged(judge, fields, changing).solved


SHARED = {
    "a figure": (
        "import matplotlib.pyplot as plt\n    figure, axes = plt.subplots()\n    axes.set_title('t')\n    return axes",
        "self.assertEqual(task_func().get_title(), 't')",
    ),
    "a file": (
        "open(arguments[0], 'w').write('x')",
        "task_func('made.txt'); self.assertEqual(open('made.txt').read(), 'x')",
    ),
    "a database": (
        "import sqlite3\n    with sqlite3.connect(arguments[0]) as db:\n        db.execute('create table t (x)')",
        "import os; task_func('made.db'); self.assertTrue(os.path.getsize('made.db'))",
    ),
    "what is patched": (
        "import random\n    return random.random()",
        "self.patched()\n    def patched(self):\n        with mock.patch('random.random', return_value=7):\n            self.assertEqual(task_func(), 7)",
    ),
    "what is printed": (
        "print('said')",
        "out = io.StringIO()\n        with contextlib.redirect_stdout(out): task_func()\n        self.assertEqual(out.getvalue(), 'said\\n')",
    ),
}


@pytest.mark.parametrize("what", SHARED)
def test_what_no_value_is_is_judged_in_one_process(judge: Judge, what: str) -> None:
    """And the verdict says so."""
    solution, test = SHARED[what]
    before = "import contextlib, io, unittest\nfrom unittest import mock"
    fields = record(HEAD, f"    {solution}\n", case(test, before=before))
    right = judged(judge, fields)
    assert right.solved and right.trust == "shared", right
    assert not judged(judge, fields, HEAD).solved


@pytest.mark.parametrize("what", RECORDS)
def test_a_program_that_cannot_be_loaded_is_said_to_be_so(judge: Judge, what: str) -> None:
    for code, reason in (
        ("def task_func(:", "syntax error"),
        ("x = 1", "missing entry point"),
        ("import nothing_of_that_name\ndef task_func(*_): pass", "ModuleNotFoundError"),
        ("while True: pass", "timeout"),
    ):
        found = judged(judge, RECORDS[what], code)
        assert not found.solved and reason in found.reason, found


@pytest.mark.parametrize("what", RECORDS)
def test_each_failed_test_is_told_with_all_tests(judge: Judge, what: str) -> None:
    """By number, in the order in which they run."""
    made = problem(RECORDS[what])
    wrong = {
        "sorted": ("def task_func(items):\n    return list(items)\n", (2, 3)),
        "applied": ("def task_func(f, x):\n    return [4]\n", (1,)),
        "written": (
            "def task_func(path, text):\n    open(path, 'w').write('')\n    return 0\n",
            (1,),
        ),
    }
    code, failed = wrong[what]
    found = judge.hidden(made.hidden_tests(), code, all_tests=True)
    assert found.base is Status.FAIL and found.failed_base == failed and found.failed_plus == ()
    assert judge.hidden(made.hidden_tests(), made.reference, all_tests=True).failed_base == ()


def test_a_test_that_is_skipped_is_none_that_passes(judge: Judge) -> None:
    fields = record(
        HEAD, "    return 1\n", case("self.assertEqual(task_func(), 1)", "self.skipTest('now')")
    )
    with pytest.raises(ReferenceFails, match="test_1: test failed"):
        judged(judge, fields)


def test_tests_that_pass_whatever_the_function_does_are_named(judge: Judge) -> None:
    """They can tell nothing of a program; so `benchmark check` says it."""
    fields = record(HEAD, "    return object()\n", case("task_func(lambda: 1)", "pass"))
    found = judge.examine(problem(fields))
    assert (
        "its tests pass whatever its function does" not in found.findings
    )  # one raises: that is seen
    fields = record(
        HEAD,
        "    return object()\n",
        case("try: task_func(lambda: 1)\n        except Exception: pass"),
    )
    assert "its tests pass whatever its function does" in judge.examine(problem(fields)).findings


def test_a_reference_that_fails_is_nobodys_wrong_answer(judge: Judge) -> None:
    fields = record(HEAD, "    return 1\n", case("self.assertEqual(task_func(), 2)"))
    with pytest.raises(
        ReferenceFails,
        match="its reference program fails: test_0: test failed: AssertionError: 1 != 2",
    ):
        judged(judge, fields)


def test_neither_network_nor_another_program_is_to_be_had(judge: Judge) -> None:
    code = (
        "import socket, subprocess\n"
        + HEAD
        + """
    for attempt in (lambda: socket.create_connection(("127.0.0.1", 80)), lambda: subprocess.run(["true"])):
        try:
            attempt()
        except OSError:
            continue
        return "reached"
    return "refused"
"""
    )
    fields = record(
        HEAD, "    return 'refused'\n", case("self.assertEqual(task_func(), 'refused')")
    )
    assert judged(judge, fields, code).solved


def test_each_program_begins_in_an_empty_folder(judge: Judge) -> None:
    fields = record(
        HEAD, "    import os; return os.listdir()\n", case("self.assertEqual(task_func(open), [])")
    )
    leaves = HEAD + "    open('left', 'w').close(); return []\n"
    assert judged(judge, fields).trust == "shared"
    judged(judge, fields, leaves)
    assert judged(judge, fields).solved
