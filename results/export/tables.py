"""A sweep's views as files with typed columns, CSV or Parquet, for polars, duckdb and the like.

Rows are read and written a few thousand at a time: memory does not grow with the sweep.
"""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import CursorResult, text

from foureyes.models.errors import FoureyesError
from foureyes.models.session import snapshot
from foureyes.models.tables import Sweep
from foureyes.results.visible import cell

TABLES = {
    "scores": "SELECT * FROM v_scores WHERE sweep_id = :sweep ORDER BY run_id",
    "attempts": "SELECT * FROM v_attempts WHERE sweep_id = :sweep ORDER BY attempt_id",
    "steps": """
        SELECT v_steps.* FROM v_steps
        JOIN attempt ON attempt.id = v_steps.attempt_id
        JOIN run ON run.id = attempt.run_id
        WHERE run.sweep_id = :sweep
        ORDER BY v_steps.attempt_id, v_steps.position, v_steps.branch""",
    "flips": """
        SELECT * FROM v_flips
        WHERE sweep_id = :sweep
            AND baseline_run_id IN (SELECT id FROM run WHERE sweep_id = :sweep)
        ORDER BY attempt_id, baseline_attempt_id""",
    "notes": "SELECT * FROM v_people_notes WHERE sweep_id = :sweep ORDER BY note_id",
    "plans": """
        SELECT sweep_id, hash, content, ended, attempts, enqueued_at FROM plan
        WHERE sweep_id = :sweep ORDER BY id""",
}
_ROWS_AT_A_TIME = 2000

#: A column's name, and the name of its type in Postgres.
Columns = list[tuple[str, str]]
Rows = list[Sequence[Any]]
#: Opens a file for rows of these columns; what it gives writes some.
Format = Callable[[Path, Columns], AbstractContextManager[Callable[[Rows], None]]]


def write(sweep: Sweep, folder: Path, format: Format) -> dict[str, int]:
    """Write a file for each of the tables; how many rows each has."""
    counts = {}
    with snapshot() as db:
        for name, statement in TABLES.items():
            result = db.execute(text(statement), {"sweep": sweep.id})
            counts[name] = 0
            with format(folder / name, _columns(result)) as add:
                for rows in result.partitions(_ROWS_AT_A_TIME):
                    add([[_plain(value) for value in row] for row in rows])
                    counts[name] += len(rows)
    return counts


def _columns(result: CursorResult[Any]) -> Columns:
    cursor = result.cursor
    assert isinstance(cursor, psycopg.ServerCursor) and cursor.description is not None
    types = psycopg.adapters.types
    return [(column.name, types[column.type_code].name) for column in cursor.description]


def _plain(value: Any) -> Any:
    """The value as either format has it: JSON is text, exact numbers are floats."""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return float(value) if isinstance(value, Decimal) else value


@contextmanager
def as_csv(path: Path, columns: Columns) -> Iterator[Callable[[Rows], None]]:
    """CSV with a header: null is empty, moments have their zone, booleans are true and false.

    A text that a spreadsheet would take for a formula has a `'` before it.
    """
    with path.with_suffix(".csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([name for name, _ in columns])
        yield lambda rows: writer.writerows([_told(value) for value in row] for row in rows)


def _told(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, datetime) else cell(value)


@contextmanager
def as_parquet(path: Path, columns: Columns) -> Iterator[Callable[[Rows], None]]:
    """Parquet, with the types of the columns. Raises: FoureyesError if pyarrow is not installed."""
    try:
        import pyarrow  # type: ignore[import-untyped]
        from pyarrow import parquet
    except ImportError:
        raise FoureyesError(
            "Parquet needs pyarrow: install foureyes[report], or choose --format csv"
        ) from None
    types = {
        "bool": pyarrow.bool_(),
        "int2": pyarrow.int16(),
        "int4": pyarrow.int32(),
        "int8": pyarrow.int64(),
        "float4": pyarrow.float32(),
        "float8": pyarrow.float64(),
        "numeric": pyarrow.float64(),
        "timestamptz": pyarrow.timestamp("us", tz="UTC"),
    }
    schema = pyarrow.schema([(name, types.get(kind, pyarrow.string())) for name, kind in columns])
    with parquet.ParquetWriter(path.with_suffix(".parquet"), schema, compression="zstd") as writer:

        def add(rows: Rows) -> None:
            values = zip(*rows, strict=True)
            arrays = [pyarrow.array(v, f.type) for v, f in zip(values, schema, strict=True)]
            writer.write_batch(pyarrow.record_batch(arrays, schema=schema))

        yield add
