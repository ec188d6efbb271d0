"""The sandbox's first process: loads Python once, and clones a fresh process for each program.

Never runs a program itself and never reads what one wrote. Spoken to over a socket of packets:

    supervisor: b"R" + CPU seconds, with a socket attached: run what that socket will ask. Two files
                that follow it are the program's standard input and output
                b"C": how much CPU time has the program used?     b"K": kill it
    zygote:     b"Z": ready     b"C" + seconds     b"E" + wait status, CPU seconds: it has ended

When the supervisor goes away, the socket closes and the sandbox ends.
"""

import _signal  # type: ignore[import-not-found]  # signal's, without a look-up of names for each
import atexit
import contextlib
import gc
import importlib
import os
import random
import select
import signal
import socket
import struct
import sys
import time

from . import contest, frames, integrity, kernel, libraries, ordinary, planted, program
from .confine import Enclosure, confine, limit
from .rehearsal import rehearse

STARTED, CPU, ENDED = b"Z", b"C", b"E"
RUN, KILL = b"R", b"K"
RUN_FORMAT = struct.Struct("=ci")
CPU_FORMAT = struct.Struct("=cd")
ENDED_FORMAT = struct.Struct("=cid")

#: What programs import; loaded once, here, or each of them would pay for it.
_PRELOADED = [
    "abc", "array", "ast", "base64", "bisect", "builtins", "calendar", "cmath", "collections",
    "collections.abc", "copy", "csv", "dataclasses", "datetime", "decimal", "enum", "fractions",
    "functools", "hashlib", "heapq", "html", "inspect", "io", "itertools", "json", "keyword",
    "linecache", "locale", "logging", "math", "multiprocessing", "numbers", "operator", "os", "pprint", "queue",
    "random", "re", "secrets", "statistics", "string", "struct", "sys", "tempfile", "textwrap",
    "threading", "time", "traceback", "types", "typing", "unicodedata", "unittest",
    "urllib.parse", "uuid", "zlib", "numpy",
]  # fmt: skip


#: `random.seed` of fresh numbers from the kernel, without what it does for other seeds.
_seed = super(random.Random, random.seed.__self__).seed  # type: ignore[attr-defined]

#: Signals that a process can ignore, and still wait for its children.
_IGNORABLE = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}
#: What Python does about each, whatever whoever started the worker ignored (a shell's `&` does).
_USUAL = dict.fromkeys(map(int, _IGNORABLE), _signal.SIG_DFL) | {
    int(signal.SIGINT): signal.default_int_handler,
    int(signal.SIGPIPE): _signal.SIG_IGN,
    int(signal.SIGXFSZ): _signal.SIG_IGN,
}


class Zygote:
    """Serves one supervisor, one program at a time. No signal but SIGKILL ends it."""

    def __init__(self, control: socket.socket, enclosure: Enclosure) -> None:
        self._control = control
        self._enclosure = enclosure
        for number in _IGNORABLE:
            _signal.signal(number, _signal.SIG_IGN)

    def serve(self) -> None:
        """Run what the supervisor sends until it goes away."""
        self._control.send(STARTED)
        while True:
            message, fds, _, _ = socket.recv_fds(self._control, 64, 3)
            if not message:
                return
            if message[:1] == RUN and fds:
                _, cpu_seconds = RUN_FORMAT.unpack(message)
                child = self._clone(fds[0], fds[1:], cpu_seconds)
                for fd in fds:
                    os.close(fd)
                self._watch(child)

    def _clone(self, fd: int, streams: list[int], cpu_seconds: int) -> int:
        """Start a process that runs one program."""
        child = self._enclosure.fork()
        if child == 0:
            self._be_program(fd, streams, cpu_seconds)
        return child

    def _be_program(self, fd: int, streams: list[int], cpu_seconds: int) -> None:
        try:
            _seed()
            for number, handler in _USUAL.items():
                _signal.signal(number, handler)
            _open_null()
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
            confine(fd, cpu_seconds, self._enclosure)
            frames.send(fd, frames.CONFINED)
            gc.enable()
            program.run(fd)
        finally:
            os._exit(0)

    def _watch(self, child: int) -> None:
        """Answer the supervisor until the program has ended, then say how."""
        ended = os.pidfd_open(child)
        poll = select.poll()
        poll.register(ended, select.POLLIN)
        poll.register(self._control, select.POLLIN)
        waiting = True
        while waiting:
            for fd, _ in poll.poll():
                if fd == ended:
                    waiting = False
                    continue
                message = self._control.recv(64)
                if not message:
                    os._exit(0)  # and the kernel ends the program too
                if message == KILL:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(child, signal.SIGKILL)
                elif message == CPU:
                    self._control.send(CPU_FORMAT.pack(CPU, _cpu_seconds(child)))
        os.close(ended)
        status = 0x7F  # "stopped", as a traced child would be: not an end
        while os.WIFSTOPPED(status):
            _, status, usage = os.wait4(child, 0)
        self._control.send(ENDED_FORMAT.pack(ENDED, status, usage.ru_utime + usage.ru_stime))


def _cpu_seconds(pid: int) -> float:
    """CPU time of another process, by the clock that clock_getcpuclockid(3) would name."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def _open_null() -> None:
    """Have descriptors 0, 1 and 2 on a /dev/null that this process opened.

    Flags set on an open file (O_APPEND) are seen by all that have inherited it, the next program too.
    """
    null = os.open("/dev/null", os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.close(null)


def main(control_fd: int, enclosure: Enclosure, with_libraries: bool = False) -> None:
    """Serve the supervisor at the other end of `control_fd`.

    `with_libraries`: there are more to be loaded than numpy.
    """
    kernel.refuse_inspection()
    for module in _PRELOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    if with_libraries:
        libraries.load()
        integrity.remember()
        planted.remember()
    atexit._clear()  # what these registered; a program has to run what is registered at its end
    zygote = Zygote(socket.socket(fileno=control_fd), enclosure)
    sys.path[:] = [path for path in sys.path if enclosure.shows(path)]
    for path in list(sys.path_importer_cache):
        if not enclosure.shows(path):  # else imports from there fail with another exception
            del sys.path_importer_cache[path]
    del os.environ["LD_BIND_NOW"]  # it was for the zygote alone
    # Errors so far went to the supervisor's pipe; from here on nobody reads them.
    _open_null()
    limit()
    rehearse()
    ordinary.give()
    contest.given()
    gc.collect()
    gc.disable()
    gc.freeze()
    zygote.serve()
