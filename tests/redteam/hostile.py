"""Hostile programs for the problem "return [x + 1]".

Each returns the right answer only where its attack worked, so passing means a broken judge. Each
key says what the program tries. CANARY stands for the path of a file on this machine.
"""

PROGRAMS: dict[str, str] = {}

PROGRAMS["forge equality"] = """
class Liar:
    def __eq__(self, other): return True
    __hash__ = None
def f(x): return Liar()
"""

PROGRAMS["forge equality inside a list"] = """
class Liar(int):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
def f(x): return [Liar(-7)]
"""

PROGRAMS["forge a list"] = """
class Liar(list):
    def __eq__(self, other): return True
    def __iter__(self): return iter(range(100))
    def __len__(self): return 1
def f(x): return Liar()
"""

PROGRAMS["lie about the class"] = """
class Liar:
    @property
    def __class__(self): return list
    def __eq__(self, other): return True
    def __len__(self): return 1
    def __iter__(self): return iter([self])
def f(x): return Liar()
"""

PROGRAMS["send a gadget to whoever unpickles"] = """
class Gadget(list):
    def __reduce__(self): return (eval, ("__import__('os').kill(__import__('os').getppid(), 9)",))
    __reduce_ex__ = lambda self, protocol: self.__reduce__()
def f(x): return Gadget([object()])
"""

PROGRAMS["read the expected outputs from the callers"] = """
import gc, sys
def f(x):
    frame = sys._getframe(1)
    while frame is not None:
        for place in (frame.f_locals, frame.f_globals):
            for name, value in list(place.items()):
                if name in ("expected", "answers", "reference", "exp", "outputs"):
                    return value[x] if isinstance(value, list) else value
        frame = frame.f_back
    for thing in gc.get_objects():
        if isinstance(thing, dict) and {"expected", "reference"} & set(map(str, thing)):
            return thing["expected"]
    return None
"""

PROGRAMS["patch what serialises the outputs"] = """
import builtins, hashlib, marshal, os, struct, sys
class Everything:
    def __eq__(self, other): return True
def f(x):
    for module in list(sys.modules.values()):
        if module is not None and module.__name__.split(".")[-1] in ("wire", "frames", "program"):
            for name in dir(module):
                if not name.startswith("__"):
                    try: setattr(module, name, Everything())
                    except Exception: pass
    builtins.isinstance = builtins.type = lambda *given: True
    builtins.len = lambda *given: 1
    return None
"""

PROGRAMS["write to every descriptor"] = r"""
import os
def f(x):
    for _ in range(40):
        for fd in range(1024):
            try: os.write(fd, b"\xff" * 65536)
            except OSError: pass
    return None
"""

PROGRAMS["write half a frame and wait"] = r"""
import os, time
def f(x):
    for fd in range(3, 1024):
        try: os.write(fd, b"\x00\x00\x10\x00V")
        except OSError: pass
    while True: pass
"""

PROGRAMS["write frames of its own"] = r"""
import os, struct
def f(x):
    for fd in range(3, 1024):
        for body in (b"R", b"V", b"VN", b"D" + bytes(32), b"C", b"Vl\xff\xff\xff\xff", b"Vi\x00\x00\x00\x00"):
            try: os.write(fd, struct.pack(">I", len(body)) + body)
            except OSError: pass
    os._exit(0)
"""

PROGRAMS["flood stdout and stderr"] = """
import sys
def f(x):
    for _ in range(2000):
        print("x" * 10000); sys.stderr.write("y" * 10000)
    return None
"""

PROGRAMS["close and replace every descriptor"] = """
import os
def f(x):
    for fd in range(64):
        try: os.close(fd)
        except OSError: pass
    os.pipe(); os.pipe()
    return None
"""

PROGRAMS["fork without end"] = """
import os
def f(x):
    for _ in range(200):
        try: os.fork()
        except OSError: return None
    return [x + 1]
"""

