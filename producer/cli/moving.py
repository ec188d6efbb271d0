"""Taking sweeps from one machine to another, and into files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from foureyes.models.later import Later
from foureyes.producer.cli.options import Force, OneSweep
from foureyes.producer.commands.choices import Exported
from foureyes.producer.commands.terminal import say

if TYPE_CHECKING:
    from foureyes.producer.commands import exchange, reading
else:  # here is only declared: what a command does is imported when it is run
    exchange = Later("foureyes.producer.commands.exchange")
    reading = Later("foureyes.producer.commands.reading")

app = typer.Typer()


@app.command()
def record(
    sweep: OneSweep,
    file: Annotated[Path, typer.Argument(help="Where to: JSON lines; packed if it ends in .gz.")],
    force: Force = False,
) -> None:
    """Write a sweep's model calls to a file, to replay them."""
    reading.record(sweep, file, force)


@app.command()
def export(
    sweep: OneSweep,
    format: Annotated[Exported, typer.Option(help="What as; see docs/exchange.md.")],
    output: Annotated[
        Path | None, typer.Option(help="Where to.", show_default="a name in this folder")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a file that is there; never a folder.")
    ] = False,
) -> None:
    """Write a sweep to files: pages, samples, tables, or an archive."""
    exchange.export(sweep, format, output, force, say)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="An archive that `foureyes export` made.")],
) -> None:
    """Bring a sweep's archive from another machine here."""
    exchange.import_(file, say)
