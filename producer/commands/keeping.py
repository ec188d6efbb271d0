"""What the commands do that judge programs, and look after what there is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.progress import DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from sqlmodel import func, select

from foureyes import migrations
from foureyes.judging import libraries
from foureyes.models import output
from foureyes.models.errors import FoureyesError
from foureyes.models.later import Later
from foureyes.models.session import check_connection, session
from foureyes.models.settings import settings
from foureyes.models.tables import Attempt, Sweep
from foureyes.producer.commands.choices import PeerName, ProfileName
from foureyes.producer.commands.terminal import console, say
from foureyes.producer.stack import embedded
from foureyes.producer.sweeps import open_work
from foureyes.producer.sweeps import prune as removal
from foureyes.results.formatting import count
from foureyes.results.sweeps import find_sweep

if TYPE_CHECKING:
    from foureyes.evaluation import checking, command
    from foureyes.producer.commands import bundle as bundles
    from foureyes.producer.commands import doctor as checks
    from foureyes.producer.stack import backup as backups
else:  # the sandbox for the ones, a broker for the other
    checking, command = Later("foureyes.evaluation.checking"), Later("foureyes.evaluation.command")
    checks, bundles = (
        Later("foureyes.producer.commands.doctor"),
        Later("foureyes.producer.commands.bundle"),
    )
    backups = Later("foureyes.producer.stack.backup")


def cancel(name: str) -> None:
    """Cancel a sweep."""
    with embedded.database(say):
        row = find_sweep(name)
        ended = open_work.cancel(row.id)
        console.print(
            f"Sweep {row.id} ({row.name}): {count(ended, 'attempt')} cancelled.", markup=False
        )


def migrate() -> None:
    """Bring a database server's tables and views to those of this code."""
    if settings().database_url is None:
        raise FoureyesError(
            "this is for a server of your own: set FOUREYES_DATABASE_URL (the embedded database is "
            "brought up to date whenever it is started)"
        )
    check_connection()
    migrations.upgrade()
    console.print(f"the database is at migration {migrations.head()}", markup=False)


def prune(name: str, *, yes: bool) -> None:
    """Remove a sweep for good, once somebody has said that it is meant."""
    with embedded.database(say):
        sweep = find_sweep(name)
        if not yes:
            typer.confirm(f"Remove sweep {sweep.id} ({sweep.name}) and its results?", abort=True)
        gone = removal.prune(sweep.id)
    say(
        f"removed {count(gone.attempts, 'attempt')}, {count(gone.completions, 'completion')} and "
        f"{count(gone.executions, 'execution')}; what other sweeps use is kept"
    )


def backup(path: Path, force: bool) -> None:
    """Write the embedded database to a file, with progress."""
    _check_embedded("pg_dump --format=custom --no-owner --no-acl")
    output.find(path, None, force=force)
    try:
        with embedded.database(say), output.writing(path, None, force=force) as file:
            with _counting("reading the database") as tell:
                backups.write(file, tell)
            said = _sweeps()
    except KeyboardInterrupt:
        console.print("Interrupted; nothing was written.", style="yellow")
        raise typer.Exit(130) from None
    say(f"{said}; written to {path}")


def restore(path: Path) -> None:
    """Put a backup in the place of an embedded database without sweeps."""
    _check_embedded("pg_restore --no-owner --no-acl --single-transaction")
    try:
        with console.status("restoring"):
            backups.restore(path)
    except KeyboardInterrupt:
        console.print("Interrupted; the database is what it was.", style="yellow")
        raise typer.Exit(130) from None
    with embedded.database(say):
        say(f"{_sweeps()}; restored from {path}")


def _check_embedded(instead: str) -> None:
    if settings().database_url is not None:
        raise FoureyesError(
            "FOUREYES_DATABASE_URL names a server of your own, and this is for the embedded database: "
            f'`{instead} --dbname="$FOUREYES_DATABASE_URL"` (docs/howto/operations.md)'
        )


def _sweeps() -> str:
    with session() as db:
        sweeps = db.exec(select(func.count()).select_from(Sweep)).one()
        attempts = db.exec(select(func.count()).select_from(Attempt)).one()
    return f"{count(sweeps, 'sweep')} with {count(attempts, 'attempt')}"


@contextmanager
def _counting(what: str) -> Iterator[Callable[[int], None]]:
    """A line with the bytes so far, of what nobody knows how much it will be."""
    with Progress(
        TextColumn("{task.description}"),
        SpinnerColumn(),
        DownloadColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done: progress.update(task, completed=done)


def evaluate(
    samples: Path,
    benchmark: str | None,
    data: Path | None,
    profile: ProfileName,
    slots: int | None,
    output: Path | None,
    force: bool,
    all_tests: bool,
    against: PeerName | None,
) -> None:
    """Judge samples; exit code 2 if some could not be read, 1 if the judge failed on some."""
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
            peer=None if against is None else against.value,
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
    try:
        is_fit = checking.check(file, slots, console)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    if not is_fit:
        raise typer.Exit(1)


def benchmark_prepare(name: str) -> None:
    """Install the libraries that a benchmark's programs use, with progress."""
    try:
        with _counting(f"installing the libraries of {name}") as tell:
            place = libraries.prepare(name, tell)
    except KeyboardInterrupt:
        console.print("Interrupted; nothing is left of it.", style="yellow")
        raise typer.Exit(130) from None
    console.print(f"{libraries.identity(name)}: {place}", markup=False, soft_wrap=True)


def doctor(bundle: Path | None) -> None:
    """Show the findings, and pack them with the logs if asked to; exit code 1 if something is missing."""
    if bundle is not None:
        output.find(bundle, bundles.BUNDLE)
    found = []
    for finding in checks.findings():
        found.append(finding)
        mark = "[green]ok[/]     " if finding.fine else "[red]missing[/]"
        console.print(f"{mark} {finding.name}: ", end="", markup=True)
        console.print(finding.found, markup=False, highlight=False, soft_wrap=True)
    if bundle is not None:
        with output.writing(bundle, bundles.BUNDLE) as file:
            logs = bundles.write(file, found)
        say(
            f"{bundle}: the lines above, versions, and the ends of {logs} logs, without keys and "
            "passwords; look into it before you send it"
        )
    if not all(finding.fine for finding in found):
        raise typer.Exit(1)