PROGRAMS["start threads without end, which outlive the call"] = """
import threading, time
def f(x):
    def spin():
        while True: time.sleep(0.001)
    try:
        for _ in range(100000): threading.Thread(target=spin, daemon=False).start()
    except RuntimeError:
        return None
    return [x + 1]
"""

PROGRAMS["take all memory"] = """
def f(x):
    taken = []
    while True: taken.append(bytearray(200 << 20))
"""

PROGRAMS["take all memory and go on without"] = """
def f(x):
    taken = []
    try:
        while True: taken.append(bytearray(500 << 20))
    except MemoryError:
        while True:
            try: taken.append(bytearray(1 << 20))
            except MemoryError: return None
"""

PROGRAMS["fill the disk and its inodes"] = """
import os
def f(x):
    written = 0
    for number in range(100000):
        try:
            with open(f"/tmp/{number}", "wb") as file:
                if number % 10 == 0: file.write(bytes(1 << 20))
            written += 1
        except OSError: return None
    return [x + 1]
"""

PROGRAMS["leave by os._exit"] = "import os\ndef f(x): os._exit(0)\n"
PROGRAMS["leave while loading"] = "import os\nos._exit(0)\ndef f(x): return [x + 1]\n"
PROGRAMS["leave by sys.exit"] = "import sys\ndef f(x): sys.exit(0)\n"
PROGRAMS["leave by BaseException"] = """
class Storm(BaseException):
    def __str__(self): raise Storm
    def __repr__(self): raise Storm
def f(x): raise Storm
"""

PROGRAMS["crash"] = "import ctypes\ndef f(x): return ctypes.string_at(0)\n"

PROGRAMS["recurse without end"] = """
import sys
sys.setrecursionlimit(10 ** 9)
class Deep:
    def __repr__(self): return repr(self)
def f(x): return repr(Deep())
"""

PROGRAMS["stop or kill itself, its parent and everyone"] = """
import os, signal
def f(x):
    for number in (signal.SIGSTOP, signal.SIGTSTP, signal.SIGTERM, signal.SIGKILL):
        for pid in (os.getppid(), -1, 0, 1, 2, 3, os.getpid()):
            try: os.kill(pid, number)
            except OSError: pass
    return None
"""

PROGRAMS["never return, catching everything"] = """
import signal
def f(x):
    for number in range(1, 65):
        try: signal.signal(number, lambda *given: None)
        except (OSError, ValueError): pass
    while True:
        try:
            while True: pass
        except BaseException: pass
"""

PROGRAMS["sleep for ever"] = "import time\ndef f(x): time.sleep(10 ** 6)\n"

PROGRAMS["block in C"] = "def f(x): return 10 ** (10 ** 9)\n"

PROGRAMS["return something huge"] = "def f(x): return ['x' * (1 << 30)]\n"

PROGRAMS["return many"] = "def f(x): return list(range(30_000_000))\n"

PROGRAMS["return something deep"] = """
def f(x):
    value = []
    for _ in range(100000): value = [value]
    return value
"""

PROGRAMS["return something that holds itself"] = """
def f(x):
    value = []; value.append(value); value.append({"value": value})
    return value
"""

PROGRAMS["return something without end"] = """
import itertools
class Endless(list):
    def __iter__(self): return itertools.count()
    def __len__(self): return 1 << 60
def f(x): return itertools.count() if x % 2 else Endless()
"""

PROGRAMS["return what takes for ever to hash"] = """
def f(x):
    numbers = [n * ((1 << 61) - 1) for n in range(3000)]
    return [set(numbers), dict.fromkeys(numbers)]
"""

PROGRAMS["return numbers too long to write"] = "def f(x): return [10 ** 200000]\n"

PROGRAMS["return hostile scalars"] = """
def f(x): return [float("nan")] if x % 2 else [float("inf")]
"""

PROGRAMS["read this machine's files"] = """
import glob
def f(x):
    for path in ("CANARY", "/etc/passwd", "/etc/shadow", "/proc/self/maps", "/proc/1/environ",
                 "/proc/self/mem", "/sys/kernel/notes", "/dev/mem", *glob.glob("/home/*/*"),
                 *glob.glob("/root/*")):
        try:
            with open(path, "rb") as file:
                if file.read(1): return [x + 1]
        except OSError: pass
    return None
"""

