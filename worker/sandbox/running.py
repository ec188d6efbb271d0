"""One program's process, seen from outside: its frames, its deadlines, its end."""

import os
import select
import socket
import struct
import time
from collections import deque
from dataclasses import dataclass

from models.errors import InfrastructureError
from worker.sandbox.inside import frames, wire, zygote
from worker.sandbox.processor import queueing

_SEND_SECONDS = 30.0
_REPLY_SECONDS = 30.0
#: Wall-clock seconds a call may take in all, for each second of CPU time it is given.
_BACKSTOP = 5.0
#: The same for one that is ready and gets no processor: nothing can be said of it after that.
_STARVED = 60.0
#: Of one processor: who uses less, in the second half of the time given, waits of its own accord.
_IDLE = 0.01
_MAX_FRAME = wire.MAX_BYTES + 4096
#: Pause after reading, so that a program of a thousand quick calls does not wake us a thousand times.
_GATHER_SECONDS = 0.0005
#: Times of reading before it is taken for one.
_HASTE = 4


class Overtime(Exception):
    """The program took longer than it was given."""


class Starved(InfrastructureError):
    """The machine has no processor for the program: nothing can be said of it."""


class SandboxEnded(InfrastructureError):
    """The sandbox is gone while a program ran in it, and by no SIGKILL: that program ended it."""


class BadFrames(Exception):
    """The program wrote bytes that are no frames."""


@dataclass(frozen=True)
class Ended:
    """How a process ended: by a signal (a number) or with a status, and the CPU time it had used."""

    signal: int
    status: int
    cpu_seconds: float


