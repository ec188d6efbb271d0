"""Programs that try to look right, get out, or break the judge. None may pass; none may leave anything.

After each, an honest program must still pass.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.enums import Status
from models.problem import HiddenTests
from models.settings import settings
from worker.sandbox.judge import Judge
from worker.sandbox.sandbox import FIRST_UID

SLOT = 41
PROBLEM = HiddenTests(
    problem_id="redteam/1",
    entry_point="f",
    reference="def f(x):\n    return [x, x + 1]\n",
    base_inputs=[[1], [2]],
    plus_inputs=[[3]],
    atol=0,
    version="redteam-1",
)
HONEST = "def f(x):\n    return [x, x + 1]\n"

HOSTILE = {
    # looking right
    "always equal": "class E:\n    def __eq__(self, o): return True\ndef f(x): return E()",
    "always equal, nested": "class E:\n    def __eq__(self, o): return True\ndef f(x): return [E(), E()]",
    "an int that is equal to all": "class I(int):\n    def __eq__(self, o): return True\n    __hash__ = int.__hash__\ndef f(x): return [I(0), I(0)]",
    "a list that is equal to all": "class L(list):\n    def __eq__(self, o): return True\ndef f(x): return L()",
    "a lying class": "class C:\n    __class__ = list\n    def __eq__(self, o): return True\n    def __len__(self): return 2\n    def __iter__(self): return iter([1, 2])\ndef f(x): return C()",
    "reads the caller's frames": "import sys\ndef f(x):\n    frame = sys._getframe()\n    while frame:\n        for value in list(frame.f_locals.values()) + list(frame.f_globals.values()):\n            if isinstance(value, dict) and 'expected' in value: return value['expected']\n        frame = frame.f_back\n    return None",
    "patches the encoder": "import wire\nwire.encode = lambda *a: b'T'\ndef f(x): return 0",
    "forges frames": "import os\nfor fd in range(3, 64):\n    try: os.write(fd, b'\\0\\0\\0\\1R' + b'\\0\\0\\0\\2VT' * 9)\n    except OSError: pass\ndef f(x): return 0",
    "forges an end": "import os\ndef f(x):\n    for fd in range(3, 64):\n        try: os.write(fd, b'\\0\\0\\0\\1Z')\n        except OSError: pass\n    os._exit(0)",
    "half a frame": "import os\ndef f(x):\n    for fd in range(3, 64):\n        try: os.write(fd, b'\\xff\\xff\\xff\\xfe')\n        except OSError: pass\n    os._exit(0)",
    "patches builtins": "import builtins\nbuiltins.repr = builtins.len = builtins.isinstance = lambda *a: True\ndef f(x): return 0",
    "exits early": "import sys\ndef f(x): sys.exit(0)",
    "exits for good": "import os\ndef f(x): os._exit(0)",
    "exits while loading": "raise SystemExit(0)",
    "raises what nobody catches": "class B(BaseException): pass\ndef f(x): raise B",
    "an exception that cannot be shown": "class B(Exception):\n    def __str__(self): raise SystemExit\ndef f(x): raise B",
    # breaking things
    "segmentation fault": "import ctypes\ndef f(x): ctypes.string_at(0)",
    "deep recursion": "import sys\nsys.setrecursionlimit(10**9)\ndef f(x): return f(x)",
    "endless loop": "def f(x):\n    while True: pass",
    "endless loop that swallows": "def f(x):\n    while True:\n        try:\n            while True: pass\n        except BaseException: pass",
    "stops itself": "import os, signal\ndef f(x): os.kill(os.getpid(), signal.SIGSTOP)",
    "ignores signals": "import signal\nfor n in range(1, 65):\n    try: signal.signal(n, signal.SIG_IGN)\n    except (OSError, ValueError): pass\ndef f(x):\n    while True: pass",
    "memory bomb": "def f(x):\n    a = []\n    while True: a.append(bytearray(10**8))",
    "memory while loading": "x = 'a' * 10**11\ndef f(x): return 0",
    "fork bomb": "import os\ndef f(x):\n    while True: os.fork()",
    "thread bomb": "import threading, time\ndef f(x):\n    while True: threading.Thread(target=time.sleep, args=(99,)).start()",
    "a thread that outlives the call": "import threading, time\ndef f(x):\n    threading.Thread(target=lambda: time.sleep(99)).start()\n    return [x, 0]",
    "fills the disk": "def f(x):\n    for i in range(10**6):\n        with open(f'/tmp/{i}', 'wb') as file: file.write(b'x' * 10**6)",
    "fills the inodes": "def f(x):\n    for i in range(10**7): open(f'/tmp/{i}', 'w').close()",
    "floods stdout": "def f(x):\n    while True: print('x' * 10**6)",
    "floods every descriptor": "import os\ndef f(x):\n    while True:\n        for fd in range(64):\n            try: os.write(fd, b'x' * 10**6)\n            except OSError: pass",
    # outputs
    "deep output": "def f(x):\n    a = []\n    for _ in range(10**5): a = [a]\n    return a",
    "cyclic output": "def f(x):\n    a = []\n    a.append(a)\n    return a",
    "huge output": "def f(x): return 'x' * 10**9",
    "broad output": "def f(x):\n    a = [0] * 1000\n    for _ in range(5): a = [a] * 1000\n    return a",
    "colliding output": "def f(x): return {i * (2**61 - 1) for i in range(1, 20000)}",
    "endless output": "def f(x):\n    class L(list):\n        def __iter__(self):\n            while True: yield 1\n    return L([1])",
    "an array": "import numpy\ndef f(x): return numpy.array([x, x + 1])",
    "not a number": "def f(x): return [float('nan'), float('inf')]",
    "a huge number": "def f(x): return 10 ** 10 ** 7",
    # getting out
    "reads a host file": "def f(x): return open('/etc/passwd').read()",
    "reads /proc": "def f(x): return open('/proc/1/environ').read()",
    "opens a socket": "import socket\ndef f(x): return socket.socket()",
    "starts a program": "import os\ndef f(x): return os.execv('/bin/sh', ['sh', '-c', 'true'])",
    "runs a shell": "import subprocess\ndef f(x): return subprocess.check_output('id')",
    "mounts": "import ctypes\ndef f(x): return ctypes.CDLL(None).mount(b'none', b'/tmp', b'proc', 0, 0)",
    "new namespaces": "import ctypes\ndef f(x):\n    assert ctypes.CDLL(None).unshare(0x10000000) == 0",
    "traces": "import ctypes\ndef f(x):\n    assert ctypes.CDLL(None).ptrace(16, 1, 0, 0) == 0",
    "io_uring": "import ctypes\ndef f(x):\n    assert ctypes.CDLL(None).syscall(425, 8, bytes(120)) >= 0",
    "raises its limits": "import resource\ndef f(x):\n    resource.setrlimit(resource.RLIMIT_AS, (-1, -1))",
    "kills everything": "import os\ndef f(x):\n    os.kill(-1, 9)",
    "writes into the sandbox": "def f(x):\n    open('/sandbox/zygote.py', 'w')",
}  # fmt: skip


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FOUREYES_HOME", str(tmp_path_factory.mktemp("home")))
        settings.cache_clear()
        made = Judge(slot=SLOT)
        yield made
        made.close()
        settings.cache_clear()


def _processes() -> list[str]:
    """The programs that run as the slot's user."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"Uid:\t{FIRST_UID + SLOT}\t" in (folder / "status").read_text():
                found.append((folder / "cmdline").read_text().split("\0")[0])
        except OSError:
            continue
    return sorted(found)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_program_neither_passes_nor_leaves_anything(judge: Judge, name: str) -> None:
    assert judge.hidden(PROBLEM, HONEST).solved
    before = _processes()
    verdict = judge.hidden(PROBLEM, HOSTILE[name])
    assert not verdict.solved
    assert Status.PASS not in (verdict.base, verdict.plus)
    assert verdict.reason
    again = judge.hidden(PROBLEM, HONEST)
    assert again.solved, again
    if os.geteuid() == 0:  # else the slot's user is ours, and has other processes
        assert _processes() == before


