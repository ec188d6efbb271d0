"""Level B: where no namespaces can be had, Landlock and the system call filter hold a program.

It reads Python and nothing else, writes nowhere, and reaches no process but itself. Landlock leaves
three things open that the filter closes here: changing the modes and times of files, which belong to
the program's user where that is the worker's; sockets other than TCP; and System V IPC. One stays
open: that a path exists, and its size, can be seen. See landlock(7).
"""

import contextlib
import ctypes
import errno
import os
import resource
import signal
import struct

from . import kernel
from .confine import TASKS
from .seccomp import WRITING, Filter

#: The first version whose domains cannot signal or trace what is outside; Linux 6.12.
LEAST_ABI = 6

# Numbers on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_PATH_BENEATH = 1

_WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 1, 1 << 2, 1 << 3
#: All that version 6 knows, from EXECUTE to IOCTL_DEV; what is not granted by a rule is refused.
_EVERY_ACCESS = (1 << 16) - 1
_BIND_TCP, _CONNECT_TCP = 1 << 0, 1 << 1
_ABSTRACT_UNIX_SOCKET, _SIGNAL = 1 << 0, 1 << 1


class Landlock:
    """An Enclosure for a zygote that runs as the user whose processes programs become.

    `readable`: files and folders that programs may read, and load machine code from; `hidden`:
    folders right below one of them that they may not, all but their names.

    Raises: OSError with the remedy if this kernel's Landlock is too old, or is not there.
    """

    def __init__(self, readable: list[str], hidden: list[str]) -> None:
        kernel.drop_capabilities()
        os.setsid()  # no terminal, and no process group in common with the worker
        self.filter = Filter(without=WRITING)
        self.most_processes = _tasks_of_user() + TASKS
        self._readable = readable
        self._zygote = os.getpid()
        self._ruleset = _ruleset(_without(readable, hidden))

    def shows(self, path: str) -> bool:
        """Whether `path` is, or lies below, what programs may read."""
        return any(path == top or path.startswith(top + "/") for top in self._readable)

    def fork(self) -> int:
        """Start a process. It can start none itself, so that nothing can outlive it."""
        return kernel.fork()

    def enter(self) -> None:
        """Into a Landlock domain of its own; and die with the zygote."""
        kernel.die_with(self._zygote, signal.SIGKILL)
        os.setsid()
        os.chdir("/")
        kernel.check(
            kernel.libc.syscall(_RESTRICT_SELF, self._ruleset, ctypes.c_uint(0)),
            "landlock_restrict_self",
        )


def _without(readable: list[str], hidden: list[str]) -> dict[str, int]:
    """The access to grant to each path. What a rule grants it grants all the way down.

    So of a folder with something to hide only the names are granted, and each part by itself.
    """
    granted: dict[str, int] = {}
    for path in readable:
        parts = [path]
        if path in map(os.path.dirname, hidden):
            granted[path] = _READ_DIR
            parts = [entry.path for entry in os.scandir(path) if entry.path not in hidden]
        for part in filter(os.path.exists, parts):
            granted[part] = _READ_FILE | (_READ_DIR if os.path.isdir(part) else 0)
    return granted


def _ruleset(granted: dict[str, int]) -> int:
    """The descriptor of a ruleset that grants access to paths, and to /dev/null."""
    check_version()
    scoped = _ABSTRACT_UNIX_SOCKET | _SIGNAL
    handled = struct.pack("=QQQ", _EVERY_ACCESS, _BIND_TCP | _CONNECT_TCP, scoped)
    ruleset = kernel.check(
        kernel.libc.syscall(
            _CREATE_RULESET, handled, ctypes.c_size_t(len(handled)), ctypes.c_uint(0)
        ),
        "landlock_create_ruleset",
    )
    for path, access in granted.items():
        _allow(ruleset, path, access)
    _allow(ruleset, "/dev/null", _READ_FILE | _WRITE_FILE)
    return ruleset


def _allow(ruleset: int, path: str, access: int) -> None:
    place = os.open(path, os.O_PATH)
    rule = struct.pack("=Qi", access, place)
    done = kernel.libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, rule, ctypes.c_uint(0))
    kernel.check(done, f"landlock_add_rule({path})")
    os.close(place)


def check_version() -> None:
    """Raises: OSError with the remedy unless this kernel's Landlock can do all that is needed."""
    version = kernel.libc.syscall(
        _CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(_ASK_VERSION)
    )
    if version >= LEAST_ABI:
        return
    number = ctypes.get_errno() if version < 0 else 0
    if number == errno.EOPNOTSUPP:
        raise OSError("Landlock is switched off: add landlock to the kernel's lsm= parameter")
    if number:
        raise OSError(
            f"no Landlock here ({os.strerror(number)}): use Linux 6.12 or later with "
            "CONFIG_SECURITY_LANDLOCK, and in a container a seccomp profile that allows the "
            "landlock_ calls, as Docker's own does"
        )
    raise OSError(f"Landlock {version} here, {LEAST_ABI} needed: use Linux 6.12 or later")


def _tasks_of_user() -> int:
    """Processes and threads that the kernel counts for this user, to compare with RLIMIT_NPROC.

    Found by trying: /proc does not show those in other containers.
    """
    before = resource.getrlimit(resource.RLIMIT_NPROC)
    low, high = 0, 1 << 22
    while high - low > 1:
        middle = (low + high) // 2 if high < 1 << 22 else max(2 * low, 64)
        if _can_fork(middle, before[1]):
            high = middle
        else:
            low = middle
    resource.setrlimit(resource.RLIMIT_NPROC, before)
    return high


def _can_fork(limit: int, allowed: int) -> bool:
    if allowed != resource.RLIM_INFINITY:
        limit = min(limit, allowed)
    resource.setrlimit(resource.RLIMIT_NPROC, (limit, allowed))
    with contextlib.suppress(BlockingIOError):
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
        return True
    return False
