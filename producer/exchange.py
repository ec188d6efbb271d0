"""`foureyes export` and `foureyes import`: a sweep leaves for other programs, or other machines."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

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


def export(name: str, format: Format, output: Path | None, say: Say) -> None:
    """Write a sweep to `output`, or to a path in this folder that says what it is."""
    with embedded.database(say):
        sweep = find_sweep(name)
        archived = format is Format.ARCHIVE
        path = output or Path(f"{sweep.name}.jsonl.gz" if archived else f"{sweep.name}-{format}")
        with _complete(path, folder=not archived) as part:
            made = _write(sweep, format, part)
    say(f"{made}; written to {path}")


def _write(sweep: Sweep, format: Format, part: Path) -> str:
    """Write what was asked for; a line for a person."""
    if format is Format.ARCHIVE:
        kinds = export_sweep.write(sweep, part)
        return ", ".join(f"{count:,} {kind}s" for kind, count in kinds.items() if kind != "sweep")
    if format is Format.EVALPLUS:
        samples = export_samples.write(sweep, part)
        if not samples.files:
            raise FoureyesError(f"no attempt of {sweep.name!r} has ended with a program yet")
        why = ", ".join(f"{count:,} {why}" for why, count in samples.left_out.items())
        return (
            f"{sum(samples.files.values()):,} samples in {len(samples.files):,} files, one a run; "
            f"attempts left out: {why or 'none'}"
        )
    as_files = {Format.CSV: export_tables.as_csv, Format.PARQUET: export_tables.as_parquet}
    tables = export_tables.write(sweep, part, as_files[format])
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
    if made.unfinished:
        say(
            f"{made.unfinished:,} attempts have not ended: `foureyes sweep FILE` with the sweep's "
            "own file goes on with them"
        )


@contextmanager
def _complete(path: Path, folder: bool) -> Iterator[Path]:
    """Where to write what shall be at `path` when it is complete.

    Raises: FoureyesError if there is something already, or nothing can be written.
    """
    try:
        if path.exists() or path.is_symlink():
            raise FoureyesError(f"{path}: is there already; choose another --output")
        with tempfile.TemporaryDirectory(prefix=".export-", dir=path.parent) as hidden:
            part = Path(hidden) / path.name
            if folder:
                part.mkdir()
            yield part
            part.rename(path)
    except OSError as error:
        raise FoureyesError(f"{path}: cannot be written ({error.strerror})") from None
