"""The way to the database: one pooled engine per process, and sessions that commit or roll back."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from models.errors import FoureyesError
from models.settings import settings


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
    url = settings().database_url
    if url is None:
        raise FoureyesError("no database: set FOUREYES_DATABASE_URL, or start with `foureyes up`")
    return create_engine(
        dialect_url(url.get_secret_value()),
        pool_size=5,
        max_overflow=20,
        pool_pre_ping=True,  # a database that was restarted must not cost a task
        connect_args={"connect_timeout": 10, "application_name": "foureyes"},
    )


@contextmanager
def session() -> Iterator[Session]:
    """A transaction: committed at the end of the block, rolled back if it raises."""
    with Session(engine(), expire_on_commit=False) as current, current.begin():
        yield current


def check_connection() -> None:
    """Raises: FoureyesError in one line when the database cannot be reached."""
    try:
        with engine().connect() as connection:
            connection.execute(text("SELECT 1"))
    except OperationalError as error:
        shown = engine().url.render_as_string(hide_password=True)
        reason = str(error.orig).strip().splitlines()[-1]
        raise FoureyesError(
            f"cannot reach the database at {shown}: {reason}. Is it running? "
            "FOUREYES_DATABASE_URL says where it is."
        ) from None
