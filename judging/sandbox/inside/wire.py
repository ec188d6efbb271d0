"""The one language in which a program's outputs leave the sandbox: plain values, typed, bounded.

Values are what values.py makes of them. Equal bytes mean equal values, so most outputs need not be
decoded at all. `decode` trusts nothing: every length, depth and tag is checked, and no code can be
named.

    value = "N" | "T" | "F" | "f" 8 bytes | "c" 16 bytes | sized
    sized = ("i" int | "s" str | "b" bytes | "o" opaque: type name) length body
          | ("l" list | "t" tuple | "S" set | "Z" frozenset) count values
          | "d" count (key value)* | "q" int int (a Fraction or a finite Decimal)
          | "k" str value (an Other) | "L" bytes str bool value str (a Large)
"""

import struct
from collections import Counter
from fractions import Fraction
from typing import Any

from .values import NAN, PLAIN, Large, Opaque, Other, plain

#: The longest encoding of one output, in bytes, and the deepest. What is beyond is a Large.
MAX_BYTES = 1 << 20
MAX_DEPTH = 100
#: The longest part of a fraction: reducing a longer one would cost the reader too much.
_MAX_FRACTION = 4096
#: The most lengths in a shape (digests.py finds no more), and the most numbers any memory holds:
#: whoever multiplies them must not be made to multiply for ever.
_MAX_LENGTHS = 65
_MAX_NUMBERS = 1 << 40
#: Members of one set or dict that may share a hash; more are an attack on whoever builds it.
_MAX_SHARED_HASH = 64
#: The same for members that hold sets: comparing two of them compares members of members.
_MAX_SHARED_HASH_OF_SETS = 8

_LENGTH = struct.Struct(">I")
_FLOAT = struct.Struct(">d")
_COMPLEX = struct.Struct(">dd")
_TAGGED_FLOAT = struct.Struct(">cd")
#: From so many items on it pays to look at their types first.
_MANY = 64
#: Types that may take one byte; all others take at least `_LONGER`.
_SHORT = {bool, type(None)}
_LONGER = 5


class WireError(ValueError):
    """A value too large or too deep to send, or bytes that encode no value."""


class TooLarge(WireError):
    """A value whose bytes would be more than allowed, or too deep: it can still be a Large."""


def encode(value: Any, limit: int = MAX_BYTES) -> bytes:
    """The bytes of a value.

    Raises: TooLarge if they would be more than `limit`, or it is nested deeper than MAX_DEPTH.
    """
    encoder = _Encoder(limit)
    encoder.add(value, 0)
    return b"".join(encoder.parts)


def joined(encoded: list[bytes]) -> bytes:
    """The bytes of a tuple of values that are encoded already; of a single one its own."""
    return (
        encoded[0] if len(encoded) == 1 else b"t" + _LENGTH.pack(len(encoded)) + b"".join(encoded)
    )


