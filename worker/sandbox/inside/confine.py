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
        """Start a process for one program. As os.fork."""

    def enter(self) -> None:
        """Close the calling process in, for good. It was started by `fork`."""


def confine(fd: int, cpu_seconds: int, enclosure: Enclosure) -> None:
    """Give up files, processes, capabilities and system calls; keep `fd`.

    `cpu_seconds` is a backstop; deadlines are the supervisor's.
    """
    kernel.refuse_new_privileges()
    enclosure.enter()
    os.closerange(3, fd)
    os.closerange(fd + 1, 1 << 16)
    for limit, most in _LIMITS.items():
        _, hard = resource.getrlimit(limit)
        if hard != resource.RLIM_INFINITY:
            most = min(most, hard)  # whoever started the worker may have set less
        resource.setrlimit(limit, (most, most))
    _, allowed = resource.getrlimit(resource.RLIMIT_NPROC)
    most = enclosure.most_processes
    if allowed != resource.RLIM_INFINITY:
        most = min(most, allowed)
    resource.setrlimit(resource.RLIMIT_NPROC, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    kernel.drop_capabilities()
    enclosure.filter.install()
