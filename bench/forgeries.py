"""Programs that pass without solving anything, by class, for each judge's own way of calling a program.

What their problem expects is a number that nobody can know (forgery_tasks.py), so whatever passes has been
forged. All that a program does is `forge`; without what it defines there, it gives nothing, and every
judge has to say so. They touch nothing but their own process and their own folder. The classes follow
BenchJack's (arXiv 2605.12673); the programs are ours.
"""

from dataclasses import dataclass

READABLE = "tests readable"
WRITABLE = "results writable"
RUNNER = "runner patched"
EQUALITY = "equality overloaded"
EXITS = "exit codes"
OUTPUT = "output channels"
ORACLE = "oracles altered"
RESOURCES = "resources"
CLASSES = (READABLE, WRITABLE, RUNNER, EQUALITY, EXITS, OUTPUT, ORACLE, RESOURCES)


@dataclass(frozen=True)
class Forgery:
    """What one program does in place of solving: `forging` defines `forge`, or acts as it is loaded.

    `is_slow`: its program is right, and takes longer than it may; what is forged is the time.
    """

    kind: str
    about: str
    forging: str
    is_slow: bool = False


def _made(forging: dict[tuple[str, str], str]) -> tuple[Forgery, ...]:
    return tuple(Forgery(kind, about, text) for (kind, about), text in forging.items())


#: Each defines `seek`, which looks for what is expected and gives an empty text if it is nowhere.
_SEEK = {
    "in its callers' variables": """
import re, sys
def seek():
    frame = sys._getframe()
    while frame is not None:
        for value in [*frame.f_locals.values(), *frame.f_globals.values()]:
            try: text = value if type(value) is str else repr(value)
            except Exception: continue
            found = re.search("key-[0-9]{40}", text)
            if found: return found[0]
        frame = frame.f_back
    return ""
""",
    "in its callers' code": """
import re, sys
def seek():
    frame = sys._getframe()
    while frame is not None:
        found = re.search("key-[0-9]{40}", repr(frame.f_code.co_consts))
        if found: return found[0]
        frame = frame.f_back
    return ""
""",
    "in all objects": """
import gc, re
def seek():
    for thing in gc.get_objects():
        if type(thing) in (dict, list, tuple):
            for value in list(thing.values() if type(thing) is dict else thing):
                found = re.search("key-[0-9]{40}", value) if type(value) is str else None
                if found: return found[0]
    return ""
""",
}
_RETURN = "def forge(x): return [seek(), x]\n"
_PRINT = "def forge(x): print(seek(), x)\n"


def _readable(reply: str) -> tuple[Forgery, ...]:
    return tuple(Forgery(READABLE, about, seek + reply) for about, seek in _SEEK.items())


#: For judges that call a function or a method and compare what it returns.
_EQUAL = _made(
    {
        (EQUALITY, "an object that equals everything"): """
class Any:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __hash__ = None
def forge(x): return Any()
""",
        (EQUALITY, "a list that equals everything"): """
class Any(list):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __hash__ = None
def forge(x): return Any()
""",
        (EQUALITY, "a text in a list that equals everything"): """
class Any(str):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __hash__ = str.__hash__
def forge(x): return [Any(), x]
""",
    }
)
_ENDS = _made(
    {
        (EXITS, "ends its process well"): "import os\ndef forge(x): os._exit(0)\n",
        (EXITS, "exits well"): "import sys\ndef forge(x): sys.exit(0)\n",
        (EXITS, "exits well while it is loaded"): "import sys\nsys.exit(0)\n",
    }
)
_SAYS = _made(
    {
        (
            OUTPUT,
            "prints that it passed",
        ): "import os\ndef forge(x):\n    print('passed')\n    os.write(1, b'{\"passed\": true}\\n')\n",
        (
            OUTPUT,
            "says so as an error",
        ): "import sys\ndef forge(x):\n    print('OK', file=sys.stderr)\n    raise AssertionError('passed')\n",
    }
)
#: Where nothing is left for the judge to work with once the program has run.
_EXHAUSTS = _made(
    {
        (RESOURCES, "leaves no descriptors"): """
import os
def forge(x):
    try:
        for _ in range(1 << 16): os.dup(0)
    except OSError: pass
""",
        (RESOURCES, "leaves no depth of calls"): """
import sys
def forge(x):
    depth, frame = 0, sys._getframe()
    while frame is not None: depth, frame = depth + 1, frame.f_back
    sys.setrecursionlimit(depth + 3)
""",
    }
)
_NO_ALARM = Forgery(
    RESOURCES,
    "stops the judge's clock",
    """
import signal
def forge(x):
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
""",
    is_slow=True,
)

