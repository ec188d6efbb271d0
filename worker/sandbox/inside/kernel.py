"""Calls of the C library that Python has no names for."""

import ctypes
import os
import struct

libc = ctypes.CDLL(None, use_errno=True)

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_CAPABILITY_VERSION = 0x20080522


def check(result: int, what: str) -> int:
    """The result; OSError if a call of the C library failed."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def _prctl(option: int, value: int, what: str) -> None:
    rest = [ctypes.c_ulong(part) for part in (value, 0, 0, 0)]
    check(libc.prctl(option, *rest), f"prctl({what})")


def drop_capabilities() -> None:
    """Give up every capability, for good."""
    header = struct.pack("=Ii", _CAPABILITY_VERSION, 0)
    check(libc.capset(header, bytes(24)), "capset")


def refuse_new_privileges() -> None:
    """Nothing that this process does can give it any; Landlock and seccomp ask for this first."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1, "PR_SET_NO_NEW_PRIVS")


def refuse_inspection() -> None:
    """No core dumps, not even into a pipe; and no other process of this user may trace this one."""
    _prctl(_PR_SET_DUMPABLE, 0, "PR_SET_DUMPABLE")


def die_with(parent: int, signal: int) -> None:
    """Ask the kernel to send `signal` to this process when its parent, process `parent`, ends."""
    _prctl(_PR_SET_PDEATHSIG, signal, "PR_SET_PDEATHSIG")
    if os.getppid() != parent:  # it ended before we could ask
        os.kill(os.getpid(), signal)
