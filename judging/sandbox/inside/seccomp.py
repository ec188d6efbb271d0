"""The system calls a program may make: a seccomp filter, written as BPF, for x86_64 and aarch64.

Everything else fails with EPERM, which Python shows as a PermissionError. See seccomp(2).
"""

import ctypes
import errno
import platform
import struct

from .kernel import libc, prctl

_AUDIT_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

#: Numbers on (x86_64, aarch64); None where an architecture does without.
_ALLOWED: dict[str, tuple[int | None, int | None]] = {
    "read": (0, 63),
    "write": (1, 64),
    "futex": (202, 98),
    "munmap": (11, 215),
    "mprotect": (10, 226),
    "madvise": (28, 233),
    "brk": (12, 214),
    "newfstatat": (262, 79),
    "fstat": (5, 80),
    "openat": (257, 56),
    "close": (3, 57),
    "lseek": (8, 62),
    "getdents64": (217, 61),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "nanosleep": (35, 101),
    "gettimeofday": (96, 169),
    "time": (201, None),
    "times": (100, 153),
    "getrandom": (318, 278),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "rt_sigpending": (127, 136),
    "rt_sigtimedwait": (128, 137),
    "rt_sigsuspend": (130, 133),
    "sigaltstack": (131, 132),
    "exit": (60, 93),
    "exit_group": (231, 94),
    "restart_syscall": (219, 128),
    "open": (2, None),
    "stat": (4, None),
    "lstat": (6, None),
    "statx": (332, 291),
    "access": (21, None),
    "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "readlink": (89, None),
    "readlinkat": (267, 78),
    "getcwd": (79, 17),
    "chdir": (80, 49),
    "fchdir": (81, 50),
    "readv": (19, 65),
    "writev": (20, 66),
    "pread64": (17, 67),
    "pwrite64": (18, 68),
    "pipe": (22, None),
    "pipe2": (293, 59),
    "dup": (32, 23),
    "dup2": (33, None),
    "dup3": (292, 24),
    "poll": (7, None),
    "ppoll": (271, 73),
    "select": (23, None),
    "pselect6": (270, 72),
    "fsync": (74, 82),
    "fdatasync": (75, 83),
    "truncate": (76, 45),
    "ftruncate": (77, 46),
    "creat": (85, None),
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "rmdir": (84, None),
    "unlink": (87, None),
    "unlinkat": (263, 35),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "utimensat": (280, 88),
    "umask": (95, 166),
    "getpid": (39, 172),
    "getppid": (110, 173),
    "gettid": (186, 178),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
    "getpgrp": (111, None),
    "getpgid": (121, 155),
    "getsid": (124, 156),
    "getgroups": (115, 158),
    "uname": (63, 160),
    "sysinfo": (99, 179),
    "getrlimit": (97, 163),
    "getrusage": (98, 165),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "set_tid_address": (218, 96),
    "set_robust_list": (273, 99),
    "get_robust_list": (274, 100),
    "rseq": (334, 293),
    "arch_prctl": (158, None),
    "getitimer": (36, 102),
    "setitimer": (38, 103),
    "alarm": (37, None),
    "pause": (34, None),
    "mincore": (27, 232),
    "msync": (26, 227),
}
#: Those that change a file or its name, mode or times.
WRITING = frozenset({
    "truncate", "ftruncate", "creat", "rename", "renameat", "renameat2", "mkdir", "mkdirat",
    "rmdir", "unlink", "unlinkat", "chmod", "fchmod", "fchmodat", "utimensat",
})  # fmt: skip
_CLONE = (56, 220)
_CLONE3 = (435, 435)
_FCNTL = (72, 25)
_IOCTL = (16, 29)
_PRLIMIT = (302, 261)
_MMAP = (9, 222)
_MREMAP = (25, 216)
#: They reach a program itself only: its process namespace or Landlock domain sees to that.
_KILL, _TGKILL = (62, 129), (234, 131)

_CLONE_THREAD = 0x10000
#: F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC: no locks, leases, signals, seals.
_FCNTL_COMMANDS = (0, 1, 2, 3, 4, 1030)
#: TCGETS, TIOCGWINSZ, FIONCLEX, FIOCLEX: what opening a file asks.
_IOCTL_COMMANDS = (0x5401, 0x5413, 0x5450, 0x5451)

_SIGKILL = 9
#: mremap moves a mapping where the kernel chooses (MREMAP_MAYMOVE), or not at all.
_MREMAP_FLAGS = (0, 1)
#: Bytes above and below the libraries in which a program may choose where it maps memory. The tables
#: that the kernel keeps of addresses count for no limit, and grow with how far these are apart.
_WINDOW = 16 << 30
#: What the tables of that many addresses take: a page for each 2 MiB.
TABLES = 2 * _WINDOW // 512

_LOAD, _JUMP_EQUAL, _JUMP_SET, _RETURN = 0x20, 0x15, 0x45, 0x06
_JUMP_ABOVE, _JUMP_FROM = 0x25, 0x35
_NUMBER, _ARCHITECTURE = 0, 4
_ALLOW, _KILL_PROCESS, _FAIL = 0x7FFF0000, 0x80000000, 0x00050000

_PR_SET_SECCOMP, _MODE_FILTER = 22, 2


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, value)


