"""Arguments and results that go from one process to another as values: numpy's and pandas' too.

wire.py is the language. What it has no words for is written as an `Other` whose name says how it is made
again. Whoever reads makes arrays, series and frames of plain values and of bytes, and of nothing else.
"""

import collections
import datetime
import decimal
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np

from . import wire
from .values import Large, Opaque, Other

try:
    import pandas as pd
except ImportError:  # a sandbox without libraries
    pd = None

#: Kinds of numpy's types whose bytes are all there is to a value.
_BYTES = "biufcSUMm"


class Uncarried(ValueError):
    """A value that cannot leave its process: the name of its type."""


def encode(value: Any) -> bytes:
    """The bytes of a value. Raises: Uncarried, WireError."""
    data = wire.encode(_packed(value))
    decode(data)  # whoever sends it learns that nobody could read it
    return data


def decode(data: bytes) -> Any:
    """The value of bytes that nobody vouches for. Raises: Uncarried, WireError."""
    try:
        return _unpacked(wire.decode(data))
    except (TypeError, ValueError, OverflowError, AttributeError, KeyError) as error:
        if isinstance(error, Uncarried | wire.WireError):
            raise
        raise wire.WireError(f"no such value: {error}") from None


def _packed(value: Any) -> Any:
    kind = type(value)
    if kind is list or kind is tuple:
        return kind(map(_packed, value))
    if kind is dict:
        return {_packed(key): _packed(item) for key, item in value.items()}
    pack = _PACKED.get(kind)
    return value if pack is None else pack(value)


def _packed_array(value: Any) -> Other:
    if value.dtype.kind in _BYTES:
        return Other("ndarray", (value.dtype.str, value.shape, value.tobytes()))
    if value.dtype.kind != "O":
        raise Uncarried(f"ndarray of {value.dtype}")
    return Other("objects", (value.shape, list(map(_packed, value.ravel().tolist()))))


def _packed_column(value: Any) -> Other:
    """The values of a series, a column or an index; those that are numpy's."""
    if not isinstance(value.dtype, np.dtype):
        raise Uncarried(f"{type(value).__name__} of {value.dtype}")
    return _packed_array(value.to_numpy())


def _packed_index(value: Any) -> Other:
    return Other("Index", (_packed_column(value), _packed(value.name)))


def _packed_range(value: Any) -> Other:
    return Other("RangeIndex", (value.start, value.stop, value.step, _packed(value.name)))


def _packed_series(value: Any) -> Other:
    index = _packed(value.index)
    return Other("Series", (_packed_column(value), index, _packed(value.name)))


def _packed_frame(value: Any) -> Other:
    columns = [_packed_column(value.iloc[:, at]) for at in range(value.shape[1])]
    return Other("DataFrame", (columns, _packed(value.index), _packed(value.columns)))


def _packed_timestamp(value: Any) -> Other:
    if value.tzinfo is not None:
        raise Uncarried("Timestamp with a zone")
    return Other("Timestamp", int(value.value))


def _packed_number(value: Any) -> Other:
    """A number of numpy's, of its own type."""
    return Other("number", (value.dtype.str, value.tobytes()))


def _packed_mapping(value: Any) -> Other:
    if type(value) is collections.defaultdict and value.default_factory not in _FACTORIES.values():
        raise Uncarried("defaultdict")
    factory = next(
        (
            name
            for name, made in _FACTORIES.items()
            if made == getattr(value, "default_factory", None)
        ),
        "",
    )
    return Other(type(value).__name__, (factory, _packed(dict(value))))


