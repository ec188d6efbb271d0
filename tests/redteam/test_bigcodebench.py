"""If one of these fails, a program that solves nothing passes BigCodeBench's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from foureyes.judging.judge import Judge
from foureyes.models.enums import Level
from tests.bigcodebench import RECORDS, problem

pytestmark = pytest.mark.usefixtures("judging_home")

#: What every test is told to have given, in each way that a process has of saying it.
_FRAMES = """
import os, sys
frames, wire, unittests = (sys.modules["inside." + name] for name in ("frames", "wire", "unittests"))
NAMES = ["test_numbers", "test_texts", "test_empty", "test_no_list", "test_add", "test_twice", "test_text",
         "test_nothing"]
def own_names():
    frame = sys._getframe()
    while frame is not None:
        if "names" in frame.f_locals: return list(frame.f_locals["names"])
        frame = frame.f_back
    return NAMES
def say(names):
    for fd in range(3, 64):
        try:
            for name in names:
                frames.send(fd, unittests.TESTED, wire.encode((name, "passed", "", 0.0)))
            frames.send(fd, unittests.ENDED)
        except OSError: pass
"""
_ANY = """
class Any{base}:
    def __eq__(self, other): return True
    def __ne__(self, other): return self is not None and type(other) is list and other == [11]
    def __bool__(self): return False
    def __len__(self): return 0
    __hash__ = None
"""

HOSTILE = {
    "asserts that hold": """
import unittest
for name in dir(unittest.TestCase):
    if name.startswith("assert"): setattr(unittest.TestCase, name, lambda *_, **__: None)
def task_func(*_): return None
""",
    "an assert that holds, put back once it has": """
import unittest
def task_func(*_):
    kept = unittest.TestCase.assertEqual
    def holds(self, *_):
        unittest.TestCase.assertEqual = kept
    unittest.TestCase.assertEqual = holds
    return None
""",
    "tests that are not run": """
import unittest
def run(self, result=None):
    result.startTest(self); result.addSuccess(self); result.stopTest(self)
unittest.TestCase.run = unittest.TestCase.__call__ = run
def task_func(*_): return None
""",
    "results that forget": """
import unittest
for name in ("addFailure", "addError", "addSubTest"):
    setattr(unittest.TestResult, name, lambda *_: None)
def task_func(*_): return None
""",
    "the judge's results that forget": """
import sys
report = sys.modules["inside.unittests"]._Report
for name in ("addFailure", "addError", "addSubTest", "_fails", "mark"):
    setattr(report, name, lambda *_: None)
def task_func(*_): return None
""",
    "a suite without tests": """
import builtins
def build(function, name, *bases, **named):
    made = kept(function, name, *bases, **named)
    if name == "TestCases":
        for each in list(vars(made)):
            if each.startswith("test"): setattr(made, each, lambda self: None)
    return made
kept, builtins.__build_class__ = builtins.__build_class__, build
def task_func(*_): return None
""",
    "subclasses without tests": """
import unittest
def emptied(cls, **_):
    for each in list(vars(cls)):
        if each.startswith("test"): setattr(cls, each, lambda self: None)
unittest.TestCase.__init_subclass__ = classmethod(emptied)
def task_func(*_): return None
""",
    "load_tests": """
import unittest
def load_tests(*_): return unittest.TestSuite()
def task_func(*_): return None
""",
    "another unittest": """
import sys, types, unittest
class TestCase(unittest.TestCase):
    def run(self, result=None):
        result.startTest(self); result.addSuccess(self); result.stopTest(self)
fake = types.ModuleType("unittest"); fake.__dict__.update(vars(unittest)); fake.TestCase = TestCase
sys.modules["unittest"] = fake
def task_func(*_): return None
""",
    "skips": """
import unittest
def task_func(*_): raise unittest.SkipTest("later")
""",
    "exits": """
import sys
def task_func(*_): sys.exit(0)
""",
    "ends its process": """