def _argument(index: int, high: bool = False) -> bytes:
    return _instruction(_LOAD, 16 + 8 * index + (4 if high else 0))


def _return(value: int) -> bytes:
    return _instruction(_RETURN, value)


def _one_of(argument: int, values: tuple[int, ...]) -> list[bytes]:
    allow = [
        part
        for value in values
        for part in (_instruction(_JUMP_EQUAL, value, 0, 1), _return(_ALLOW))
    ]
    return [_argument(argument), *allow, _return(_FAIL | errno.EPERM)]


def _unless(argument: int, refused: int) -> list[bytes]:
    return [
        _argument(argument),
        _instruction(_JUMP_EQUAL, refused, 1, 0),
        _return(_ALLOW),
        _return(_FAIL | errno.EPERM),
    ]


def _near(argument: int, place: int) -> list[bytes]:
    """Only an address near `place`, or none."""
    low, high = max(place - _WINDOW, 0) >> 32, (place + _WINDOW) >> 32
    return [
        _argument(argument, high=True),
        _instruction(_JUMP_ABOVE, high, 4, 0),
        _instruction(_JUMP_FROM, low, 4, 0),
        _instruction(_JUMP_EQUAL, 0, 0, 2),
        _argument(argument),
        _instruction(_JUMP_EQUAL, 0, 1, 0),
        _return(_FAIL | errno.EPERM),
        _return(_ALLOW),
    ]


def build(machine: str, without: frozenset[str] = frozenset(), libraries: int = 0) -> bytes:
    """The filter for a machine as `platform.machine()` names it; `without` are refused as well.

    `libraries`: an address among those of the process's libraries.

    Raises: OSError for an architecture that it was not written for.
    """
    if machine not in _AUDIT_ARCHITECTURE:
        raise OSError(errno.ENOSYS, f"no system call filter for {machine}: use x86_64 or aarch64")
    which = list(_AUDIT_ARCHITECTURE).index(machine)
    cases = {
        number: [_return(_ALLOW)]
        for name, numbers in _ALLOWED.items()
        if name not in without and (number := numbers[which]) is not None
    }
    cases[_MMAP[which]] = _near(0, libraries)
    cases[_CLONE[which]] = [
        _argument(0),
        _instruction(_JUMP_SET, _CLONE_THREAD, 1, 0),
        _return(_FAIL | errno.EPERM),
        _return(_ALLOW),
    ]
    # So a SIGKILL is never a program's own doing: whoever is killed was killed by the machine.
    cases[_KILL[which]] = _unless(1, _SIGKILL)
    cases[_TGKILL[which]] = _unless(2, _SIGKILL)
    cases[_MREMAP[which]] = _one_of(3, _MREMAP_FLAGS)
    # The C library then falls back on clone, whose flags a filter can read.
    cases[_CLONE3[which]] = [_return(_FAIL | errno.ENOSYS)]
    cases[_FCNTL[which]] = _one_of(1, _FCNTL_COMMANDS)
    cases[_IOCTL[which]] = _one_of(1, _IOCTL_COMMANDS)
    cases[_PRLIMIT[which]] = [  # limits may be read, not set: the new limit must be a null pointer
        _argument(2),
        _instruction(_JUMP_EQUAL, 0, 1, 0),
        _return(_FAIL | errno.EPERM),
        _argument(2, high=True),
        _instruction(_JUMP_EQUAL, 0, 1, 0),
        _return(_FAIL | errno.EPERM),
        _return(_ALLOW),
    ]
    program = [
        _instruction(_LOAD, _ARCHITECTURE),
        _instruction(_JUMP_EQUAL, _AUDIT_ARCHITECTURE[machine], 1, 0),
        _return(_KILL_PROCESS),
        _instruction(_LOAD, _NUMBER),
        *_decided(_parts(cases)),
    ]
    return b"".join(program)


def _parts(cases: dict[int, list[bytes]]) -> list[tuple[int, list[bytes]]]:
    """All numbers in order, as the first of each part that is decided alike, and how."""
    refused = [_return(_FAIL | errno.EPERM)]
    parts: list[tuple[int, list[bytes]]] = []
    for number in range(max(cases) + 2):
        body = cases.get(number, refused)
        if not parts or body != parts[-1][1]:
            parts.append((number, body))
    return parts


def _decided(parts: list[tuple[int, list[bytes]]]) -> list[bytes]:
    """Find a number's part by halving: the kernel runs a new filter once for each system call there is."""
    if len(parts) == 1:
        return parts[0][1]
    half = len(parts) // 2
    below, above = _decided(parts[:half]), _decided(parts[half:])
    return [_instruction(_JUMP_FROM, parts[half][0], len(below), 0), *below, *above]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


class Filter:
    """The filter of this machine, built once and installed in every child."""

    def __init__(self, without: frozenset[str] = frozenset()) -> None:
        libraries = ctypes.cast(libc.getpid, ctypes.c_void_p).value or 0
        self._code = build(platform.machine(), without, libraries)
        self._program = _Program(len(self._code) // 8, self._code)
        self._address = ctypes.addressof(self._program)

    def install(self) -> None:
        """Bind this process, which must have refused new privileges, to the filter for good."""
        prctl(_PR_SET_SECCOMP, "prctl(PR_SET_SECCOMP)", _MODE_FILTER, self._address)
