"""Hostile programs that would use up, or hold up, what a machine has but once.

As in hostile.py. Others that do so are in hostile_ends.py (page tables, signals) and test_time.py
(processors); programs that need all the memory of a slot are in tests/integration/test_room.py.
"""

PROGRAMS: dict[str, str] = {}

PROGRAMS["touch memory and hold it until its time is over"] = """
import time
held = []
def f(x):
    for _ in range(4): held.append(bytearray(b"x") * (32 << 20))
    time.sleep(6)
"""

PROGRAMS["ask for names that do not exist"] = """
import os, time
place = os.path.dirname(os.__file__) + "/" + "n" * 200
def f(x):
    end, n = time.process_time() + 0.1, 0
    while time.process_time() < end:
        n += 1
        try: os.stat(place + str(n)); os.access("/tmp/" + str(n), 0)
        except OSError: pass
    return None
"""

PROGRAMS["sync this machine's files without end"] = """
import os, threading
def storm():
    for path in (os.__file__, os.path.dirname(os.__file__), "/"):
        try:
            fd = os.open(path, os.O_RDONLY)
            while True: os.fsync(fd); os.fdatasync(fd)
        except OSError: pass
def f(x):
    threads = [threading.Thread(target=storm) for _ in range(4)]
    for thread in threads: thread.start()
    try: os.sync()
    except (AttributeError, OSError): pass
    for thread in threads: thread.join()
"""

PROGRAMS["return to its own fault without end"] = """
import ctypes, signal
def f(x):
    for number in (signal.SIGSEGV, signal.SIGBUS): signal.signal(number, lambda *_: None)
    return ctypes.string_at(8)
"""

PROGRAMS["return what changes between looks"] = """
import itertools, threading
count = itertools.count()
class Moody(list):
    def __len__(self): return next(count) % 3
    def __iter__(self): return iter([self, next(count)])
    def __getitem__(self, at): return next(count)
    @property
    def __class__(self): return (list, dict, int)[next(count) % 3]
def f(x):
    held = {0: Moody([x])}
    def change():
        while True: held[next(count) % 50] = [x + 1]; held.pop(next(count) % 50, None)
    threading.Thread(target=change, daemon=True).start()
    return [held, Moody([x + 1])]
"""
