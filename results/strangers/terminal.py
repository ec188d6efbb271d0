"""Strangers' figures in the terminal: the systems, every comparison, and what they say."""

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from foureyes.results.formatting import (
    count,
    dollars,
    interval,
    p_value,
    percent,
    points,
    points_interval,
    size,
)
from foureyes.results.strangers.figures import Pair, Stats
from foureyes.results.strangers.sentences import sentences
from foureyes.results.visible import in_line

_EVIDENCE = {"better": "bold blue", "worse": "bold yellow"}
#: Comparisons and flips that the terminal lists, and systems whose pairs it draws as a square.
_PAIRS, _FLIPS, _SQUARE = 20, 10, 8


def render(found: Stats, console: Console) -> None:
    """Print the figures, and what they say."""
    title = f"{count(len(found.systems), 'system')} on {count(len(found.problems), 'problem')}"
    if found.samples > 1:
        title += f", up to {found.samples} samples of each"
    console.print(Text(title, style="bold"))
    console.print(_systems(found))
    if found.pairs:
        console.print()
        console.print(_pairs(found))
        if len(found.pairs) > _PAIRS:
            console.print(
                f"and {len(found.pairs) - _PAIRS:,} more: --html and --json have them", style="dim"
            )
    if found.baseline is None and 2 < len(found.systems) <= _SQUARE:
        console.print()
        console.print(_square(found))
    console.print()
    for line in sentences(found):
        console.print(Text(f"- {in_line(line)}"))
    if len(found.pairs) == 1 and found.pairs[0].flips:
        console.print()
        console.print(_flips(found.pairs[0]))
        if len(found.pairs[0].flips) > _FLIPS:
            console.print("and more: --html and --json have them", style="dim")


def _table(*headers: str) -> Table:
    """A table with names on the left and numbers on the right."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for number, header in enumerate(headers):
        if number:
            table.add_column(Text(in_line(header)), justify="right", no_wrap=True)
        else:
            table.add_column(Text(in_line(header)), overflow="fold", min_width=10)
    return table


def _systems(found: Stats) -> Table:
    several = found.samples > 1
    tokens = any(system.tokens is not None for system in found.systems)
    priced = any(system.usd is not None for system in found.systems)
    errors = any(system.errors for system in found.systems)
    table = _table(
        "system", "solved", "pass@1 [95%]",
        *([f"pass@{found.samples}"] if several else []),
        *(["not judged"] if errors else []),
        *(["tokens"] if tokens else []),
        *(["per solved"] if priced else []),
    )  # fmt: skip
    for system in found.systems:
        cells = [
            f"{system.solved:,}/{system.n:,}",
            interval(system.pass_1, system.low, system.high),
        ]
        if several:
            cells.append(percent(system.pass_at_all(found.samples)))
        if errors:
            cells.append(f"{system.errors:,}" if system.errors else "")
        if tokens:
            cells.append("" if system.tokens is None else f"{system.tokens:,}")
        if priced:
            cells.append(dollars(system.usd_per_solved))
        table.add_row(Text(in_line(system.name)), *map(Text, cells))
    return table


def _pairs(found: Stats) -> Table:
    table = _table("against", "system", "difference [95%]", "flips", "p, Holm", "detectable")
    table.columns[1].justify, table.columns[1].no_wrap = "left", False
    table.columns[1].overflow = "fold"
    shown = sorted(found.pairs, key=lambda pair: pair.comparison.p_holm)[:_PAIRS]
    for pair in shown:
        each = pair.comparison
        style = _EVIDENCE.get(each.verdict, "")
        table.add_row(
            Text(in_line(pair.first)),
            Text(in_line(pair.second), style=style),
            points_interval(each.difference, each.low, each.high),
            f"+{each.improved} -{each.regressed}",
            p_value(each.p_holm),
            "none" if each.detectable is None else size(each.detectable, 1),
        )
    return table


def _square(found: Stats) -> Table:
    """Every two systems: by how many points that of the row is above that of the column."""
    names = [system.name for system in found.systems]
    table = _table("row above column", *(f"{number}" for number in range(1, len(names) + 1)))
    cells = {}
    for pair in found.pairs:
        each = pair.comparison
        for row, column, sign in ((pair.second, pair.first, 1), (pair.first, pair.second, -1)):
            difference = sign * each.difference
            clear = each.verdict in ("better", "worse")
            word = "better" if difference > 0 else "worse"
            cells[row, column] = Text(
                f"{points(difference)}{'*' if clear else ''}",
                style=_EVIDENCE[word] if clear else "",
            )
    for number, row in enumerate(names, start=1):
        table.add_row(
            Text(f"{number} {in_line(row)}"),
            *(cells.get((row, column), Text("")) for column in names),
        )
    table.caption = Text("in points of pass@1; * evidence, corrected for all of them")
    return table


def _flips(pair: Pair) -> Table:
    table = _table("flips, clearest first", in_line(pair.first), in_line(pair.second))
    for flip in pair.flips[:_FLIPS]:
        table.add_row(
            Text(in_line(flip.problem)),
            f"{flip.first_solved}/{flip.first_judged}",
            f"{flip.second_solved}/{flip.second_judged}",
        )
    return table
