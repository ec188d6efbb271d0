"""If one of these fails, a contest's program can pass without solving, or stop the judge.

What is expected is a number that nobody can know, so whatever passes is forged.
"""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foureyes.judging import profiles, replies
from foureyes.judging.formats.livecodebench import streams, verdicts
from foureyes.judging.judge import Judge
from foureyes.models.enums import Level
from tests.contests import hidden

SECRET = str(secrets.randbits(200))
RUN = hidden([("7\n", SECRET + "\n"), ("8\n", SECRET)])
CALL = hidden([("7", f'["{SECRET}"]'), ("8", f'["{SECRET}"]')], "f")
#: The same for programs that are honest.
HONEST_RUN, HONEST_CALL = hidden(), hidden([("1\n2", "3"), ("4\n5", "9")], "f")
HONEST = "print(sum(map(int, input().split())))"
HONEST_METHOD = "class Solution:\n    def f(self, a, b): return a + b"

#: Helps itself to the frames of the process: what is asked for, and what says that all is well.
FORGE = """
import os, struct
def frame(tag, body=b""): return struct.pack(">I", len(body) + 1) + tag + body
def everywhere(data):
    for fd in range(3, 64):
        try: os.write(fd, data)
        except OSError: pass
"""
#: Looks for what is expected in everything that the process can reach.
LOOK = """
import gc, os, sys
found = []
def take(value):
    if isinstance(value, (str, bytes, int)): found.append(str(value))
for thing in gc.get_objects():
    try:
        for each in list(thing.values() if isinstance(thing, dict) else thing): take(each)
    except Exception: pass
frame = sys._getframe()
while frame:
    for each in frame.f_locals.values(): take(each)
    frame = frame.f_back
for fd in range(64):
    try:
        if fd != 1: found.append(os.pread(fd, 1 << 20, 0).decode("latin1"))
    except OSError: pass
for folder, _, names in os.walk("/tmp"):
    for name in names: found.append(open(os.path.join(folder, name), errors="replace").read())
"""

PROGRAMS = {
    "says nothing and ends well": "import os\nos._exit(0)",
    "forges frames": FORGE + "everywhere(frame(b'R') + frame(b'V', b'T') + frame(b'C'))",
    "forges frames and stays": FORGE + "everywhere(frame(b'V', b'T'))\nwhile True: pass",
    "forges a thousand frames": FORGE + "everywhere(frame(b'E', b'x') * 1000)",
    "forges part of a frame": FORGE + "everywhere(frame(b'E', b'x' * 99)[:50])",
    "writes no frames": FORGE + "everywhere(b'\\xff' * 99)",
    "closes its output": "import os\nos.close(1)\nprint(1)",
    "closes everything": "import os\nos.closerange(0, 1024)",
    "closes everything and stays": "import os\nos.closerange(0, 1024)\nwhile True: pass",
    "looks for what is expected": LOOK + "print('\\n'.join(found))",
    "looks for a number of that length": LOOK
    + "import re\nprint(max(re.findall('[0-9]+', ' '.join(found)) or ['0'], key=len))",
    "changes what runs it": """
import sys
for name, module in list(sys.modules.items()):
    if name.startswith("inside"):
        for each in list(vars(module)):
            if callable(vars(module)[each]): setattr(module, each, lambda *a, **k: 0)
""",
    "changes its output": """
import sys
class Always(str):
    def __eq__(self, other): return True
    __hash__ = str.__hash__
    def strip(self): return self
sys.stdout = sys.__stdout__ = Always()
""",
    "changes the status": """
import sys
class Zero(int):
    def __and__(self, other): return 0
sys.exit(Zero(1))
""",
    "prints without end": "while True: print('x' * 1000)",
    "writes without end": "import os\nwhile True: os.write(1, b'x' * 65536)",
    "makes its output long": "import os\nos.lseek(1, 1 << 40, 0)\nos.write(1, b'x')",
    "makes its output long at once": "import os\nos.ftruncate(1, 1 << 26)\nos.write(1, b'x')",
    "maps its output": "import mmap, os\nos.truncate(1, 1 << 25)\nmmap.mmap(1, 1 << 25)[:9] = b'x' * 9",
    "prints lines without end": "import sys\nsys.stdout.write('\\n' * (1 << 20) + '1')",
    "prints a million numbers": "print('1 ' * (1 << 19))",
    "prints a long number": "print('9' * (1 << 20))",
    "prints a number that is too large": "print('1e999999999999999999')\nprint('sNaN')",
    "prints no text": "import os\nos.write(1, bytes(range(256)) * 4096)",
    "prints after its end": """
import threading, time
def later():
    while True: print("x", flush=True)
threading.Thread(target=later, daemon=True).start()
""",
    "threads that do not end": """
import threading
for _ in range(300): threading.Thread(target=threading.Event().wait).start()
""",
    "does not end at its end": "import atexit\natexit.register(lambda: [None for _ in iter(int, 1)])",
    "does not end when it is taken apart": """
class Endless:
    def __del__(self):
        while True: pass
endless = Endless()
""",
    "swallows what would end it": """
while True:
    try:
        while True: pass
    except BaseException: pass
""",
    "ignores signals": """
import signal
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
while True: pass
""",
    "writes into its input": "import os\nos.pwrite(0, b'1 2\\n' * 99, 0)\nos.ftruncate(0, 0)",
    "starts processes": "import os\nwhile True: os.fork()",
    "kills": "import os, signal\nos.kill(-1, signal.SIGKILL)\nos.kill(1, signal.SIGKILL)\nos.killpg(0, 15)",
    "takes all memory": "x = []\nwhile True: x.append(bytearray(1 << 26))",
    "takes all memory of another kind": "import mmap\nx = []\nwhile True: x.append(mmap.mmap(-1, 1 << 26).write(b'x' * (1 << 26)))",
    "overruns its stack": "import sys\nsys.setrecursionlimit(1 << 30)\nf = lambda: f()\nx = []\nfor _ in range(10**6): x = [x]\nrepr(x)\nf()",
    "ends by a fault": "import ctypes\nctypes.memset(0, 0, 1)",
    "fills its folder": "n = 0\nwhile True:\n    open(f'/tmp/{n}', 'w').write('x' * 4096)\n    n += 1",
}  # fmt: skip

