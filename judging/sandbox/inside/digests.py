"""Values too large or too deep to send: a digest decides whether two are equal.

Equal values have equal digests, and no others have, whatever they are made of: 1, 1.0, True and
Fraction(1) are equal, and so are dicts and sets in any order. Whether numbers are near each other no
digest tells: for that the shape of the value is said, and its numbers are sent in parts.

Millions of items are no rarity, so none is looked at by itself where it can be helped: lists of
lists are flattened level by level, and numbers go as an array. Nothing here recurses.
"""

import hashlib
import itertools
import marshal
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from .values import PLAIN, Large, Opaque, Other, plain

#: Nesting beyond this is refused, as are values that hold themselves.
MAX_NESTING = 10_000
#: Numbers that are sent together.
TOGETHER = 1 << 15
#: Dimensions of the largest array that numpy, by whose rules numbers are near, can make.
_MAX_DIMENSIONS = 64
#: Items of a long output that are put into canonical bytes at a time, to save memory.
_CHUNK = 4096
_BEGIN = 300
#: Names longer than this are replaced by their digests.
_LONG = 64
_SEQUENCES = {list, tuple}
_REALS = {bool, int, float}
#: What the digest takes as it is, apart from numbers that may equal one of another type.
_AS_IS = PLAIN - {complex}
#: No value of one of these equals one of another type, and they hold no others.
_DISTINCT = frozenset({int, str, bytes, type(None)})
#: Below it, a double holds every integer exactly.
_EXACT = 2**53
#: The integers that numpy can hold as numbers.
_WHOLE = range(-(1 << 63), 1 << 64)


class Incomparable(ValueError):
    """A value that holds something opaque: the name of its type. It equals nothing."""


class TooDeep(ValueError):
    """A value that is nested deeper than MAX_NESTING."""


def large(output: Any, with_shape: bool) -> Large:
    """What is to be said of a value; `with_shape` if near numbers would do, too.

    Raises: Incomparable, TooDeep.
    """
    output = plain(output)
    if type(output) in _SEQUENCES:
        items = _plain(output)  # once for all that follows
        output = output if items is output else type(output)(items)
    found = flat(output) if with_shape else None
    return Large(
        digest=digest(output),
        kind=type(output).__name__,
        floats=_has_floats(output),
        shape=found[0] if found is not None else None,
        begin=_begin(output),
        numbers=_parts(found[1]) if found is not None else (),
    )


def _parts(numbers: list[Any]) -> Iterator[list[Any]]:
    return (numbers[at : at + TOGETHER] for at in range(0, len(numbers), TOGETHER))


