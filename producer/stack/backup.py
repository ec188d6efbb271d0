"""The embedded database as one file, and back: by PostgreSQL's own `pg_dump` and `pg_restore`."""

import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, BinaryIO

import psycopg

from foureyes import migrations
from foureyes.models.errors import FoureyesError
from foureyes.models.settings import settings
from foureyes.producer.home import prepared
from foureyes.producer.stack import embedded, postgres, reader

#: How a file begins that pg_dump wrote for pg_restore.
_BEGINS = b"PGDMP"
#: What is being restored, until it is whole.
_PART = "foureyes_restored"
_CHUNK = 1 << 20


def write(file: BinaryIO, tell: Callable[[int], None]) -> None:
    """Write the whole database as it is at this moment; whoever works on it goes on.

    `tell` is told how many bytes there are by now. Needs `embedded.database()` around it, and the
    embedded database.

    Raises: FoureyesError if it cannot be read.
    """
    url = settings().database_url
    assert url is not None
    command = [str(postgres.program("pg_dump")), "--format=custom", "--no-owner", "--no-acl"]
    command += [f"--dbname={url.get_secret_value()}"]
    done = 0
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said) as dumping,
    ):
        assert dumping.stdout is not None
        try:
            while chunk := dumping.stdout.read(_CHUNK):
                file.write(chunk)
                done += len(chunk)
                tell(done)
        except BaseException:  # the disk is full, or Ctrl-C
            dumping.kill()
            raise
        if dumping.wait() != 0:
            raise FoureyesError(f"the database cannot be read: {_last_line(said)}")


def restore(path: Path) -> None:
    """Put what `write` wrote in the place of an embedded database that holds no sweep.

    The database is what it was until all has been read; what is half restored is never seen.

    Raises: FoureyesError if the file is no backup, or there is a sweep, or somebody uses the database.
    """
    with path.open("rb", buffering=0) as file:  # where we stand in it, pg_restore stands too
        if file.read(len(_BEGINS)) != _BEGINS:
            raise FoureyesError(f"{path}: no backup of foureyes (`foureyes database backup`)")
        file.seek(0)
        home = prepared()
        if embedded.running() is not None:
            raise FoureyesError(f"a stack is running in {home}: end it first (Ctrl-C)")
        with (
            postgres.server(home) as url,
            embedded.changing(home),
            psycopg.connect(url, autocommit=True) as server,
        ):
            _check_empty(server, url, home)
            server.execute(f"DROP DATABASE IF EXISTS {_PART}")  # of somebody who was interrupted
            server.execute(f"CREATE DATABASE {_PART} TEMPLATE template0")
            try:
                _fill(path, file, postgres.named(url, _PART))
                _take_place(server)
            finally:
                server.execute(f"DROP DATABASE IF EXISTS {_PART} WITH (FORCE)")


def _check_empty(server: psycopg.Connection, url: str, home: Path) -> None:
    known = server.execute(
        "SELECT FROM pg_database WHERE datname = %s", [embedded.DATABASE]
    ).fetchone()
    if known is None:
        return
    with psycopg.connect(postgres.named(url, embedded.DATABASE)) as there:
        if there.execute("SELECT to_regclass('sweep')").fetchone() == (None,):
            return
        if there.execute("SELECT FROM sweep LIMIT 1").fetchone() is not None:
            raise FoureyesError(
                f"the database in {home} holds sweeps, and a backup takes a database's place: set "
                "FOUREYES_HOME to a new folder, or remove them first (`make clean-data` removes all)"
            )


def _fill(path: Path, file: IO[bytes], url: str) -> None:
    command = [str(postgres.program("pg_restore")), "--no-owner", "--no-acl", "--exit-on-error"]
    command += ["--single-transaction", f"--dbname={url}"]
    with tempfile.TemporaryFile("w+") as said:
        made = subprocess.run(
            command, stdin=file, stdout=subprocess.DEVNULL, stderr=said, check=False
        )
        if made.returncode != 0:
            raise FoureyesError(f"{path}: cannot be restored: {_last_line(said)}")
    with psycopg.connect(url) as restored:
        if restored.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
            raise FoureyesError(f"{path}: a backup of another program's database")
        (revision,) = restored.execute("SELECT version_num FROM alembic_version").fetchall()[0]
    migrations.check_known(revision)


def _take_place(server: psycopg.Connection) -> None:
    try:
        server.execute(f"DROP DATABASE IF EXISTS {embedded.DATABASE}")
    except psycopg.errors.ObjectInUse:
        raise FoureyesError(
            "another foureyes uses the database: end it first (`foureyes web`, `foureyes watch`, ...)"
        ) from None
    # its rights and everybody's in the new database are those of one that was just made
    server.execute(f"DROP ROLE IF EXISTS {reader.ROLE}")
    server.execute(f"ALTER DATABASE {_PART} RENAME TO {embedded.DATABASE}")


def _last_line(said: IO[str]) -> str:
    said.seek(0)
    lines = [line.strip() for line in said if line.strip()]
    return lines[-1] if lines else "it gave no reason"