def test_a_program_finds_nothing_of_the_one_before(judge: Judge) -> None:
    leave = "open('/tmp/left', 'w').close()\nimport sys\nsys.modules['left'] = 1\n" + HONEST
    look = (
        "import os, sys\ndef f(x):\n"
        "    assert os.listdir('/tmp') == [] and 'left' not in sys.modules\n    return [x, x + 1]"
    )
    assert judge.hidden(PROBLEM, leave).solved
    assert judge.hidden(PROBLEM, look).solved


@pytest.mark.parametrize(
    "program",
    [
        "def f(x):\n    class L(list): pass\n    return L([x, x + 1])",
        "import numpy\ndef f(x):\n    return [numpy.int64(x), x + numpy.int32(1)]",
        "import threading\ndef f(x):\n    out = []\n    t = threading.Thread(target=out.append, args=(x + 1,))\n    t.start()\n    t.join()\n    return [x, *out]",
        "def f(x):\n    print('x' * 10**6)\n    return [x, x + 1]",
        "import tempfile, random, re, json, decimal\ndef f(x):\n    with tempfile.TemporaryFile() as file: file.write(b'x')\n    return [x, x + 1]",
        "def f(x):\n    return [float(x), True + x]",  # 1.0 == 1, as Python and EvalPlus say
    ],
)
def test_confinement_costs_honest_programs_nothing(judge: Judge, program: str) -> None:
    assert judge.hidden(PROBLEM, program).solved
