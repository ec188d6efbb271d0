"""Reading what came of sweeps, and of anybody's programs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from foureyes.models.later import Later
from foureyes.producer.cli.options import ByRegrade, Force, SweepName
from foureyes.producer.commands.choices import Rows

if TYPE_CHECKING:
    from foureyes.producer.commands import judged, reading
else:  # here is only declared: what a command does is imported when it is run
    judged = Later("foureyes.producer.commands.judged")
    reading = Later("foureyes.producer.commands.reading")

app = typer.Typer()


@app.command()
def report(
    sweep: SweepName = None,
    baseline: Annotated[
        str | None, typer.Option(help="The pattern to compare with.", show_default="raw-coder")
    ] = None,
    regrade: ByRegrade = None,
    as_json: Annotated[bool, typer.Option("--json", help="All of it, for programs.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="A row for each run.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Tables for a text.")] = False,
    shrunken: Annotated[
        bool, typer.Option("--shrunken", help="Only estimates that borrow from each other.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option(help="The page.", show_default=".foureyes/reports/NAME-ID.html")
    ] = None,
    force: Force = False,
) -> None:
    """Show a sweep's results, and write its page: one HTML file.

    Exit code 1 if attempts ended in error.
    """
    asked = {"json": as_json, "csv": as_csv, "markdown": as_markdown, "shrunken": shrunken}
    formats = [name for name, is_asked in asked.items() if is_asked]
    reading.report(sweep, baseline, formats, output, regrade=regrade, force=force)


@app.command()
def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="The baseline: a run's id, or its name.")],
    b: Annotated[str, typer.Argument(metavar="B", help="SWEEP:PATTERN[:BENCHMARK[:TEAM]].")],
    regrade: ByRegrade = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Compare any two runs, problem by problem."""
    reading.compare(a, b, regrade=regrade, as_json=as_json)


@app.command()
def meta(
    sweeps: Annotated[
        list[str], typer.Argument(metavar="SWEEPS...", help="Names or ids, two or more.")
    ],
    baseline: Annotated[
        str | None,
        typer.Option(help="The pattern to compare with.", show_default="raw-coder"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Join sweeps that ask the same, with other seeds, as one."""
    reading.meta(sweeps, baseline, as_json=as_json)


@app.command()
def stats(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILES...", help="Results of other harnesses, CSV, Parquet; docs/stats.md."
        ),
    ],
    name: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE=NAME", help="What a file's system is called; again for others."),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Compare each system with this one.", show_default="every two"
        ),
    ] = None,
    score: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Which of a file's verdicts: a metric, a scorer, base."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="All of it, for programs.")] = False,
    html: Annotated[Path | None, typer.Option(help="Also write a page to this file.")] = None,
    force: Force = False,
) -> None:
    """Say what anybody's results show; no sweep, database or model."""
    judged.stats(
        files,
        names=name or [],
        baseline=baseline,
        score=score,
        as_json=as_json,
        html=html,
        force=force,
    )


@app.command()
def show(attempt: Annotated[int, typer.Argument(help="An attempt's id (see v_attempts).")]) -> None:
    """Show an attempt as a transcript, from prompt to failing input."""
    reading.show(attempt)


@app.command()
def sql(
    statement: Annotated[
        str | None, typer.Argument(help='E.g. "select * from v_scores".', show_default=False)
    ] = None,
    format: Annotated[Rows, typer.Option(help="How to print rows.")] = Rows.TABLE,
    url: Annotated[
        bool, typer.Option("--url", help="Where psql, pandas and the like can read it.")
    ] = False,
) -> None:
    """Query the results tables (read only)."""
    reading.sql(statement, format, url=url)


@app.command()
def web(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8765,
    name: Annotated[
        list[str] | None, typer.Option(help="A further name by which browsers reach it.")
    ] = None,
    flower: Annotated[
        str | None, typer.Option(help="Flower's address, for links.", show_default="the stack's")
    ] = None,
    notes: Annotated[
        bool, typer.Option("--notes", help="Let people write notes about attempts.")
    ] = False,
) -> None:
    """Show sweeps and attempts as web pages."""
    reading.web(host, port, names=name or [], flower=flower, notes=notes)
