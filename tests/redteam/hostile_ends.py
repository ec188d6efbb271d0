"""Hostile programs that would take their judge along, so that nobody can say that they are wrong.

As in hostile.py; none of them returns a right answer. What counts is that each gets a verdict.
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
