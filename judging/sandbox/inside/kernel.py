"""Calls of the C library that Python has no names for."""

import ctypes
import os
import struct

libc = ctypes.CDLL(None, use_errno=True)
# Looked up and typed here: each program's process would have to do it for itself.
_fork = ctypes.PyDLL(None, use_errno=True).fork  # as PyDLL it keeps Python's own lock
_prctl, _capset, _mount = libc.prctl, libc.capset, libc.mount
_prctl.argtypes = (ctypes.c_int, *4 * [ctypes.c_ulong])
_capset.argtypes = (ctypes.c_char_p, ctypes.c_char_p)
_mount.argtypes = (*3 * [ctypes.c_char_p], ctypes.c_ulong, ctypes.c_char_p)

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
#: Version 3, and this process; its effective, permitted and inheritable capabilities, twice 32 bits.
_CAPABILITY_HEADER, _NO_CAPABILITIES = struct.pack("=Ii", 0x20080522, 0), bytes(24)


def check(result: int, what: str) -> int:
    """The result; OSError if a call of the C library failed."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def fork() -> int:
    """As os.fork, for a process with one thread, at half the cost.

    Python gives a child new locks, as threads that it lacks may hold the old ones, and changes as many
    pages of memory for that as a small program does. It also seeds `random` anew, as the caller must.
    """
    return check(_fork(), "fork")


def prctl(option: int, what: str, value: int, second: int = 0) -> None:
    """Change something of this process. Raises: OSError, with `what`."""
    check(_prctl(option, value, second, 0, 0), what)


def mount_tmpfs(place: bytes, flags: int, options: bytes) -> None:
    """An empty file system in memory, in a mount namespace of its own. Raises: OSError."""
    check(_mount(b"tmpfs", place, b"tmpfs", flags, options), "mount(tmpfs)")


def drop_capabilities() -> None:
    """Give up every capability, for good."""
    check(_capset(_CAPABILITY_HEADER, _NO_CAPABILITIES), "capset")


def refuse_new_privileges() -> None:
    """Nothing that this process does can give it any; Landlock and seccomp ask for this first."""
    prctl(_PR_SET_NO_NEW_PRIVS, "prctl(PR_SET_NO_NEW_PRIVS)", 1)


def refuse_inspection() -> None:
    """No core dumps, not even into a pipe; and no other process of this user may trace this one."""
    prctl(_PR_SET_DUMPABLE, "prctl(PR_SET_DUMPABLE)", 0)


def die_with(parent: int, signal: int) -> None:
    """Ask the kernel to send `signal` to this process when its parent, process `parent`, ends."""
    prctl(_PR_SET_PDEATHSIG, "prctl(PR_SET_PDEATHSIG)", signal)
    if os.getppid() != parent:  # it ended before we could ask
        os.kill(os.getpid(), signal)
