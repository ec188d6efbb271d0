"""`foureyes sql` by whoever writes the statement: a page's, a colleague's, a program's. Nothing changes."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pandas
import psycopg
import pytest
from rich.console import Console
from sqlalchemy import create_engine, text

from foureyes.models.errors import FoureyesError
from foureyes.models.session import dialect_url, engine
from foureyes.models.settings import settings
from foureyes.producer.commands import reading
from foureyes.producer.commands.choices import Rows
from foureyes.producer.stack import embedded, postgres, reader
from foureyes.results import query

#: Each tries to change, run or read what is none of its business, behind a word that reads.
HOSTILE = [
    "WITH gone AS (DELETE FROM sweep RETURNING 1) SELECT * FROM gone",
    "EXPLAIN ANALYZE DELETE FROM sweep",
    "EXPLAIN ANALYZE CREATE TABLE mine AS SELECT 1",
    "SELECT 1 INTO mine",
    "SELECT * FROM sweep FOR UPDATE",
    "SELECT nextval('sweep_id_seq')",
    "SELECT setval('sweep_id_seq', 7)",
    "SELECT lo_create(0)",
    "SELECT lo_from_bytea(0, 'x')",
    "SELECT lo_export(1, '/tmp/foureyes-lo')",
    "SELECT lo_import('/etc/passwd')",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_read_binary_file('/etc/passwd')",
    "SELECT pg_ls_dir('/')",
    "SELECT * FROM pg_ls_logdir()",
    "SELECT pg_file_write('/tmp/foureyes-file', 'x', false)",
    "SELECT pg_reload_conf()",
    "SELECT pg_advisory_lock(4711005)",
    "SELECT pg_try_advisory_xact_lock_shared(1, 2)",
    "SELECT pg_switch_wal()",
    "SELECT * FROM pg_authid",
    "SELECT set_config('role', 'postgres', false)",
    "SELECT set_config('session_authorization', 'postgres', false)",
    "SELECT set_config('transaction_read_only', 'off', true)",
    "SELECT set_config('session_preload_libraries', '/tmp/x.so', false)",
    "SELECT query_to_xml('DELETE FROM sweep', true, false, '')",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'",
    "SELECT 1; DELETE FROM sweep",
    "SELECT 1; COMMIT; DELETE FROM sweep",
]
#: Not even looked at by the server.
OTHER = [
    "COPY (SELECT 1) TO PROGRAM 'touch /tmp/foureyes-program'",
    "COPY (SELECT 1) TO '/tmp/foureyes-copy'",
    "COPY sweep FROM PROGRAM 'id'",
    "COPY sweep TO STDOUT",
    "SET ROLE postgres",
    "RESET ROLE",
    "SET SESSION AUTHORIZATION postgres",
    "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
    "DO $$ BEGIN EXECUTE 'DELETE FROM sweep'; END $$",
    "/* SELECT */ -- SELECT\n (DELETE FROM sweep)",
    "LOCK TABLE sweep",
    "BEGIN READ WRITE",
    "COMMIT",
    "LOAD '/tmp/x.so'",
    "ALTER SYSTEM SET archive_command = 'id'",
    "CREATE EXTENSION file_fdw",
    "NOTIFY foureyes",
    "PREPARE x AS DELETE FROM sweep",
]


@pytest.fixture(scope="module")
def embedded_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """An embedded database, in use for all tests here: as in a home that nobody has used before."""
    home = tmp_path_factory.mktemp("reader") / "home"
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("FOUREYES_")]:
            patch.delenv(name)
        patch.setenv("FOUREYES_HOME", str(home))
        _forget()
        with embedded.database(lambda _: None):
            pass
        with embedded.reading(lambda _: None):
            yield
        shutil.rmtree(
            (home / "postgres").resolve(), ignore_errors=True
        )  # as root it lies elsewhere
    _forget()


def _forget() -> None:
    settings.cache_clear()
    engine.cache_clear()


def ask(statement: str) -> None:
    query.run(statement, "json", Console())


@pytest.mark.parametrize("statement", HOSTILE)
def test_the_embedded_database_cannot_be_changed_by_a_question(
    embedded_home: None, statement: str
) -> None:
    with pytest.raises(FoureyesError, match=r"^sql: ") as refused:
        ask(statement)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("statement", OTHER)
def test_what_is_no_question_is_refused(embedded_home: None, statement: str) -> None:
    with pytest.raises(FoureyesError, match="read-only transaction"):
        ask(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM sweep", "TRUNCATE sweep CASCADE", "CREATE TABLE mine (x int)",
        "COPY (SELECT 1) TO PROGRAM 'true'", "COPY (SELECT 1) TO '/tmp/foureyes-copy'",
        "SET ROLE postgres", "SET SESSION AUTHORIZATION postgres", "CREATE TEMPORARY TABLE x (y int)",
        "SELECT lo_create(0)", "ALTER ROLE foureyes_sql SUPERUSER",
        "DO $$ BEGIN SET LOCAL transaction_read_only = off; DELETE FROM sweep; END $$",
    ],
)  # fmt: skip
def test_the_role_itself_has_no_right_to_write(embedded_home: None, statement: str) -> None:
    """What stays when the words get past us, and the transaction past being read-only."""
    with engine().connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        driver.execute("SET default_transaction_read_only = off")
        driver.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE")
        driver.commit()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            driver.execute(statement)
        connection.invalidate()


def test_a_question_is_answered(embedded_home: None, capsys: pytest.CaptureFixture[str]) -> None:
    for statement in ("SELECT count(*) AS n FROM v_attempts", "(TABLE sweep)", "VALUES (1)",
                      "-- why\nSELECT 1", "/* a */ with x as (select 1) select * from x",
                      "EXPLAIN SELECT * FROM step", "SHOW transaction_read_only"):  # fmt: skip
        ask(statement)
    assert '[{"n": 0}]' in capsys.readouterr().out


COPIES = ("COPY (SELECT 1) TO '/tmp/foureyes-copy'", "COPY (SELECT 1) TO PROGRAM 'true'")


def test_other_programs_read_by_the_url_and_change_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By psql, psycopg and pandas, as long as somebody keeps the database running; else who wants more
    than `foureyes sql` reads as the owner, or is sent where nothing listens.
    """
    monkeypatch.delenv("FOUREYES_DATABASE_URL", raising=False)
    monkeypatch.setenv("FOUREYES_HOME", str(tmp_path / "home"))
    _forget()
    with pytest.raises(FoureyesError, match="keep `foureyes web`"):
        reading.sql(None, Rows.TABLE, url=True)
    with embedded.database(lambda _: None):
        monkeypatch.delenv("FOUREYES_DATABASE_URL")  # as in another terminal
        _forget()
        reading.sql(None, Rows.TABLE, url=True)
        url = capsys.readouterr().out.strip()
        assert url.startswith("postgresql://foureyes_sql@/foureyes?host=")
        asked = "SELECT count(*) AS n FROM v_scores"
        psql = [str(postgres.program("psql")), url, "-XAtc"]
        assert subprocess.check_output([*psql, asked], text=True) == "0\n"
        for statement in (*COPIES, "DELETE FROM sweep", "SET ROLE postgres"):
            refused = subprocess.run(
                [*psql, statement], capture_output=True, text=True, check=False
            )
            assert refused.returncode == 1
            assert re.search("permission denied|read-only transaction", refused.stderr)
        with psycopg.connect(url) as driver:
            assert driver.execute(asked).fetchall() == [(0,)]
        by_pandas = create_engine(url)
        assert pandas.read_sql(asked, by_pandas).to_dict("records") == [{"n": 0}]
        by_pandas.dispose()
    _forget()
    shutil.rmtree((tmp_path / "home" / "postgres").resolve(), ignore_errors=True)


