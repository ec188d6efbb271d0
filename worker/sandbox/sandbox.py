"""The supervisor's side of one sandbox: starting it, running programs in it, deadlines, and its end."""

import importlib.util
import json
import os
import select
import shutil
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.errors import InfrastructureError
from worker.sandbox import seccomp, wire

#: The first of the user ids that sandboxes run as when we are root; one per slot.
FIRST_UID = 64_000
_HERE = Path(__file__).parent
_START_SECONDS = 30.0
_MOST_OUTPUT = 256 << 20

#: What programs import, loaded once: the standard library would otherwise cost more than EvalPlus.
PRELOADED = ["abc", "array", "bisect", "builtins", "calendar", "cmath", "collections", "collections.abc", "contextlib", "copy", "csv", "dataclasses", "datetime", "decimal", "enum", "fractions", "functools", "hashlib", "heapq", "io", "itertools", "json", "keyword", "math", "numbers", "operator", "os", "os.path", "queue", "random", "re", "secrets", "statistics", "string", "struct", "sys", "textwrap", "time", "traceback", "types", "typing", "typing_extensions", "unicodedata", "uuid", "warnings", "zoneinfo", "numpy"]


@dataclass(frozen=True)
class Limits:
    """What a program may use. Seconds are CPU time; the wall clock only stops what sleeps."""

    load_seconds: float = 10.0
    memory: int = 4 << 30
    cpu_seconds: int = 600
    file_bytes: int = 16 << 20
    tmp_bytes: int = 32 << 20


@dataclass(frozen=True)
class Frame:
    """One thing a program sent: its kind (see zygote.py), its payload, and the seconds it took."""

    kind: str
    payload: bytes
    seconds: float


@dataclass(frozen=True)
class Ended:
    """How a program's process ended. `timed_out` and `flooded` say that we killed it, and why."""

    status: int
    cpu_seconds: float
    timed_out: bool
    flooded: bool


class Sandbox:
    """One bubblewrap with a zygote inside; runs one program at a time. Not for several threads."""

    def __init__(self, slot: int) -> None:
        self._slot = slot
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        #: How the last program ended; set when `run` is exhausted.
        self.ended: Ended | None = None

    def run(self, job: dict[str, Any], limits: Limits, seconds: list[float]) -> Iterator[Frame]:
        """Run a program; yields what it sends. Closing the iterator kills the program.

        `seconds[i]` is the CPU time for the frame after the i-th (the last one for all further).

        Raises: InfrastructureError if the sandbox cannot be started or dies.
        """
        control = self._started()
        self.ended = None
        sent = os.memfd_create("job")
        out_read, out_write = os.pipe()
        try:
            with os.fdopen(os.dup(sent), "wb") as writer:
                writer.write(wire.encode(job, 1 << 30))
            os.lseek(sent, 0, os.SEEK_SET)
            message = struct.pack(
                ">IIII",
                min(limits.memory, 0xFFFFFFFF),
                limits.cpu_seconds,
                limits.file_bytes,
                limits.tmp_bytes,
            )
            socket.send_fds(control, [message], [sent, out_write])
        except OSError as error:
            os.close(out_read)
            raise self._died(error) from error
        finally:
            os.close(sent)
            os.close(out_write)
        program = _Program(self, control, out_read, limits, seconds)
        try:
            yield from program.frames()
        finally:
            os.close(out_read)
            self.ended = program.end()

    def close(self) -> None:
        """End the sandbox and everything in it."""
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            self._process.kill()  # --die-with-parent takes the rest down
            self._process.wait()
            if self._process.stderr is not None:
                self._process.stderr.close()
            self._process = None

    def _died(self, error: Exception | None = None) -> InfrastructureError:
        """What to raise when the sandbox is gone; the next run starts a new one."""
        said = ""
        if self._process is not None and self._process.stderr is not None:
            self._process.kill()
            said = self._process.stderr.read().decode(errors="replace").strip()
        self.close()
        last = said.splitlines()[-1] if said else str(error or "no message")
        return InfrastructureError(f"the sandbox ended: {last}")

    def _started(self) -> socket.socket:
        if self._control is not None and self._process and self._process.poll() is None:
            return self._control
        self.close()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        filter_read, filter_write = os.pipe()
        try:
            command = _command(self._slot, theirs.fileno(), filter_read)
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=(theirs.fileno(), filter_read),
                start_new_session=True,
            )
            os.write(filter_write, seccomp.program())
        finally:
            theirs.close()
            os.close(filter_read)
            os.close(filter_write)
        self._control = ours
        ours.settimeout(_START_SECONDS)
        try:
            if ours.recv(16) != b"ready":
                raise self._died()
        except OSError as error:
            raise self._died(error) from error
        return ours


