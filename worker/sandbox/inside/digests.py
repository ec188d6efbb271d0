"""Large outputs, said by the digest of their canonical bytes: equal digests for equal values.

Millions of items are no rarity, so none is looked at by itself where it can be helped: lists of
lists are flattened level by level, and numbers go as an array.
"""

import hashlib
import itertools
import marshal
from collections.abc import Iterator
from typing import Any

import numpy as np

from .wire import MAX_DEPTH

#: Items of a long output that are put into canonical bytes at a time, to save memory.
_CHUNK = 4096
_SEQUENCES = {list, tuple}
_NUMBERS = {bool, int, float}
#: No value of one of these equals one of another type.
_DISTINCT = {int, str, bytes, type(None)}
#: Below it, a double holds every integer exactly.
_EXACT = 2**53


def digest(output: Any) -> bytes:
    """The SHA-256 of a value made of lists, tuples, texts and numbers, of the builtin types exactly.

    marshal's format 2 has equal bytes for equal ones. It is only written, never read, so nobody has
    to trust it. Raises: ValueError or RecursionError for anything else.
    """
    found = hashlib.sha256()
    for part in _parts(output):
        found.update(part)
    return found.digest()


def _parts(output: Any) -> Iterator[bytes]:
    if type(output) not in _SEQUENCES:
        yield marshal.dumps(_plain(output), 2)
        return
    yield marshal.dumps((type(output).__name__, len(output)), 2)
    for start in range(0, len(output), _CHUNK):
        yield from _level(list(output[start : start + _CHUNK]))


def _level(items: list[Any]) -> Iterator[bytes]:
    """The canonical bytes of some items: what they are like, then what they hold."""
    for _ in range(MAX_DEPTH):
        if (text := _joined(items)) is not None:
            yield _sized(b"s", text.encode("utf-8", "surrogatepass"))
            return
        kinds = set(map(type, items))
        if not kinds or not kinds <= _SEQUENCES:
            break
        yield marshal.dumps([kind.__name__ for kind in map(type, items)], 2)
        yield marshal.dumps(list(map(len, items)), 2)
        items = list(itertools.chain.from_iterable(items))
    if kinds <= _NUMBERS and items and min(items) > -_EXACT and max(items) < _EXACT:
        array = np.array(items, dtype=np.float64) + 0.0  # -0.0 becomes 0.0
        yield _sized(b"n", array.tobytes())
    else:
        plain = items if kinds <= _DISTINCT else [_plain(item) for item in items]
        yield b"v" + marshal.dumps(plain, 2)


def _joined(items: list[Any]) -> str | None:
    """Texts in one, told apart by NULs; None if something else is among them, or a NUL."""
    if not items or type(items[0]) is not str:
        return None
    try:
        text = "\0".join(items)
    except TypeError:
        return None
    return text if text.count("\0") == len(items) - 1 else None


def _sized(tag: bytes, data: bytes) -> bytes:
    """So that no other items in the next chunk give the same bytes."""
    return tag + len(data).to_bytes(8, "big") + data


def _plain(value: Any) -> Any:
    """The value with equal numbers made the same: 1.0 and True are 1, as `==` has it."""
    kind = type(value)
    if kind is bool or (kind is float and value.is_integer()):
        return int(value)
    if kind is list or kind is tuple:
        return kind(_plain(item) for item in value)
    return value
