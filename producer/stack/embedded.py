"""The embedded stack: database, broker, workers and Flower on one machine, with no server installed.

Whoever needs the database joins it. One process per home at a time runs the rest: `foureyes up`, or
a sweep that found no stack running. Its children end with it, even if it is killed; what they had
claimed is taken up again by the next ones.
"""

import fcntl
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from sqlalchemy import text

from foureyes import migrations
from foureyes.models.errors import FoureyesError
from foureyes.models.later import Later
from foureyes.models.session import check_connection, engine
from foureyes.models.settings import settings
from foureyes.producer.commands.choices import Broker
from foureyes.producer.commands.terminal import Say
from foureyes.producer.home import prepared
from foureyes.producer.stack import postgres, rabbitmq, reader, valkey

if TYPE_CHECKING:
    from foureyes.models import broker
    from foureyes.producer.stack import processes
    from foureyes.producer.stack.processes import Stack
else:  # who only reads needs a database and nothing else of the stack
    broker, processes = Later("foureyes.models.broker"), Later("foureyes.producer.stack.processes")

DATABASE = "foureyes"
#: Seconds that another terminal's stack is given to say where it is.
_STARTING = 60.0


@contextmanager
def database(say: Say) -> Iterator[None]:
    """A database that can be reached and is migrated: the user's own, or the embedded one.

    Raises: FoureyesError if the user's cannot be reached, or is at another migration.
    """
    if settings().database_url is not None:
        check_connection()
        migrations.check()
        migrations.check_views()
        yield
        return
    home = prepared()
    with postgres.server(home) as url:
        try:
            with changing(home):  # two terminals may both be the first
                _make_database(say, home, url)
                _set("FOUREYES_DATABASE_URL", postgres.named(url, DATABASE))
                _migrate(say)
            yield
        finally:
            _set("FOUREYES_DATABASE_URL", None)


