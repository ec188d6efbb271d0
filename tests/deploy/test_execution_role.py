"""deploy/postgres/execution.sql: whoever got out of a sandbox and its container holds this role."""

from collections.abc import Iterator

import psycopg
import pytest

from foureyes import migrations
from foureyes.models.session import engine
from foureyes.models.settings import settings
from tests.production import run_execution_file


@pytest.fixture(scope="module")
def database(postgres: str) -> str:
    """A database in which the role was made first, as the compose file does, and then the tables."""
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute("CREATE DATABASE judges TEMPLATE template0")
    url = postgres.replace("/postgres?", "/judges?")
    for _ in range(2):  # may be run again
        made = run_execution_file(url, "it's secret")
        assert made.returncode == 0, made.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FOUREYES_DATABASE_URL", url)
        settings.cache_clear()
        engine.cache_clear()
        migrations.upgrade()
        engine().dispose()
    settings.cache_clear()
    engine.cache_clear()
    return url


@pytest.fixture
def judge(database: str) -> Iterator[psycopg.Connection]:
    url = database.replace("postgres@", "foureyes_execution@")
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def test_it_is_no_superuser_and_its_password_is_kept_hashed(database: str) -> None:
    with psycopg.connect(database) as owner:
        row = owner.execute(
            "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls,"
            " rolpassword FROM pg_authid WHERE rolname = 'foureyes_execution'"
        ).fetchone()
    assert row is not None and row[0] is False and row[1].startswith("SCRAM-SHA-256$")


def test_it_reads_what_it_works_on_and_writes_what_came_of_it(judge: psycopg.Connection) -> None:
    for name in ("sweep", "problem", "v_scores", "alembic_version"):
        judge.execute(f"SELECT * FROM {name}")  # type: ignore[arg-type]
    judge.execute("SELECT * FROM execution FOR UPDATE SKIP LOCKED")
    judge.execute("UPDATE execution SET worker = NULL")
    judge.execute("UPDATE step SET execution_id = 1 WHERE execution_id = 2")
    judge.execute("UPDATE regraded SET execution_id = 1 WHERE execution_id = 2")
    judge.execute("SELECT nextval('execution_id_seq')")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM attempt", "DELETE FROM step", "TRUNCATE execution CASCADE",
        "UPDATE attempt SET outcome = 'solved'", "UPDATE step SET code = ''",
        "UPDATE completion SET text = ''", "INSERT INTO step (attempt_id) VALUES (1)",
        "INSERT INTO completion (key) VALUES ('x')",
        "INSERT INTO attempt (run_id) VALUES (1)", "UPDATE problem SET record = ''",
        "UPDATE sweep SET file = '{}'", "UPDATE language_model SET settings = '{}'",
        "UPDATE run SET options = '{}'", "INSERT INTO sweep (name) VALUES ('x')",
        "UPDATE alembic_version SET version_num = 'x'", "DROP VIEW v_scores",
        "CREATE OR REPLACE VIEW v_scores AS SELECT 1", "ALTER TABLE step DISABLE TRIGGER ALL",
        "CREATE TABLE mine (x int)", "CREATE TEMPORARY TABLE mine (x int)",
        "CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TRIGGER t BEFORE UPDATE ON attempt EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "COPY (SELECT 1) TO PROGRAM 'true'", "COPY (SELECT 1) TO '/tmp/x'",
        "SELECT pg_read_file('/etc/passwd')", "SELECT lo_export(1, '/tmp/x')", "SET ROLE postgres",
        "ALTER ROLE foureyes_execution SUPERUSER", "CREATE ROLE mine", "SELECT * FROM pg_authid",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'",
    ],
)  # fmt: skip
def test_it_can_do_nothing_else(judge: psycopg.Connection, database: str, statement: str) -> None:
    with psycopg.connect(database), pytest.raises(psycopg.errors.InsufficientPrivilege):
        judge.execute(statement)  # type: ignore[arg-type]