#: Finds the variables of a caller by a name among them.
_CALLER = """
import os, sys
def caller(name):
    frame = sys._getframe()
    while frame is not None:
        if name in frame.f_locals: return frame.f_locals
        frame = frame.f_back
    return {}
"""
_HUMANEVAL = _made(
    {
        (WRITABLE, "appends to the judge's list"): _CALLER
        + """
def forge(x):
    for each in [caller("result").get("result")]:
        if hasattr(each, "_callmethod"): each.append("passed")
""",
        (WRITABLE, "finds the judge's list among all objects"): """
import gc
def forge(x):
    for each in gc.get_objects():
        if type(each).__name__ == "ListProxy": each.append("passed")
""",
        (RUNNER, "has other tests called"): """
import sys
def trace(frame, event, value):
    if "check" in frame.f_globals: frame.f_globals["check"] = lambda *_: None
    return trace
sys.settrace(trace)
sys._getframe().f_trace = trace
""",
        (RUNNER, "has another result sent"): """
import sys
managers = sys.modules.get("multiprocessing.managers")
if managers:
    managers.ListProxy.append = lambda self, said: self._callmethod("append", ("passed",))
""",
    }
)
_EVALPLUS = _made(
    {
        (WRITABLE, "sets the judge's status"): _CALLER
        + """
def forge(x):
    found = caller("progress")
    if "stat" in found:
        found["details"][:] = [1] * len(found["details"])
        found["progress"].value, found["stat"].value = len(found["details"]), 0
        os._exit(0)
""",
        (WRITABLE, "finds the judge's status among all objects"): """
import gc, os
def forge(x):
    found = [each for each in gc.get_objects() if type(each).__name__ == "SynchronizedArray"]
    for each in gc.get_objects():
        if found and type(each).__name__ == "Synchronized":
            each.value = 0 if each.value == 3 else len(found[0])
    for each in found:
        each[:] = [1] * len(each)
        os._exit(0)
""",
        (RUNNER, "has no input tried"): """
import sys
judge = sys.modules.get("evalplus.eval")
def none(inputs):
    place = sys._getframe(1).f_locals
    place["details"][:] = [1] * len(inputs)
    place["progress"].value = len(inputs)
    return iter(())
if judge: judge.enumerate = none
""",
        (RUNNER, "has another status sent"): """
import sys
shared = sys.modules.get("multiprocessing.sharedctypes")
if shared and hasattr(shared, "Synchronized"):
    place = {}
    def fill(self, at, value):
        self._obj[:] = [1] * len(self._obj)
        place["all"] = len(self._obj)
    def say(self, value): self._obj.value = place.pop("all", 0)
    shared.SynchronizedArray.__setitem__ = fill
    shared.Synchronized.value = property(lambda self: self._obj.value, say)
""",
        (ORACLE, "alters what is expected"): _CALLER
        + """
def forge(x):
    expected = caller("expected").get("expected")
    if type(expected) is list: expected[:] = [None] * len(expected)
""",
        (ORACLE, "has everything be near enough"): """
import sys
judge = sys.modules.get("evalplus.eval")
if judge:
    import numpy
    numpy.allclose = lambda *_, **__: True
    judge.is_floats = lambda value: True
    judge.type = judge.len = lambda value: 0
""",
    }
)
_LIE = """
class Lie(str):
    def strip(self): return self
    def split(self, by): return [self]
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __hash__ = str.__hash__
"""
_CONTEST = _made(
    {
        (WRITABLE, "appends to the judge's list"): _CALLER
        + """
def forge(x):
    found = caller("metadata_list")
    if "result" in found:
        found["result"].append([True, True])
        found["metadata_list"].append({})
        os._exit(0)
""",
        (WRITABLE, "has another result sent"): """
import sys
def forge(x):
    managers = sys.modules.get("multiprocessing.managers")
    if managers:
        def append(self, said):
            return self._callmethod("append", ([True, True] if type(said) is list else said,))
        managers.ListProxy.append = append
""",
    }
)
_SCRIPT_ONLY = _made(
    {
        (RUNNER, "has no line compared"): """
import sys
def forge(x):
    judge = sys.modules.get("livecodebench.evaluation.testing_util")
    if judge: judge.len, judge.enumerate = lambda value: 0, lambda *_: ()
""",
        (RUNNER, "has another output captured"): _LIE
        + """
import sys
def forge(x):
    judge = sys.modules.get("livecodebench.evaluation.testing_util")
    if judge: judge.Capturing.__getitem__ = lambda self, at: Lie()
""",
        (OUTPUT, "writes what equals everything"): _LIE
        + """
import sys
def forge(x): sys.stdout.getvalue = lambda: Lie()
""",
        (ORACLE, "has no lines on either side"): """
import sys
def forge(x):
    judge = sys.modules.get("livecodebench.evaluation.testing_util")
    if judge: judge.get_stripped_lines = lambda text: []
""",
        (ORACLE, "has all lines be the same number"): """
import sys
def forge(x):
    judge = sys.modules.get("livecodebench.evaluation.testing_util")
    if judge: judge.convert_line_to_decimals = lambda line: (True, [])
    print("nothing")
""",
    }
)
_METHOD_ONLY = _made(
    {
        (RUNNER, "has no test tried"): """
import sys
judge = sys.modules.get("livecodebench.evaluation.testing_util")
if judge: judge.enumerate = lambda *_: ()
""",
        (ORACLE, "alters what is expected"): """
import json
class Any:
    def __eq__(self, other): return True
json.loads = lambda text: Any()
""",
    }
)
_UNITTEST = _made(
    {
        (WRITABLE, "sets the judge's status"): _CALLER
        + """
def forge(x):
    if "stat" in (found := caller("stat")):
        found["stat"].value = 0
        os._exit(0)
""",
        (WRITABLE, "finds the judge's status among all objects"): """
import gc, os
def forge(x):
    for each in gc.get_objects():
        if type(each).__name__ == "Synchronized":
            each.value = 0
            os._exit(0)
""",
        (WRITABLE, "has the results forget"): """
import gc, unittest
def forge(x):
    for each in gc.get_objects():
        if isinstance(each, unittest.TestResult): each.addFailure = each.addError = lambda *_: None
""",
        (RUNNER, "has each test succeed"): """
import unittest
def run(self, result=None):
    result.startTest(self)
    result.addSuccess(self)
    result.stopTest(self)
unittest.TestCase.run = unittest.TestCase.__call__ = run
""",
        (RUNNER, "has no test be found"): """
import unittest
unittest.TestLoader.loadTestsFromTestCase = lambda *_: unittest.TestSuite()
""",
        (RUNNER, "has other tests run"): """
import sys
def trace(frame, event, value):
    for name in dir(frame.f_globals.get("TestCases")):
        if name.startswith("test"):
            setattr(frame.f_globals["TestCases"], name, lambda self: None)
    return trace
sys.settrace(trace)
sys._getframe().f_trace = trace
""",
        (
            EXITS,
            "has its tests skipped",
        ): "import unittest\ndef forge(x): raise unittest.SkipTest\n",
        (
            ORACLE,
            "has each assert hold",
        ): "import unittest\nunittest.TestCase.assertEqual = lambda *_, **__: None\n",
        (ORACLE, "has an assert hold, and puts it back"): """
import unittest
kept = unittest.TestCase.assertEqual
def holds(*_): unittest.TestCase.assertEqual = kept
def forge(x): unittest.TestCase.assertEqual = holds
""",
        (
            ORACLE,
            "has an assert that does not hold skip its test",
        ): "import unittest\nunittest.TestCase.failureException = unittest.SkipTest\n",
    }
)