#: What a defaultdict may make.
_FACTORIES: dict[str, Any] = {
    "": None,
    "int": int,
    "float": float,
    "list": list,
    "dict": dict,
    "set": set,
    "str": str,
}
_PACKED: dict[type, Callable[[Any], Any]] = {
    np.ndarray: _packed_array,
    **dict.fromkeys((np.int64, np.int32, np.float64, np.float32, np.bool_), _packed_number),
    **dict.fromkeys(
        (collections.Counter, collections.OrderedDict, collections.defaultdict), _packed_mapping
    ),
    decimal.Decimal: lambda value: Other("Decimal", str(value)),
}
if pd is not None:
    _PACKED |= {
        pd.Index: _packed_index,
        pd.DatetimeIndex: _packed_index,
        pd.RangeIndex: _packed_range,
        pd.Series: _packed_series,
        pd.DataFrame: _packed_frame,
        pd.Timestamp: _packed_timestamp,
    }


def _unpacked(value: Any) -> Any:
    kind = type(value)
    if kind is list or kind is tuple:
        return kind(map(_unpacked, value))
    if kind is dict:
        return {_unpacked(key): _unpacked(item) for key, item in value.items()}
    if kind is set or kind is frozenset:
        return kind(map(_unpacked, value))
    if kind is Opaque:
        raise Uncarried(value.type_name)
    if kind is Large:
        raise Uncarried(f"large {value.kind}")
    if kind is Other:
        if value.name not in _UNPACKED:
            raise Uncarried(value.name[:100])
        return _UNPACKED[value.name](value.content)
    return value


def _array(content: Any) -> Any:
    name, shape, data = content
    kind = np.dtype(name)
    if kind.kind not in _BYTES:
        raise Uncarried(f"ndarray of {kind}")
    return np.frombuffer(data, kind).reshape(shape).copy()


def _objects(content: Any) -> Any:
    shape, items = content
    array = np.empty(len(items), dtype=object)
    for at, item in enumerate(items):
        array[at] = _unpacked(item)
    return array.reshape(shape)


def _index(content: Any) -> Any:
    values, name = map(_unpacked, content)
    return pd.Index(values, name=name)


def _range(content: Any) -> Any:
    start, stop, step, name = content
    return pd.RangeIndex(start, stop, step, name=_unpacked(name))


def _series(content: Any) -> Any:
    values, index, name = map(_unpacked, content)
    return pd.Series(values, index=index, name=name)


def _frame(content: Any) -> Any:
    columns, index, names = map(_unpacked, content)
    frame = pd.DataFrame(dict(enumerate(columns)), index=index)
    frame.columns = names
    return frame


def _moment(content: Any) -> Any:
    text, _ = content
    return datetime.datetime.fromisoformat(text)


_UNPACKED: dict[str, Callable[[Any], Any]] = {
    "ndarray": _array,
    "objects": _objects,
    "Index": _index,
    "RangeIndex": _range,
    "Series": _series,
    "DataFrame": _frame,
    "Timestamp": lambda content: pd.Timestamp(content),
    "datetime": _moment,
    "date": datetime.date.fromordinal,
    "timedelta": lambda content: datetime.timedelta(microseconds=content),
    "number": lambda content: _array((content[0], (), content[1]))[()],
    "Counter": lambda content: collections.Counter(_unpacked(content[1])),
    "OrderedDict": lambda content: collections.OrderedDict(_unpacked(content[1])),
    "defaultdict": lambda content: collections.defaultdict(
        _FACTORIES[content[0]], _unpacked(content[1])
    ),
    "Decimal": decimal.Decimal,
    "Path": pathlib.Path,
    "deque": lambda content: collections.deque(_unpacked(content)),
    "slice": lambda content: slice(*content),
}


def change(old: Any, new: Any) -> None:
    """Have one value become another of its type in place, as a function does that changes its argument.

    Raises: Uncarried if it is of a type that is not changed so.
    """
    kind = type(old)
    if kind is not type(new):
        raise Uncarried(f"{kind.__name__} that has changed")
    if kind is list:
        old[:] = new
    elif kind is dict or kind is set:
        old.clear()
        old.update(new)
    elif kind is np.ndarray and old.shape == new.shape and old.dtype == new.dtype:
        old[...] = new
    elif pd is not None and (kind is pd.DataFrame or kind is pd.Series):
        old._update_inplace(new)
    else:
        raise Uncarried(f"{kind.__name__} that has changed")
