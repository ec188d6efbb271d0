"""Bringing an archive into this database: what is missing here, and nothing twice.

All in one transaction. The archive's rows go to a temporary table first, a few at a time, and from
there to the tables by their keys. What is done there and not done here is taken; everything else
that is here stays as it is. An attempt whose steps were answered otherwise than here arrives
unfinished: it goes on from the answers that are here.

Nothing is started. What arrives unfinished counts as cancelled until somebody runs `foureyes sweep`
with the sweep's own file, whose models and modules are then used, and not those of the archive.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy import Connection, text
from sqlalchemy.exc import DataError, IntegrityError, OperationalError

from models.digest import digest
from models.errors import FoureyesError
from models.llm import AnyModel
from models.session import is_passing, transaction
from producer import archive
from producer import import_statements as sql
from producer.sweep_file import SweepFile

#: Characters that are held here before they go to the database.
_BATCH = 1 << 22


@dataclass(frozen=True)
class Imported:
    """What came: ended attempts, completions and executions that were not here, or not done.

    `otherwise` are attempts that had ended in the archive, but on answers that differ from those
    here; `unfinished` are all of the sweep that have not ended here.
    """

    sweep_id: int
    name: str
    attempts: int
    completions: int
    executions: int
    otherwise: int
    unfinished: int


def read(path: Path) -> Imported:
    """Import an archive. Doing it again changes nothing.

    Raises: FoureyesError saying what is wrong with the archive, or that a model's name is taken;
    nothing has changed then.
    """
    rows = archive.read(path)
    _, sweep = next(rows)
    assert isinstance(sweep, archive.Sweep)
    try:
        models = _models(sweep)
        with transaction() as db:
            db.execute(text("SET LOCAL statement_timeout = 0"))  # a big sweep takes minutes
            _stage(db, rows)
            _make_known(db, models)
            return _merge(db, sweep, list(models))
    except (DataError, IntegrityError, OperationalError) as error:
        if is_passing(error):
            raise
        said = str(error.orig).strip().splitlines()[0]
        raise FoureyesError(f"{path}: the archive does not fit together: {said}") from None
    except _Unusable as error:
        raise FoureyesError(f"{path}: {error}") from None


class _Unusable(FoureyesError):
    """An archive that is sound and yet cannot be had here; the message lacks its name."""


def _models(sweep: archive.Sweep) -> dict[str, AnyModel]:
    """The models of the sweep's file, by name."""
    known = SweepFile.model_fields
    try:
        file = SweepFile.model_validate({k: v for k, v in sweep.file.items() if k in known})
    except ValidationError as error:
        raise _Unusable(f"the sweep's file: {archive.first_mistake(error)}") from None
    except FoureyesError as error:
        raise _Unusable(f"the sweep's file: {error}") from None
    if file.name != sweep.name:
        raise _Unusable(f"the sweep's file has another name than {sweep.name[:80]!r}")
    return file.models


def _stage(db: Connection, rows: Iterator[tuple[str, archive.Row]]) -> None:
    """Put the rows into the table `archived`, in their order."""
    for statement in sql.STAGE:
        db.execute(statement)
    kinds: list[str] = []
    lines: list[str] = []
    size = 0
    for kind, row in rows:
        kinds.append(kind)
        lines.append(row.model_dump_json())
        size += len(lines[-1])
        if size > _BATCH:
            db.execute(sql.FILL, {"kinds": kinds, "lines": lines})
            kinds, lines, size = [], [], 0
    db.execute(sql.FILL, {"kinds": kinds, "lines": lines})
    for statement in sql.STAGED:
        db.execute(statement)


def _make_known(db: Connection, models: dict[str, AnyModel]) -> None:
    """Add the models that are missing; how those that are here are loaded is this machine's matter.

    Raises: FoureyesError if a name is another model's here.
    """
    for name, model in sorted(models.items()):
        identity = digest(model.identity())
        values = {"name": name, "identity": identity, "settings": model.model_dump_json()}
        db.execute(sql.MODEL, values)
        if db.execute(sql.TAKEN, values).first() is not None:
            raise _Unusable(
                f"models.{name}: another model has this name here; import the archive into a "
                "database of its own (FOUREYES_HOME or FOUREYES_DATABASE_URL)"
            )


def _merge(db: Connection, sweep: archive.Sweep, models: list[str]) -> Imported:
    """Bring what was staged to where it belongs."""
    db.execute(sql.SWEEP, sweep.model_dump() | {"file": json.dumps(sweep.file)})
    sweep_id = db.execute(sql.LOCK_SWEEP, {"key": sweep.key}).scalar_one()
    names = {"sweep": sweep_id, "models": models}
    for statement in (sql.PROBLEMS, sql.RUNS, sql.LOCK_ATTEMPTS):
        db.execute(statement, names)
    completions, executions = (
        sum(db.execute(statement, names).rowcount for statement in statements)
        for statements in (
            (sql.NEW_COMPLETIONS, sql.DONE_COMPLETIONS),
            (sql.NEW_EXECUTIONS, sql.DONE_EXECUTIONS),
        )
    )
    for statement in (sql.DIFFERING, sql.ARRIVING, sql.DONE_ATTEMPTS, sql.NEW_ATTEMPTS):
        db.execute(statement, names)
    for statement in (sql.OLD_STEPS, sql.STEPS, sql.SWEEP_STATE):
        db.execute(statement, names)
    counts = db.execute(sql.COUNTS, names).one()
    return Imported(
        sweep_id=sweep_id,
        name=sweep.name,
        attempts=counts.attempts,
        completions=completions,
        executions=executions,
        otherwise=counts.otherwise,
        unfinished=counts.unfinished,
    )
