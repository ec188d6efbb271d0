"""One program's process, seen from outside: its deadlines, its end, and what it used."""

import math
import os
import select
import signal
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from foureyes.judging.sandbox import account
from foureyes.judging.sandbox.connection import BadFrames, Connection
from foureyes.judging.sandbox.inside import frames, zygote
from foureyes.judging.sandbox.room import Room
from foureyes.models.errors import InfrastructureError

_SEND_SECONDS = 30.0
_REPLY_SECONDS = 30.0
#: Wall-clock seconds for each that it is given, where the kernel does not say what a program waits for.
_BACKSTOP = 5.0
#: The same for one that waits for a processor: nothing can be said of it after that.
_STARVED = 60.0
#: A share of a limit that counts as all of it: clocks of several kinds are compared.
_NEARLY = 0.98
#: Seconds in which a thread that has a processor is seen to run.
_PAUSE = 0.01
#: Seconds between two looks at a program's memory, where nothing else keeps it to its share.
_WATCH = 0.03
#: Seconds between two looks at a program's account, at least; and while it waits for a processor.
_SOON, _WAITING = 0.02, 0.1
#: Pause after reading, so that a program of a thousand quick calls does not wake us a thousand times.
_GATHER_SECONDS = 0.0005
#: Times of reading before it is taken for one.
_HASTE = 4


class Overtime(Exception):
    """The program took longer than it was given: for one frame, or `in_all`."""

    def __init__(self, in_all: bool = False) -> None:
        self.in_all = in_all


class Starved(InfrastructureError):
    """The machine has no processor for the program: nothing can be said of it."""


class Killed(InfrastructureError):
    """The machine killed a program, which says nothing of it: memory has run out, most likely.

    Its own, or its slot's share of it, if the program alone may have it.
    """


class SandboxEnded(InfrastructureError):
    """The sandbox is gone while a program ran in it, and by no SIGKILL: that program ended it."""


@dataclass(frozen=True)
class ProcessEnd:
    """How a process ended: by a signal (a number) or with a status, and the CPU time it had used."""

    signal: int
    status: int
    cpu_seconds: float


