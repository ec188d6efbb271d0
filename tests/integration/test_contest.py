"""If one of these fails, a right program of a contest is refused, or a wrong one passes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from foureyes.judging import profiles, replies, sources
from foureyes.judging.formats.livecodebench import verdicts
from foureyes.judging.formats.livecodebench.contest_tests import ContestTests
from foureyes.judging.judge import Judge
from foureyes.models.enums import Level, Status
from foureyes.problems import contest_build
from tests.contests import JOIN, SUM, hidden, problem

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", params=Level)
def judge(judging_home: Path, request: pytest.FixtureRequest) -> Iterator[Judge]:
    judge = Judge(slot=8, levels=(request.param,))
    yield judge
    judge.close()


@pytest.fixture(scope="module")
def own(judging_home: Path) -> Iterator[Judge]:
    """A judge that judges as LiveCodeBench's own does."""
    judge = Judge(slot=10, profile=profiles.LIVECODEBENCH)
    yield judge
    judge.close()


#: Each of them reads two numbers and writes their sum, as real programs do.
RIGHT = {
    "input": "a, b = map(int, input().split())\nprint(a + b)",
    "input until it ends": """
total = 0
try:
    while True: total += sum(map(int, input().split()))
except EOFError: print(total)
""",
    "open(0)": "print(sum(map(int, open(0).read().split())))",
    "open(0) line by line": "for line in open(0): print(sum(map(int, line.split())))",
    "os.read(0)": "import os\nprint(sum(map(int, os.read(0, 1 << 20).split())))",
    "sys.stdin.buffer": "import sys\nprint(sum(map(int, sys.stdin.buffer.read().split())))",
    "for line in sys.stdin": "import sys\nfor line in sys.stdin: print(sum(map(int, line.split())))",
    "readlines": "import sys\nprint(sum(int(x) for line in sys.stdin.readlines() for x in line.split()))",
    "from sys import stdin": "from sys import stdin\nprint(sum(map(int, next(stdin).split())))",
    "fileinput": "import fileinput\nfor line in fileinput.input(): print(sum(map(int, line.split())))",
    "numpy": "import numpy as np, sys\nprint(np.array(sys.stdin.read().split(), dtype=int).sum())",
    "mmap": "import mmap\nprint(sum(map(int, mmap.mmap(0, 0, prot=mmap.PROT_READ)[:].split())))",
    "seek": "import sys\nsys.stdin.read()\nsys.stdin.seek(0)\nprint(sum(map(int, input().split())))",
    "sys.stdout.write": "import sys\nsys.stdout.write(str(sum(map(int, input().split()))))",
    "sys.stdout.buffer": "import sys\nsys.stdout.buffer.write(b'%d' % sum(map(int, input().split())))",
    "os.write(1)": "import os\nos.write(1, str(sum(map(int, input().split()))).encode())",
    "open(1)": "out = open(1, 'w')\nout.write(str(sum(map(int, input().split()))))",
    "print to a file": "print(sum(map(int, input().split())), file=open(1, 'w', closefd=False))",
    "an output of its own, at exit": """
import atexit, io, os, sys
sys.stdout = io.BytesIO()
atexit.register(lambda: os.write(1, sys.stdout.getvalue()))
sys.stdout.write(b'%d' % sum(map(int, input().split())))
""",
    "a wrapped output": """
import io, os, sys
class Out(io.IOBase):
    parts = []
    def write(self, text): self.parts.append(text)
    def flush(self): os.write(1, "".join(self.parts).encode()); self.parts.clear()
sys.stdout = Out()
print(sum(map(int, input().split())))
""",
    "a guard": "def main(): print(sum(map(int, input().split())))\nif __name__ == '__main__': main()",
    "a guard in the middle": """
if __name__ == "__main__":
    numbers = input().split()
total = sum(map(int, numbers))
print(total)
""",
    "global": """
total = 0
def add(x):
    global total
    total += x
for x in input().split(): add(int(x))
print(total)
""",
    "a class that names itself": """
class Node:
    def clone(self): return Node()
Node().clone()
print(sum(map(int, input().split())))
""",
    "from __future__": "from __future__ import annotations\nprint(sum(map(int, input().split())))",
    "star import": "from math import *\nprint(int(fsum(map(int, input().split()))))",
    "no import": "numbers: List[int] = list(map(int, input().split()))\nprint(reduce(add, deque(numbers)))",
    "quit()": "print(sum(map(int, input().split())))\nquit()\nprint('never')",
    "exit()": "print(sum(map(int, input().split())))\nexit()",
    "sys.exit(0)": "import sys\nprint(sum(map(int, input().split())))\nsys.exit(0)",
    "os._exit(0)": "import os\nprint(sum(map(int, input().split())), flush=True)\nos._exit(0)",
    "recursion": """
import sys
sys.setrecursionlimit(10**6)
def depth(n): return 0 if n == 0 else 1 + depth(n - 1)
depth(40_000)
print(sum(map(int, input().split())))
""",
    "a thread of a large stack": """
import sys, threading
def main():
    def depth(n): return 0 if n == 0 else 1 + depth(n - 1)
    depth(40_000)
    print(sum(map(int, input().split())))
threading.stack_size(1 << 27)
threading.Thread(target=main).start()
""",
    "a pool of threads": """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(4) as pool: print(sum(pool.map(int, input().split())))
""",
    "asyncio": """
import asyncio
async def main(): print(sum(map(int, input().split())))
asyncio.run(main())
""",
    "stderr": "import sys\nprint('debug', file=sys.stderr)\nprint(sum(map(int, input().split())))",
    "dataclass": """
from dataclasses import dataclass
@dataclass
class Pair:
    a: int
    b: int
pair = Pair(*map(int, input().split()))
print(pair.a + pair.b)
""",
    "pickle": """
import pickle
class P: pass
p = P(); p.n = list(map(int, input().split()))
print(sum(pickle.loads(pickle.dumps(p)).n))
""",
    "inspect": "import inspect\ndef f(): pass\ninspect.getsource(f)\nprint(sum(map(int, input().split())))",
    "own names for what is given": "def count(x): return x\nheappush = sum\nprint(heappush(map(int, input().split())))",
    "more space": "print()\nprint(sum(map(int, input().split())), ' ')\nprint()",
    "a float": "print(float(sum(map(int, input().split()))))",
    "a number of 20,000 digits": "print(int(str(10**20000)) % 10 + sum(map(int, input().split())))",
    "a byte order mark": "\ufeffprint(sum(map(int, input().split())))",
    "a surrogate to stderr": "import sys\nprint('\\ud800', file=sys.stderr)\nprint(sum(map(int, input().split())))",
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_real_program_passes(name: str, judge: Judge) -> None:
    """Its own judge refuses many of these."""
    found = judge.hidden(hidden(), RIGHT[name])
    assert found.solved, (found.reason, found.got)
    assert found.reason == "" and found.base is found.plus is Status.PASS


WRONG = {
    "another sum": ("print(4)", "wrong answer"),
    "nothing": ("", "wrong answer"),
    "to stderr alone": ("import sys\nprint(sum(map(int, input().split())), file=sys.stderr)", "wrong answer"),
    "more lines": ("print(sum(map(int, input().split())))\nprint(1)", "wrong answer"),
    "no Python": ("print(", "syntax error: '(' was never closed (<program>, line 1)"),
    "raises at once": ("1 / 0", "exception: ZeroDivisionError: division by zero"),
    "raises at its end": ("print(sum(map(int, input().split())))\nraise ValueError('x\\ny')", "exception: ValueError: x"),
    "status 3": ("print(sum(map(int, input().split())))\nimport sys\nsys.exit(3)", "exit status 3"),
    "a message at exit": ("print(sum(map(int, input().split())))\nimport sys\nsys.exit('x')", "exit status 1"),
    "os._exit(7)": ("import os\nprint(sum(map(int, input().split())), flush=True)\nos._exit(7)", "exit status 7"),
    "never written": ("import os\nprint(sum(map(int, input().split())))\nos._exit(0)", "wrong answer"),
    "interrupted": ("raise KeyboardInterrupt", "exception: KeyboardInterrupt"),
    "memory": ("x = bytearray(8 << 30)", "memory"),
    "a segmentation fault": ("import ctypes\nctypes.string_at(0)", "killed"),
    "recursion without end": ("def f(): return f()\nf()", "exception: RecursionError: maximum recursion depth exceeded"),
    "a program for a method": ("class Solution:\n    def add(self, a, b): return a + b", "wrong answer"),
    "reads more than there is": ("input()\ninput()", "exception: EOFError: EOF when reading a line"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_program_fails_and_it_is_said_why(name: str, judge: Judge) -> None:
    code, reason = WRONG[name]
    found = judge.hidden(hidden(), code)
    assert not found.solved and found.reason == reason
    assert found.failing_input == SUM[0][0] and found.expected == SUM[0][1]


@pytest.mark.parametrize(
    "code",
    ["while True: pass", "import time\ntime.sleep(60)", "import threading\nthreading.Event().wait()",
     "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()",
     "import atexit, time\natexit.register(time.sleep, 60)"],
)  # fmt: skip
def test_a_program_that_does_not_end_is_ended(
    code: str, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdicts, "SECONDS", 0.5)
    found = judge.hidden(hidden(), code, all_tests=True)
    assert found.reason == "timeout" and found.base is Status.TIMEOUT
    assert found.failed_base == (0, 1, 2)


def test_each_test_has_its_time(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the more tests a problem has, the less time there would be for each."""
    monkeypatch.setattr(verdicts, "SECONDS", 1.0)
    code = "import time\ntime.sleep(0.6)\nprint(sum(map(int, input().split())))"
    assert judge.hidden(hidden(), code).solved


def test_nobody_waits_for_a_hundred_timeouts(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdicts, "SECONDS", 0.1)
    found = judge.hidden(hidden(SUM * 40), "while True: pass", all_tests=True)
    assert found.failed_base == tuple(range(120)) and found.cpu_seconds < 3


def test_all_tests_tell_which_fail(judge: Judge) -> None:
    code = "a, b = map(int, input().split())\nprint(a + b if a < 40 else 'no')"
    assert judge.hidden(hidden(), code).failed_base is None
    found = judge.hidden(hidden(), code, all_tests=True)
    assert (found.failed_base, found.failed_plus) == ((1,), ())
    assert (found.reason, found.got) == ("wrong answer", "no\n")


def test_a_program_knows_nothing_of_the_test_before(judge: Judge) -> None:
    code = """
import os, sys
try: seen = open("/tmp/seen").read()
except OSError: seen = ""
try: open("/tmp/seen", "w").write("x")
except OSError: pass
try: os.lseek(1, 0, os.SEEK_END) and print("there is output already")
except OSError: pass
print(sum(map(int, input().split())), seen)
os.write(0, b"9 9") if len(sys.argv) > 1 else None
"""
    assert judge.hidden(hidden(SUM * 3), code).solved


def test_long_inputs_and_outputs_are_read_whole(judge: Judge) -> None:
    """A pipe would hold back after 64 KiB, and one read would not get all."""
    numbers = " ".join(map(str, range(700_000))) + "\n"
    tests = hidden([(numbers, numbers)])
    assert judge.hidden(tests, "import os\nos.write(1, os.read(0, 1 << 26))").solved
    assert judge.hidden(tests, "print(*map(int, input().split()))").solved
    assert judge.hidden(tests, "print(*map(int, input().split()[1:]))").reason == "wrong answer"


RIGHT_METHODS = {
    "as the starter code has it": "class Solution:\n    def join(self, a: List[int], b: int) -> List[int]:\n        return a + [b]",
    "a bare function": "def join(a, b): return a + [b]",
    "both, and the method is right": "def join(a, b): return 1\nclass Solution:\n    def join(self, a, b): return a + [b]",
    "a Solution without it": "class Solution: pass\ndef join(a, b): return [*a, b]",
    "a tuple": "class Solution:\n    def join(self, a, b): return (*a, b)",
    "a static method": "class Solution:\n    @staticmethod\n    def join(a, b): return a + [b]",
    "a base class": "class Base:\n    def join(self, a, b): return a + [b]\nclass Solution(Base): pass",
    "it changes what it is given": "class Solution:\n    def join(self, a, b):\n        a.append(b)\n        return a",
    "it prints": "class Solution:\n    def join(self, a, b):\n        print(a)\n        return a + [b]",
    "it exits at its end": "import sys\nclass Solution:\n    def join(self, a, b): return a + [b]\nsys.exit()",
    "a guard": "class Solution:\n    def join(self, a, b): return a + [b]\nif __name__ == '__main__': 1 / 0",
    "a UserList": "from collections import UserList\nclass Solution:\n    def join(self, a, b): return UserList(a + [b])",
    "a decorator": "class Solution:\n    @lambda f: f\n    def join(self, a, b): return a + [b]",
    "a byte order mark": "\ufeffdef join(a, b): return a + [b]",
    "names that need no import": "class Solution:\n    def join(self, a, b): return list(chain(deque(a), repeat(b, math.gcd(1, 2))))",
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT_METHODS)
def test_a_right_method_passes(name: str, judge: Judge) -> None:
    found = judge.hidden(hidden(JOIN, "join"), RIGHT_METHODS[name])
    assert found.solved, (found.reason, found.got)


WRONG_METHODS = {
    "another list": ("def join(a, b): return [b]", "wrong answer"),
    "a set": ("def join(a, b): return {*a, b}", "wrong answer"),
    "an iterator": ("def join(a, b): yield from a + [b]", "wrong answer"),
    "nothing": ("def join(a, b): print(a + [b])", "wrong answer"),
    "as text": ("def join(a, b): return str(a + [b])", "wrong answer"),
    "another name": ("def joined(a, b): return a + [b]", "missing entry point"),
    "raises": ("def join(a, b): raise KeyError(b)", "exception: KeyError: 3"),
    "exits": ("def join(a, b): exit()", "exception: SystemExit: None"),
    "a Solution that cannot be made": ("class Solution:\n    def __init__(self, x): pass\n    def join(self, a, b): return a + [b]", "exception: TypeError: Solution.__init__() missing 1 required positional argument: 'x'"),
    "ends its process": ("import os\ndef join(a, b): os._exit(0)", "killed"),
    "no Python": ("def join(a, b) return a", "syntax error: expected ':' (<program>, line 1)"),
    "memory": ("def join(a, b): return bytearray(8 << 30)", "memory"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_METHODS)
def test_a_wrong_method_fails_and_it_is_said_why(name: str, judge: Judge) -> None:
    code, reason = WRONG_METHODS[name]
    found = judge.hidden(hidden(JOIN, "join"), code, all_tests=True)
    assert found.reason == reason and 0 in (found.failed_base or ())
    assert found.failing_input == JOIN[0][0] and found.expected == JOIN[0][1]


#: Of programs above, what LiveCodeBench's own judge passes and refuses (tests/parity asks it).
REFUSED_THERE = [
    "open(0)", "os.read(0)", "sys.stdin.buffer", "sys.stdout.buffer", "os.write(1)", "open(1)",
    "a guard in the middle", "global", "from __future__", "quit()", "pickle", "inspect",
    "an output of its own, at exit", "a byte order mark",
]  # fmt: skip
PASSED_THERE = [
    "input", "input until it ends", "for line in sys.stdin", "sys.stdout.write", "a guard", "exit()",
    "no import", "recursion", "dataclass", "more space", "a float", "a number of 20,000 digits",
]  # fmt: skip


@pytest.mark.parametrize("name", [*REFUSED_THERE, *PASSED_THERE])
def test_in_its_profile_its_own_rules_hold(name: str, own: Judge) -> None:
    found = own.hidden(hidden(), RIGHT[name])
    assert found.solved is (name in PASSED_THERE), (found.reason, found.got)
    assert found.profile == "livecodebench"


def test_in_its_profile_no_status_and_no_class_is_looked_at(own: Judge) -> None:
    assert own.hidden(hidden(), WRONG["status 3"][0]).solved
    assert not own.hidden(hidden(), WRONG["another sum"][0]).solved
    tests = hidden(JOIN, "join")
    assert own.hidden(tests, RIGHT_METHODS["as the starter code has it"]).solved
    assert own.hidden(tests, RIGHT_METHODS["a tuple"]).solved
    assert not own.hidden(tests, RIGHT_METHODS["a Solution without it"]).solved
    assert not own.hidden(tests, "# class Solution\ndef join(a, b): return a + [b]").solved
    assert not own.hidden(tests, WRONG_METHODS["another list"][0]).solved


def test_in_its_profile_long_outputs_are_compared_and_no_more_is_kept_than_is_shown(
    own: Judge,
) -> None:
    """What is too long to be sent is no text: it was taken for wrong, and then for the judge's failure."""
    lines = "".join(f"{number} \n" for number in range(250_000))
    tests = hidden([("250000\n", lines.strip())])
    assert own.hidden(tests, "for number in range(int(input())): print(number, '')").solved
    for code in (
        "for number in range(int(input()) - 1): print(number)\nprint(0)",
        "print('x' * (2 << 20))",
        "print('x' * (1 << 19))",
    ):
        found = own.hidden(tests, code)
        assert found.reason == "wrong answer" and isinstance(found.got, str)
        assert len(found.got) <= replies.SHOWN


def test_one_solution_serves_all_tests(judge: Judge) -> None:
    code = """
class Solution:
    calls = 0
    def join(self, a, b):
        self.calls += 1
        return a + [b] if self.calls < 3 else self.calls
"""
    found = judge.hidden(hidden(JOIN, "join"), code, all_tests=True)
    assert (found.failed_base, found.got) == ((2,), "3")


def test_after_a_call_that_ends_its_process_the_others_are_made(judge: Judge) -> None:
    code = "import os\ndef join(a, b): return a + [b] if b != 1 else os._exit(0)"
    assert judge.hidden(hidden(JOIN, "join"), code, all_tests=True).failed_base == (1,)


def test_a_call_has_its_time(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdicts, "SECONDS", 0.5)
    code = "import time\ndef join(a, b):\n    time.sleep(0.3 if b != 1 else 60)\n    return a + [b]"
    found = judge.hidden(hidden(JOIN, "join"), code, all_tests=True)
    assert (found.reason, found.failed_base) == ("timeout", (1,))


def test_a_result_too_long_to_send_is_compared_all_the_same(judge: Judge) -> None:
    tests = hidden([("300000", json.dumps(list(range(300_000))))], "count")
    assert judge.hidden(tests, "def count(n): return tuple(range(n))").solved
    assert not judge.hidden(tests, "def count(n): return list(range(n - 1)) + [0]").solved


def test_the_visible_tests_show_what_a_program_gives(judge: Judge) -> None:
    both = problem(public_test_cases=json.dumps(
        [{"input": given, "output": wanted, "testtype": "stdin"} for given, wanted in SUM[:2]]
    ))  # fmt: skip
    trial = judge.visible(both.spec(), "print(3)")
    assert [result.passed for result in trial.results] == [True, False]
    assert trial.results[1].shown == "got: 3\n"
    assert trial.results[1].source == "input:\n40 2\noutput:\n42"
    trial = judge.visible(both.spec(), "1 / 0")
    assert trial.results[0].shown == "exception: ZeroDivisionError: division by zero"
    trial = judge.visible(both.spec(), "print(")
    assert trial.results[1].shown.startswith("syntax error")
    spec = problem(JOIN, "join").spec()
    assert judge.visible(spec, "def join(a, b): return a").results[0].shown == "got: [1, 2]"
    assert judge.visible(spec, "def join(a, b): return a + [b]").passes == 1


def test_visible_tests_that_take_for_ever_are_not_all_waited_for(
    judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdicts, "SECONDS", 0.2)
    many = problem(public_test_cases=json.dumps(
        [{"input": "1 2", "output": "3", "testtype": "stdin"}] * 9
    ))  # fmt: skip
    shown = [result.shown for result in judge.visible(many.spec(), "while 1: pass").results]
    assert shown == ["timeout"] * 2 + ["not run: timeout"] * 7


@pytest.mark.parametrize("task", contest_build.tasks(), ids=lambda task: task.name)
def test_the_contest_sets_references_pass_and_its_wrong_programs_fail(task, judge: Judge) -> None:  # type: ignore[no-untyped-def]
    tests = of_set(task.title)
    assert judge.hidden(tests, task.program()).solved
    for reason, core in task.wrong_cores().items():
        assert not judge.hidden(tests, task.program(core)).solved, reason


def of_set(title: str) -> ContestTests:
    (found,) = (
        each
        for each in sources.load_file(ROOT / "problems" / "contest.jsonl")
        if json.loads(each.record)["question_title"] == title
    )
    tests = found.hidden_tests()
    assert isinstance(tests, ContestTests)
    return tests
