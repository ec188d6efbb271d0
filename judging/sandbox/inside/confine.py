"""How one process loses everything it could do harm with, before it meets its program."""

import os
import resource
from typing import Protocol

from . import kernel
from .seccomp import Filter

#: Bytes of address space; EvalPlus's limit, and four times what any reference program needs.
MEMORY = 4 << 30
#: The longest file, where a program can write any.
DISK = 64 << 20
#: Processes and threads of one program.
TASKS = 256
#: The main thread's stack; a deeper one would run into what is mapped below it.
_STACK = 120 << 20

_LIMITS = {
    resource.RLIMIT_AS: MEMORY,
    resource.RLIMIT_DATA: MEMORY,
    resource.RLIMIT_STACK: _STACK,
    resource.RLIMIT_FSIZE: DISK,
    resource.RLIMIT_NOFILE: 64,
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_MEMLOCK: 0,
    resource.RLIMIT_MSGQUEUE: 0,
    # Counted for the user, who may be the worker's: a full queue stops others' timers.
    resource.RLIMIT_SIGPENDING: 64,
}


class Enclosure(Protocol):
    """What hides this machine's files and processes from a program: namespaces, or Landlock."""

    #: The system calls that a program may make inside.
    filter: Filter
    #: Processes and threads of the program's user at which no more can be started.
    most_processes: int

    def shows(self, path: str) -> bool:
        """Whether programs can read the folder, which Python would look for modules in."""

    def fork(self) -> int:
        """Start a process for one program. As kernel.fork."""

    def enter(self) -> None:
        """Close the calling process in, for good. It was started by `fork`."""


def limit() -> None:
    """Give up in the zygote, once, what each program is to lack and it can do without itself."""
    kernel.refuse_new_privileges()
    for resource_, most in _LIMITS.items():
        _lower(resource_, most)


def _lower(resource_: int, most: int) -> None:
    """Allow so much of a resource, or what whoever started the worker has set if that is less."""
    _, allowed = resource.getrlimit(resource_)
    if allowed != resource.RLIM_INFINITY:
        most = min(most, allowed)
    resource.setrlimit(resource_, (most, most))


def confine(fd: int, cpu_seconds: int, enclosure: Enclosure) -> None:
    """Give up files, processes, capabilities and system calls; keep `fd`. After `limit`.

    `cpu_seconds` is a backstop; deadlines are the supervisor's.
    """
    enclosure.enter()
    os.closerange(3, fd)
    os.closerange(fd + 1, 1 << 16)
    _lower(resource.RLIMIT_NPROC, enclosure.most_processes)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    kernel.drop_capabilities()
    enclosure.filter.install()