class _Encoder:
    def __init__(self, limit: int) -> None:
        self.parts: list[bytes] = []
        self.left = limit

    def put(self, part: bytes) -> None:
        self.left -= len(part)
        if self.left < 0:
            raise TooLarge("too large")
        self.parts.append(part)

    def sized(self, tag: bytes, body: bytes) -> None:
        self.put(tag + _LENGTH.pack(len(body)) + body)

    def add(self, value: Any, depth: int) -> None:
        kind = type(value)
        if kind is int:
            self._int(value)
        elif kind is str:
            self._str(value)
        elif kind is float:
            self.put(b"f" + _FLOAT.pack(value))
        elif kind is bool:
            self.put(b"T" if value else b"F")
        elif value is None:
            self.put(b"N")
        elif kind is list or kind is tuple:
            self._sequence(b"l" if kind is list else b"t", value, depth)
        elif kind is dict:
            self._dict(value, depth)
        elif kind is set or kind is frozenset:
            self._set(b"S" if kind is set else b"Z", value, depth)
        elif kind is complex:
            self.put(b"c" + _COMPLEX.pack(value.real, value.imag))
        elif kind is bytes:
            self.sized(b"b", value)
        else:
            self._other(value, depth)

    def _int(self, value: int) -> None:
        self.put(_SMALL.get(value) or _encoded_int(value))

    def _str(self, value: str) -> None:
        if len(value) > self.left:
            raise TooLarge("too large")
        self.sized(b"s", value.encode("utf-8", "surrogatepass"))

    def _open(self, tag: bytes, count: int, depth: int) -> None:
        if depth >= MAX_DEPTH:
            raise TooLarge("too deep")
        if count > self.left:
            raise TooLarge("too large")
        self.put(tag + _LENGTH.pack(count))

    def _sequence(self, tag: bytes, value: Any, depth: int) -> None:
        self._open(tag, len(value), depth)
        kinds = set(map(type, value)) if len(value) >= _MANY else None
        if kinds and kinds.isdisjoint(_SHORT) and len(value) * _LONGER > self.left:
            raise TooLarge("too large")  # it would be in the end, or nearly
        if kinds is not None and not kinds <= PLAIN:
            value = list(map(plain, value))
            kinds = set(map(type, value))
        if kinds == {float}:
            self.put(b"".join([_TAGGED_FLOAT.pack(b"f", item) for item in value]))
            return
        if kinds == {int}:
            self.put(b"".join([_SMALL.get(item) or _encoded_int(item) for item in value]))
            return
        for item in value:
            self.add(item, depth + 1)

    def _dict(self, value: dict[Any, Any], depth: int) -> None:
        self._open(b"d", len(value), depth)
        for key, item in value.items():
            self.add(key, depth + 1)
            self.add(item, depth + 1)

    def _set(self, tag: bytes, value: Any, depth: int) -> None:
        """The members in the order of their bytes, so that equal sets give equal bytes."""
        self._open(tag, len(value), depth)
        members = []
        for item in value:
            member = _Encoder(self.left)
            member.add(item, depth + 1)
            members.append(b"".join(member.parts))
            self.left = member.left
        self.parts.extend(sorted(members))

    def _other(self, value: Any, depth: int) -> None:
        value = plain(value)
        kind = type(value)
        if kind is Fraction:
            self._fraction(value.numerator, value.denominator)
        elif kind is Opaque:
            self.sized(b"o", value.type_name.encode("utf-8", "replace"))
        elif kind is Other or kind is Large:
            if depth >= MAX_DEPTH:
                raise TooLarge("too deep")
            self.put(b"k" if kind is Other else b"L")
            for part in _parts(value):
                self.add(part, depth + 1)
        else:
            self.add(value, depth)

    def _fraction(self, over: int, under: int) -> None:
        if max(over.bit_length(), under.bit_length()) > _MAX_FRACTION * 8 - 8:
            raise TooLarge("too large")
        self.put(b"q")
        self._int(over)
        self._int(under)


def _encoded_int(value: int) -> bytes:
    body = value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True)
    return b"i" + _LENGTH.pack(len(body)) + body


_SMALL = {value: _encoded_int(value) for value in range(-128, 1024)}


def _parts(value: Other | Large) -> tuple[Any, ...]:
    if isinstance(value, Other):
        return value.name, value.content
    return value.digest, value.kind, value.floats, value.shape, value.begin


def has_floats(data: bytes) -> bool:
    """Whether bytes of `encode` are of a float, or of a list or tuple of nothing but floats.

    Told without decoding them, as most outputs never need to be.
    """
    if data[:1] == b"L":
        return bool(decode(data).floats)
    if data[:1] not in (b"l", b"t"):
        return data[:1] == b"f"
    (count,) = _LENGTH.unpack(data[1:5])
    return count > 0 and len(data) == 5 + 9 * count and set(data[5::9]) == {ord("f")}


def decode(data: bytes) -> Any:
    """The value that `data`, and all of it, encodes. For bytes that nobody vouches for.

    Raises: WireError if it encodes none.
    """
    decoder = _Decoder(data)
    value = decoder.value(0)
    if decoder.at != len(data):
        raise WireError("more bytes than one value")
    return value