class _Program:
    """One program, from its start to its end."""

    def __init__(
        self,
        sandbox: Sandbox,
        control: socket.socket,
        out: int,
        limits: Limits,
        seconds: list[float],
    ) -> None:
        self._sandbox = sandbox
        self._control = control
        self._out = out
        self._limits = limits
        self._seconds = seconds
        self._timed_out = False
        self._flooded = False
        self._received = 0
        self._buffer = bytearray()
        self._end: tuple[int, float] | None = None

    def frames(self) -> Iterator[Frame]:
        allowed = self._limits.load_seconds
        number = 0
        while True:
            started = time.monotonic()
            frame = self._next_frame(allowed)
            if frame is None:
                return
            kind, payload = frame
            yield Frame(kind, payload, time.monotonic() - started)
            allowed = self._seconds[min(number, len(self._seconds) - 1)]
            number += 1

    def end(self) -> Ended:
        """Kill what still runs, and wait until the zygote says that it is gone."""
        while self._end is None:
            self._tell(b"kill")
            self._hear(5.0)
        return Ended(*self._end, self._timed_out, self._flooded)

    def _next_frame(self, allowed: float) -> tuple[str, bytes] | None:
        """The next frame, or None at the end of the output, in time or not."""
        deadline = _Deadline(allowed)
        while True:
            if len(self._buffer) >= 4:
                (size,) = struct.unpack_from(">I", self._buffer)
                if size == 0 or size > _MOST_OUTPUT:
                    self._flooded = size > 0
                    return None
                if len(self._buffer) >= 4 + size:
                    frame = bytes(self._buffer[4 : 4 + size])
                    del self._buffer[: 4 + size]
                    return chr(frame[0]), frame[1:]
            ready, _, _ = select.select([self._out], [], [], deadline.wait)
            if not ready:
                if deadline.passed(self._cpu_seconds()):
                    self._timed_out = self._end is None
                    return None
                continue
            data = os.read(self._out, 1 << 20)
            if not data:
                return None
            self._buffer += data
            self._received += len(data)
            if self._received > _MOST_OUTPUT:
                self._flooded = True
                return None

    def _cpu_seconds(self) -> float | None:
        """The CPU time of the program until now; None once it has ended."""
        if self._end is None:
            self._tell(b"cpu")
        return None if self._end is not None else self._hear(5.0)

    def _tell(self, message: bytes) -> None:
        try:
            self._control.send(message)
        except OSError as error:
            raise self._sandbox._died(error) from error

    def _hear(self, seconds: float) -> float | None:
        """The zygote's next word: a CPU time, or the end (then None, and `_end` is set)."""
        self._control.settimeout(seconds)
        try:
            message = self._control.recv(32)
        except OSError as error:
            raise self._sandbox._died(error) from error
        if message[:1] == b"c":
            return float(struct.unpack(">d", message[1:])[0])
        if message[:1] == b"e":
            status, spent = struct.unpack(">id", message[1:])
            self._end = (status, spent)
            return None
        raise self._sandbox._died()


class _Deadline:
    """CPU time decides, so that a busy host fails nobody; the wall clock stops what only sleeps."""

    def __init__(self, allowed: float) -> None:
        self._allowed = allowed
        self._backstop = time.monotonic() + 3 * allowed + 10
        self._first: float | None = None
        self.wait = allowed

    def passed(self, cpu_seconds: float | None) -> bool:
        """Whether time is up, given the program's CPU clock; else `wait` says when to ask again."""
        if cpu_seconds is None or time.monotonic() >= self._backstop:
            return True
        if self._first is None:
            # asked for the first time after `allowed` seconds of wall time: what it spent before
            # is not known exactly, so it gets the benefit of the doubt
            self._first = cpu_seconds
            self._used = min(cpu_seconds, self._allowed * 0.9)
        used = self._used + cpu_seconds - self._first
        self.wait = min(max(self._allowed - used, 0.02), max(self._backstop - time.monotonic(), 0))
        return used >= self._allowed


def bubblewrap() -> str:
    """The path of bwrap. Raises: InfrastructureError with the remedy if there is none."""
    found = shutil.which("bwrap")
    if found is None:
        raise InfrastructureError("bubblewrap is missing: `apt install bubblewrap`")
    return found


def _command(slot: int, control: int, filter_read: int) -> list[str]:
    interpreter = os.path.realpath(sys.executable)
    prefix = sys.base_prefix
    before = [
        "--unshare-all", "--die-with-parent", "--new-session", "--clearenv",
        "--cap-add", "CAP_SYS_ADMIN",  # for the zygote alone: programs get namespaces of their own
        "--setenv", "PYTHONPATH", "/sandbox:/sandbox/packages",
        "--setenv", "PYTHONDONTWRITEBYTECODE", "1",
        "--setenv", "OPENBLAS_NUM_THREADS", "1",
        "--setenv", "HOME", "/tmp", "--setenv", "PATH", "/nowhere", "--setenv", "LANG", "C.UTF-8",
        "--dev-bind", "/dev/null", "/dev/null", "--dir", "/tmp",
    ]  # fmt: skip
    binds = [(str(_HERE / name), f"/sandbox/{name}") for name in ("zygote.py", "wire.py")]
    binds += [(path, path) for path in ("/lib", "/lib64", "/usr/lib") if os.path.isdir(path)]
    if prefix == "/usr":
        binds.append((interpreter, interpreter))
    else:
        binds.append((os.path.realpath(prefix), os.path.realpath(prefix)))
    numpy = importlib.util.find_spec("numpy")
    if numpy is not None and numpy.origin is not None:
        packages = Path(numpy.origin).parent.parent
        for name in ("numpy", "numpy.libs"):
            if (packages / name).is_dir():
                binds.append((str(packages / name), f"/sandbox/packages/{name}"))
    after = ["--remount-ro", "/", "--chdir", "/tmp", "--"]
    after += [interpreter, "-S", "-B", "/sandbox/zygote.py", str(control), str(filter_read)]
    task = {
        "bwrap": bubblewrap(),
        "uid": FIRST_UID + slot,
        "binds": binds,
        "before": before,
        "after": [*after, *PRELOADED],
    }
    return [sys.executable, "-I", str(_HERE / "launcher.py"), json.dumps(task)]