METHODS = {
    "equals everything": "class E(list):\n    def __eq__(self, other): return True\n    def __ne__(self, other): return False\ndef f(x): return E()",
    "equals everything, nested": "class E(str):\n    def __eq__(self, other): return True\n    __hash__ = str.__hash__\ndef f(x): return [E('')]",
    "is of no type": "class E:\n    __class__ = list\n    def __eq__(self, other): return True\n    def __len__(self): return 1\n    def __iter__(self): return iter([self])\ndef f(x): return E()",
    "is a number and a text": "class E(int):\n    def __eq__(self, other): return True\n    __hash__ = int.__hash__\ndef f(x): return [E(1)]",
    "lies about its members": "class E(tuple):\n    def __iter__(self): raise KeyError\n    def __len__(self): return 1\ndef f(x): return E()",
    "forges an answer": FORGE + "def f(x):\n    everywhere(frame(b'V', b'T'))\n    return []",
    "forges answers to come": FORGE + "everywhere(frame(b'R') + frame(b'V', b'l\\0\\0\\0\\0') * 9)\ndef f(x): return []",
    "forges that it is loaded, and ends": FORGE + "everywhere(frame(b'R'))\nimport os\nos._exit(0)",
    "answers later": FORGE + "import threading\ndef f(x):\n    threading.Thread(target=lambda: [everywhere(frame(b'V', b'T')) for _ in iter(int, 1)], daemon=True).start()\n    return []",
    "looks for what is expected": LOOK + "def f(x):\n    import re\n    return [max(re.findall('[0-9]+', ' '.join(found)), key=len)]",
    "looks in its caller": "import sys\ndef f(x):\n    frame, found = sys._getframe(), []\n    while frame:\n        found += map(str, frame.f_locals.values())\n        frame = frame.f_back\n    return found[:1]",
    "changes what sends": "from inside import contest, frames, wire\nwire.encode = lambda *a: b'T'\nframes.send = lambda *a: None\ndef f(x): return []",
    "returns without end": "def f(x):\n    class L(list):\n        def __iter__(self):\n            while True: yield 1\n    return L()",
    "returns much": "def f(x): return ['9' * (1 << 20)] * 40",
    "returns deep": "def f(x):\n    found = []\n    for _ in range(10**6): found = [found]\n    return found",
    "returns itself": "def f(x):\n    found = []\n    found.append(found)\n    return found",
    "raises what says nothing": "class E(BaseException):\n    def __str__(self): raise self\ndef f(x): raise E",
    "does not end": "def f(x):\n    while True:\n        try:\n            while True: pass\n        except BaseException: pass",
    "closes everything": "import os\ndef f(x): os.closerange(0, 1024)",
    "a Solution that is everything": "class Solution:\n    def __getattr__(self, name): return lambda *a: self\n    def __eq__(self, other): return True",
    "is made for ever": "class Solution:\n    def __init__(self):\n        while True: pass\n    def f(self, x): return []",
}  # fmt: skip


