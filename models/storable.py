"""Text and numbers that Postgres can hold."""

import itertools
import json
from typing import Any


def storable(text: str) -> str:
    """The text with what Postgres refuses (NUL, lone surrogates) as replacement characters."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def countable(value: Any) -> bool:
    """Whether a value is a number of things that a column of integers can hold."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31


#: Brackets in brackets, up to which a JSON value is read and written; far below the depth at which whoever
#: does so, and calls itself for each, might have too many calls open.
_DEEPEST = 100


def is_too_deep(value: Any) -> bool:
    """Whether a JSON value has more brackets in brackets than are read and written."""
    level = [value]
    for _ in range(_DEEPEST + 1):
        inside = [each for each in level if isinstance(each, dict | list | tuple)]
        if not inside:
            return False
        parts = (each.values() if isinstance(each, dict) else each for each in inside)
        level = list(itertools.chain.from_iterable(parts))
    return True


def storable_json(value: Any) -> Any:
    """A JSON value whose every string Postgres can hold, and whose numbers JSONB knows."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(str(key)): storable_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable_json(item) for item in value]
    if isinstance(value, float) and not json.dumps(value).lstrip("-")[0].isdigit():
        return repr(value)  # infinities and NaN
    return value
