"""`foureyes meta`: the comparisons that several sweeps have in common, in the terminal or as JSON."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from foureyes.models.errors import FoureyesError
from foureyes.results.figures.comparisons import NO_EVIDENCE, Comparison
from foureyes.results.figures.replicates import Meta, Replicated, replicates
from foureyes.results.formatting import count, p_value, points, points_interval, verb
from foureyes.results.report import evidence
from foureyes.results.sweeps import find_sweep
from foureyes.results.visible import in_line

_EVIDENCE = {"better": "bold blue", "worse": "bold yellow"}


def find(names: Sequence[str], baseline: str | None) -> Meta:
    """Join the sweeps of these names.

    Raises: FoureyesError if there are none of these names, only one, or one twice, or if they have no
        comparison in common.
    """
    sweeps: dict[int, str] = {}
    for name in names:
        row = find_sweep(name)
        if row.id in sweeps:
            raise FoureyesError(f"{name}: sweep {row.id} ({row.name}) is named twice")
        sweeps[row.id] = row.name
    if len(sweeps) < 2:
        raise FoureyesError("one sweep alone is `foureyes report`; name two or more to join them")
    return replicates(sweeps, baseline)


def to_json(found: Meta) -> str:
    """All of it for programs."""
    content = asdict(found) | {
        "rows": [_row(each) for each in found.rows],
        "together": [_row(each) for each in found.together],
        "sentences": said(found),
    }
    return json.dumps(content, indent=2)


def _row(found: Replicated) -> dict[str, Any]:
    return asdict(found) | {
        "apart": {sweep: _unnamed(each) for sweep, each in found.apart.items()},
        "comparison": _unnamed(found.comparison),
    }


def _unnamed(comparison: Comparison) -> dict[str, Any]:
    row = comparison.row()
    del row["baseline_run_id"], row["run_id"]
    return row


def render(found: Meta, console: Console) -> None:
    """Print what the sweeps show as one, and each beside it; then what that says."""
    for sweep, name in found.sweeps.items():
        console.print(Text(in_line(f"{_label(sweep)}: {name}"), style="bold"))
    for title, rows in (("all benchmarks together", found.together), ("", found.rows)):
        for (benchmark, pairing), part in _grouped(rows).items():
            console.print()
            console.print(
                Text(in_line(f"{benchmark or title}, {pairing}"), style="bold"),
            )
            console.print(_table(part, found))
    console.print()
    for line in said(found):
        console.print(Text(f"- {in_line(line)}"))


def _label(sweep: int) -> str:
    return f"sweep {sweep}"


def _grouped(rows: list[Replicated]) -> dict[tuple[str | None, str], list[Replicated]]:
    found: dict[tuple[str | None, str], list[Replicated]] = {}
    for row in rows:
        found.setdefault((row.benchmark, row.pairing), []).append(row)
    return found


def _table(rows: list[Replicated], found: Meta) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("pattern", overflow="fold", min_width=12)
    headers = (f"vs {in_line(found.baseline)}", "problems", "p", *map(_label, found.sweeps))
    for header in headers:
        table.add_column(Text(header), justify="right", no_wrap=True)
    for row in rows:
        each = row.comparison
        apart = [row.apart.get(sweep) for sweep in found.sweeps]
        cells = [
            points_interval(each.difference, each.low, each.high),
            f"{each.problems:,}",
            p_value(each.p_holm),
            *(points(one.difference) if one and one.pairs else "" for one in apart),
        ]
        style = _EVIDENCE.get(each.verdict, "")
        table.add_row(Text(in_line(row.pattern), style=style), *map(Text, cells))
    return table


def said(found: Meta) -> list[str]:
    """What the sweeps say as one, and on how much it rests."""
    return [
        *_compared(found.together, found, "All benchmarks together: "),
        *_compared(found.rows, found, ""),
        *_copies(found),
        *_left_out(found),
    ]


def _compared(rows: list[Replicated], found: Meta, begins: str) -> Iterator[str]:
    named = [(_name(row, found), row.comparison) for row in rows]
    for word in ("better", "worse"):
        if told := [name for name, each in named if each.verdict == word]:
            yield f"{begins}{word.capitalize()} than {found.baseline}: {', '.join(told)}."
    unclear = [(name, each) for name, each in named if each.verdict == NO_EVIDENCE]
    if unclear:
        names = evidence.listed(name for name, _ in unclear)
        what = NO_EVIDENCE if begins else NO_EVIDENCE.capitalize()
        yield f"{begins}{what} between {found.baseline} and {names}. {evidence.detectable(unclear)}"
    for line in (*evidence.margins(named, found.baseline), *evidence.missing(named, "comparisons")):
        yield f"{begins}{line}"


def _name(row: Replicated, found: Meta) -> str:
    several = len({each.pairing for each in found.rows}) > 1
    by = f" by {row.pairing}" if several else ""
    return f"{row.pattern}{by}" + (f" on {row.benchmark}" if row.benchmark else "")


def _copies(found: Meta) -> Iterator[str]:
    if found.shared:
        yield (
            f"{found.shared:,} of {count(found.answers, 'answer')} "
            f"{verb(found.shared, 'is', 'are')} in more than one of these sweeps: "
            f"{verb(found.shared, 'it is a copy, and tells', 'they are copies, and tell')} nothing more there. Other seeds, or `--fresh WORD`, ask anew."
        )


def _left_out(found: Meta) -> Iterator[str]:
    if found.unfinished:
        have = "has" if found.unfinished == 1 else "have"
        yield f"Still running: {count(found.unfinished, 'attempt')} {have} not ended."
    if found.alone:
        verb = "is" if found.alone == 1 else "are"
        yield f"{count(found.alone, 'comparison')} that only one of these sweeps has {verb} left out."
