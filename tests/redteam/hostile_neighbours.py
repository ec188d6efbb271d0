"""Hostile programs that attack the processes beside them: the worker, the zygotes, another slot.

As in hostile.py: each returns the right answer only where its attack worked. PIDS stands for the ids
of those processes, as this machine counts them.
"""

from tests.redteam.hostile_kernel import CALLS, TRIES

_START = (
    CALLS
    + """
import signal
OTHERS = [pid for pid in (PIDS) if pid != os.getpid()]
"""
)

PROGRAMS: dict[str, str] = {}

PROGRAMS["signal others"] = (
    _START
    + TRIES
    + """
def f(x):
    for number in (0, signal.SIGSTOP, signal.SIGKILL):
        for pid in OTHERS:
            if tries(lambda: os.kill(pid, number), lambda: os.killpg(os.getpgid(pid), number)): return [x + 1]
            if call(234, 131, pid, pid, number) or call(200, 130, pid, number): return [x + 1]  # tgkill, tkill
            if call(129, 138, pid, number, bytes(128)): return [x + 1]  # rt_sigqueueinfo
    return None
"""
)

PROGRAMS["find somebody to signal"] = """
import os
def f(x):
    for pid in range(2, 70000):
        if pid != os.getpid():
            try: os.kill(pid, 0); return [x + 1]
            except OSError: pass
    return None
"""

PROGRAMS["kill its group and its session"] = """
import os, signal
def f(x):
    for number in (signal.SIGCONT, signal.SIGKILL):
        for group in {os.getpgrp(), os.getsid(0), os.getpgid(os.getppid() or 0)} - {os.getpid(), 0}:
            try: os.killpg(group, number); return [x + 1]
            except OSError: pass
    os.kill(-1, signal.SIGKILL); os.kill(0, signal.SIGKILL)
    return None
"""

PROGRAMS["trace others"] = (
    _START
    + """
def f(x):
    for pid in OTHERS:
        for request in (16, 0x4206):  # attach, seize
            if libc.ptrace(request, pid, 0, 0) == 0: return [x + 1]
    return None
"""
)

PROGRAMS["read and write the memory of others"] = (
    _START
    + """
def f(x):
    place = (ctypes.c_size_t * 2)(id(libc), 8)
    for pid in OTHERS:
        if libc.process_vm_readv(pid, place, 1, place, 1, 0) >= 0: return [x + 1]
        if libc.process_vm_writev(pid, place, 1, place, 1, 0) >= 0: return [x + 1]
        for name in ("mem", "maps", "environ", "cmdline", "status", "auxv", "syscall", "stack"):
            try:
                with open(f"/proc/{pid}/{name}", "rb") as file: file.read(1); return [x + 1]
            except OSError: pass
    return None
"""
)

PROGRAMS["take descriptors from others"] = (
    _START
    + """
def f(x):
    for pid in OTHERS:
        handle = libc.syscall(434, pid, 0)  # pidfd_open
        if handle >= 0: return [x + 1]
        for fd in range(12):
            if call(438, 438, 3, fd, 0): return [x + 1]  # pidfd_getfd
            for name in ("fd", "fdinfo", "map_files"):
                try: os.open(f"/proc/{pid}/{name}/{fd}", os.O_RDONLY); return [x + 1]
                except OSError: pass
            try: os.readlink(f"/proc/{pid}/fd/{fd}"); return [x + 1]
            except OSError: pass
        for name in ("exe", "cwd", "root"):
            try: os.readlink(f"/proc/{pid}/{name}"); return [x + 1]
            except OSError: pass
    return None
"""
)

PROGRAMS["limit or slow down others"] = (
    _START
    + TRIES
    + """
import resource
def f(x):
    for pid in OTHERS:
        if tries(lambda: resource.prlimit(pid, resource.RLIMIT_CPU, (1, 1)),
                 lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE, (1, 1)),
                 lambda: os.setpriority(os.PRIO_PROCESS, pid, 19), lambda: os.sched_setaffinity(pid, {0}),
                 lambda: os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0)),
                 lambda: open(f"/proc/{pid}/oom_score_adj", "w").write("1000")): return [x + 1]
        if call(251, 30, 1, pid, 3 << 13): return [x + 1]  # ioprio_set
    return None
"""
)

PROGRAMS["learn where others keep their locks"] = (
    _START
    + """
def f(x):
    head, size = ctypes.c_size_t(), ctypes.c_size_t()
    for pid in OTHERS:
        if call(274, 100, pid, ctypes.byref(head), ctypes.byref(size)) and head.value: return [x + 1]
        if call(312, 272, pid, os.getpid(), 0, 0, 0): return [x + 1]  # kcmp
    return None
"""
)

PROGRAMS["enter the namespaces of others"] = (
    _START
    + """
def f(x):
    for pid in OTHERS:
        for name in ("user", "mnt", "pid", "net", "ipc"):
            try: handle = os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY); return [x + 1]
            except OSError: pass
            try: os.chdir(f"/proc/{pid}/root"); return [x + 1]
            except OSError: pass
    return None
"""
)

PROGRAMS["hold its user's queue of signals"] = """
import ctypes, os, signal, threading, time
libc = ctypes.CDLL(None)
def f(x):
    signal.pthread_sigmask(signal.SIG_BLOCK, range(34, 65))
    end = time.monotonic() + 0.15
    while time.monotonic() < end:
        try: signal.pthread_kill(threading.get_ident(), 40); os.kill(os.getpid(), 41)
        except OSError: time.sleep(0.005)
    return None
"""
