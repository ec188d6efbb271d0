"""Large outputs, said by the digest of their canonical bytes: equal digests for equal values."""

import hashlib
import marshal
from collections.abc import Iterable
from typing import Any

#: Items of a long output that are put into canonical bytes at a time, to save memory.
_CHUNK = 4096


def digest(output: Any) -> bytes:
    """The SHA-256 of a value made of lists, tuples, texts and numbers, of the builtin types exactly.

    marshal's format 2 has equal bytes for equal ones. It is only written, never read, so nobody has
    to trust it. Raises: ValueError or RecursionError for anything else.
    """
    found = hashlib.sha256()
    for part in _parts(output):
        found.update(marshal.dumps(part, 2))
    return found.digest()


def _parts(output: Any) -> Iterable[Any]:
    if type(output) not in (list, tuple):
        yield _plain(output)
        return
    yield (type(output).__name__, len(output))
    for start in range(0, len(output), _CHUNK):
        yield [_plain(item) for item in output[start : start + _CHUNK]]


def _plain(value: Any) -> Any:
    """The value with equal numbers made the same: 1.0 and True are 1, as `==` has it."""
    kind = type(value)
    if kind is bool or (kind is float and value.is_integer()):
        return int(value)
    if kind is list or kind is tuple:
        return kind(_plain(item) for item in value)
    return value