def test_no_address_is_told_that_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOUREYES_DATABASE_URL", "postgresql://u:secret@h/d")
    _forget()
    with pytest.raises(FoureyesError, match="FOUREYES_DATABASE_URL") as told:
        reading.sql(None, Rows.TABLE, url=True)
    assert "secret" not in str(told.value)
    for statement, url in ((None, False), ("SELECT 1", True)):
        with pytest.raises(FoureyesError, match=r"a statement, .* or --url"):
            reading.sql(statement, Rows.TABLE, url=url)


def test_a_server_of_ones_own_gets_the_role(database: str) -> None:
    """Again and again, beside others who do the same, and with tables that came later."""
    for _ in range(2):
        with embedded.reading(lambda _: None):
            assert engine().url.username == "foureyes_sql"
            ask("TABLE v_scores")
            with pytest.raises(FoureyesError, match="read-only transaction"):
                ask("WITH gone AS (DELETE FROM sweep RETURNING 1) SELECT * FROM gone")
        with psycopg.connect(database, autocommit=True) as owner:
            owner.execute("CREATE TABLE IF NOT EXISTS later (x int)")
    with embedded.reading(lambda _: None):
        ask("TABLE later")
    assert engine().url == settings_url(database)  # the command's other work goes on as before


def settings_url(url: str) -> object:
    from sqlalchemy import make_url

    return make_url(dialect_url(url))


