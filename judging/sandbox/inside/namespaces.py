"""Level A: bubblewrap shows programs no more than they need; each gets namespaces of its own."""

import os

from .confine import DISK, TASKS
from .kernel import check, fork, libc, mount_tmpfs
from .seccomp import Filter

_CLONE_NEWNS, _CLONE_NEWPID = 0x00020000, 0x20000000
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 2, 4, 8
_FLAGS = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC
#: Of the private /tmp, with so many files.
_OPTIONS = f"size={DISK},nr_inodes=2048,mode=0700".encode()


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
        child = fork()
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
        mount_tmpfs(b"/tmp", _FLAGS, _OPTIONS)
        os.chdir("/tmp")  # noqa: S108
