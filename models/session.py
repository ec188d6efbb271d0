"""The way to the database: one pooled engine per process, and sessions that commit or roll back."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    InvalidatePoolError,
    OperationalError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from foureyes.models.errors import FoureyesError, Unreachable
from foureyes.models.settings import settings

#: PostgreSQL's major version; before it ranges of several workers could not be put together (v_cost).
OLDEST_POSTGRES = 15

#: Seconds. No statement of ours takes long, and no transaction waits for anything but statements:
#: one that does is of a process that is gone or stuck, and holds locks that others need.
_STATEMENT_SECONDS = 60
_IDLE_SECONDS = 60
_SERVER_SETTINGS = (
    f"-c statement_timeout={_STATEMENT_SECONDS}s"
    f" -c idle_in_transaction_session_timeout={_IDLE_SECONDS}s"
    " -c client_connection_check_interval=10s"  # a killed worker's locks go with it
)

#: How libpq learns that a network or a machine is gone: it would wait for hours by itself.
_NETWORK = {
    "connect_timeout": 10,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # milliseconds that what was sent may stay unacknowledged
    "application_name": "foureyes",
}

#: What a server that answers says to somebody whom it will never let in.
_REFUSED = ("authentication failed", "does not exist", "no pg_hba.conf entry")

#: Errors by what Postgres calls them, or how that begins: a limit of the server was exceeded;
_LIMIT = "54"
#: a deadlock or another conflict, a lock or a statement that took too long, an idle transaction.
_ENDED = ("40", "55P03", "57014", "25P03")
#: no room, no connections, a standby, a server that is shut down or starts.
_SERVER = ("53", "25006", "57P")

#: Connections of a process that is no worker: a command, its thread that watches.
_POOL = 5
_pool = _POOL
#: Task threads of a worker that get a connection each.
_MOST = 32
#: Seconds in which a worker does not ask whether a connection that was just used is still there.
_ALIVE = 1.0
_alive = 0.0
#: Of a result that is streamed.
_ROWS_AT_A_TIME = 1000


#: First in a transaction that reads little, all of which an index finds: a database that has just been
#: filled knows nothing of its tables, and would read them whole.
BY_INDEX = text("""
SELECT set_config('enable_' || way, 'off', true)
FROM unnest(ARRAY['seqscan', 'bitmapscan', 'hashjoin', 'mergejoin']) AS way
""")


def dialect_url(url: str) -> str:
    """The URL with the driver that we use, whichever way a person writes Postgres' name."""
    for prefix in ("postgresql+psycopg://", "postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    raise FoureyesError(
        "FOUREYES_DATABASE_URL must begin with postgresql:// (only Postgres is supported)"
    )


@cache
def engine() -> Engine:
    """This process's connection pool.

    Raises: FoureyesError when FOUREYES_DATABASE_URL is not set; the command line sets it for the
    embedded stack before anything comes here.
    """
    given = settings().database_url
    if given is None:
        raise FoureyesError("no database: set FOUREYES_DATABASE_URL, or start with `foureyes up`")
    try:
        url = make_url(dialect_url(given.get_secret_value()))
    except (ArgumentError, ValueError):  # what it says may hold a part of the password
        raise FoureyesError(
            "FOUREYES_DATABASE_URL cannot be read. It looks like "
            "postgresql://user:password@host:5432/database; in a password, %40 stands for @"
        ) from None
    theirs = url.query.get("options", "")
    made = create_engine(
        url,
        pool_size=_pool,
        max_overflow=0,  # what a machine may take of the server's connections is known beforehand
        pool_timeout=30,
        pool_use_lifo=True,  # a quiet worker uses few of its connections, and the rest may go
        pool_recycle=1800,  # before a firewall forgets them
        connect_args=_NETWORK | {"options": f"{_SERVER_SETTINGS} {theirs}".strip()},
    )
    _ask_after_idling(made)
    return made


def _ask_after_idling(pooled: Engine) -> None:
    """Have connections that lay idle asked whether they are still there, and made anew if not.

    A database that was restarted must not cost a task, and no command. Each transaction of a busy worker
    would pay for the question (SQLAlchemy's `pool_pre_ping`) a quarter of what a small one costs; one
    that meets a restart within a second of its last transaction does as one that was in the middle of
    it, which is done again.
    """

    @event.listens_for(pooled, "checkin")
    def note(_: Any, record: ConnectionPoolEntry) -> None:
        record.info["left"] = time.monotonic()

    @event.listens_for(pooled, "checkout")
    def ask(connection: DBAPIConnection, record: ConnectionPoolEntry, _: Any) -> None:
        left = record.info.get("left")
        if left is None or time.monotonic() - left < _alive:
            return
        try:
            pooled.dialect.do_ping(connection)
        except psycopg.Error as error:
            raise InvalidatePoolError from error