class Run:
    """The supervisor's end of one program. Made by Sandbox.run."""

    def __init__(self, connection: socket.socket, control: socket.socket, zygote: int = 0) -> None:
        self._connection = connection
        self._control = control
        self._zygote = zygote
        self._buffer = bytearray()
        self._frames: deque[bytes] = deque()
        self._closed = False
        self._reads = 0
        self.started = time.monotonic()
        #: When the frame before the awaited one came, and the CPU time of one thread till then, at most.
        self._since = self.started
        self._cpu_then = 0.0
        #: When half of the time given was over, and the CPU time used and waited for till then.
        self._half: tuple[float, float, float] | None = None
        self._is_starved = False
        #: Seconds, by the clock, of frames that came late for want of a processor.
        self.starved = 0.0
        self.ended: Ended | None = None

    def begin(self, request: bytes) -> None:
        """Wait until the process is confined, then tell it what to do."""
        try:
            first = self.next(_SEND_SECONDS, judge_cpu=False)
        except (Overtime, BadFrames):
            first = None
        if first != frames.CONFINED:
            raise InfrastructureError(
                "the sandbox could not confine a program: see foureyes doctor"
            )
        self._connection.settimeout(_SEND_SECONDS)
        try:
            self._connection.sendall(request)
        except OSError as error:
            raise InfrastructureError(f"the sandbox took no request: {error}") from None

    def next(self, limit: float, judge_cpu: bool = True) -> bytes | None:
        """The next frame, tag first; None if the process has closed its end.

        `limit` is in seconds since the frame before. By the clock, if the process sleeps or
        `judge_cpu` is false; else of CPU time, with a wall-clock backstop: a busy machine must make
        no right answer wrong. Raises: Overtime, BadFrames; Starved if the program is ready for long
        and gets no processor.
        """
        deadline = self._since + (limit / 2 if judge_cpu else limit)
        while not self._frames and not self._closed:
            remaining = deadline - time.monotonic()
            if remaining > 0:
                self._receive(remaining)
                continue
            try:
                deadline = self._extended(limit, judge_cpu)
            except Overtime:
                self._receive(0.0)  # we may be late ourselves: it may have answered meanwhile
                if not self._frames and not self._closed:
                    raise
        return self._frames.popleft() if self._frames else None

    def _receive(self, seconds: float) -> None:
        readable, _, _ = select.select([self._connection], [], [], seconds)
        if not readable:
            return
        try:
            part = self._connection.recv(1 << 18)
        except ConnectionError:
            part = b""
        self._closed = not part
        self._buffer += part
        self._cut()
        if self._frames:
            now = time.monotonic()
            # What one thread can have used at most; several may have used more, and the excess then
            # counts as used for the next frame.
            self._cpu_then += now - self._since
            if self._is_starved:
                self.starved += now - self._since
            self._since = now
            self._half = None
            self._is_starved = False
            self._reads += 1
            if self._reads > _HASTE and not self._closed:
                time.sleep(_GATHER_SECONDS)

    def _cut(self) -> None:
        """Move whole frames out of the buffer."""
        at = 0
        while len(self._buffer) - at >= 4:
            (length,) = struct.unpack_from(">I", self._buffer, at)
            if not 1 <= length <= _MAX_FRAME:
                raise BadFrames
            if len(self._buffer) - at - 4 < length:
                break
            self._frames.append(bytes(self._buffer[at + 4 : at + 4 + length]))
            at += 4 + length
        del self._buffer[:at]

    def _extended(self, limit: float, judge_cpu: bool) -> float:
        """A later deadline for a program that had no processor; else Overtime."""
        now = time.monotonic()
        if not judge_cpu:
            raise Overtime
        cpu, queued = self.cpu_seconds(), queueing(self._zygote)
        queued_seconds = queued.seconds if queued else 0.0
        if self._half is None:
            self._half = now, cpu, queued_seconds
            return now + limit / 2  # we may be late ourselves, and it needs time to show
        half, cpu_at_half, queued_at_half = self._half
        starved = queued is not None and (
            queued.ready or queued_seconds - queued_at_half > (now - half) / 2
        )
        self._is_starved |= starved
        backstop = limit * (_STARVED if starved else _BACKSTOP)
        if not starved and cpu - cpu_at_half < (now - half) * _IDLE:
            raise Overtime
        # Of one thread at least this much CPU time went into the awaited frame.
        used = cpu - self._cpu_then
        if used >= limit * 0.98:
            raise Overtime
        if now - self._since >= backstop:
            if starved:
                raise Starved(
                    f"this machine gave a program {max(used, 0):.2f} s of a processor in "
                    f"{now - self._since:.0f} s: too much else runs on it"
                )
            raise Overtime
        return min(now + max(limit - used, 0.02), self._since + backstop)

    def cpu_seconds(self) -> float:
        """CPU time that the process has used so far."""
        self._tell(zygote.CPU)
        reply = self._reply()
        if reply[:1] == zygote.ENDED:
            self._note_end(reply)
            assert self.ended is not None
            return self.ended.cpu_seconds
        return float(zygote.CPU_FORMAT.unpack(reply)[1])

    def end(self) -> Ended:
        """Kill the process, if it still runs, and say how it ended."""
        if self.ended is None:
            self._tell(zygote.KILL)
        while self.ended is None:
            reply = self._reply()
            if reply[:1] == zygote.ENDED:
                self._note_end(reply)
        return self.ended

    def await_end(self, seconds: float) -> Ended | None:
        """How a process that closed its end ended by itself; None if it goes on all the same."""
        if self.ended is None and select.select([self._control], [], [], seconds)[0]:
            self._note_end(self._reply())
        return self.ended

    def _note_end(self, reply: bytes) -> None:
        _, status, cpu_seconds = zygote.ENDED_FORMAT.unpack(reply)
        killed = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        self.ended = Ended(killed, os.WEXITSTATUS(status) if not killed else 0, cpu_seconds)

    def _tell(self, message: bytes) -> None:
        try:
            self._control.send(message)
        except OSError as error:
            raise SandboxEnded(f"the sandbox is gone: {error}") from None

    def _reply(self) -> bytes:
        self._control.settimeout(_REPLY_SECONDS)
        try:
            reply = self._control.recv(64)
        except ConnectionError:
            reply = b""
        except OSError as error:
            raise InfrastructureError(f"the sandbox does not answer: {error}") from None
        if not reply:
            raise SandboxEnded("the sandbox died")
        return reply
