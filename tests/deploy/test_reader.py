"""deploy/postgres/reader.sql: people may query a server of their own, and break or learn nothing."""

import os
import subprocess
from collections.abc import Iterator

import psycopg
import pytest

from tests.production import PSQL, READER, run_reader_file


@pytest.fixture(scope="module")
def database(postgres: str) -> str:
    """A migrated database for all tests here, which leave nothing in it."""
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute("CREATE DATABASE readers TEMPLATE migrated")
    return postgres.replace("/postgres?", "/readers?")


@pytest.fixture(scope="module")
def reader(database: str) -> Iterator[psycopg.Connection]:
    """A connection of the role, which has switched off what only guards against mistakes."""
    for _ in range(2):  # may be run again, say for another password
        made = run_reader_file(database, "it's secret")
        assert made.returncode == 0, made.stderr
    url = database.replace("postgres@", "foureyes_reader@")
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SHOW default_transaction_read_only").fetchone()
        assert row == ("on",)
        connection.execute("SET default_transaction_read_only = off")
        yield connection


def test_it_reads_every_table_and_view(reader: psycopg.Connection) -> None:
    found = reader.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relkind IN ('r', 'v')"
    ).fetchall()
    names = {name for (name,) in found}
    assert {"attempt", "v_scores", "v_progress", "v_attempts", "v_steps"} <= names
    for name in names:
        reader.execute(f'SELECT * FROM "{name}" LIMIT 1')


def test_it_reads_what_a_later_migration_makes(reader: psycopg.Connection, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute("CREATE TABLE later (x int)")
        owner.execute("CREATE VIEW v_later AS SELECT * FROM later")
    reader.execute("SELECT * FROM later, v_later")


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO sweep (key, name, file, created_at) VALUES ('k', 'n', '{}', now())",
        "UPDATE attempt SET outcome = 'solved'",
        "DELETE FROM attempt",
        "TRUNCATE step",
        "SELECT * FROM attempt FOR UPDATE",
        "SELECT nextval('attempt_id_seq')",
        "DROP VIEW v_scores",
        "CREATE TABLE mine (x int)",
        "CREATE TEMPORARY TABLE mine (x int)",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "SELECT lo_create(0)",
        "SELECT lo_from_bytea(0, 'x')",
        "COPY (SELECT 1) TO '/tmp/x'",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SET ROLE postgres",
        "ALTER ROLE foureyes_reader SUPERUSER",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'",
    ],
)
def test_it_cannot_write(reader: psycopg.Connection, database: str, statement: str) -> None:
    with psycopg.connect(database), pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM pg_authid",
        "SELECT * FROM pg_shadow",
        "SELECT * FROM pg_hba_file_rules",
        "SELECT pg_read_file('pg_hba.conf')",
        "SELECT pg_ls_dir('.')",
    ],
)
def test_it_cannot_read_what_is_secret(reader: psycopg.Connection, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute(statement)


def test_it_does_not_see_what_others_ask(reader: psycopg.Connection, database: str) -> None:
    with psycopg.connect(database) as owner:
        owner.execute("SELECT 'secret of another'")
        rows = reader.execute("SELECT query FROM pg_stat_activity").fetchall()
    assert rows and not any("secret of another" in (query or "") for (query,) in rows)


def test_its_password_is_set_and_not_kept_as_it_is(
    reader: psycopg.Connection, database: str
) -> None:
    with psycopg.connect(database) as owner:
        row = owner.execute(
            "SELECT rolpassword, rolsuper FROM pg_authid WHERE rolname = 'foureyes_reader'"
        ).fetchone()
    assert row is not None
    assert row[0].startswith("SCRAM-SHA-256$") and row[1] is False


def test_without_a_password_there_is_no_role(database: str) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "READER_PASSWORD"}
    made = subprocess.run(
        [PSQL, database, "--no-psqlrc", "--quiet", f"--file={READER}"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode != 0
    assert "reader_password" in made.stderr
