"""What the commands do that judge programs, and look after what there is."""

from enum import StrEnum
from pathlib import Path

import typer

from producer import doctor as checks
from producer import embedded, enqueue
from producer import prune as removal
from producer.terminal import console, say
from results.sweeps import find_sweep


class Profile(StrEnum):
    """The names of worker.sandbox.profiles, which is not imported before it is needed."""

    DEFAULT = "default"
    EVALPLUS = "evalplus-0.3.1"


class Peer(StrEnum):
    """Whom our verdicts can be compared with."""

    EVALPLUS = "evalplus"


def cancel(name: str) -> None:
    """Cancel a sweep."""
    with embedded.database(say):
        row = find_sweep(name)
        ended = enqueue.cancel(row.id)
        console.print(f"Sweep {row.id} ({row.name}): {ended} attempts cancelled.", markup=False)


def prune(name: str, *, yes: bool) -> None:
    """Remove a sweep for good, once somebody has said that it is meant."""
    with embedded.database(say):
        sweep = find_sweep(name)
        if not yes:
            typer.confirm(f"Remove sweep {sweep.id} ({sweep.name}) and its results?", abort=True)
        gone = removal.prune(sweep.id)
    say(
        f"removed {gone.attempts:,} attempts, {gone.completions:,} completions and "
        f"{gone.executions:,} executions; what other sweeps use is kept"
    )


def evaluate(
    samples: Path,
    benchmark: str | None,
    data: Path | None,
    profile: Profile,
    slots: int | None,
    output: Path | None,
    force: bool,
    all_tests: bool,
    against: Peer | None,
) -> None:
    """Judge samples; exit code 2 if some could not be read, 1 if the judge failed on some."""
    from evaluation import command  # it brings the sandbox, which nothing else here needs

    try:
        made = command.evaluate(
            samples,
            benchmark=benchmark,
            data=data,
            profile=profile.value,
            slots=slots,
            output=output,
            force=force,
            all_tests=all_tests,
            against_evalplus=against is Peer.EVALPLUS,
            console=console,
        )
    except KeyboardInterrupt:
        console.print(
            "Interrupted. What was judged is kept: the same command goes on where it stopped.",
            style="yellow",
        )
        raise typer.Exit(130) from None
    if made.mistakes or made.errors:
        raise typer.Exit(2 if made.mistakes else 1)


def benchmark_check(file: str, slots: int | None) -> None:
    """Check a file of problems; exit code 1 if something has to be mended."""
    from evaluation import checking  # it brings the sandbox, too

    try:
        is_fit = checking.check(file, slots, console)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    if not is_fit:
        raise typer.Exit(1)


def doctor() -> None:
    """Show the findings; exit code 1 if something is missing."""
    missing = 0
    for finding in checks.findings():
        mark = "[green]ok[/]     " if finding.fine else "[red]missing[/]"
        missing += not finding.fine
        console.print(f"{mark} {finding.name}: ", end="", markup=True)
        console.print(finding.found, markup=False, highlight=False, soft_wrap=True)
    if missing:
        raise typer.Exit(1)
