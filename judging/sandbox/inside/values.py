"""What a program's outputs are read as: values of a few plain types, and nothing that could lie.

A subclass of a builtin, or of a library type that compares as one (a UserDict, the keys of a dict,
a numpy number), is read as the builtin's own value, past whatever the subclass overrides. Types of
the library that equal only their like are an `Other`. Anything else is `Opaque` and equals nothing.
So no `__eq__` of a program's decides anything.
"""

import array
import builtins
import collections
import collections.abc
import datetime
import operator
import pathlib
import types
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

#: Types that are sent as they are; subclasses are reduced to them.
PLAIN = frozenset(
    {int, float, complex, bool, str, bytes, list, tuple, dict, set, frozenset, type(None)}
)
#: Every value that is not a number is this one object: so lists, sets and dicts of it are equal too.
NAN = float("nan")
#: The name of the `Other` that an array of one item is at the top of an output: see comparison.py.
ARRAY = "numpy.ndarray"


class Opaque:
    """A value that cannot leave the sandbox; only the name of its type did. Equals nothing."""

    def __init__(self, type_name: str) -> None:
        self.type_name = type_name

    def __repr__(self) -> str:
        return f"<{self.type_name} object>"


@dataclass(frozen=True, repr=False, slots=True)
class Other:
    """A value that equals those of its own type alone: the type's name, and what decides equality."""

    name: str
    content: Any

    def __repr__(self) -> str:
        return f"{self.name}({self.content!r})"


@dataclass(frozen=True, repr=False, slots=True)
class Large:
    """What is said of a value instead of sending it: see digests.py.

    `digest`: equal for equal values alone. `kind`: the name of its type. `floats`: as
    wire.has_floats. `shape`: the lengths of nested lists, if there is nothing but numbers in them
    and somebody asked. `begin`: how its repr begins. `numbers`: those of a value with a shape, in
    lists; they travel apart.
    """

    digest: bytes
    kind: str
    floats: bool
    shape: tuple[int, ...] | None
    begin: str
    numbers: Iterable[list[Any]] = ()

    def __repr__(self) -> str:
        return f"{self.begin} ..."


def plain(value: Any) -> Any:
    """The value as one of a type in PLAIN, a Fraction, an Other or an Opaque; members stay as is."""
    while type(value) not in _FINAL:
        read = _reader(type(value))  # type: ignore[arg-type]  # any type can be hashed
        value = Opaque(str(type(value).__name__)[:100]) if read is None else read(value)
    return value


_FINAL = PLAIN | {Fraction, Other, Opaque, Large}


@lru_cache(maxsize=256)
def _reader(kind: type) -> Callable[[Any], Any] | None:
    bases = type.mro(kind)
    return next((read for base, read in _READERS.items() if base in bases), None)


def _decimal(value: Decimal) -> Any:
    if Decimal.is_finite(value):
        return Fraction(*Decimal.as_integer_ratio(value))
    return NAN if Decimal.is_nan(value) else Decimal.__float__(value)


def _long(value: Any) -> Any:
    """Of numpy's numbers the one with more digits than a float."""
    return Fraction(*value.as_integer_ratio()) if np.isfinite(value) else float(value)


def _array(value: Any) -> Any:
    """Python's `==` of one item and something is true or false; that of more is neither."""
    return value.item() if value.size == 1 else Opaque("ndarray")


def _memory(value: memoryview) -> Any:
    return value.tobytes() if value.format == "B" and value.ndim == 1 else Opaque("memoryview")


def _view(value: Any) -> Any:
    try:
        return set(value)
    except TypeError:  # items that cannot be hashed: no set can equal it
        return Opaque(type(value).__name__)


def _range(value: range) -> Other:
    """Ranges are equal if their items are."""
    kept = (len(value), *value[:1], *([value.step] if len(value) > 1 else []))
    return Other("range", kept)


def _moment(value: Any) -> Other:
    """A datetime or a time; those with a zone are equal at the same moment."""
    if value.utcoffset() is None:
        return Other(type(value).__name__, (value.isoformat(), False))
    if isinstance(value, datetime.datetime):
        return Other("datetime", (value.astimezone(datetime.UTC).isoformat(), True))
    since = datetime.timedelta(
        hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond
    )
    return Other("time", ((since - value.utcoffset()) // datetime.timedelta.resolution, True))


def _named(value: type) -> Any:
    name = str(value.__name__)
    return Other("type", name) if getattr(builtins, name, None) is value else Opaque("type")


#: How a value of each type, or of a subclass of it, is read; the first that fits.
_READERS: dict[type, Callable[[Any], Any]] = {
    int: lambda value: int.__add__(value, 0),
    float: float.__float__,
    complex: lambda value: complex.__add__(value, 0),
    str: str.__str__,
    bytes: bytes.__bytes__,
    list: lambda value: list(list.__iter__(value)),
    tuple: lambda value: tuple(tuple.__iter__(value)),
    dict: lambda value: dict(dict.items(value)),
    set: lambda value: set(set.__iter__(value)),
    frozenset: lambda value: frozenset(frozenset.__iter__(value)),
    np.ndarray: _array,
    np.integer: operator.index,
    np.bool_: bool,
    np.longdouble: _long,
    np.floating: float,
    np.complexfloating: complex,
    Fraction: lambda value: Fraction(value.numerator, value.denominator),
    Decimal: _decimal,
    bytearray: bytes,
    memoryview: _memory,
    type({}.keys()): _view,
    type({}.items()): _view,
    collections.abc.KeysView: _view,
    collections.abc.ItemsView: _view,
    collections.UserDict: lambda value: dict(value.data),
    collections.UserList: lambda value: list(value.data),
    collections.UserString: lambda value: str(value.data),
    collections.ChainMap: dict,
    types.MappingProxyType: dict,
    collections.deque: lambda value: Other("deque", list(value)),
    array.array: lambda value: Other("array", list(value)),
    range: _range,
    slice: lambda value: Other("slice", (value.start, value.stop, value.step)),
    datetime.datetime: _moment,
    datetime.time: _moment,
    datetime.date: lambda value: Other("date", value.toordinal()),
    datetime.timedelta: lambda value: Other("timedelta", value // datetime.timedelta.resolution),
    uuid.UUID: lambda value: Other("UUID", value.int),
    pathlib.PurePath: lambda value: Other("Path", str(value)),
    type(...): lambda value: Other("ellipsis", None),
    type(NotImplemented): lambda value: Other("NotImplementedType", None),
    type: _named,
}