class ProgramRun:
    """The supervisor's end of one program. Made by Sandbox.run."""

    def __init__(
        self,
        connection: socket.socket,
        control: socket.socket,
        zygote: int = 0,
        cpu_limit: float = math.inf,
        room: Room | None = None,
    ) -> None:
        self._connection = Connection(connection)
        self._control = control
        self._zygote = zygote
        self._cpu_limit = cpu_limit
        self._room = room
        self._hits = room.hits() if room is not None and room.is_full else 0
        self._is_watched = room is not None and room.is_watched
        #: Whether it was killed for taking more memory than any program may.
        self.out_of_memory = False
        self._program: int | None = None
        self._reads = 0
        #: Answers that were asked for and have not been received.
        self._due = 0
        #: What the whole run may be charged with, and when to look whether it was.
        self._allowed = self._until = math.inf
        #: Seconds in which nobody waited for the program: what it sends may have to wait for us.
        self._ours = 0.0
        self._left = time.monotonic()
        self._own_waits = account.own_waits()
        self._begun = self._last = account.Moment(self._now())
        #: When the frame before the awaited one came, and when inputs were sent the last time.
        self._since = self._asked = self._begun.at
        #: The accounts at these times, once somebody has looked.
        self._at_since: account.Moment | None = None
        self._at_asked: account.Moment | None = None
        self.ended: ProcessEnd | None = None

    def begin(self, request: bytes) -> None:
        """Tell the process what to do, which it reads once it is confined, and wait until it is."""
        self._connection.put(request)
        try:
            first = self.next(_SEND_SECONDS, judge_cpu=False)
        except (Overtime, BadFrames):
            first = None
        if first != frames.CONFINED:
            raise InfrastructureError(
                "the sandbox could not confine a program: see foureyes doctor"
            )
        try:
            self._connection.flush(_SEND_SECONDS)
        except OSError as error:
            raise InfrastructureError(f"the sandbox took no request: {error}") from None

    def allow(self, seconds: float) -> None:
        """Charge the program with no more than this in all, since it began."""
        self._allowed = seconds
        self._until = self._begun.at + seconds

    def ask(self, inputs: bytes, answers: int) -> None:
        """Send inputs for so many answers. `next` goes on sending while it waits for the first."""
        self._due = answers
        self._come_back()
        self._since = self._asked = self._now()
        self._at_since = self._at_asked = None
        self._connection.put(inputs)

    def next(self, limit: float, judge_cpu: bool = True) -> bytes | None:
        """The next frame, tag first; None if the process has closed its end.

        `limit` is in seconds since the frame before, or since its input was sent. By the clock, less
        what the program was ready and had no processor (account.py): a busy machine must make no
        right answer wrong. Unless `judge_cpu` is false. Raises: Overtime, BadFrames; Starved if the
        program is ready for long and gets no processor.
        """
        self._come_back()
        try:
            return self._next(limit, judge_cpu)
        finally:
            self._left = time.monotonic()

    def take(self, wanted: Sequence[bytes | None]) -> int:
        """Take what has arrived as long as these are the next frames, one by one; how many they were.

        Nobody waits here, so no time is looked at: of a thousand quick answers that was most of the cost.
        """
        taken, arrived = 0, self._connection.arrived
        for frame in wanted:
            if not arrived or arrived[0] != frame:
                break
            arrived.popleft()
            taken += 1
        return taken

    def _now(self) -> float:
        """The time by a clock that stands still while nobody waits for the program."""
        return time.monotonic() - self._ours

    def _come_back(self) -> None:
        """Wait for the program from here on; what passed since `next` was ours."""
        now = time.monotonic()
        self._ours += now - self._left
        self._left = now

    def _next(self, limit: float, judge_cpu: bool) -> bytes | None:
        deadline = self._since + limit
        if judge_cpu:
            deadline = min(deadline, self._until)
        while not self._connection.has_news:
            remaining = deadline - self._now()
            if remaining > 0:
                self._receive(min(remaining, _WATCH) if self._is_watched else remaining)
                self._refuse_if_over()
                continue
            try:
                if not judge_cpu:
                    raise Overtime
                deadline = self._extended(limit)
            except Overtime:
                self._receive(0.0)  # we may be late ourselves: it may have answered meanwhile
                if not self._connection.has_news:
                    raise
        return self._connection.take()

    def _refuse_if_over(self) -> None:
        """Raises: Killed if the program has more memory than its slot's share, where we must look."""
        if not self._is_watched:
            return
        self._program = self._program or account.program_of(self._zygote)
        assert self._room is not None
        if self._program is not None and self._room.is_over(self._program):
            raise Killed("a program takes more memory than its slot's share of this machine's")

    def charged_since_asked(self, at_least: float) -> bool:
        """Whether the program was charged with so much since inputs were sent the last time."""
        self._come_back()
        if self._now() - self._asked < at_least:
            return False
        now = self._look()
        assert self._at_asked is not None
        return account.charge(self._at_asked, now) >= at_least

    @property
    def charged(self) -> float:
        """Seconds that a program that has ended was charged with, as far as somebody looked."""
        assert self.ended is not None
        self._come_back()
        idle = account.Moment(self._now(), self.ended.cpu_seconds, self._last.threads)
        return account.charge(self._begun, idle)

    def _receive(self, seconds: float) -> None:
        """Receive what comes within so many seconds, and note when it came."""
        if came := self._connection.receive(seconds):
            self._since = self._now()
            self._at_since = None
            self._due -= came
            self._reads += 1
            if self._reads > _HASTE and self._due > 0 and not self._connection.is_closed:
                time.sleep(_GATHER_SECONDS)

    def _extended(self, limit: float) -> float:
        """A later time to look again for a program that had no processor; else Overtime."""
        now = self._look()
        if self._is_over(now, limit):
            # A thread's wait is added up when it ends, so one that waits still was charged too much.
            self._receive(_PAUSE)
            if self._connection.has_news:
                return now.at
            then, now = now, self._look()
            if self._is_over(now, limit):
                if self._used_up(now, limit) or not account.waits(then, now):
                    raise Overtime(in_all=self._is_over(now))
                wait = _WAITING
            else:
                wait = _SOON
        else:
            wait = _SOON
        if now.at - self._since >= limit * _STARVED:
            raise Starved(
                f"this machine gave a program {self._used(now):.2f} s of a processor in "
                f"{now.at - self._since:.0f} s: too much else runs on it"
            )
        assert self._at_since is not None
        in_all = self._allowed - account.charge(self._begun, now)
        self._until = now.at + max(in_all, wait)
        return now.at + max(min(limit - account.charge(self._at_since, now), in_all), wait)

    def _look(self) -> account.Moment:
        """The program's account now; and, from the first look on, at the times that are asked about."""
        cpu = (
            self.cpu_seconds()
        )  # first: with it the kernel brings the threads' accounts up to date
        if self._program is None:
            self._program = account.program_of(self._zygote)
        threads = account.threads_of(self._program) if self._program is not None else None
        if threads is not None:
            gone = (self._last.threads or {}).items()
            threads = {number: replace(one, ready=False) for number, one in gone} | threads
        # On a busy machine we too wait for a processor, and the program for us.
        before, self._own_waits = self._own_waits, account.own_waits()
        self._ours += max(self._own_waits - before, 0.0)
        now = account.Moment(self._now(), cpu, threads)
        self._at_since = self._at_since or account.between(self._last, self._since, now)
        self._at_asked = self._at_asked or account.between(self._last, self._asked, now)
        self._last = now
        return now

    def _is_over(self, now: account.Moment, limit: float = math.inf) -> bool:
        """Whether more was charged than the awaited frame may take, or all may together."""
        assert self._at_since is not None
        if now.threads is None and (
            now.at - self._since >= limit * _BACKSTOP
            or now.at - self._begun.at >= self._allowed * _BACKSTOP
        ):
            return True
        return (
            account.charge(self._at_since, now) >= limit * _NEARLY
            or account.charge(self._begun, now) >= self._allowed * _NEARLY
        )

    def _used_up(self, now: account.Moment, limit: float) -> bool:
        """Whether CPU time alone is over a limit, whatever the program waits for."""
        in_all = now.cpu - self._begun.cpu
        return self._used(now) >= limit * _NEARLY or in_all >= self._allowed * _NEARLY

    def _used(self, now: account.Moment) -> float:
        """CPU seconds that went into the awaited frame."""
        assert self._at_since is not None
        return now.cpu - self._at_since.cpu

    def cpu_seconds(self) -> float:
        """CPU time that the process has used so far."""
        self._tell(zygote.CPU)
        reply = self._reply()
        if reply[:1] == zygote.ENDED:
            self._note_end(reply)
            assert self.ended is not None
            return self.ended.cpu_seconds
        return float(zygote.CPU_FORMAT.unpack(reply)[1])

    def end(self) -> ProcessEnd:
        """Kill the process, if it still runs, and say how it ended."""
        if self.ended is None:
            self._tell(zygote.KILL)
        while self.ended is None:
            reply = self._reply()
            if reply[:1] == zygote.ENDED:
                self._note_end(reply)
        return self.ended

    def await_end(self, seconds: float) -> ProcessEnd | None:
        """How a process that closed its end ended by itself; None if it goes on all the same.

        Raises: Killed if SIGKILL ended it, which no program can send, before its limit of CPU time,
        unless it took all the memory that any program may.
        """
        if self.ended is None and select.select([self._control], [], [], seconds)[0]:
            self._note_end(self._reply())
        if (
            self.ended is not None
            and self.ended.signal == signal.SIGKILL
            and self.ended.cpu_seconds < self._cpu_limit * _NEARLY
        ):
            if self.has_filled_its_room:
                self.out_of_memory = True
                return self.ended
            raise Killed("a program was killed: is this machine short of memory?")
        return self.ended

    @property
    def has_filled_its_room(self) -> bool:
        """Whether its cgroup was full since it began, of as much memory as any program may have."""
        room = self._room
        return room is not None and room.is_full and room.hits() > self._hits

    def _note_end(self, reply: bytes) -> None:
        _, status, cpu_seconds = zygote.ENDED_FORMAT.unpack(reply)
        killed = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        self.ended = ProcessEnd(killed, os.WEXITSTATUS(status) if not killed else 0, cpu_seconds)

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
