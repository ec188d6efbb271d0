"""`foureyes patterns check`: what patterns that were changed would do otherwise than they did."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import typer
from rich.table import Table
from rich.text import Text
from sqlalchemy import text

from foureyes.models.errors import FoureyesError
from foureyes.models.session import transaction
from foureyes.models.sweep_content import SweepContent
from foureyes.producer.commands.terminal import console, say
from foureyes.producer.stack import embedded
from foureyes.producer.sweeps import sweep
from foureyes.results.sweeps import find_sweep
from foureyes.results.visible import in_line
from foureyes.worker.attempt import checking
from foureyes.worker.attempt.rows import ATTEMPT, STEPS
from foureyes.worker.patterns import Pattern

#: Attempts of one pattern whose difference is told.
_TOLD = 3
_ATTEMPTS = text("""
SELECT attempt.id FROM attempt JOIN run ON run.id = attempt.run_id
WHERE run.sweep_id = :sweep AND attempt.moved_at IS NOT NULL
ORDER BY run.position, attempt.id
""")


def check(file: Path, name: str | None) -> None:
    """Replay a sweep's record with a file's patterns and prompts; exit code 1 if anything differs."""
    grid = sweep.load(file, limit=1)
    known = {each.pattern.name: each.pattern for each in grid.patterns}
    with embedded.database(say):
        row = find_sweep(name or grid.file.name)
        content = SweepContent.model_validate(row.file)
        content = content.model_copy(update={"prompt_files": grid.prompt_files})
        found: dict[str, list[tuple[int, str | None]]] = defaultdict(list)
        with transaction() as db:
            ids = list(db.execute(_ATTEMPTS, {"sweep": row.id}).scalars())
        for attempt_id in ids:
            pattern, said = _difference(attempt_id, content, known)
            found[pattern].append((attempt_id, said))
    _show(file, f"{row.name} (id {row.id})", found)
    if any(said is not None for many in found.values() for _, said in many):
        raise typer.Exit(1)


def _difference(
    attempt_id: int, content: SweepContent, known: dict[str, Pattern]
) -> tuple[str, str | None]:
    """An attempt's pattern, and what is otherwise."""
    with transaction() as db:
        attempt: Any = db.execute(ATTEMPT, {"attempt": attempt_id}).one()
        steps = list(db.execute(STEPS, {"attempt": attempt_id}))
    pattern = known.get(attempt.pattern.partition("(")[0])
    if pattern is None:
        return attempt.pattern, "the file has no such pattern"
    try:
        made = pattern.configure(attempt.options)
    except FoureyesError as error:
        return attempt.pattern, str(error)
    return attempt.pattern, checking.difference(attempt, steps, content, made)


def _show(file: Path, named: str, found: dict[str, list[tuple[int, str | None]]]) -> None:
    console.print(
        f"{file} beside what is on record of sweep {named}; no model was asked, nothing was written",
        markup=False, highlight=False, soft_wrap=True,
    )  # fmt: skip
    table = Table("pattern", "attempts", "as recorded", "differ")
    for pattern, many in found.items():
        differ = sum(said is not None for _, said in many)
        table.add_row(Text(in_line(pattern)), str(len(many)), str(len(many) - differ), str(differ))
    console.print(table)
    for many in found.values():
        differing = [(attempt_id, said) for attempt_id, said in many if said is not None]
        for attempt_id, said in differing[:_TOLD]:
            line = f"attempt {attempt_id}: {in_line(said)}"
            console.print(line, markup=False, highlight=False, soft_wrap=True)