class _Decoder:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self.data):
            raise WireError("cut short")
        part = self.data[self.at : end]
        self.at = end
        return part

    def count(self) -> int:
        """A length or a count: never more than the bytes that are left, so it cannot lie."""
        number: int = _LENGTH.unpack(self.take(4))[0]
        if number > len(self.data) - self.at:
            raise WireError("cut short")
        return number

    def value(self, depth: int) -> Any:
        tag = self.take(1)
        if tag in b"NTF":
            return {b"N": None, b"T": True, b"F": False}[tag]
        if tag == b"f":
            return _number(_FLOAT.unpack(self.take(8))[0])
        if tag == b"c":
            return _number(complex(*_COMPLEX.unpack(self.take(16))))
        if tag in b"isbo":
            return self._sized(tag)
        if depth >= MAX_DEPTH:
            raise WireError("too deep")
        if tag == b"q":
            return self._fraction(depth)
        if tag == b"k":
            return self._other(depth)
        if tag == b"L":
            return self._large(depth)
        if tag not in b"ltSZd":
            raise WireError("unknown tag")
        count = self.count()
        if tag == b"d":
            pairs = [(self.value(depth + 1), self.value(depth + 1)) for _ in range(count)]
            _check_hashes([key for key, _ in pairs])
            return dict(pairs)
        items = self._floats(count) or [self.value(depth + 1) for _ in range(count)]
        if tag == b"l":
            return items
        if tag == b"t":
            return tuple(items)
        _check_hashes(items)
        return set(items) if tag == b"S" else frozenset(items)

    def _sized(self, tag: bytes) -> Any:
        body = self.take(self.count())
        if tag == b"i":
            return int.from_bytes(body, "big", signed=True)
        if tag == b"b":
            return body
        try:
            text = body.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            raise WireError("not a text") from None
        return text if tag == b"s" else Opaque(text)

    def _floats(self, count: int) -> list[float] | None:
        """The next values, if there are many and all are floats: as are most of the many."""
        end = self.at + count * _TAGGED_FLOAT.size
        if count < _MANY or end > len(self.data):
            return None
        if set(self.data[self.at : end : _TAGGED_FLOAT.size]) != {ord("f")}:
            return None
        found = _TAGGED_FLOAT.iter_unpack(self.data[self.at : end])
        self.at = end
        return [_number(number) for _, number in found]

    def _other(self, depth: int) -> Other:
        name, content = self.value(depth + 1), self.value(depth + 1)
        if type(name) is not str:
            raise WireError("not a name")
        return Other(name, content)

    def _large(self, depth: int) -> Large:
        digest, kind, floats, shape, begin = (self.value(depth + 1) for _ in range(5))
        if depth > 1 or type(digest) is not bytes or type(floats) is not bool:
            raise WireError("not what is said of a value")
        if type(kind) is not str or type(begin) is not str:
            raise WireError("not what is said of a value")
        if shape is not None:
            _check_shape(shape)
        return Large(digest, kind, floats, shape, begin)

    def _fraction(self, depth: int) -> Fraction:
        start = self.at
        over, under = self.value(depth + 1), self.value(depth + 1)
        if (
            self.at - start > 2 * _MAX_FRACTION + 10
            or type(over) is not int
            or type(under) is not int
        ):
            raise WireError("not a fraction")
        if under == 0:
            raise WireError("not a fraction")
        return Fraction(over, under)


def _number(value: Any) -> Any:
    return value if value == value else NAN


def _check_shape(shape: Any) -> None:
    """Refuse what is no shape of a value that fits into memory."""
    if type(shape) is not tuple or len(shape) > _MAX_LENGTHS:
        raise WireError("not a shape")
    numbers = 1
    for length in shape:
        if type(length) is not int or not 0 <= length <= _MAX_NUMBERS:
            raise WireError("not a shape")
        numbers *= length
        if numbers > _MAX_NUMBERS:
            raise WireError("not a shape")


def _check_hashes(members: list[Any]) -> None:
    """Refuse members that cannot be hashed, or that share hashes to make a set take for ever."""
    try:
        each = [hash(member) for member in members if member is not NAN]
    except TypeError:
        raise WireError("a member that cannot be hashed") from None
    if len(each) <= _MAX_SHARED_HASH_OF_SETS:
        return
    hashes = Counter(each)
    most = max(hashes.values(), default=0)
    if most <= _MAX_SHARED_HASH_OF_SETS:
        return
    if most > _MAX_SHARED_HASH or any(
        hashes[hash(member)] > _MAX_SHARED_HASH_OF_SETS and _holds_a_set(member)
        for member in members
    ):
        raise WireError("too many members with one hash")


def _holds_a_set(member: Any) -> bool:
    if type(member) is tuple:
        return any(map(_holds_a_set, member))
    if type(member) is Other:
        return _holds_a_set(member.content)
    return type(member) is frozenset
