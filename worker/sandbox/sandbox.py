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

from models.errors import InfrastructureError
from worker.sandbox import command
from worker.sandbox.inside import zygote
from worker.sandbox.running import Run

log = logging.getLogger(__name__)

#: User ids that no account has; one for each slot.
_FIRST_UID = 64000
_START_SECONDS = 30.0
_END_SECONDS = 2.0

_REMEDIES = {
    "root without CAP_SYS_ADMIN": "run the worker as an ordinary user, or give its container "
    "CAP_SYS_ADMIN",
    "Operation not permitted": "allow unprivileged user namespaces (sysctl "
    "kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0), or in a "
    "container give it CAP_SYS_ADMIN and no seccomp profile",
    "No space left": "allow user namespaces (sysctl user.max_user_namespaces=10000)",
    "No permissions": "allow unprivileged user namespaces (sysctl "
    "kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0)",
    "Permission denied": "let every user read the project and its Python, and allow unprivileged "
    "user namespaces (sysctl kernel.apparmor_restrict_unprivileged_userns=0)",
    "Can't find source": "reinstall the Python that runs the worker: a part of it is missing",
}


class Sandbox:
    """A zygote behind bubblewrap, for one thread. Once it fails it is of no more use."""

    def __init__(self, slot: int = 0) -> None:
        self._control, inside = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        info_read, info_write = os.pipe()
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # closed in close()
        self._init: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        try:
            with inside, open(info_read, "rb") as info:
                try:
                    self._process = subprocess.Popen(
                        _command(slot, inside.fileno(), info_write),
                        pass_fds=(inside.fileno(), info_write),
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
        with contextlib.suppress(ValueError, KeyError, OSError):
            self._init = os.pidfd_open(json.loads(info.read())["child-pid"])
        try:
            ready = self._control.recv(64)
        except OSError as error:
            raise InfrastructureError(f"the sandbox did not start: {error}") from None
        if ready != zygote.STARTED or self._init is None:
            self._errors.seek(0)
            lines = self._errors.read(4000).decode("utf-8", "replace").strip().splitlines()
            raise InfrastructureError(f"the sandbox did not start: {_explained(lines)}")

    @contextlib.contextmanager
    def run(self, request: bytes, cpu_seconds: int) -> Iterator[Run]:
        """A fresh process that does what a request (see inside/program.py) asks.

        It is killed at the end of the `with` block, whatever it is doing. `cpu_seconds` is the
        CPU time at which the kernel kills it, if nobody else has.

        Raises: InfrastructureError if the sandbox fails; a program cannot bring that about.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with ours:
            with theirs:
                message = zygote.RUN_FORMAT.pack(zygote.RUN, cpu_seconds)
                try:
                    socket.send_fds(self._control, [message], [theirs.fileno()])
                except OSError as error:
                    raise InfrastructureError(f"the sandbox is gone: {error}") from None
            run = Run(ours, self._control)
            run.begin(request)
            try:
                yield run
            finally:
                run.end()

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


def _command(slot: int, control_fd: int, info_fd: int) -> list[str]:
    return command.launched(
        command.python_binds(),
        _FIRST_UID + slot,
        lambda binds: command.arguments(binds, control_fd, info_fd),
    )


def _explained(lines: list[str]) -> str:
    said = lines[-1] if lines else "it said nothing"
    for symptom, remedy in _REMEDIES.items():
        if symptom in said:
            return f"{said}; {remedy}"
    return said
