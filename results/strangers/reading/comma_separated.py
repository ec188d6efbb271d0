"""CSV: a row for each answer, under a line of column names."""

import csv
import io
from collections.abc import Iterator

from foureyes.results.strangers.reading import table
from foureyes.results.strangers.reading.source import Source, named_after
from foureyes.results.strangers.record import Record

NAME = "CSV"


def recognises(source: Source) -> bool:
    """Whether it is called so."""
    return source.path.suffix.lower() == ".csv"


def read(source: Source) -> Iterator[Record]:
    """A record of each row."""
    system = named_after(source.path, r"(?i:csv)")
    with source.open() as file:
        rows = csv.reader(io.TextIOWrapper(file, encoding="utf-8-sig", newline=""), strict=True)
        try:
            columns = [name.strip() for name in next(rows, [])]
            table.check(source, columns)
            for row in rows:
                if not row:
                    continue
                where = f"line {rows.line_num}"
                if len(row) != len(columns):
                    raise source.mistake(
                        where, f"has {len(row)} cells, and the first line {len(columns)}"
                    )
                yield table.record(source, dict(zip(columns, row, strict=True)), system, where)
        except csv.Error as error:
            raise source.mistake(f"line {rows.line_num}", f"no CSV ({error})") from None
        except UnicodeDecodeError:
            raise source.mistake(f"after line {rows.line_num}", "no UTF-8 text") from None
