"""Keeping house: the machine, and what is stored."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from foureyes.models.later import Later
from foureyes.producer.cli.options import OneSweep

if TYPE_CHECKING:
    from foureyes.producer.commands import keeping
else:  # here is only declared: what a command does is imported when it is run
    keeping = Later("foureyes.producer.commands.keeping")

app = typer.Typer()


@app.command()
def prune(
    sweep: OneSweep,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove an ended sweep, and what no other one uses of its work."""
    keeping.prune(sweep, yes=yes)


@app.command()
def doctor(
    bundle: Annotated[
        Path | None,
        typer.Option(help="Pack it with versions and logs, without secrets, to report a bug."),
    ] = None,
) -> None:
    """Show what this machine has and lacks, and how to bring it."""
    keeping.doctor(bundle)
