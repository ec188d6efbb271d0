"""Texts from outside: the beginning of each on a page, and the whole of it by itself."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from foureyes.results.attempts import messages

#: What a page shows of a text. More is a link away.
_MOST_LINES = 400
_MOST_CHARACTERS = 20_000


@dataclass(frozen=True)
class Excerpt:
    """The lines with which a text begins. `characters` is how long it is, if it was cut."""

    lines: list[str]
    characters: int | None


def excerpt(whole: str) -> Excerpt:
    """As much of a text as a page shows. Blank lines at its beginning stay: remarks name lines."""
    lines = whole[:_MOST_CHARACTERS].rstrip("\n").split("\n")
    is_cut = len(whole) > _MOST_CHARACTERS or len(lines) > _MOST_LINES
    return Excerpt(lines[:_MOST_LINES], len(whole) if is_cut else None)


#: Each text by the table of its row and by its name there.
_WHOLE = {
    ("attempt", "error"): text("SELECT error FROM attempt WHERE id = :id"),
    ("completion", "answer"): text("SELECT text FROM completion WHERE id = :id"),
    ("completion", "asked"): text("SELECT request FROM completion WHERE id = :id"),
    ("completion", "request"): text("SELECT request FROM completion WHERE id = :id"),
    ("completion", "error"): text("SELECT error FROM completion WHERE id = :id"),
    ("execution", "code"): text("SELECT code FROM execution WHERE id = :id"),
    ("execution", "detail"): text("SELECT detail FROM execution WHERE id = :id"),
    ("execution", "error"): text("SELECT error FROM execution WHERE id = :id"),
    ("problem", "prompt"): text("SELECT prompt FROM problem WHERE id = :id"),
    ("step", "code"): text("SELECT code FROM step WHERE id = :id"),
    ("sweep", "file"): text("SELECT file FROM sweep WHERE id = :id"),
}


def whole(db: Session, table: str, row_id: int, name: str) -> str | None:
    """A whole text; None if there is no such row, or nothing in it."""
    query = _WHOLE.get((table, name))
    found = db.execute(query, {"id": row_id}).scalar() if query is not None else None
    if found is None:
        return None
    if name == "asked":
        return "\n\n".join(f"[{each.role}]\n{each.content}" for each in messages(found))
    return readable(found) if isinstance(found, dict) else str(found)


def readable(value: dict[str, Any]) -> str:
    """A JSON value over several lines."""
    return json.dumps(value, indent=2, ensure_ascii=False)
