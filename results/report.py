"""Showing a scoreboard: in the terminal, as JSON, and as one HTML file without any network."""

import json
from dataclasses import asdict
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from rich.console import Console
from rich.table import Table
from rich.text import Text

from models.errors import FoureyesError
from results.scoreboard import BASELINE, Comparison, Score, Scoreboard, dollars

_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "pages"), autoescape=True, trim_blocks=True
)


def render(board: Scoreboard, console: Console) -> None:
    """Print the results table of each benchmark, and what they say."""
    for benchmark in dict.fromkeys(score.benchmark for score in board.scores):
        table = Table(title=f"{board.name}: {benchmark}", title_justify="left")
        table.add_column("pattern", no_wrap=True)
        table.add_column("solved", justify="right", no_wrap=True)
        table.add_column("pass@1 [95 %]", justify="right", no_wrap=True)
        table.add_column("base", justify="right")
        table.add_column(f"against {BASELINE}")
        scores = [score for score in board.scores if score.benchmark == benchmark]
        several = len({(score.coder, score.reviewer) for score in scores}) > 1
        for score in scores:
            name = f"{score.pattern} ({score.coder}+{score.reviewer})" if several else score.pattern
            table.add_row(
                name,
                f"{score.solved}/{score.n}",
                interval(score),
                "" if score.base_pass_1 is None else f"{score.base_pass_1:.0%}",
                Text(against(board.comparisons.get(score.run_id))),
            )
        console.print(table)
    pairings = {(score.coder, score.reviewer) for score in board.scores}
    for coder, reviewer in sorted(pairings):
        console.print(f"coder {coder}, reviewer {reviewer}", style="dim", highlight=False)
    for sentence in board.sentences:
        console.print(f"- {sentence}", markup=False, highlight=False)


def interval(score: Score) -> str:
    """pass@1 with its 95 % Wilson interval, in percent."""
    if score.pass_1 is None:
        return "-"
    return f"{score.pass_1:.0%} [{score.low:.0%}..{score.high:.0%}]"


def against(comparison: Comparison | None) -> str:
    """A paired comparison in a few characters: improved, regressed, and Holm's p-value."""
    if comparison is None or comparison.pairs == 0:
        return ""
    return f"+{comparison.improved} -{comparison.regressed}, p = {comparison.p_holm:.2f}"


def to_json(board: Scoreboard) -> str:
    """The scoreboard for programs."""
    content = asdict(board) | {"comparisons": [asdict(c) for c in board.comparisons.values()]}
    content["grid"] = [
        {"problem_id": problem, "benchmark": benchmark, "outcomes": outcomes}
        for (problem, benchmark), outcomes in board.grid.items()
    ]
    return json.dumps(content, indent=2)


def write_html(board: Scoreboard, folder: Path) -> Path:
    """Write the report's page; the path of it.

    Raises: FoureyesError if it cannot be written.
    """
    page = _PAGES.get_template("report.html").render(
        board=board,
        benchmarks=list(dict.fromkeys(score.benchmark for score in board.scores)),
        interval=interval,
        against=against,
        dollars=dollars,
        baseline=BASELINE,
    )
    path = folder / f"{board.name}-{board.sweep_id}.html"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise FoureyesError(f"{path}: the report cannot be written ({error.strerror})") from None
    return path
