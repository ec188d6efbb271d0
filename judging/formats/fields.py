"""What the records of several formats have to hold, checked with the same words."""

import keyword
from collections.abc import Iterable, Mapping
from typing import Any

from foureyes.models.errors import FoureyesError

_LONGEST_ID = 200


def check_texts(fields: Mapping[str, Any], texts: Iterable[str], others: Iterable[str]) -> None:
    """Raises: FoureyesError naming the field that is missing, or that is no text a database can hold."""
    for name in (*texts, *others):
        if name not in fields:
            raise FoureyesError(f"the field {name!r} is missing")
    for name in texts:
        if not isinstance(fields[name], str):
            raise FoureyesError(f"the field {name!r} must be a string")
        if "\0" in fields[name]:
            raise FoureyesError(f"the field {name!r} holds a NUL character")


def check_names(problem_id: str, entry_point: str) -> None:
    """Raises: FoureyesError if one of them is no name."""
    if not problem_id.strip() or not problem_id.isprintable() or len(problem_id) > _LONGEST_ID:
        raise FoureyesError(
            f"the task_id must be 1 to {_LONGEST_ID} printable characters, not {problem_id[:80]!r}"
        )
    if not entry_point.isidentifier() or keyword.iskeyword(entry_point):
        raise FoureyesError(f"the entry_point must be a function's name, not {entry_point!r}")