PROGRAMS["write this machine's files"] = """
def f(x):
    for path in ("CANARY", "/x", "/usr/lib/x", "/usr/lib/python3/x", "/dev/shm/x", "/dev/x",
                 "/proc/sys/kernel/core_pattern", "/var/tmp/x", "/run/x", "/etc/x"):
        try:
            with open(path, "ab") as file:
                file.write(b"x"); return [x + 1]
        except OSError: pass
    return None
"""

PROGRAMS["speak to the network"] = """
import socket
def f(x):
    for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK, 17, 40):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):
            try:
                socket.socket(family, kind); return [x + 1]
            except OSError: pass
    return None
"""

PROGRAMS["run another program"] = """
import os, subprocess, sys
def f(x):
    for path in (sys.executable, "/bin/sh", "/python/bin/python3.11", "/usr/lib64/ld-linux-x86-64.so.2"):
        try: os.execv(path, [path, "-c", "while True: pass"])
        except (OSError, ValueError): pass
    try: subprocess.run(["sh"]); return [x + 1]
    except OSError: return None
"""

PROGRAMS["raise its own limits"] = """
import resource
def f(x):
    for limit in range(16):
        try:
            soft, hard = resource.getrlimit(limit)
            higher = hard + 1 if hard >= 0 else hard
            if hard < 0: continue
            resource.setrlimit(limit, (higher, higher)); return [x + 1]
        except (OSError, ValueError): pass
    return None
"""

PROGRAMS["call the kernel directly"] = """
import ctypes, platform
libc = ctypes.CDLL(None, use_errno=True)
# unshare, mount, setns, ptrace, bpf, io_uring_setup, keyctl, memfd_create, shmget, semget,
# process_vm_readv, userfaultfd, perf_event_open, socket, socketpair, chroot, open_by_handle_at
CALLS = {
    "x86_64": (272, 165, 308, 101, 321, 425, 250, 319, 29, 64, 310, 323, 298, 41, 53, 161, 304),
    "aarch64": (97, 40, 268, 117, 280, 425, 219, 279, 194, 190, 270, 282, 241, 198, 199, 51, 265),
}
def f(x):
    for number in CALLS[platform.machine()]:
        ctypes.set_errno(0)
        done = libc.syscall(number, 0, 0, 0, 0, 0)
        # EPERM: the filter said no. Anything else came from the kernel itself.
        if done != -1 or ctypes.get_errno() != 1: return [x + 1]
    return None
"""

PROGRAMS["become privileged"] = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def f(x):
    for attempt in (lambda: os.setuid(0), lambda: os.setresuid(0, 0, 0), lambda: os.chroot("/tmp"),
                    lambda: os.setgroups([0]), lambda: os.nice(-5)):
        try: attempt(); return [x + 1]
        except OSError: pass
    return [x + 1] if libc.unshare(0x10000000) == 0 else None
"""

PROGRAMS["stay at the exit"] = """
import atexit, threading
class Clinging:
    def __del__(self):
        while True: pass
def cling():
    while True: pass
atexit.register(cling)
kept = Clinging()
def f(x):
    threading.Thread(target=cling).start()
    return None