@pytest.fixture(scope="module", params=Level)
def judge(judging_home: Path, request: pytest.FixtureRequest) -> Iterator[Judge]:
    judge = Judge(slot=9, levels=(request.param,))
    yield judge
    judge.close()


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most of these do not end by themselves."""
    monkeypatch.setattr(verdicts, "SECONDS", 0.5)
    monkeypatch.setattr(replies, "LOAD_SECONDS", 1)
    monkeypatch.setattr(streams, "_END_SECONDS", 1.0)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_hostile_program_gains_nothing(name: str, judge: Judge) -> None:
    found = judge.hidden(RUN, PROGRAMS[name], all_tests=True)
    assert not found.solved and found.failed_base == (0, 1) and found.reason
    assert SECRET not in (found.got or "")
    assert judge.hidden(HONEST_RUN, HONEST).solved


@pytest.mark.parametrize("name", METHODS)
def test_a_hostile_method_gains_nothing(name: str, judge: Judge) -> None:
    found = judge.hidden(CALL, METHODS[name], all_tests=True)
    assert not found.solved and found.failed_base == (0, 1) and found.reason
    assert SECRET not in (found.got or "")
    assert judge.hidden(HONEST_CALL, HONEST_METHOD).solved


@pytest.fixture(scope="module")
def own(judging_home: Path) -> Iterator[Judge]:
    """A judge that judges as LiveCodeBench's own does, and is forged by none of these."""
    judge = Judge(slot=11, profile=profiles.LIVECODEBENCH)
    yield judge
    judge.close()


@pytest.mark.parametrize("name", [*PROGRAMS, *METHODS])
def test_a_hostile_program_gains_nothing_in_the_others_profile(name: str, own: Judge) -> None:
    tests, code = (RUN, PROGRAMS[name]) if name in PROGRAMS else (CALL, METHODS[name])
    assert not own.hidden(tests, code).solved
    assert own.hidden(HONEST_RUN, HONEST).solved
    assert own.hidden(HONEST_CALL, HONEST_METHOD).solved


def test_nobody_waits_for_a_hundred_that_cannot_be_heard(
    judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is waited for longer than its limit, so these count as timeouts do."""
    runs: list[str] = []
    run = streams.run

    def counted(*given: Any) -> Any:
        runs.append("run")
        return run(*given)

    monkeypatch.setattr(streams, "run", counted)
    monkeypatch.setattr(streams, "_END_SECONDS", 0.1)
    code = "import os, time\nos.closerange(0, 1024)\ntime.sleep(600)"
    found = judge.hidden(hidden([("7\n", SECRET)] * 100), code, all_tests=True)
    assert found.reason == "timeout" and found.failed_base == tuple(range(100))
    assert len(runs) == 10


#: What a program says that the judge might say, in the place of the judge.
WORDS = ["the sandbox is gone: it was killed", "timeout", "", "killed\nexception: ValueError"]


@pytest.mark.parametrize("words", WORDS)
def test_no_program_says_in_the_judges_place_why_it_failed(words: str, judge: Judge) -> None:
    """Else a forger is counted as one that ran out of time, or as the machine's victim."""
    code = f"{FORGE}everywhere(frame(b'B', {words.encode()!r}))\nos._exit(0)"
    for tests in (RUN, CALL):
        found = judge.hidden(tests, code)
        assert not found.solved and found.reason == "forged"


def test_nothing_that_a_program_does_to_its_files_is_seen_by_the_next(judge: Judge) -> None:
    """The judge opens them anew for each: flags, places and contents are a program's own."""
    spoil = """
import fcntl, os
for fd in (0, 1): fcntl.fcntl(fd, fcntl.F_SETFL, os.O_APPEND | os.O_NONBLOCK)
print(sum(map(int, input().split())), flush=True)
try: os.pwrite(0, b"9 9", 0)
except OSError: pass
"""
    look = """
import fcntl, os
flags = [fcntl.fcntl(fd, fcntl.F_GETFL) & (os.O_APPEND | os.O_NONBLOCK) for fd in (0, 1)]
assert flags == [0, 0] and os.lseek(1, 0, os.SEEK_END) == 0
print(sum(map(int, input().split())))
"""
    for _ in range(2):
        assert judge.hidden(HONEST_RUN, spoil).solved
        assert judge.hidden(HONEST_RUN, look).solved
