"""Rows of a table that anybody wrote: `problem, system, sample, solved[, tokens, usd]`."""

import math
from collections.abc import Collection, Mapping
from typing import Any

from foureyes.results.strangers.reading.source import Source, amount, quoted, whole
from foureyes.results.strangers.record import Record

#: Without `system` a file is one system's, named after it; without `sample` each problem has one.
NEEDED = ("problem", "solved")
COLUMNS = (*NEEDED, "system", "sample", "tokens", "usd")
_SOLVED = {"1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False}


def check(source: Source, columns: Collection[str]) -> None:
    """Whether the table has the columns that it needs, and each once.

    Raises: FoureyesError if not.
    """
    source.choose(["solved"], "", usual="solved")
    for name in COLUMNS:
        if list(columns).count(name) > 1:
            raise source.mistake("", f"has the column {name} twice")
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise source.mistake(
            "", f"has no column {' and no column '.join(missing)}; it has {_listed(columns)}"
        )


def _listed(columns: Collection[str]) -> str:
    return ", ".join(quoted(each)[1:-1] for each in list(columns)[:10]) or "none"


def record(source: Source, row: Mapping[str, Any], system: str, where: str) -> Record:
    """What a row says; a cell that is empty or None is not told.

    Raises: FoureyesError for what is no such row.
    """
    sample = _told(row.get("sample"))
    return Record(
        source.name(row["problem"], "problem", where),
        source.name(row["system"], "system", where) if "system" in row else system,
        0 if sample is None else _number(source, sample, "sample", where),
        _solved(source, row["solved"], where),
        None
        if _told(row.get("tokens")) is None
        else _number(source, row["tokens"], "tokens", where),
        None if _told(row.get("usd")) is None else _price(source, row["usd"], where),
    )


def _told(value: Any) -> Any:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return None if isinstance(value, str) and not value.strip() else value


def _solved(source: Source, value: Any, where: str) -> bool | None:
    value = _told(value)
    if value is None:
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float) and value in (0, 1):
        return bool(value)
    found = _SOLVED.get(value.strip().lower()) if isinstance(value, str) else None
    if found is None:
        raise source.mistake(
            where, f"solved must be 1, 0, true, false or empty (not judged), not {quoted(value)}"
        )
    return found


def _number(source: Source, value: Any, what: str, where: str) -> int:
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        value = int(value) if len(value) < 20 else None
    elif isinstance(value, float) and value.is_integer():
        value = int(value)  # a column of numbers with holes
    found = whole(value)
    if found is None:
        raise source.mistake(where, f"{what} must be a whole number from 0, not {quoted(value)}")
    return found


def _price(source: Source, value: Any, where: str) -> float:
    given = value
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            value = None
    found = amount(value)
    if found is None:
        raise source.mistake(where, f"usd must be an amount from 0, not {quoted(given)}")
    return found
