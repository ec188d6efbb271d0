"""The values that cross the sandbox's wall, as bytes. Standard library only: both sides load it.

The encoder runs beside hostile code and is trusted with nothing. The decoder runs in the trusted
process: it makes builtin values only, and refuses what is malformed, deep, or slow to build.
"""

import struct
from collections import Counter

MAX_DEPTH = 100
#: More elements of one hash than this make a set or a dict slow to build: hostile, or useless.
MAX_COLLISIONS = 64

_U32 = struct.Struct(">I")
_F64 = struct.Struct(">d")


class WireError(Exception):
    """A value cannot be encoded, or bytes are not an encoded value."""


class TooLarge(WireError):
    """A value's encoding would be longer than allowed."""


class Opaque:
    """Stands for a value that is not built of builtins. Equal to nothing, itself included."""

    __slots__ = ("type_name",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, type_name):  # type: ignore[no-untyped-def]
        """Keep the name of its type, for a person to read."""
        self.type_name = type_name

    def __eq__(self, other):  # type: ignore[no-untyped-def]
        """Never."""
        return False

    def __repr__(self):  # type: ignore[no-untyped-def]
        """For reports."""
        return f"<{self.type_name}>"


def encode(value: object, limit: int = 64 << 20) -> bytes:
    """The encoding of a value; subclasses of builtins are reduced to their base value.

    Raises: TooLarge above `limit` bytes; WireError above MAX_DEPTH.
    """
    out = bytearray()
    _encode(value, out, limit, 0)
    return bytes(out)


def _encode(value, out, limit, depth):  # type: ignore[no-untyped-def]
    if depth > MAX_DEPTH:
        raise WireError("too deep")
    if len(out) > limit:
        raise TooLarge("too large")
    if value is None:
        out += b"N"
    elif value is True:
        out += b"T"
    elif value is False:
        out += b"F"
    elif isinstance(value, int):
        number = int.__index__(value)
        data = number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True)
        out += b"i" + _U32.pack(len(data)) + data
    elif isinstance(value, float):
        out += b"f" + _F64.pack(float.__float__(value))
    elif isinstance(value, complex):
        number = complex.__complex__(value)
        out += b"c" + _F64.pack(number.real) + _F64.pack(number.imag)
    elif isinstance(value, str):
        data = str.encode(value, "utf-8", "surrogatepass")
        out += b"s" + _U32.pack(len(data)) + data
    elif isinstance(value, bytes | bytearray):
        data = bytes(memoryview(value))
        out += b"b" + _U32.pack(len(data)) + data
    elif isinstance(value, dict):
        items = list(dict.items(value))
        out += b"d" + _U32.pack(len(items))
        for key, item in items:
            _encode(key, out, limit, depth + 1)
            _encode(item, out, limit, depth + 1)
    elif isinstance(value, list | tuple | set | frozenset):
        for base, tag in ((list, b"l"), (tuple, b"t"), (set, b"S"), (frozenset, b"Z")):
            if isinstance(value, base):
                items = list(base.__iter__(value))
                break
        out += tag + _U32.pack(len(items))
        for item in items:
            _encode(item, out, limit, depth + 1)
    elif type(value).__module__ == "numpy" and hasattr(value, "dtype") and value.shape == ():
        _encode(value.item(), out, limit, depth + 1)
    else:
        data = type(value).__name__.encode("utf-8", "replace")[:100]
        out += b"?" + _U32.pack(len(data)) + data
    if len(out) > limit:
        raise TooLarge("too large")


def decode(data: bytes) -> object:
    """The value that bytes encode, made of builtins (and Opaque).

    Raises: WireError for anything but exactly one well-formed value.
    """
    value, end = _decode(data, 0, 0)
    if end != len(data):
        raise WireError("bytes after the value")
    return value


def _decode(data, at, depth):  # type: ignore[no-untyped-def]
    if depth > MAX_DEPTH:
        raise WireError("too deep")
    tag = data[at : at + 1]
    at += 1
    if tag in _CONSTANTS:
        return _CONSTANTS[tag], at
    if tag in b"fc" and tag:
        size = 8 if tag == b"f" else 16
        if len(data) < at + size:
            raise WireError("cut off")
        if tag == b"f":
            return _F64.unpack_from(data, at)[0], at + size
        return complex(_F64.unpack_from(data, at)[0], _F64.unpack_from(data, at + 8)[0]), at + size
    if not tag or tag not in b"isb?ltSZd":
        raise WireError("unknown tag")
    if len(data) < at + 4:
        raise WireError("cut off")
    (count,) = _U32.unpack_from(data, at)
    at += 4
    if tag in b"isb?":
        if len(data) < at + count:
            raise WireError("cut off")
        return _scalar(tag, data[at : at + count]), at + count
    if len(data) - at < count:  # every element takes at least a byte
        raise WireError("cut off")
    items = []
    for _ in range(count * 2 if tag == b"d" else count):
        item, at = _decode(data, at, depth + 1)
        items.append(item)
    if tag == b"l":
        return items, at
    if tag == b"t":
        return tuple(items), at
    keys = items[::2] if tag == b"d" else items
    _check_hashes(keys)
    if tag == b"d":
        return dict(zip(keys, items[1::2], strict=True)), at
    return (set(items) if tag == b"S" else frozenset(items)), at


_CONSTANTS = {b"N": None, b"T": True, b"F": False}


def _scalar(tag, data):  # type: ignore[no-untyped-def]
    if tag == b"i":
        return int.from_bytes(data, "big", signed=True)
    if tag == b"b":
        return data
    try:
        text = data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        raise WireError("not text") from None
    return text if tag == b"s" else Opaque(text)


def _check_hashes(keys):  # type: ignore[no-untyped-def]
    try:
        hashes = Counter(map(hash, keys))
    except TypeError:
        raise WireError("an unhashable key") from None
    if hashes and max(hashes.values()) > MAX_COLLISIONS:
        raise WireError("too many keys of one hash")
