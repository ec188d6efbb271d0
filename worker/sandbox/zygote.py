"""Runs inside the sandbox: clones a fresh, confined process for every program. Standard library only.

Started once by bubblewrap, it has loaded what programs import, so that each starts in milliseconds.
It never reads a program or an answer: those go directly between the supervisor and the program's
process, over descriptors that the supervisor sends along. It only starts, clocks and kills.

argv: the control socket's number, the seccomp filter's number, the modules to load beforehand.
"""

import ast
import ctypes
import hashlib
import marshal
import os
import resource
import select
import signal
import socket
import struct
import sys
import time

import wire

_CLONE_NEWNS, _CLONE_NEWIPC, _CLONE_NEWPID = 0x20000, 0x08000000, 0x20000000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_REC, _MS_PRIVATE = 1, 2, 4, 0x4000, 0x40000
_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _PR_SET_DUMPABLE = 24, 38, 22, 4
_MEGABYTE = 1 << 20
#: Values longer than this travel as a digest; the trusted side has no use for more.
_LONGEST_VALUE = 4 * _MEGABYTE

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def serve(control: socket.socket, filter_bytes: bytes) -> None:
    """Do what the supervisor says, until it goes away."""
    own_namespace = os.pidfd_open(os.getpid())
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 4096, 2)
        if not message:
            return
        if not descriptors:
            continue  # a word about a program that had ended meanwhile
        job, out = descriptors
        _check(_libc.unshare(_CLONE_NEWPID), "unshare")
        child = os.fork()
        if child == 0:
            control.close()
            os.close(own_namespace)
            _become_program(job, out, filter_bytes, struct.unpack(">IIII", message))
        _check(_libc.setns(own_namespace, _CLONE_NEWPID), "setns")
        os.close(job)
        os.close(out)
        _attend(control, child)


def _attend(control: socket.socket, child: int) -> None:
    """Clock and kill one program as told, and report its end. Its namespace dies with it."""
    ended = os.pidfd_open(child)
    poll = select.poll()
    poll.register(control, select.POLLIN)
    poll.register(ended, select.POLLIN)
    clock = (~child << 3) | 2  # the process's CPU clock, see clock_getcpuclockid(3)
    while True:
        ready = {descriptor for descriptor, _ in poll.poll()}
        if ended in ready:
            break
        message = control.recv(16)
        if message == b"cpu":
            control.send(b"c" + struct.pack(">d", time.clock_gettime(clock)))
        else:  # "kill", or the supervisor is gone
            os.kill(child, signal.SIGKILL)
    _, status, usage = os.wait4(child, 0)
    os.close(ended)
    spent = usage.ru_utime + usage.ru_stime
    control.send(b"e" + struct.pack(">id", status, spent))


def _become_program(job: int, out: int, filter_bytes: bytes, limits: tuple) -> None:
    """In the new process: confine it, then run the program. Never returns."""
    try:
        _confine(job, out, filter_bytes, limits)
    except BaseException as error:
        os.write(2, f"cannot confine: {error!r}\n".encode())
        os._exit(70)
    try:
        _run_job(job, out)
    finally:
        os._exit(0)