@pytest.fixture
def plain_owner(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The database's URL for a user who owns its tables and may make no roles."""
    with psycopg.connect(database, autocommit=True) as server:
        server.execute("CREATE ROLE plain_owner LOGIN")
        names = server.execute("SELECT relname FROM pg_class WHERE relkind IN ('r', 'v')"
                               " AND relnamespace = 'public'::regnamespace").fetchall()  # fmt: skip
        for (name,) in names:
            server.execute(f'ALTER TABLE "{name}" OWNER TO plain_owner')  # type: ignore[arg-type]
        url = database.replace("postgres@", "plain_owner@")
        monkeypatch.setenv("FOUREYES_DATABASE_URL", url)
        _forget()
        yield url
        engine().dispose()
        server.execute("REASSIGN OWNED BY plain_owner TO postgres")
        server.execute("DROP OWNED BY plain_owner")
        server.execute("DROP ROLE plain_owner")


def test_where_no_role_can_be_made_one_line_says_what_to_do(plain_owner: str) -> None:
    with (
        pytest.raises(
            FoureyesError, match=r"deploy/postgres/reader\.sql.*FOUREYES_READER_URL"
        ) as told,
        embedded.reading(lambda _: None),
    ):
        pass
    assert "\n" not in str(told.value)


def test_a_role_of_ones_own_is_used_if_it_only_reads(
    plain_owner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOUREYES_READER_URL", plain_owner)
    _forget()
    with pytest.raises(FoureyesError, match="plain_owner can write"), embedded.reading(print):
        pass
    with psycopg.connect(
        plain_owner.replace("plain_owner@", "postgres@"), autocommit=True
    ) as server:
        server.execute("CREATE ROLE plain_reader LOGIN")
        server.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO plain_reader")
        for name in ("FOUREYES_READER_URL", "FOUREYES_DATABASE_URL"):
            theirs = plain_owner.replace("plain_owner@", "plain_reader@")
            monkeypatch.setenv(name, theirs)
            _forget()
            with embedded.reading(print):
                assert engine().url.username == "plain_reader"
                ask("TABLE v_scores")
            monkeypatch.delenv("FOUREYES_READER_URL", raising=False)
        _forget()
        server.execute("DROP OWNED BY plain_reader")
        server.execute("DROP ROLE plain_reader")


@pytest.mark.parametrize("url", ["nonsense", "postgresql://nobody:secret@127.0.0.1:1/x"])
def test_a_reader_that_cannot_come_in_is_told_by_the_settings_name(
    database: str, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("FOUREYES_READER_URL", url)
    _forget()
    with pytest.raises(FoureyesError, match="FOUREYES_READER_URL") as told, embedded.reading(print):
        pass
    assert "\n" not in str(told.value) and "secret" not in str(told.value)
    assert "FOUREYES_DATABASE_URL" not in str(told.value)


@pytest.mark.parametrize(
    "right",
    [
        "ALTER ROLE nobody_yet CREATEROLE", "GRANT UPDATE (name) ON sweep TO nobody_yet",
        "GRANT INSERT ON sweep TO nobody_yet", "GRANT postgres TO nobody_yet",
        "GRANT pg_write_all_data TO nobody_yet", "GRANT pg_execute_server_program TO nobody_yet",
        "GRANT TRUNCATE ON step TO PUBLIC",
    ],
)  # fmt: skip
def test_what_counts_as_being_able_to_write(database: str, right: str) -> None:
    with engine().connect() as connection, connection.begin() as undone:
        connection.execute(text("CREATE ROLE nobody_yet"))
        connection.execute(text("SET LOCAL ROLE nobody_yet"))
        assert not reader.can_write(connection)
        connection.execute(text("RESET ROLE"))
        connection.execute(text(right))
        connection.execute(text("SET LOCAL ROLE nobody_yet"))
        assert reader.can_write(connection)
        undone.rollback()


def test_its_password_goes_into_no_log(database: str) -> None:
    with engine().connect() as connection:
        with reader.made(ours=False) as url:
            password = url.split(":", 2)[2].split("@")[0]
        kept = connection.execute(
            text("SELECT rolpassword FROM pg_authid WHERE rolname = 'foureyes_sql'")
        ).scalar()
    assert len(password) >= 32
    assert kept is not None and kept.startswith("SCRAM-SHA-256$") and password not in kept
