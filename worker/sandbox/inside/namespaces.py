"""Level A: bubblewrap shows programs no more than they need; each gets namespaces of its own."""

import os

from .confine import DISK, TASKS
from .kernel import check, libc
from .seccomp import Filter

_CLONE_NEWNS, _CLONE_NEWPID = 0x00020000, 0x20000000
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 2, 4, 8
#: Files of the private /tmp.
_FILES = 2048


class Namespaces:
    """An Enclosure for a zygote that bubblewrap has started."""

    most_processes = TASKS

    def __init__(self) -> None:
        self.filter = Filter()
        self._own_namespace = os.pidfd_open(os.getpid())

    def shows(self, path: str) -> bool:
        """All that bubblewrap shows, but our own part."""
        return path != "/judge"

    def fork(self) -> int:
        """Start a process that is the first of a process namespace."""
        check(libc.unshare(_CLONE_NEWPID), "unshare(CLONE_NEWPID)")
        child = os.fork()
        if child != 0:
            # Back to our own namespace for what we start next: unshare works only from there.
            check(libc.setns(self._own_namespace, _CLONE_NEWPID), "setns(CLONE_NEWPID)")
        return child

    def enter(self) -> None:
        """Into a mount namespace of its own, with an empty /tmp that goes with the process.

        And into a process group of its own: signals to a group cross process namespaces. A session
        would do as well, but the kernel gives each session a share of the processor of its own,
        whatever the priority of the worker.
        """
        os.setpgid(0, 0)
        check(libc.unshare(_CLONE_NEWNS), "unshare(CLONE_NEWNS)")
        flags = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC
        options = f"size={DISK},nr_inodes={_FILES},mode=0700".encode()
        check(libc.mount(b"tmpfs", b"/tmp", b"tmpfs", flags, options), "mount(/tmp)")
        os.chdir("/tmp")  # noqa: S108
