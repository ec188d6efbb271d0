"""The attack that every sandbox must withstand before it is given any program."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from foureyes.judging.sandbox.connection import BadFrames
from foureyes.judging.sandbox.inside import frames, wire
from foureyes.judging.sandbox.process import Overtime
from foureyes.judging.sandbox.sandbox import Sandbox
from foureyes.models.enums import Level
from foureyes.models.errors import InfrastructureError

_SECONDS = 10.0

#: Runs inside, as a program; True stands for an attack that succeeded.
_PROGRAM = """
import ctypes, os, resource, socket, threading

libc = ctypes.CDLL(None, use_errno=True)


def succeeds(action, *arguments):
    try:
        action(*arguments)
    except (OSError, ValueError):
        return False
    return True


def read(path):
    with open(path) as file:
        file.read(1)


def write(path):
    with open(path, "a") as file:
        file.write("x")


def fork():
    if os.fork() == 0:
        os._exit(0)


def start_threads():
    threads = [threading.Thread(target=int) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def call(number, *arguments):
    return libc.syscall(number, *arguments) >= 0


def traces(pid):
    return any(libc.ptrace(request, pid, 0, 0) == 0 for request in (16, 0x4206))


def reads_memory(pid):
    place = (ctypes.c_size_t * 2)(id(libc), 8)
    return libc.process_vm_readv(pid, place, 1, place, 1, 0) >= 0


def attack(canary, processes, writable):
    folder = os.path.dirname(canary)
    processes = [pid for pid in processes if pid != os.getpid()]  # elsewhere a worker is 1 as well
    of_processes = [f"/proc/{pid}/{name}" for pid in processes
                    for name in ("status", "environ", "mem", "maps")]
    return {
        "private files": any(
            succeeds(read, path)
            for path in (canary, "/etc/passwd", "/proc/self/status", "/proc/self/mem", *of_processes)
        ) or succeeds(os.listdir, folder),
        "nothing to write": any(
            succeeds(write, path)
            for path in (canary, "/x", "/python/x", "/judge/x", "/dev/x", "/var/tmp/x", "/dev/shm/x",
                         "/proc/sys/kernel/core_pattern", *writable)
        ) or any((
            succeeds(os.chmod, canary, 0o666), succeeds(os.utime, canary),
            succeeds(os.truncate, canary, 0), succeeds(os.rename, canary, canary + "x"),
            succeeds(os.link, canary, canary + "x"), succeeds(os.symlink, canary, canary + "x"),
            succeeds(os.mkdir, canary + "x"), succeeds(os.mkfifo, canary + "x"),
            succeeds(os.unlink, canary),
        )),
        "no network": any(
            succeeds(lambda: socket.socket(family, kind).close())
            for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK)
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)
        ) or libc.socketpair(1, 1, 0, (ctypes.c_int * 2)()) == 0,
        "no shared memory": libc.shmget(0, 4096, 0o1600) >= 0 or succeeds(os.memfd_create, "x"),
        "no new processes": succeeds(fork) or any(
            succeeds(os.execv, path, ["x"]) for path in ("/python/bin/x", "/bin/true")
        ),
        "no other processes": any(
            succeeds(os.kill, pid, 0) or traces(pid) or reads_memory(pid)
            or call(434, pid, 0)  # pidfd_open
            for pid in processes
        ),
        "no namespaces": libc.unshare(0x10000000) == 0,
        "no mounts": libc.mount(b"tmpfs", b"/tmp", b"tmpfs", 0, None) == 0,
        "fixed limits": succeeds(resource.setrlimit, resource.RLIMIT_CPU, (0, 0)) or any(
            succeeds(resource.prlimit, pid, resource.RLIMIT_CORE, (0, 0)) for pid in processes
        ),
        "no inherited files": sum(succeeds(os.fstat, fd) for fd in range(3, 1024)) != 1,
        "no privileges": os.getuid() == 0 or os.geteuid() == 0 or succeeds(os.setuid, 0),
        "no rare system calls": call(425, 8, bytes(120)) or call(437, -100, b"/", bytes(24), 24),
        "threads can be started": not succeeds(start_threads),
        "no tracing": libc.ptrace(0, 0, 0, 0) == 0,  # last: a traced process stops at any signal
    }
"""

_REMEDIES = {
    "private files": "update the kernel (Linux 6.12 or later for level B)",
    "no privileges": "start the worker as an ordinary user",
    "threads can be started": "raise the limit on the user's processes (ulimit -u)",
}
_REMEDY = "update the kernel (5.14 or later; 6.12 for level B) and bubblewrap"


@dataclass(frozen=True)
class Layer:
    """One thing that the sandbox must keep a program from doing; `remedy` if it does not."""

    name: str
    ok: bool
    remedy: str = ""


def attack(sandbox: Sandbox) -> tuple[Layer, ...]:
    """What holds of a sandbox that has just started.

    The canary is a file that anybody may read and write, so that only the sandbox can hide it. At
    level A a program has a /tmp of its own.

    Raises: InfrastructureError if the attack cannot even be run.
    """
    with tempfile.TemporaryDirectory(prefix="foureyes-canary-") as folder:
        canary = Path(folder, "canary")
        canary.touch()
        canary.chmod(0o666)
        Path(folder).chmod(0o777)
        writable = [] if sandbox.level is Level.A else ["/tmp/x", "x"]  # noqa: S108
        given = [str(canary), [os.getpid(), sandbox.pid], writable]
        request = frames.request((frames.CALL, _PROGRAM, "attack", 1, ""))
        with sandbox.run(request, int(_SECONDS)) as run:
            try:
                loaded = run.next(_SECONDS, judge_cpu=False)
                run.ask(frames.inputs([frames.given(given, False)]), 1)
                frame = run.next(_SECONDS, judge_cpu=False)
            except (Overtime, BadFrames):
                loaded, frame = None, None
    if loaded != frames.READY or frame is None or frame[:1] != frames.VALUE:
        raise InfrastructureError(f"the sandbox did not run its own check: {frame or loaded!r}")
    succeeded: dict[str, bool] = wire.decode(frame[1:])
    return tuple(
        Layer(name, not bad, _REMEDIES.get(name, _REMEDY) if bad else "")
        for name, bad in succeeded.items()
    )
