"""`foureyes sql`: read-only queries, as a table, CSV or JSON."""

import csv
import json
import math
import re
import sys
from datetime import datetime
from decimal import Decimal
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy import text

from models.errors import FoureyesError
from models.session import engine
from results.visible import cell, in_line, visible

_SECONDS = 60
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
        try:
            # prepared: the server then refuses a second statement after a semicolon
            cursor = driver.execute(statement, prepare=True)
            if cursor.description is None:
                return
            columns, rows = [column.name for column in cursor.description], cursor.fetchall()
        except psycopg.Error as error:
            said = " ".join(line.strip() for line in str(error).splitlines())
            raise FoureyesError(f"sql: {said}") from None
        finally:
            connection.invalidate()  # its settings are no other session's business
    if format == "json":
        named = [dict(zip(columns, map(_finite, row), strict=True)) for row in rows]
        print(json.dumps(named, default=_plain))
    elif format == "csv":
        writer = csv.writer(sys.stdout)
        writer.writerow([_csv(name) for name in columns])
        writer.writerows([_csv(value) for value in row] for row in rows)
    else:
        _print_table(columns, rows, console)


def _check_words(statement: str) -> None:
    """Raises: FoureyesError for what is no question, such as COPY, DO or SET ROLE."""
    begin = _BEFORE.match(statement)
    assert begin is not None
    word = re.match(r"\w*", statement[begin.end() :])
    first = word[0] if word is not None else ""
    if first and first.lower() not in _READING:
        raise FoureyesError(
            f"sql: the statement begins with {visible(first[:40])}, and this is a read-only "
            "transaction: SELECT, WITH, TABLE, VALUES, SHOW and EXPLAIN read"
        )


def _finite(value: Any) -> Any:
    """JSON has no word for what is no number."""
    is_number = isinstance(value, float | Decimal)
    return value if not is_number or math.isfinite(value) else None


def _told(value: Any) -> Any:
    """Words of SQL and not of Python."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _csv(value: Any) -> Any:
    told = _told(value)
    return cell(visible(told)) if isinstance(told, str) else told


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else str(value)


def _print_table(columns: list[str], rows: list[tuple[Any, ...]], console: Console) -> None:
    numbers = [
        all(isinstance(row[i], int | float | Decimal | None) for row in rows)
        for i in range(len(columns))
    ]
    table = Table()
    for column, is_number in zip(columns, numbers, strict=True):
        table.add_column(Text(in_line(column)), justify="right" if is_number else "left")
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    console.print(table)
    console.print(f"{len(rows)} row{'' if len(rows) == 1 else 's'}", style="dim")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float | Decimal) and math.isfinite(value):
        return str(int(value)) if value == int(value) else f"{value:.3f}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S%z}"
    return visible(str(_told(value)))