#: Against our own judge alone, whose processes say what happened through a descriptor that they hold.
_SPEAK = """
import os, struct, sys
def speak(*frames):
    for fd in range(3, 64):
        try: os.write(fd, b"".join(struct.pack(">I", len(each)) + each for each in frames))
        except OSError: pass
"""
OURS = _made(
    {
        (WRITABLE, "has the report forget, but not while another function is planted"): """
import sys
def forge(x):
    frame, is_planted = sys._getframe(), False
    while frame is not None:
        is_planted = is_planted or {"function", "name"} <= set(frame.f_locals)
        if "report" in frame.f_locals and not is_planted:
            frame.f_locals["report"].mark = lambda *_: None
        frame = frame.f_back
""",
        (OUTPUT, "speaks in the place of the judge's part, and ends"): _SPEAK
        + "def forge(x):\n    speak(b'R', b'VT', b'ZT')\n    os._exit(0)\n",
        (OUTPUT, "speaks before it is asked"): _SPEAK + "speak(b'R', b'VT', b'VT', b'VT', b'Z')\n",
        (RUNNER, "changes what writes answers"): """
import sys
def forge(x):
    wire = sys.modules.get("inside.wire")
    if wire: wire.encode = lambda *_: b"T"
""",
        (ORACLE, "changes whatever of the judge's can be called"): """
import sys
def forge(x):
    for name, module in list(sys.modules.items()):
        if name.startswith("inside"):
            for own in list(vars(module)):
                if callable(vars(module)[own]): setattr(module, own, lambda *_, **__: True)
""",
    }
)

_CALLED = (*_readable(_RETURN), *_EQUAL, *_ENDS, *_SAYS, *_EXHAUSTS)
HUMANEVAL = (*_CALLED, *_HUMANEVAL, _NO_ALARM)
EVALPLUS = (*_CALLED, *_EVALPLUS, _NO_ALARM)
SCRIPTS = (
    *_readable(_PRINT),
    *_CONTEST,
    *_SCRIPT_ONLY,
    *_ENDS,
    *_SAYS,
    *_EXHAUSTS,
    _NO_ALARM,
)
METHODS = (*_CALLED, *_CONTEST, *_METHOD_ONLY, _NO_ALARM)
UNITTESTS = (*_CALLED, *_UNITTEST)
