"""The role that `foureyes sql` reads with: whatever a statement says, it can change nothing.

A read-only transaction alone is a promise that the statement itself can take back, and a superuser's
also writes files and starts programs. So the statement is run by a login of its own, which has no
rights but to read our tables, and from which no SET ROLE leads back.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from foureyes.models import session
from foureyes.models.errors import FoureyesError
from foureyes.models.session import engine, said_by
from foureyes.models.settings import settings

#: Not the one of deploy/postgres/reader.sql: its password is a person's, and this one's is made anew.
ROLE = "foureyes_sql"
#: Held while the role's password is ours.
_LOCK = text("SELECT pg_advisory_lock(hashtext('foureyes_sql'))")
_UNLOCK = text("SELECT pg_advisory_unlock(hashtext('foureyes_sql'))")

#: Rights that go with reading; a member of another role could become it.
_READING_ROLES = (
    "pg_read_all_data", "pg_monitor", "pg_read_all_settings", "pg_read_all_stats",
    "pg_stat_scan_tables",
)  # fmt: skip
_CAN_WRITE = text("""
SELECT rolsuper OR rolcreaterole OR rolcreatedb
    OR EXISTS (
        SELECT FROM pg_roles AS other
        WHERE other.rolname <> current_user AND other.rolname <> ALL(:reading)
            AND pg_has_role(current_user, other.oid, 'MEMBER')
    )
    OR EXISTS (
        SELECT FROM pg_class
        WHERE relkind IN ('r', 'p', 'v', 'm', 'f')
            AND relnamespace <> ALL(ARRAY['pg_catalog', 'information_schema']::regnamespace[])
            AND (has_table_privilege(oid, 'DELETE, TRUNCATE')
                OR has_any_column_privilege(oid, 'INSERT, UPDATE'))
    )
FROM pg_roles WHERE rolname = current_user
""")
_LACKS = text("""
SELECT EXISTS (
    SELECT FROM pg_class
    WHERE relkind IN ('r', 'p', 'v') AND relnamespace = 'public'::regnamespace
        AND pg_has_role(relowner, 'USAGE')
        AND NOT has_table_privilege(CAST(:role AS name), oid, 'SELECT')
)
""")
#: Of what is ours: others may have tables beside them.
_TABLES = text("""
SELECT string_agg(format('%I.%I', 'public', relname), ', ') FROM pg_class
WHERE relkind IN ('r', 'p', 'v') AND relnamespace = 'public'::regnamespace
    AND pg_has_role(relowner, 'USAGE')
""")

#: By their locks those who start attempts, reap, and migrate know of each other.
_LOCKS = text("""
SELECT string_agg(oid::regprocedure::text, ', ') FROM pg_proc
WHERE pronamespace = 'pg_catalog'::regnamespace AND proname ~ '^pg_(try_)?advisory_'
""")
#: What everybody may do in a new database, and nobody needs in one that is ours alone: large objects
#: are a way to write, and settings one to make a statement greedy.
_NOT_FOR_ALL = """
REVOKE EXECUTE ON FUNCTION lo_creat, lo_create, lo_from_bytea, set_config FROM PUBLIC;
REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC;
ALTER ROLE {role} SET temp_file_limit = '2GB';
"""


def url_given() -> str | None:
    """The URL of a role that is there already: FOUREYES_READER_URL's, or our own if it only reads.

    None if there is none. Needs a database that can be reached.
    """
    given = settings().reader_url
    if given is not None:
        return given.get_secret_value()
    with engine().connect() as connection:
        if not can_write(connection):
            return engine().url.render_as_string(hide_password=False)
    return None


def check_connection() -> None:
    """Raises: FoureyesError in one line, of the setting that is meant, if the role is not let in."""
    try:
        session.check_connection()
    except FoureyesError as error:
        told = str(error).replace("FOUREYES_DATABASE_URL", "FOUREYES_READER_URL")
        raise FoureyesError(told) from None


def check() -> None:
    """Raises: FoureyesError if this process's role can write after all."""
    with engine().connect() as connection:
        if can_write(connection):
            raise FoureyesError(
                f"FOUREYES_READER_URL: the role {engine().url.username} can write; "
                "deploy/postgres/reader.sql makes one that cannot"
            )


def can_write(connection: Connection) -> bool:
    """Whether a connection's role could change something, or become one that could."""
    return bool(connection.execute(_CAN_WRITE, {"reading": list(_READING_ROLES)}).scalar())


@contextmanager
def made(*, ours: bool) -> Iterator[str]:
    """The URL of the role, made if there is none; its password holds until the block ends.

    `ours`: the database is the embedded one, where nobody else has to be considered.

    Raises: FoureyesError in one line if the server lets this user make none.
    """
    url = engine().url
    with engine().connect() as connection:
        connection.execute(_LOCK)
        connection.commit()
        try:
            password = _make(connection, ours=ours)
            yield url.set(username=ROLE, password=password).render_as_string(hide_password=False)
        except (DBAPIError, psycopg.Error) as error:
            said = said_by(error) if isinstance(error, DBAPIError) else str(error).splitlines()[0]
            raise FoureyesError(
                f"sql: reads with a role that cannot write, and none can be made here ({said}): "
                "run deploy/postgres/reader.sql, and let FOUREYES_READER_URL say "
                "postgresql://foureyes_reader:password@host:5432/database"
            ) from None
        finally:
            connection.rollback()
            connection.execute(_UNLOCK)
            connection.commit()


def _make(connection: Connection, *, ours: bool) -> str:
    """Make what is missing of the role and its rights; its new password."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    names = {"role": sql.Identifier(ROLE), "database": sql.Identifier(driver.info.dbname)}
    password = secrets.token_hex(24)
    # made into what the server keeps of it here: statements may be logged there
    kept = driver.pgconn.encrypt_password(password.encode(), ROLE.encode(), b"scram-sha-256")

    def run(statement: str) -> None:
        driver.execute(sql.SQL(statement).format(**names, password=sql.Literal(kept.decode())))

    there = text("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = :role)")
    is_new = not connection.execute(there, {"role": ROLE}).scalar()
    if is_new:
        run("CREATE ROLE {role} LOGIN NOINHERIT CONNECTION LIMIT 20")
        run("ALTER ROLE {role} SET default_transaction_read_only = on")
        if ours:
            for statement in _NOT_FOR_ALL.split(";")[:-1]:
                run(statement)
            locks = connection.execute(_LOCKS).scalar_one()
            driver.execute(f"REVOKE EXECUTE ON FUNCTION {locks} FROM PUBLIC")
    run("ALTER ROLE {role} PASSWORD {password}")
    if is_new or connection.execute(_LACKS, {"role": ROLE}).scalar():
        run("GRANT CONNECT ON DATABASE {database} TO {role}")
        run("GRANT USAGE ON SCHEMA public TO {role}")
        tables = connection.execute(_TABLES).scalar_one()
        if tables:
            driver.execute(f"GRANT SELECT ON {tables} TO {ROLE}")
    connection.commit()
    return password