def count(shape: tuple[int, ...]) -> int:
    """In how many parts the numbers of a value of this shape are sent."""
    numbers = 1
    for length in shape:
        numbers *= length
    return -(-numbers // TOGETHER)


def _has_floats(output: Any) -> bool:
    if type(output) not in _SEQUENCES:
        return type(output) is float
    return bool(output) and set(map(type, output)) == {float}


def _begin(output: Any) -> str:
    """How a long output begins, for a person to read."""
    try:
        if type(output) in _SEQUENCES or type(output) is str:
            return repr(output[:20])[:_BEGIN]
        if type(output) is int:
            return f"a number of {output.bit_length()} bits"
        few = itertools.islice(output.items() if type(output) is dict else output, 20)
        return repr(type(output)(few))[:_BEGIN]
    except Exception:  # nested too deep, or the program's own repr
        return f"a {type(output).__name__}"


def flat(value: Any) -> tuple[tuple[int, ...], list[Any]] | None:
    """The lengths of nested lists of numbers, outermost first, and the numbers.

    None if it is nothing so regular, or no number that numpy can hold.
    """
    if not _begins_with_a_number(value):
        return None
    shape: list[int] = []
    items: Sequence[Any] = [value]
    for _ in range(_MAX_DIMENSIONS + 1):
        items = _plain(items)
        kinds = set(map(type, items))
        if not kinds <= _SEQUENCES:
            break
        lengths = set(map(len, items))
        if len(lengths) > 1:
            return None
        shape += lengths
        items = list(itertools.chain.from_iterable(items))
        if not items:
            return tuple(shape), []
    if not kinds <= _REALS | {complex}:
        return None
    if int in kinds and not all(item in _WHOLE for item in items if type(item) is int):
        return None
    return tuple(shape), list(items)


def _plain(items: Sequence[Any]) -> Sequence[Any]:
    return items if PLAIN.issuperset(map(type, items)) else list(map(plain, items))


def _begins_with_a_number(value: Any) -> bool:
    """Told at once of most that is not regular, before anything is made of it."""
    for _ in range(_MAX_DIMENSIONS + 1):
        value = plain(value)
        if type(value) not in _SEQUENCES or not value:
            break
        value = value[0]
    return type(value) in _SEQUENCES or isinstance(value, int | float | complex)


def digest(output: Any) -> bytes:
    """The SHA-256 of the canonical bytes of a value. Raises: Incomparable, TooDeep.

    marshal's format 2 has equal bytes for equal ones. It is only written, never read, so nobody has
    to trust it.
    """
    found = hashlib.sha256()
    output = _simplest(output)
    if type(output) not in _SEQUENCES:
        return hashlib.sha256(_name(output)).digest()
    found.update(marshal.dumps((type(output).__name__, len(output)), 2))
    for start in range(0, len(output), _CHUNK):
        for part in _level(list(output[start : start + _CHUNK])):
            found.update(part)
    return found.digest()


def _read(items: list[Any]) -> tuple[list[Any], set[type]]:
    """The items, each of a plain type, a Fraction or an Other, and what types they are of."""
    kinds = set(map(type, items))
    if kinds <= _AS_IS:
        return items, kinds
    items = list(map(_simplest, items))
    return items, set(map(type, items))


def _simplest(value: Any) -> Any:
    """The value of a plain type; of equal numbers the same, if they are not both reals."""
    if type(value) in _AS_IS:
        return value
    value = plain(value)
    if type(value) is complex and (value.imag == 0 or value != value):
        return value.real if value == value else float("nan")
    if type(value) is Fraction:
        try:
            number = float(value)
        except OverflowError:
            number = 0.0
        return number if number == value else int(value) if value.denominator == 1 else value
    if type(value) is Opaque:
        raise Incomparable(value.type_name)
    return value


def _level(items: list[Any]) -> Iterator[bytes]:
    """The canonical bytes of some items: what they are like, then what they hold.

    What is chosen here may depend on what the items equal, and on nothing else of them.
    """
    for _ in range(MAX_NESTING):
        text = _joined(items)
        if text is None:
            items, kinds = _read(items)
            text = _joined(items) if kinds == {str} else None
        if text is not None:
            yield _sized(b"s", text.encode("utf-8", "surrogatepass"))
            return
        if not kinds or not kinds <= _SEQUENCES:
            break
        yield marshal.dumps([kind.__name__ for kind in map(type, items)], 2)
        yield marshal.dumps(list(map(len, items)), 2)
        items = list(itertools.chain.from_iterable(items))
    else:
        raise TooDeep("too deep")
    numbers = _doubles(items) if kinds <= _REALS else None
    if numbers is not None:
        yield _sized(b"n", numbers)
        return
    yield _sized(b"v", b"")
    for item in items:
        yield _name(item)


def _doubles(items: list[Any]) -> bytes | None:
    """Numbers as doubles; None if a double does not hold all of them, or one is none."""
    try:
        array = np.array(items, dtype=np.float64)
    except OverflowError:
        return None
    if len(items) == 0 or not np.all(np.abs(array) < _EXACT):
        return None
    return bytes((array + 0.0).tobytes())  # -0.0 becomes 0.0


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


def _name(value: Any) -> bytes:
    """A value's own bytes, short: of one that holds others, the digest of their names."""
    holding: list[tuple[type, Iterator[Any], list[bytes]]] = []
    while True:
        value = _simplest(value)
        kind = type(value)
        if kind not in _MEMBERS:
            name = _atom(value)
        else:
            if len(holding) >= MAX_NESTING:
                raise TooDeep("too deep")
            members = list(_MEMBERS[kind](value))
            if not _DISTINCT.issuperset(map(type, members)):
                holding.append((kind, iter(members), []))
                value = next(holding[-1][1])
                continue
            name = _together(kind, list(map(_atom, members)))
        while holding:
            kind, rest, names = holding[-1]
            names.append(name)
            try:
                value = next(rest)
                break
            except StopIteration:
                holding.pop()
                name = _together(kind, names)
        else:
            return name


_MEMBERS: dict[type, Callable[[Any], Iterable[Any]]] = {
    list: iter,
    tuple: iter,
    set: iter,
    frozenset: iter,
    dict: lambda value: itertools.chain.from_iterable(value.items()),
    Other: lambda value: (value.name, value.content),
}


def _together(kind: type, names: list[bytes]) -> bytes:
    """The name of what holds others; of sets and dicts in an order of their own, each once."""
    if kind is set or kind is frozenset:
        kind, names = set, sorted(set(names))
    elif kind is dict:
        pairs = dict(zip(names[::2], names[1::2], strict=True))
        names = [part for pair in sorted(pairs.items()) for part in pair]
    return _short(kind.__name__.encode() + b":" + b"".join(names))


def _atom(value: Any) -> bytes:
    """The name of a value that holds no others: what marshal makes of it, which tells its end."""
    kind = type(value)
    if (kind is float and value.is_integer()) or kind is bool:
        value = int(value)
    elif kind is Fraction:
        value = (value.numerator, value.denominator)
    elif kind is complex:
        value += 0.0  # -0.0 becomes 0.0
    elif value != value:
        return b"nan"
    data = marshal.dumps(value, 2)
    return data if len(data) <= _LONG else _short(data)


def _short(data: bytes) -> bytes:
    return b"#" + hashlib.sha256(data).digest()
