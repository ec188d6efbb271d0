"""`foureyes export` and `foureyes import`: a sweep leaves for other programs, or other machines."""

from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlmodel import select

from foureyes.models import output
from foureyes.models.errors import FoureyesError
from foureyes.models.later import Later
from foureyes.models.session import session
from foureyes.models.tables import Regrade, Sweep
from foureyes.producer.commands.choices import Exported
from foureyes.producer.commands.extras import needs_web
from foureyes.producer.commands.terminal import Say, Terminal
from foureyes.producer.stack import embedded
from foureyes.results.formatting import count, verb
from foureyes.results.sweeps import find_sweep

if TYPE_CHECKING:
    from foureyes.producer.archive import export_sweep, import_sweep
    from foureyes.results.export import samples as export_samples
    from foureyes.results.export import tables as export_tables
else:  # each for one format, and for one of the two ways
    export_sweep, import_sweep = (
        Later("foureyes.producer.archive.export_sweep"),
        Later("foureyes.producer.archive.import_sweep"),
    )
    export_samples, export_tables = (
        Later("foureyes.results.export.samples"),
        Later("foureyes.results.export.tables"),
    )


def export(name: str, format: Exported, given: Path | None, force: bool, say: Say) -> None:
    """Write a sweep to a path, or to one in this folder that says what it is."""
    if given is not None and format is Exported.ARCHIVE:
        output.find(given, None, force=force)
    with embedded.database(say):
        sweep = find_sweep(name)
        if format is Exported.ARCHIVE:
            path = given or Path(f"{sweep.name}.jsonl.gz")
            with output.writing(path, None, force=force) as file:
                kinds = export_sweep.write(sweep, file)
            made = ", ".join(
                f"{count:,} {kind}s" for kind, count in kinds.items() if kind != "sweep"
            )
        else:
            path = given or Path(f"{sweep.name}-{format}")
            with output.writing_folder(path) as folder:
                made = _write(sweep, format, folder)
        regrades = _regrades(sweep)
    say(f"{made}; written to {path}")
    if regrades and format is Exported.ARCHIVE:
        say("what `foureyes regrade` gave is not in it; the same command there gives it anew")


def _regrades(sweep: Sweep) -> bool:
    with session() as db:
        return db.exec(select(Regrade.id).where(Regrade.sweep_id == sweep.id)).first() is not None


def _write(sweep: Sweep, format: Exported, folder: Path) -> str:
    """Write what was asked for; a line for a person."""
    if format is Exported.SITE:
        return _write_site(sweep, folder)
    written_as = {
        Exported.EVALPLUS: export_samples.as_lines,
        Exported.LIVECODEBENCH: export_samples.as_lists,
    }
    if format in written_as:
        samples = export_samples.write(sweep, folder, written_as[format])
        if not samples.files:
            raise FoureyesError(f"no attempt of {sweep.name!r} has ended with a program yet")
        why = ", ".join(f"{count:,} {why}" for why, count in samples.left_out.items())
        return (
            f"{sum(samples.files.values()):,} samples in {len(samples.files):,} files, one a run; "
            f"attempts left out: {why or 'none'}"
        )
    as_files = {Exported.CSV: export_tables.as_csv, Exported.PARQUET: export_tables.as_parquet}
    tables = export_tables.write(sweep, folder, as_files[format])
    return ", ".join(f"{table}: {count:,} rows" for table, count in tables.items())


def _write_site(sweep: Sweep, folder: Path) -> str:
    """Write the web pages, with progress on a terminal; a line for a person."""
    with needs_web():
        from foureyes.results.web import site
    columns = (
        TextColumn("attempts"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    terminal = Terminal(stderr=True)
    with Progress(
        *columns, console=terminal, transient=True, disable=not terminal.is_terminal
    ) as progress:
        task = progress.add_task("", total=None)
        written = site.write(
            sweep, folder, lambda done, of: progress.update(task, completed=done, total=of)
        )
    return (
        f"{written.pages:,} pages, {written.attempts:,} of attempts, {written.size / 1e6:.1f} MB; begin "
        "with index.html"
    )


def import_(path: Path, say: Say) -> None:
    """Bring an archive into this database."""
    with embedded.database(say):
        made = import_sweep.read(path)
    say(
        f"sweep {made.sweep_id} ({made.name}): brought {made.attempts:,} ended attempts, "
        f"{made.completions:,} completions and {made.executions:,} executions; what was here is kept"
    )
    if made.notes:
        say(f"{count(made.notes, 'note')} by people came with it")
    if made.otherwise:
        say(
            f"{count(made.otherwise, 'attempt')} {verb(made.otherwise, 'rests', 'rest')} on other answers than those here: to be done anew"
        )
    if made.is_own:
        say(
            "the sweep is yours here, and stays as it is: `foureyes sweep FILE --accept-imported` uses "
            "what was brought"
        )
    elif made.unfinished:
        say(
            f"{count(made.unfinished, 'attempt')} {verb(made.unfinished, 'has', 'have')} not ended: `foureyes sweep FILE --accept-imported` with "
            "the sweep's own file goes on, and uses what was brought"
        )
