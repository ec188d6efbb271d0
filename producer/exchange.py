"""`foureyes export` and `foureyes import`: a sweep leaves for other programs, or other machines."""

from enum import StrEnum
from pathlib import Path

from models import output
from models.errors import FoureyesError
from models.tables import Sweep
from producer import embedded, export_sweep, import_sweep
from producer.embedded import Say
from results import export_samples, export_tables
from results.sweeps import find_sweep


class Format(StrEnum):
    """What a sweep can be exported as."""

    EVALPLUS = "evalplus"
    CSV = "csv"
    PARQUET = "parquet"
    ARCHIVE = "archive"


def export(name: str, format: Format, given: Path | None, force: bool, say: Say) -> None:
    """Write a sweep to a path, or to one in this folder that says what it is."""
    if given is not None and format is Format.ARCHIVE:
        output.find(given, None, force=force)
    with embedded.database(say):
        sweep = find_sweep(name)
        if format is Format.ARCHIVE:
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
    say(f"{made}; written to {path}")


def _write(sweep: Sweep, format: Format, folder: Path) -> str:
    """Write what was asked for; a line for a person."""
    if format is Format.EVALPLUS:
        samples = export_samples.write(sweep, folder)
        if not samples.files:
            raise FoureyesError(f"no attempt of {sweep.name!r} has ended with a program yet")
        why = ", ".join(f"{count:,} {why}" for why, count in samples.left_out.items())
        return (
            f"{sum(samples.files.values()):,} samples in {len(samples.files):,} files, one a run; "
            f"attempts left out: {why or 'none'}"
        )
    as_files = {Format.CSV: export_tables.as_csv, Format.PARQUET: export_tables.as_parquet}
    tables = export_tables.write(sweep, folder, as_files[format])
    return ", ".join(f"{table}: {count:,} rows" for table, count in tables.items())


def import_(path: Path, say: Say) -> None:
    """Bring an archive into this database."""
    with embedded.database(say):
        made = import_sweep.read(path)
    say(
        f"sweep {made.sweep_id} ({made.name}): brought {made.attempts:,} ended attempts, "
        f"{made.completions:,} completions and {made.executions:,} executions; what was here is kept"
    )
    if made.otherwise:
        say(f"{made.otherwise:,} attempts rest on other answers than those here: to be done anew")
    if made.is_own:
        say(
            "the sweep is yours here, and stays as it is: `foureyes sweep FILE --accept-imported` uses "
            "what was brought"
        )
    elif made.unfinished:
        say(
            f"{made.unfinished:,} attempts have not ended: `foureyes sweep FILE --accept-imported` with "
            "the sweep's own file goes on with them, and uses what was brought"
        )
