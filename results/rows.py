"""Rows of a query as a person or a program reads them: a table, records, CSV or JSON."""

import csv
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TextIO

from rich import box
from rich.cells import cell_len
from rich.console import Console

from foureyes.results.visible import cell, in_line, visible

Row = tuple[Any, ...]


def write_json(columns: Sequence[str], rows: Iterable[Row], file: TextIO) -> None:
    """An array of objects. Numbers have all their digits; what is no number is null."""
    names = [json.dumps(name) for name in _told_apart(columns)]
    between = "["
    for row in rows:
        told = ", ".join(f"{name}: {_json(value)}" for name, value in zip(names, row, strict=True))
        file.write(f"{between}{{{told}}}")
        between = ", "
    file.write("[]\n" if between == "[" else "]\n")


def write_csv(columns: Sequence[str], rows: Iterable[Row], file: TextIO) -> None:
    """A line of names, and one for each row."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([_csv(name) for name in columns])
    writer.writerows([_csv(value) for value in row] for row in rows)


def show(columns: Sequence[str], rows: Iterable[Row], console: Console) -> None:
    """A table; records, a line for each value, where a terminal is too narrow for one.

    What goes to a pipe or a file has whatever width it needs.
    """
    heads = [in_line(column) for column in columns]
    cells, are_numbers = [], [True] * len(heads)
    for row in rows:
        cells.append([_cell(value) for value in row])
        for at, value in enumerate(row):
            are_numbers[at] &= isinstance(value, int | float | Decimal | None)
    widths = [
        max(map(_width, [head, *(row[at] for row in cells)])) for at, head in enumerate(heads)
    ]
    if console.is_terminal and sum(widths) + 3 * len(widths) + 1 > console.width:
        lines = _records(heads, cells)
    else:
        lines = _table(heads, cells, widths, are_numbers, console)
    console.file.writelines(f"{line}\n" for line in lines)
    console.print(f"{len(cells)} row{'' if len(cells) == 1 else 's'}", style="dim")


def _table(
    heads: list[str],
    rows: list[list[str]],
    widths: list[int],
    are_numbers: list[bool],
    console: Console,
) -> Iterator[str]:
    """Drawn here: rich's own tables take a minute for a hundred thousand rows."""
    frame = box.HEAVY_HEAD.substitute(console.options)
    padded = [width + 2 for width in widths]
    yield frame.get_top(padded)
    yield _line(
        heads, widths, are_numbers, (frame.head_left, frame.head_vertical, frame.head_right)
    )
    yield frame.get_row(padded, "head")
    sides = frame.mid_left, frame.mid_vertical, frame.mid_right
    for row in rows:
        of_each = [value.split("\n") for value in row]
        for number in range(max(map(len, of_each))):
            parts = [lines[number] if number < len(lines) else "" for lines in of_each]
            yield _line(parts, widths, are_numbers, sides)
    yield frame.get_bottom(padded)


def _line(
    parts: list[str], widths: list[int], are_numbers: list[bool], sides: tuple[str, str, str]
) -> str:
    left, between, right = sides
    cells = []
    for part, width, is_number in zip(parts, widths, are_numbers, strict=True):
        space = " " * (width - cell_len(part))
        cells.append(f" {space}{part} " if is_number else f" {part}{space} ")
    return f"{left}{between.join(cells)}{right}"


def _records(heads: list[str], rows: list[list[str]]) -> Iterator[str]:
    width = max(map(cell_len, heads))
    for number, row in enumerate(rows, start=1):
        yield f"-[ {number:,} ]".ljust(width + 3, "-")
        for head, value in zip(heads, row, strict=True):
            space = " " * (width - cell_len(head))
            yield f"{head}{space} | " + value.replace("\n", f"\n{' ' * width} | ")


def _width(text: str) -> int:
    return max(map(cell_len, text.split("\n")))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float | Decimal) and math.isfinite(value):
        return str(int(value)) if value == int(value) else f"{value:.3f}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S%z}"
    return visible(_told(value)).replace("\t", "    ")


def _told(value: Any) -> str:
    """Words of SQL and not of Python."""
    return _json(value, ascii=False) if isinstance(value, bool | dict | list) else str(value)


def _csv(value: Any) -> Any:
    return cell(visible(_told(value))) if isinstance(value, bool | dict | list | str) else value


def _told_apart(names: Sequence[str]) -> list[str]:
    """Names of which none stands for two columns: the second `count` is `count_2`."""
    seen: Counter[str] = Counter()
    found: list[str] = []
    for name in names:
        told = name
        while told in found or (told != name and told in names):
            seen[name] += 1
            told = f"{name}_{seen[name] + 1}"
        found.append(told)
    return found


def _json(value: Any, ascii: bool = True) -> str:
    """JSON, with all digits of a number: those of `numeric` are more than a float holds."""
    match value:
        case float() | Decimal() if not math.isfinite(value):
            return "null"  # JSON has no word for it
        case Decimal():
            return f"{value:f}"
        case datetime():
            return json.dumps(value.isoformat())
        case dict():
            pairs = (f"{_json(name, ascii)}: {_json(each, ascii)}" for name, each in value.items())
            return f"{{{', '.join(pairs)}}}"
        case list():
            return f"[{', '.join(_json(each, ascii) for each in value)}]"
        case None | bool() | int() | float() | str():
            return json.dumps(value, ensure_ascii=ascii)
        case _:
            return json.dumps(str(value), ensure_ascii=ascii)
