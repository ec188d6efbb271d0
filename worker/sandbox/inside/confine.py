"""How one process loses everything it could do harm with, before it meets its program."""

import ctypes
import os
import resource
import struct

from .seccomp import Filter

_CLONE_NEWNS = 0x00020000
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 2, 4, 8
_CAPABILITY_VERSION = 0x20080522

#: Bytes of address space; EvalPlus's limit, and four times what any reference program needs.
MEMORY = 4 << 30
#: Bytes and files of the private /tmp.
_DISK, _FILES = 64 << 20, 2048
#: The main thread's stack; a deeper one would run into what is mapped below it.
_STACK = 120 << 20

_LIMITS = {
    resource.RLIMIT_AS: MEMORY,
    resource.RLIMIT_DATA: MEMORY,
    resource.RLIMIT_STACK: _STACK,
    resource.RLIMIT_FSIZE: _DISK,
    resource.RLIMIT_NOFILE: 64,
    resource.RLIMIT_NPROC: 64,
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_MEMLOCK: 0,
    resource.RLIMIT_MSGQUEUE: 0,
}

libc = ctypes.CDLL(None, use_errno=True)


def check(result: int, what: str) -> None:
    """Raise OSError if a call of the C library failed."""
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def confine(fd: int, cpu_seconds: int, filter_: Filter) -> None:
    """Give up files, mounts, capabilities and system calls; keep `fd` and an empty /tmp.

    `cpu_seconds` is a backstop; deadlines are the supervisor's.
    """
    os.closerange(3, fd)
    os.closerange(fd + 1, 1 << 16)
    check(libc.unshare(_CLONE_NEWNS), "unshare(CLONE_NEWNS)")
    flags = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC
    options = f"size={_DISK},nr_inodes={_FILES},mode=0700".encode()
    check(libc.mount(b"tmpfs", b"/tmp", b"tmpfs", flags, options), "mount(/tmp)")
    os.chdir("/tmp")  # noqa: S108
    for limit, most in _LIMITS.items():
        _, hard = resource.getrlimit(limit)
        if hard != resource.RLIM_INFINITY:
            most = min(most, hard)  # whoever started the worker may have set less
        resource.setrlimit(limit, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    header = struct.pack("=Ii", _CAPABILITY_VERSION, 0)
    check(libc.capset(header, bytes(24)), "capset")
    filter_.install()
