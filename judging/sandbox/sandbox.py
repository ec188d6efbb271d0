"""One running sandbox, seen from outside: starts it, sends it programs, ends what takes too long."""

import contextlib
import json
import logging
import os
import select
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from typing import IO

from foureyes.judging.sandbox import launch, users
from foureyes.judging.sandbox.inside import zygote
from foureyes.judging.sandbox.process import Killed, ProgramRun, SandboxEnded
from foureyes.judging.sandbox.remedies import explained
from foureyes.judging.sandbox.room import FULL, Room
from foureyes.models.enums import Level
from foureyes.models.errors import InfrastructureError

log = logging.getLogger(__name__)

_START_SECONDS = 30.0
_END_SECONDS = 2.0


class Sandbox:
    """A zygote and what encloses it, for one thread. Once it fails it is of no more use."""

    def __init__(
        self,
        slot: int = 0,
        level: Level = Level.A,
        hash_seed: int = 0,
        memory: int = FULL,
        packages: str = "",
    ) -> None:
        """`memory`: bytes that it may take, as in Room. `packages` as in launch.launch."""
        self.level = level
        uid, self._user = users.take(slot)
        self._room = Room(memory)
        self._control, inside = _socketpair(socket.SOCK_SEQPACKET)
        info_read, info_write = os.pipe()
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # closed in close()
        #: The zygote, as this machine counts processes; known once it has started.
        self.pid = 0
        self._init: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        try:
            with inside, open(info_read, "rb") as info:
                try:
                    self._process = subprocess.Popen(
                        launch.launch(
                            level,
                            uid,
                            inside.fileno(),
                            info_write,
                            hash_seed,
                            self._room.doors,
                            packages,
                        ),
                        env=launch.environment(),
                        pass_fds=(inside.fileno(), info_write)[: 2 if level is Level.A else 1],
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL,
                        stderr=self._errors,
                    )
                finally:
                    os.close(info_write)
                inside.close()
                self._await_start(info)
        except BaseException:
            self.close()
            raise

    def _await_start(self, info: IO[bytes]) -> None:
        """Learn the process that holds the sandbox together, and wait until it is ready."""
        self._control.settimeout(_START_SECONDS)
        assert self._process is not None
        with contextlib.suppress(ValueError, KeyError, OSError):
            told = info.read()  # by bubblewrap, of its child; at level B our child is the zygote
            at_a = self.level is Level.A
            self.pid = json.loads(told)["child-pid"] if at_a else self._process.pid
            self._init = os.pidfd_open(self.pid)
        try:
            ready = self._control.recv(64)
        except OSError as error:
            raise InfrastructureError(f"the sandbox did not start: {error}") from None
        if ready != zygote.STARTED or self._init is None:
            self._errors.seek(0)
            lines = self._errors.read(4000).decode("utf-8", "replace").strip().splitlines()
            raise InfrastructureError(f"the sandbox did not start: {explained(lines)}")

    @contextlib.contextmanager
    def run(
        self, request: bytes, cpu_seconds: int, streams: tuple[int, ...] = ()
    ) -> Iterator[ProgramRun]:
        """A fresh process that does what a request (see inside/program.py) asks.

        It is killed at the end of the `with` block, whatever it is doing. `cpu_seconds` is the
        CPU time at which the kernel kills it, if nobody else has. `streams`: descriptors that
        become its standard input and output, /dev/null by default; files of this program alone,
        as it may do with them what it likes.

        Raises: InfrastructureError if the sandbox fails, SandboxEnded if the program ended it.
        """
        ours, theirs = _socketpair(socket.SOCK_STREAM)
        with ours:
            with theirs:
                message = zygote.RUN_FORMAT.pack(zygote.RUN, cpu_seconds)
                try:
                    socket.send_fds(self._control, [message], [theirs.fileno(), *streams])
                except OSError as error:
                    raise InfrastructureError(f"the sandbox is gone: {error}") from None
            run = ProgramRun(ours, self._control, self.pid, cpu_seconds, self._room)
            try:
                run.begin(request)
                try:
                    yield run
                finally:
                    run.end()
            except SandboxEnded as ended:
                if self._was_killed() and not run.has_filled_its_room:
                    raise Killed(
                        "the sandbox is gone: it was killed; is this machine short of memory?"
                    ) from ended
                raise

    def _was_killed(self) -> bool:
        """Whether SIGKILL ended it, which nobody inside can send to it; bubblewrap adds 128."""
        assert self._process is not None
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(_END_SECONDS) in (-signal.SIGKILL, 128 + signal.SIGKILL)
        return False

    def close(self) -> None:
        """End the sandbox and everything in it."""
        self._control.close()
        process, self._process = self._process, None
        if process is not None:
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                self._kill(process)
        if self._init is not None:
            os.close(self._init)
            self._init = None
        self._room.close()
        self._user.close()
        self._errors.close()

    def _kill(self, process: subprocess.Popen[bytes]) -> None:
        """The hard way: its first process, with which its process namespace ends."""
        log.warning("a sandbox did not end by itself and is killed")
        if self._init is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._init, signal.SIGKILL)
            select.select([self._init], [], [], _END_SECONDS)
        process.kill()
        process.wait()


def _socketpair(kind: int) -> tuple[socket.socket, socket.socket]:
    """Our end and that of the sandbox, which waits for what it reads.

    Python's default timeout belongs to the whole process, and Celery changes it while a worker
    ends. It makes sockets non-blocking, and so for a child too: one that finds nothing to read
    yet would end.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, kind)
    ours.settimeout(None)
    theirs.settimeout(None)
    return ours, theirs
