"""The system calls that a judged program may make, as a seccomp filter. Standard library only.

An allowlist: anything else fails with EPERM, so that Python code sees an ordinary error. Threads
are allowed, processes are not; no sockets, no exec, no namespaces, no ptrace, no io_uring.
"""

import platform
import struct

# name: (x86_64, aarch64); None where the architecture does not have the call
_ALLOWED = {
    "read": (0, 63), "write": (1, 64), "open": (2, None), "close": (3, 57), "stat": (4, None),
    "fstat": (5, 80), "lstat": (6, None), "poll": (7, None), "lseek": (8, 62), "mmap": (9, 222),
    "mprotect": (10, 226), "munmap": (11, 215), "brk": (12, 214), "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "pread64": (17, 67),
    "pwrite64": (18, 68), "readv": (19, 65), "writev": (20, 66), "access": (21, None),
    "pipe": (22, None), "select": (23, None), "sched_yield": (24, 124), "mremap": (25, 216),
    "madvise": (28, 233), "dup": (32, 23), "dup2": (33, None), "nanosleep": (35, 101),
    "getitimer": (36, 102), "alarm": (37, None), "setitimer": (38, 103), "getpid": (39, 172),
    "exit": (60, 93), "uname": (63, 160), "fsync": (74, 82), "ftruncate": (77, 46),
    "getdents": (78, None), "getcwd": (79, 17), "chdir": (80, 49), "rename": (82, None),
    "mkdir": (83, None), "rmdir": (84, None), "unlink": (87, None), "readlink": (89, None),
    "umask": (95, 166), "gettimeofday": (96, 169), "getrlimit": (97, 163), "getrusage": (98, 165),
    "sysinfo": (99, 179), "times": (100, 153), "getuid": (102, 174), "getgid": (104, 176),
    "geteuid": (107, 175), "getegid": (108, 177), "getppid": (110, 173), "sigaltstack": (131, 132),
    "gettid": (186, 178), "time": (201, None), "futex": (202, 98), "sched_getaffinity": (204, 123),
    "getdents64": (217, 61), "set_tid_address": (218, 96), "restart_syscall": (219, 128),
    "clock_gettime": (228, 113), "clock_getres": (229, 114), "clock_nanosleep": (230, 115),
    "exit_group": (231, 94), "epoll_wait": (232, None), "epoll_ctl": (233, 21),
    "tgkill": (234, 131), "openat": (257, 56), "mkdirat": (258, 34), "newfstatat": (262, 79),
    "unlinkat": (263, 35), "renameat": (264, 38), "readlinkat": (267, 78), "faccessat": (269, 48),
    "pselect6": (270, 72), "ppoll": (271, 73), "set_robust_list": (273, 99),
    "epoll_pwait": (281, 22), "eventfd2": (290, 19), "epoll_create1": (291, 20), "dup3": (292, 24),
    "pipe2": (293, 59), "renameat2": (316, 276), "getrandom": (318, 278), "membarrier": (324, 283),
    "statx": (332, 291), "rseq": (334, 293), "faccessat2": (439, 439),
}  # fmt: skip

_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_CLONE = (56, 220)
_CLONE3 = (435, 435)
_FCNTL = (72, 25)
_IOCTL = (16, 29)
_PRLIMIT = (302, 261)

_CLONE_THREAD = 0x10000
_EPERM, _ENOSYS = 1, 38
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_LOAD, _JEQ, _JGE, _JSET, _RET = 0x20, 0x15, 0x35, 0x45, 0x06
_NR, _ARCH, _ARG0, _ARG1, _ARG2, _ARG2_HIGH = 0, 4, 16, 24, 32, 36
#: fcntl commands: duplicating a descriptor, and reading and setting its flags; no locks.
_FCNTL_COMMANDS = (0, 1, 2, 3, 4, 1030)
#: ioctl commands: is it a terminal, and close-on-exec; every `open` of Python's asks.
_IOCTL_COMMANDS = (0x5401, 0x5450, 0x5451)


def _with_command(number: int, commands: tuple[int, ...]) -> list[tuple[int, int, int, int]]:
    """Allows a call whose second argument is one of these commands, and no other such call."""
    code = [(_JEQ, 0, len(commands) + 3, number), (_LOAD, 0, 0, _ARG1)]
    for position, command in enumerate(commands):
        code.append((_JEQ, len(commands) - position, 0, command))
    return [*code, (_RET, 0, 0, _ERRNO | _EPERM), (_RET, 0, 0, _ALLOW)]


def program() -> bytes:
    """The filter for this machine, as an array of `struct sock_filter`.

    Raises: OSError on an architecture that we have no table for.
    """
    machine = platform.machine()
    if machine not in _ARCHITECTURES:
        raise OSError(f"no seccomp filter for {machine}")
    column, audit = _ARCHITECTURES[machine]
    code: list[tuple[int, int, int, int]] = [
        (_LOAD, 0, 0, _ARCH),
        (_JEQ, 1, 0, audit),
        (_RET, 0, 0, _KILL),
        (_LOAD, 0, 0, _NR),
        (_JGE, 0, 1, 0x40000000),  # x32, another way to call the same kernel
        (_RET, 0, 0, _ERRNO | _EPERM),
        (_JEQ, 0, 1, _CLONE3[column]),  # its flags cannot be seen here: glibc falls back to clone
        (_RET, 0, 0, _ERRNO | _ENOSYS),
        # clone makes threads only
        (_JEQ, 0, 4, _CLONE[column]),
        (_LOAD, 0, 0, _ARG0),
        (_JSET, 1, 0, _CLONE_THREAD),
        (_RET, 0, 0, _ERRNO | _EPERM),
        (_RET, 0, 0, _ALLOW),
        # prlimit64 may read limits (its third argument is null), not set them
        (_JEQ, 0, 6, _PRLIMIT[column]),
        (_LOAD, 0, 0, _ARG2),
        (_JEQ, 0, 3, 0),
        (_LOAD, 0, 0, _ARG2_HIGH),
        (_JEQ, 0, 1, 0),
        (_RET, 0, 0, _ALLOW),
        (_RET, 0, 0, _ERRNO | _EPERM),
    ]
    code += _with_command(_FCNTL[column], _FCNTL_COMMANDS)
    code += _with_command(_IOCTL[column], _IOCTL_COMMANDS)
    for numbers in _ALLOWED.values():
        number = numbers[column]
        if number is not None:
            code += [(_JEQ, 0, 1, number), (_RET, 0, 0, _ALLOW)]
    code.append((_RET, 0, 0, _ERRNO | _EPERM))
    return b"".join(struct.pack("HBBI", *instruction) for instruction in code)
