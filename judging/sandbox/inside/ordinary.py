"""What an ordinary Python has and a sandboxed one lacks, given to programs in another way.

There are no sockets in a sandbox, no epoll, no shared memory and no other process. But asyncio wakes
itself by a pair of sockets, and multiprocessing makes its locks of shared memory, even those that
only threads will ever take (multiprocessing.pool.ThreadPool). A pipe and a lock of threads do the
same, and ask nothing of the kernel that programs cannot have anyhow.
"""

import _multiprocessing  # type: ignore[import-not-found]
import _sitebuiltins
import builtins
import fcntl
import os
import selectors
import socket
import sys
import threading
import time
from typing import Any


def give() -> None:
    """Put all of it in its place, in this process and those cloned from it."""
    for name in ("exit", "quit"):
        setattr(builtins, name, _sitebuiltins.Quitter(name, "Ctrl-D (i.e. EOF)"))
    builtins.help = _sitebuiltins._Helper()
    # What cannot be written is no reason to fail: nobody reads it.
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    selectors.DefaultSelector = selectors.PollSelector  # type: ignore[assignment,misc]
    socket.socketpair = _pipe  # type: ignore[assignment]
    _multiprocessing.SemLock = ThreadLock


def _pipe(*_: Any) -> tuple["PipeEnd", "PipeEnd"]:
    """In place of a pair of sockets; what is written to the second can be read from the first."""
    read, write = os.pipe()
    return PipeEnd(read), PipeEnd(write)


class PipeEnd:
    """One end of a pipe, with as much of a socket as an event loop's wake-up needs."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def fileno(self) -> int:
        """The descriptor; -1 once it is closed."""
        return self._fd

    def setblocking(self, flag: bool) -> None:
        """Whether to wait for bytes, or for room."""
        others = fcntl.fcntl(self._fd, fcntl.F_GETFL) & ~os.O_NONBLOCK
        fcntl.fcntl(self._fd, fcntl.F_SETFL, others | (0 if flag else os.O_NONBLOCK))

    def recv(self, most: int) -> bytes:
        """What has been sent, at most so many bytes."""
        return os.read(self._fd, most)

    def send(self, data: bytes) -> int:
        """Send some of it; how many bytes."""
        return os.write(self._fd, data)

    def close(self) -> None:
        """Close it. May be called again."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


class ThreadLock:
    """A `_multiprocessing.SemLock`, which all locks of multiprocessing are, among threads.

    Kind 0 is a lock that its holder may take again, 1 a semaphore.
    """

    SEM_VALUE_MAX = 2**31 - 1
    name = None
    handle = 0

    def __init__(self, kind: int, value: int, maxvalue: int, name: str, unlink: bool) -> None:
        self.kind, self.maxvalue = kind, maxvalue
        self._value = value
        self._changed = threading.Condition()
        #: How often it was taken and not released, and by which thread the last time.
        self._taken, self._holder = 0, 0

    def acquire(self, block: bool = True, timeout: float | None = None) -> bool:
        """Take it; whether that could be done in time."""
        with self._changed:
            if self.kind == 0 and self._is_mine():
                self._taken += 1
                return True
            until = None if timeout is None else time.monotonic() + max(timeout, 0.0)
            while self._value == 0:
                left = None if until is None else until - time.monotonic()
                if not block or (left is not None and left <= 0):
                    return False
                self._changed.wait(left)
            self._value -= 1
            self._taken += 1
            self._holder = threading.get_ident()
        return True

    def release(self) -> None:
        """Let it go.

        Raises: AssertionError if it is another thread's, ValueError if nobody holds it.
        """
        with self._changed:
            if self.kind == 0 and not self._is_mine():
                raise AssertionError("attempt to release recursive lock not owned by thread")
            if self.kind == 0 and self._taken > 1:
                self._taken -= 1
                return
            if self._value >= self.maxvalue:
                raise ValueError("semaphore or lock released too many times")
            self._value += 1
            self._taken -= 1
            self._changed.notify()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def _count(self) -> int:
        return self._taken

    def _is_mine(self) -> bool:
        return self._taken > 0 and self._holder == threading.get_ident()

    def _get_value(self) -> int:
        return self._value

    def _is_zero(self) -> bool:
        return self._value == 0

    def _after_fork(self) -> None:
        """Nobody forks."""