def _confine(job: int, out: int, filter_bytes: bytes, limits: tuple) -> None:
    memory, cpu, file_size, tmp_size = limits
    _check(_libc.unshare(_CLONE_NEWNS | _CLONE_NEWIPC), "unshare")
    _check(_libc.mount(None, b"/", None, _MS_REC | _MS_PRIVATE, None), "private")
    options = f"size={tmp_size},nr_inodes=1024,mode=0700".encode()
    _check(_libc.mount(b"none", b"/tmp", b"tmpfs", _MS_NOSUID | _MS_NODEV, options), "tmpfs")
    os.chdir("/tmp")
    null = os.open("/dev/null", os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    keep = sorted({job, out})
    first = 3
    for descriptor in keep:
        os.closerange(first, descriptor)
        first = descriptor + 1
    os.closerange(first, 4096)
    for signal_number in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
        signal.signal(signal_number, signal.SIG_DFL)
    for what, limit in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_FSIZE, file_size),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_NPROC, 256),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
    ):
        resource.setrlimit(what, (limit, limit))
    _drop_capabilities()
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    code = ctypes.create_string_buffer(filter_bytes, len(filter_bytes))

    class Filter(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]

    installed = Filter(len(filter_bytes) // 8, ctypes.addressof(code))
    _check(_libc.prctl(_PR_SET_SECCOMP, 2, ctypes.byref(installed), 0, 0), "seccomp")


def _drop_capabilities() -> None:
    for capability in range(64):
        if _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break  # beyond the last one that this kernel knows
    header = struct.pack("II", 0x20080522, 0)
    _check(_libc.capset(header, bytes(24)), "capset")


# What follows runs in the program's process, at its mercy: nothing here is trusted by anyone.


def _run_job(job: int, out: int) -> None:
    with os.fdopen(job, "rb") as reader:
        task = wire.decode(reader.read())
    writer = os.fdopen(out, "wb", buffering=0)

    def send(kind: bytes, payload: bytes) -> None:
        data = struct.pack(">I", len(payload) + 1) + kind + payload
        view = memoryview(data)
        while view:
            view = view[writer.write(view) :]

    namespace = {"__name__": "__program__", "__builtins__": __builtins__}
    try:
        exec(compile(task["code"], "program.py", "exec", dont_inherit=True), namespace)
    except BaseException as error:
        send(b"L", _describe(error))
        return
    if task["tests"] is not None:
        send(b"R", b"")
        for kind, call, expected in task["tests"]:
            send(b"T", wire.encode(_try(kind, call, expected, namespace)))
        return
    function = namespace.get(task["entry_point"])
    if function is None:
        send(b"M", b"")
        return
    send(b"R", b"")
    for arguments in task["inputs"]:
        try:
            value = function(*arguments)
            reduced = _reduce(task["reduce"], value)
            frame = _frame(reduced)
        except BaseException as error:
            frame = (b"E", _describe(error))
        send(*frame)


def _frame(value: object) -> tuple:
    try:
        return b"V", wire.encode(value, _LONGEST_VALUE)
    except wire.TooLarge:
        return b"D", _digest(value)


def _reduce(how: str, value: object) -> object:
    """What the oracle looks at, where it is not the value itself (see comparison.py)."""
    if how == "set":
        return set(value)
    if how == "not none":
        return value if isinstance(value, bool) else value is not None
    return value


def _digest(value: object) -> bytes:
    """The hash of a large value. Only builtins have one; lists are hashed in slices, to save memory."""
    hashed = hashlib.sha256(type(value).__name__.encode())
    if type(value) is list:
        for start in range(0, len(value), 4096):
            hashed.update(marshal.dumps(value[start : start + 4096], 2))
    else:
        hashed.update(marshal.dumps(value, 2))
    return hashed.digest()


def _describe(error: BaseException) -> bytes:
    try:
        name, message = type(error).__name__[:80], str(error)[:500]
    except BaseException:
        name, message = "Exception", "its message cannot be had"
    return wire.encode([name, message])


def _try(kind: str, call: str, expected: object, namespace: dict) -> list:
    """Run one visible test: whether it passed, and what it showed."""
    try:
        if kind == "doctest":
            value = eval(compile(call, "test.py", "eval"), namespace)
            passed = repr(value) == expected or _same(value, ast.literal_eval(expected))
            return [bool(passed), f"got {value!r:.300}"]
        shown = _left_side(call, namespace)
        exec(compile(call, "test.py", "exec"), namespace)
        return [True, shown]
    except AssertionError as error:
        return [False, shown or f"AssertionError {error}".strip()]
    except BaseException as error:
        name, message = wire.decode(_describe(error))
        return [False, f"raised {name}: {message}"]


def _same(value: object, expected: object) -> bool:
    if isinstance(value, float) and isinstance(expected, float):
        return abs(value - expected) <= 1e-6 * max(1.0, abs(expected))
    return type(value) is type(expected) and value == expected


def _left_side(call: str, namespace: dict) -> str:
    """What the left side of `assert a == b` gives, so that a failure tells something."""
    statement = ast.parse(call).body[0]
    if isinstance(statement, ast.Assert) and isinstance(statement.test, ast.Compare):
        left = ast.Expression(statement.test.left)
        return f"got {eval(compile(left, 'test.py', 'eval'), namespace)!r:.300}"
    return ""


def main() -> None:
    """Load what programs import, say so, and serve."""
    control = socket.socket(fileno=int(sys.argv[1]))
    with os.fdopen(int(sys.argv[2]), "rb") as reader:
        filter_bytes = reader.read()
    for name in sys.argv[3:]:
        try:
            __import__(name)
        except ImportError:
            pass
    import gc

    gc.collect()
    gc.freeze()  # the garbage collector must not copy the pages that all programs share
    control.send(b"ready")
    serve(control, filter_bytes)


if __name__ == "__main__":
    main()