def reserve(threads: int) -> None:
    """Make the pool a worker's, before it is first used: for its task threads, leases, reaper, starter.

    Of hundreds of threads nearly all wait for a model: those few that want the database may wait
    for each other, a server's connections are dear.
    """
    global _pool, _alive
    assert engine.cache_info().currsize == 0, "the pool is in use already"
    _pool = min(threads, _MOST) + 3
    _alive = _ALIVE


@contextmanager
def session() -> Iterator[Session]:
    """A transaction: committed at the end of the block, rolled back if it raises."""
    with Session(engine(), expire_on_commit=False) as current, current.begin():
        yield current


@contextmanager
def transaction() -> Iterator[Connection]:
    """The same without the ORM, for what every step of every attempt does."""
    with engine().begin() as connection:
        yield connection


@contextmanager
def snapshot() -> Iterator[Connection]:
    """A read-only transaction that sees one moment, in UTC, and whose results are streamed."""
    with engine().connect() as connection:
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            connection.execute(text("SET LOCAL timezone = 'UTC'"))
            connection.execution_options(yield_per=_ROWS_AT_A_TIME)
            yield connection


@contextmanager
def one_moment() -> Iterator[None]:
    """Inside the block all of this process's transactions read only, and see the same moment.

    For what many of them make together. Those of other processes are as they were.
    """
    pooled = engine()
    with pooled.connect() as holder:
        holder.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with holder.begin():
            # it waits for the others, and for nothing that anybody else needs
            holder.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            moment = holder.execute(text("SELECT pg_export_snapshot()")).scalar_one()

            def begin(connection: Connection) -> None:
                for statement in (
                    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
                    f"SET TRANSACTION SNAPSHOT '{moment}'",
                ):
                    connection.exec_driver_sql(statement)

            event.listen(pooled, "begin", begin)
            try:
                yield
            finally:
                event.remove(pooled, "begin", begin)


def is_passing(error: BaseException) -> bool:
    """Whether an error is the database's or the network's state, and not what was asked of it.

    It was restarted, fails over to another server, is out of connections or disk, ended a deadlock
    at our expense, or did not answer in time: the same transaction may well succeed later. What is
    too large or too deeply nested for it will be so for ever, though its driver counts that among
    the server's troubles.
    """
    if _state(error).startswith(_LIMIT):
        return False
    if isinstance(error, (OperationalError, InterfaceError, PoolTimeout)):
        return True
    # of these, some are not OperationalErrors to the driver
    if _state(error).startswith((*_ENDED, *_SERVER)):
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated


def was_refused(error: BaseException) -> bool:
    """Whether a passing error came from a server that is there and has ended this very transaction.

    Its time was up, or others stood in its way. One that meets this again and again is itself the
    reason: it is too much work, say.
    """
    return is_passing(error) and _state(error).startswith(_ENDED)


def is_server_trouble(error: BaseException) -> bool:
    """Whether an error says that the server, or our pool, cannot do anything at all for now."""
    return isinstance(error, PoolTimeout) or _state(error).startswith(_SERVER)


def _state(error: BaseException) -> str:
    """What Postgres calls an error (SQLSTATE); empty if it was not Postgres that spoke."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) or ""


def check_connection() -> None:
    """Raises: FoureyesError in one line when the database is too old or cannot be used; Unreachable."""
    try:
        with engine().connect() as connection:
            driver = connection.connection.driver_connection
            assert isinstance(driver, psycopg.Connection)
            found = driver.info.server_version
    except OperationalError as error:
        reason = said_by(error)
        refused = any(word in reason for word in _REFUSED)
        hint = "" if refused else "Is it running? "
        raise (FoureyesError if refused else Unreachable)(
            f"cannot reach the database at {_shown(engine().url)}: "
            f"{reason}. {hint}FOUREYES_DATABASE_URL says where it is."
        ) from None
    except UnicodeError as error:
        raise FoureyesError(f"FOUREYES_DATABASE_URL: cannot be used ({error})") from None
    except ProgrammingError as error:  # libpq does not know what stands behind the question mark
        raise FoureyesError(f"FOUREYES_DATABASE_URL: {error.orig}") from None
    if found < OLDEST_POSTGRES * 10_000:
        raise FoureyesError(
            f"the database is PostgreSQL {found // 10_000}; foureyes needs {OLDEST_POSTGRES} or later"
        )


def _shown(url: URL) -> str:
    """Where a database is, without what may be secret: libpq takes passwords behind the `?` too."""
    kept = {name: value for name, value in url.query.items() if name in ("host", "port", "dbname")}
    return url.set(query=kept).render_as_string(hide_password=True)


def said_by(error: DBAPIError) -> str:
    """The server's words; else the last of libpq's lines that is no question of its own to the reader."""
    if isinstance(error.orig, psycopg.Error) and error.orig.diag.message_primary:
        return error.orig.diag.message_primary
    lines = [line for line in str(error.orig).splitlines() if line.strip()]
    told = (line for line in reversed(lines) if not line.startswith("\t"))
    return next(told, type(error.orig).__name__)
