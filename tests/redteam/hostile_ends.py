"""Hostile programs that would take their judge along, so that nobody can say that they are wrong.

As in hostile.py. What counts is that each gets a verdict, and that none takes more of the kernel's
memory than its limits tell.
"""

PROGRAMS: dict[str, str] = {}

#: Signals to all that a program's process group, or its user, may hold; itself it ignores them.
_STORM = """
import os, signal
MINE = [n for n in signal.valid_signals() if n not in (signal.SIGKILL, signal.SIGSTOP)]
def storm(numbers):
    for n in numbers:
        try: signal.signal(n, signal.SIG_IGN)
        except (OSError, ValueError): pass
    for n in numbers:
        for target in (0, -1, 1, os.getpgrp(), -os.getpgrp(), os.getppid()):
            try: os.kill(target, n)
            except OSError: pass
"""

PROGRAMS["interrupt its group and live on"] = _STORM + "def f(x): return storm([signal.SIGINT])\n"

PROGRAMS["send every signal to its group and to everyone"] = (
    _STORM + "def f(x): return storm(MINE)\n"
)

PROGRAMS["signal its group from a thread while it is loaded"] = (
    _STORM
    + """
import threading, time
for n in MINE: signal.signal(n, signal.SIG_IGN)
def tell():
    for n in MINE: os.kill(0, n)
threading.Thread(target=tell).start()
time.sleep(0.05)
def f(x): return None
"""
)

PROGRAMS["stop its group"] = """
import os, signal
def f(x):
    signal.signal(signal.SIGCONT, signal.SIG_IGN)
    for n in (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU, signal.SIGSTOP): os.kill(0, n)
"""

PROGRAMS["interrupt its group by the C library"] = """
import ctypes
libc = ctypes.CDLL(None)
def f(x):
    libc.signal(2, ctypes.c_void_p(1))
    libc.kill(0, 2); libc.killpg(0, 2); libc.kill(-1, 2); libc.raise_(2) if hasattr(libc, "raise_") else None
"""

PROGRAMS["kill itself"] = """
import ctypes, os, signal, threading
libc = ctypes.CDLL(None)
def f(x):
    for target in (os.getpid(), 0, -1):
        try: os.kill(target, signal.SIGKILL)
        except OSError: pass
    try: signal.pthread_kill(threading.get_ident(), signal.SIGKILL)
    except OSError: pass
    libc.kill(os.getpid(), 9)
    libc.syscall(234, os.getpid(), libc.gettid(), 9)  # tgkill on x86_64
"""

PROGRAMS["map memory far apart"] = """
import ctypes
libc = ctypes.CDLL(None)
libc.mmap.restype = libc.mremap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.mremap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int, ctypes.c_void_p]
def f(x):
    places = set()
    for n in range(1, 2000):
        # As a wish, fixed, fixed where nothing is; and moved there.
        for flags in (0x22, 0x32, 0x100022):
            at = libc.mmap((n << 34) + (1 << 28), 4096, 3, flags, -1, 0)
            if at not in (None, 2 ** 64 - 1): ctypes.memset(at, 1, 1); places.add(at >> 30)
        one = libc.mmap(None, 4096, 3, 0x22, -1, 0)
        for flags in (2, 3, 6, 7):
            at = libc.mremap(one, 4096, 4096, flags, (n << 34) + (1 << 28)) if one not in (None, 2 ** 64 - 1) else None
            if at not in (None, 2 ** 64 - 1): ctypes.memset(at, 1, 1); places.add(at >> 30)
    return [x + 1] if len(places) > 64 else None
"""

PROGRAMS["fill its user's queue of signals"] = """
import ctypes, os, signal, threading
libc = ctypes.CDLL(None)
def f(x):
    signal.pthread_sigmask(signal.SIG_BLOCK, range(34, 65))
    count = 0
    for _ in range(5000):
        try: signal.pthread_kill(threading.get_ident(), 40); os.kill(os.getpid(), 41)
        except OSError: break
        count += 1
    return [x + 1] if count > 1000 else None
"""
