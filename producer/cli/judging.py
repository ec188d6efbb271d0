"""Judging programs that are there already."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from foureyes.models.later import Later
from foureyes.producer.cli.options import Force, OneSweep
from foureyes.producer.commands.choices import PeerName, ProfileName

if TYPE_CHECKING:
    from foureyes.producer.commands import keeping, regrading
else:  # here is only declared: what a command does is imported when it is run
    keeping = Later("foureyes.producer.commands.keeping")
    regrading = Later("foureyes.producer.commands.regrading")

app = typer.Typer()


@app.command()
def regrade(
    sweep: OneSweep,
    profile: Annotated[
        ProfileName, typer.Option(help="Time limits and labels.")
    ] = ProfileName.DEFAULT,
    as_json: Annotated[bool, typer.Option("--json", help="All of it, for programs.")] = False,
) -> None:
    """Judge a sweep's programs anew; both verdicts stay.

    By the judge of today, and with --profile by other rules. Exit code 1 if the judge failed on some.
    """
    regrading.regrade(sweep, profile, as_json=as_json)


@app.command()
def evaluate(
    samples: Annotated[
        Path,
        typer.Argument(help="A .jsonl or .jsonl.gz file, a folder of programs, or - (stdin)."),
    ],
    benchmark: Annotated[
        str | None,
        typer.Option(
            help="Its name: humaneval+, mbpp+, bigcodebench, bigcodebench-instruct, livecodebench-v6..."
        ),
    ] = None,
    data: Annotated[Path | None, typer.Option(help="A file of problems instead.")] = None,
    profile: Annotated[
        ProfileName, typer.Option(help="Time limits and labels.")
    ] = ProfileName.DEFAULT,
    slots: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="Programs at a time.", show_default="one a core"),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Verdicts.", show_default="SAMPLES.verdicts.jsonl")
    ] = None,
    force: Force = False,
    all_tests: Annotated[
        bool, typer.Option("--all-tests", help="Go on after a failing test; list them all.")
    ] = False,
    against: Annotated[
        PeerName | None, typer.Option(help="Have another judge judge too, and compare.")
    ] = None,
) -> None:
    """Judge programs that exist already, with no broker or database."""
    keeping.evaluate(samples, benchmark, data, profile, slots, output, force, all_tests, against)