"""

# Variations on the themes above, and classes of their own; shown on one line each.
PROGRAMS |= {
    # looking right
    "an int that is equal to all": "class I(int):\n    def __eq__(self, o): return True\n    __hash__ = int.__hash__\ndef f(x): return [I(0), I(0)]",
    "library types that are equal to all": "from collections import UserList, deque\nclass D(deque):\n    def __eq__(self, o): return True\nclass U(UserList):\n    def __eq__(self, o): return True\n    data = property(lambda self: [D()], lambda self, data: None)\ndef f(x): return U()",
    "an array that is equal to all": "import numpy\nclass A(numpy.ndarray):\n    def __eq__(self, o): return True\n    def item(self): return self\ndef f(x): return numpy.zeros(1).view(A)",
    "says that it is large": "from inside.values import Large\ndef f(x): return Large(bytes(32), 'list', True, (10**9, 10**9), '[2]')",
    "is large in a list": "from inside.values import Large\ndef f(x): return [Large(bytes(32), 'int', True, (), '2')]",
    "sends numbers for ever": "import os\nfrom inside import frames, wire\ndef f(x):\n    while True:\n        for fd in range(3, 64):\n            try: frames.send(fd, frames.NUMBERS, wire.encode([1.5] * 1000))\n            except OSError: pass",
    "patches the encoder": "from inside import wire\nwire.encode = lambda *a: b'T'\ndef f(x): return 0",
    "forges frames": "import os\nfor fd in range(3, 64):\n    try: os.write(fd, b'\\0\\0\\0\\1R' + b'\\0\\0\\0\\2VT' * 9)\n    except OSError: pass\ndef f(x): return 0",
    "forges an end": "import os\ndef f(x):\n    for fd in range(3, 64):\n        try: os.write(fd, b'\\0\\0\\0\\1Z')\n        except OSError: pass\n    os._exit(0)",
    "half a frame": "import os\ndef f(x):\n    for fd in range(3, 64):\n        try: os.write(fd, b'\\xff\\xff\\xff\\xfe')\n        except OSError: pass\n    os._exit(0)",
    "patches builtins": "import builtins\nbuiltins.repr = builtins.len = builtins.isinstance = lambda *a: True\ndef f(x): return 0",
    "exits early": "import sys\ndef f(x): sys.exit(0)",
    "exits while loading": "raise SystemExit(0)",
    "raises what nobody catches": "class B(BaseException): pass\ndef f(x): raise B",
    "an exception that cannot be shown": "class B(Exception):\n    def __str__(self): raise SystemExit\ndef f(x): raise B",
    # breaking things
    "deep recursion": "import sys\nsys.setrecursionlimit(10**9)\ndef f(x): return f(x)",
    "endless loop": "def f(x):\n    while True: pass",
    "ignores signals": "import signal\nfor n in range(1, 65):\n    try: signal.signal(n, signal.SIG_IGN)\n    except (OSError, ValueError): pass\ndef f(x):\n    while True: pass",
    "memory while loading": "x = 'a' * 10**11\ndef f(x): return 0",
    "thread bomb": "import threading, time\ndef f(x):\n    while True: threading.Thread(target=time.sleep, args=(99,)).start()",
    "a thread that outlives the call": "import threading, time\ndef f(x):\n    threading.Thread(target=lambda: time.sleep(99)).start()\n    return [x, 0]",
    "fills the disk": "def f(x):\n    for i in range(10**6):\n        with open(f'/tmp/{i}', 'wb') as file: file.write(b'x' * 10**6)",
    "fills the inodes": "def f(x):\n    for i in range(10**7): open(f'/tmp/{i}', 'w').close()",
    "floods stdout": "def f(x):\n    while True: print('x' * 10**6)",
    "floods every descriptor": "import os\ndef f(x):\n    while True:\n        for fd in range(64):\n            try: os.write(fd, b'x' * 10**6)\n            except OSError: pass",
    # outputs
    "deep output": "def f(x):\n    a = []\n    for _ in range(10**5): a = [a]\n    return a",
    "huge output": "def f(x): return 'x' * 10**9",
    "broad output": "def f(x):\n    a = [0] * 1000\n    for _ in range(5): a = [a] * 1000\n    return a",
    "colliding output": "def f(x): return {i * (2**61 - 1) for i in range(1, 20000)}",
    "endless output": "def f(x):\n    class L(list):\n        def __iter__(self):\n            while True: yield 1\n    return L([1])",
    "an array": "import numpy\ndef f(x): return numpy.array([x, x + 1])",
    "not a number": "def f(x): return [float('nan'), float('inf')]",
    "a huge number": "def f(x): return 10 ** 10 ** 7",
    # getting out
    "reads /proc": "def f(x): return open('/proc/1/environ').read()",
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
