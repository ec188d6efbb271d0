"""Steering sweeps that are under way, and doing attempts anew."""

from typing import TYPE_CHECKING, Annotated

import typer

from foureyes.models.later import Later
from foureyes.producer.cli.options import MaxHours, MaxTokens, MaxUsd, OneSweep, OnlyRuns, caps

if TYPE_CHECKING:
    from foureyes.producer.commands import keeping, steering, sweeping
else:  # here is only declared: what a command does is imported when it is run
    keeping = Later("foureyes.producer.commands.keeping")
    steering = Later("foureyes.producer.commands.steering")
    sweeping = Later("foureyes.producer.commands.sweeping")

app = typer.Typer()


@app.command()
def pause(sweep: OneSweep, run: OnlyRuns = None) -> None:
    """Start nothing new of a sweep; what is at work ends.

    Calls that are at work end, and what they gave is kept.
    """
    steering.pause(sweep, run or [])


@app.command()
def resume(
    sweep: OneSweep,
    run: OnlyRuns = None,
    max_usd: MaxUsd = None,
    max_tokens: MaxTokens = None,
    max_hours: MaxHours = None,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until it is done.")] = False,
) -> None:
    """Go on with what is paused, or has reached a cap.

    The cap has to be raised then; `inf` takes it away. Exit code 1 if it was waited for and attempts ended in error, or a cap was reached again.
    """
    steering.resume(sweep, run or [], caps(max_usd, max_tokens, max_hours), wait=wait)


@app.command()
def cancel(sweep: OneSweep) -> None:
    """End what is unfinished of a sweep; what is done stays."""
    keeping.cancel(sweep)


@app.command()
def retry(
    sweep: OneSweep,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until it is done.")] = False,
) -> None:
    """Try again what ended in `error`, and only that.

    Exit code 1 if it was waited for and attempts ended in error again.
    """
    sweeping.retry(sweep, wait=wait)


@app.command()
def tune(
    sweep: OneSweep,
    threads: Annotated[
        str | None,
        typer.Option(metavar="N", help="At most so many of its attempts at a time; `inf`: any."),
    ] = None,
    priority: Annotated[
        int | None,
        typer.Option(min=-100, max=100, help="Attempts of higher ones begin first; 0 is usual."),
    ] = None,
) -> None:
    """Change a sweep's priority, or how many attempts are under way.

    What has begun goes on. How many calls a worker has at a time is its own (`foureyes worker --threads`), and fixed when it starts.
    """
    steering.tune(sweep, threads, priority)


@app.command()
def requeue(
    attempts: Annotated[
        list[int] | None, typer.Argument(metavar="ATTEMPTS...", help="Ids (see v_attempts).")
    ] = None,
    sweep: Annotated[
        str | None,
        typer.Option(metavar="SWEEP", help="Not by ids, but of this sweep: name or id."),
    ] = None,
    errors: Annotated[
        bool, typer.Option("--errors", help="Only what ended in `error`, as `retry` does.")
    ] = False,
    pattern: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN", help="Only this: PATTERN[:BENCHMARK[:TEAM]]; again for others."
        ),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until it is done.")] = False,
) -> None:
    """Do attempts anew that ended in `error`, or were cancelled.

    Those that ended well stay.

    Exit code 1 if it was waited for and attempts ended in error again.
    """
    steering.requeue(attempts or [], sweep, pattern or [], only_errors=errors, wait=wait)
