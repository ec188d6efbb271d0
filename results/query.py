"""`foureyes sql`: read-only queries, as a table, CSV or JSON."""

import json
import re
import sys
from decimal import Decimal
from functools import partial

import psycopg
from psycopg.pq import ExecStatus
from psycopg.types.json import set_json_loads
from rich.console import Console
from sqlalchemy import text

from foureyes.models.errors import FoureyesError
from foureyes.models.session import engine
from foureyes.results.rows import show, write_csv, write_json
from foureyes.results.visible import visible

_SECONDS = 60
_ROWS_AT_A_TIME = 1000
#: What a statement that reads begins with, behind comments and brackets.
_READING = ("select", "with", "table", "values", "show", "explain")
_BEFORE = re.compile(r"(?:[\s(]|--[^\n]*(?:\n|$)|/\*.*?\*/)*", re.DOTALL)


def run(statement: str, format: str, console: Console) -> None:
    """Run one statement in a read-only transaction, and print its rows.

    What a statement might do nevertheless is up to the role: see `embedded.reading`.

    Raises: FoureyesError with the database's own words, if it refuses.
    """
    _check_words(statement)
    with engine().connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        connection.execute(text("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"))
        connection.execute(text(f"SET statement_timeout = '{_SECONDS}s'"))
        connection.commit()
        set_json_loads(partial(json.loads, parse_float=Decimal), driver)
        try:
            columns = _columns(driver, statement)
            if not columns:
                driver.execute(statement)
                return
            # a stream is one statement: the server refuses a second one after a semicolon
            rows = driver.cursor().stream(statement, size=_ROWS_AT_A_TIME)
            if format == "json":
                write_json(columns, rows, sys.stdout)
            elif format == "csv":
                write_csv(columns, rows, sys.stdout)
            else:
                show(columns, rows, console)
        except psycopg.Error as error:
            said = " ".join(line.strip() for line in str(error).splitlines())
            raise FoureyesError(f"sql: {said}") from None
        finally:
            connection.invalidate()  # its settings are no other session's business


def _columns(driver: psycopg.Connection, statement: str) -> list[str]:
    """What the server will call the columns: a stream without rows does not say it.

    Raises: psycopg.Error if it will not run the statement.
    """
    encoding = driver.info.encoding
    for told in (
        driver.pgconn.prepare(b"", statement.encode(encoding)),
        driver.pgconn.describe_prepared(b""),
    ):
        if told.status != ExecStatus.COMMAND_OK:
            raise psycopg.errors.error_from_result(told, encoding)
    return [(told.fname(at) or b"").decode(encoding) for at in range(told.nfields)]


def _check_words(statement: str) -> None:
    """Raises: FoureyesError for what is no question, such as COPY, DO, SET ROLE, or nothing at all."""
    begin = _BEFORE.match(statement)
    assert begin is not None
    said = statement[begin.end() :]
    if not said.strip("; \n\t"):
        raise FoureyesError('sql: the statement is empty; ask e.g. "select * from v_scores"')
    word = re.match(r"\w*", said)
    first = word[0] if word is not None else ""
    if first and first.lower() not in _READING:
        raise FoureyesError(
            f"sql: the statement begins with {visible(first[:40])}, and this is a read-only "
            "transaction: SELECT, WITH, TABLE, VALUES, SHOW and EXPLAIN read"
        )