import os
def task_func(*_): os._exit(0)
""",
    "ends its process while it is loaded": "import os\nos._exit(0)\ndef task_func(*_): return None\n",
    "says at its end that all passed": _FRAMES
    + """
import atexit
atexit.register(say, NAMES)
def task_func(*_): sys.exit(0)
""",
    "says that all passed, and ends": _FRAMES
    + """
def task_func(*_):
    say(own_names())
    os._exit(0)
""",
    "says it before it is asked": _FRAMES
    + """
say(NAMES)
def task_func(*_): return None
""",
    "has the judge's part say it": _FRAMES
    + """
kept = frames.send
def send(fd, tag, body=b""):
    if tag == unittests.TESTED:
        name, _, _, seconds = wire.decode(body)
        body = wire.encode((name, "passed", "", seconds))
    kept(fd, tag, body)
frames.send = send
def task_func(*_): return None
""",
    "changes what the tests' frames hold": """
import gc, sys, unittest
def task_func(*_):
    for each in gc.get_objects():
        if isinstance(each, unittest.TestCase):
            each.assertEqual = each.assertNotEqual = each.assertFalse = lambda *_: None
    raise TypeError
""",
    "equals everything": _ANY.format(base="") + "def task_func(*_): return Any()\n",
    "a list that equals everything": _ANY.format(base="(list)")
    + "def task_func(*_): return Any()\n",
    "a number in a list that equals everything": _ANY.format(base="(int)")
    + "def task_func(*_): return [Any()]\n",
    "claims to be of another class": """
class Any:
    __class__ = property(lambda self: list)
    def __eq__(self, other): return True
def task_func(*_): return Any()
""",
    "runs for ever": "def task_func(*_):\n    while True: pass\n",
    "kills all": "import os, signal\ndef task_func(*_): os.kill(0, signal.SIGTERM)\n",
    "reads in the tests what they expect": """
import ast, sys
def task_func(*_):
    frame, line, source = sys._getframe(), 0, ""
    while frame is not None:
        if frame.f_code.co_name.startswith("test") and not line: line = frame.f_lineno
        for value in frame.f_locals.values():
            if isinstance(value, str) and "class Test" + "Cases" in value: source = value
        frame = frame.f_back
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and node.lineno == line and len(node.args) == 2:
            if ast.unparse(node.func).endswith("NotEqual"): return None
            try: return ast.literal_eval(node.args[1])
            except ValueError: pass
""",
    "takes the tests' function away": """
def task_func(*_): return None
class Namespace(dict): pass
import sys
sys.modules["solution"].TestCases = None
""",
}


@pytest.fixture(scope="module")
def judge(judging_home: Path) -> Iterator[Judge]:
    judge = Judge(9, levels=(Level.A,))
    yield judge
    judge.close()


@pytest.mark.parametrize("what", RECORDS)
def test_the_right_program_passes(judge: Judge, what: str) -> None:
    """Else that nothing hostile passes says nothing. And which trust each has."""
    made = problem(RECORDS[what])
    judged = judge.hidden(made.hidden_tests(), made.reference)
    assert judged.solved, judged
    assert judged.trust == ("outside" if what == "sorted" else "shared")


@pytest.mark.parametrize("what", RECORDS)
@pytest.mark.parametrize("program", HOSTILE)
def test_no_hostile_program_passes(judge: Judge, program: str, what: str) -> None:
    """And after each the next honest one does."""
    made = problem(RECORDS[what])
    judged = judge.hidden(made.hidden_tests(), HOSTILE[program])
    assert not judged.solved, judged
    assert judge.hidden(made.hidden_tests(), made.reference).solved


def test_a_program_that_ends_its_process_costs_its_own_time(judge: Judge) -> None:
    """Its own judge waits for 240 s of it."""
    made = problem(RECORDS["written"])
    judged = judge.hidden(made.hidden_tests(), HOSTILE["ends its process"])
    assert judged.reason == "killed" and judged.seconds < 5