@contextmanager
def changing(home: Path) -> Iterator[None]:
    """Hold off everybody else who comes to use the database: it is made, migrated or replaced."""
    with (home / "migration.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def reading(say: Say) -> Iterator[None]:
    """The same database, as a role that can read and do nothing else.

    Raises: FoureyesError if there is none on the user's server, and it lets us make none.
    """
    ours = settings().database_url is None
    with database(say), ExitStack() as cleanup:
        owner = settings().database_url
        assert owner is not None
        cleanup.callback(_set, "FOUREYES_DATABASE_URL", owner.get_secret_value())
        given = None if ours else reader.url_given()
        if given is not None:
            _set("FOUREYES_DATABASE_URL", given)
            reader.check_connection()
        else:
            with reader.made(ours=ours) as made:
                _set("FOUREYES_DATABASE_URL", made)
                check_connection()  # the pool keeps the connection
        reader.check()
        yield


def reader_url(say: Say) -> str:
    """The URL by which other programs of this user read the embedded database: a Unix socket's, with no
    password in it. It holds as long as somebody else keeps the database running.

    Raises: FoureyesError if nobody does, or the database is a server of the user's own.
    """
    if settings().database_url is not None:
        raise FoureyesError(
            "sql: the database is a server of your own, at FOUREYES_DATABASE_URL; read it with a role "
            "that can only read (deploy/postgres/reader.sql makes one)"
        )
    home = prepared()
    if not postgres.is_used(home):
        raise FoureyesError(
            "sql: the embedded database runs only while a command uses it: keep `foureyes web` or "
            "`foureyes up` running in another terminal, and ask again"
        )
    with reading(say):  # the role may have to be made, or granted what came later
        return postgres.named(postgres.address(home), DATABASE).replace(
            "postgres@", f"{reader.ROLE}@"
        )


def _make_database(say: Say, home: Path, url: str) -> None:
    _set("FOUREYES_DATABASE_URL", url)
    with engine().connect() as connection:
        connection = connection.execution_options(isolation_level="AUTOCOMMIT")
        known = connection.execute(
            text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": DATABASE}
        ).scalar()
        if not known:
            say(f"making the embedded database in {home}")
            connection.execute(text(f"CREATE DATABASE {DATABASE}"))


def _migrate(say: Say) -> None:
    """Bring the database to this code's revision and views; never back from a later one."""
    found = migrations.current()
    if found == migrations.head():
        if migrations.has_views():
            return
        say("making the views of the embedded database anew")
    elif found is not None:
        migrations.check_known(found)
        say(f"migrating the embedded database from {found} to {migrations.head()}")
    migrations.upgrade()


def _set(name: str, value: str | None) -> None:
    """Set a variable for this process and its children, and forget what was read before."""
    if engine.cache_info().currsize:
        engine().dispose()
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value
    settings.cache_clear()
    engine.cache_clear()
    if "foureyes.models.broker" in sys.modules:  # else nobody has spoken to one
        broker.app.cache_clear()


@dataclass(frozen=True)
class Running:
    """A stack that another process of this home runs."""

    broker_url: str
    flower_url: str
    flower_password: str


def running() -> Running | None:
    """The stack that runs in this home, if there is one; what a crash left does not count.

    Raises: FoureyesError if one holds the home but does not say where it is.
    """
    home = settings().home
    deadline = time.monotonic() + _STARTING
    while time.monotonic() < deadline:
        try:
            with (home / "stack.lock").open() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return None
        except FileNotFoundError:
            return None
        except BlockingIOError:
            pass
        try:
            return Running(**json.loads((home / "stack.json").read_text()))
        except FileNotFoundError:
            time.sleep(0.1)  # it is just starting, or stopping
    raise FoureyesError(f"another process starts a stack in {home} and does not get there")


def join(stack: Running) -> None:
    """Use the broker of a running stack in this process."""
    _set("FOUREYES_BROKER_URL", stack.broker_url)


@contextmanager
def stack(
    say: Say, models_in_demand: Callable[[], list[str]], wanted: Broker = Broker.VALKEY
) -> Iterator["Stack"]:
    """Run what is missing of the stack: broker, Flower, and the workers that are in demand.

    Needs `database()` around it.

    Raises: FoureyesError if this home has a stack already.
    """
    home = prepared()
    with ExitStack() as cleanup:
        _lock(home, cleanup)
        cleanup.enter_context(_orderly_end())
        cleanup.enter_context(_broker(say, home, wanted))
        made = processes.Stack(say, models_in_demand)
        cleanup.callback(made.stop)
        made.start()
        # last in, first out: nobody may join a stack that is stopping
        cleanup.callback((home / "stack.json").unlink, missing_ok=True)
        yield made


def _lock(home: Path, cleanup: ExitStack) -> None:
    """Make this process the one that runs the home's stack."""
    lock = cleanup.enter_context((home / "stack.lock").open("w"))
    deadline = time.monotonic() + 1  # `running` of another terminal looks for a moment
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise FoureyesError(f"a stack is running in {home} already") from None
            time.sleep(0.05)
    (home / "stack.json").unlink(missing_ok=True)  # of a stack that was killed


@contextmanager
def _orderly_end() -> Iterator[None]:
    """Let `kill` and a closed terminal end the stack as Ctrl-C does, so that workers can finish."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, _: FrameType | None) -> NoReturn:
        signal.signal(number, signal.SIG_IGN)  # once is enough
        raise SystemExit(128 + number)

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _broker(say: Say, home: Path, wanted: Broker) -> Iterator[None]:
    if settings().broker_url is not None:
        broker.check_connection()
        yield
        return
    if wanted is Broker.RABBITMQ:
        say("starting RabbitMQ (10 to 20 seconds)")
    servers = {Broker.VALKEY: valkey.server, Broker.RABBITMQ: rabbitmq.server}
    with servers[wanted](home) as url:
        try:
            _set("FOUREYES_BROKER_URL", url)
            yield
        finally:
            _set("FOUREYES_BROKER_URL", None)
