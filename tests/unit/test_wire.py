"""If one of these fails, a right output is lost on its way, or a hostile one reaches the judge."""

import contextlib
import itertools
import os
import struct
import time
from array import array
from collections import (
    ChainMap,
    Counter,
    OrderedDict,
    UserDict,
    UserList,
    UserString,
    defaultdict,
    deque,
    namedtuple,
)
from datetime import UTC, date, datetime, timedelta, timezone
from datetime import time as time_of_day
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any
from uuid import UUID

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foureyes.judging.formats.evalplus import suites
from foureyes.judging.formats.evalplus.functions import FunctionTests
from foureyes.judging.sandbox.inside import frames, wire
from foureyes.judging.sandbox.inside.values import Large, Opaque

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.complex_numbers(allow_nan=False)
    | st.text()
    | st.binary()
    | st.fractions()
)
keys = st.integers() | st.text() | st.tuples(st.integers(), st.text())
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(keys, inner)
        | st.sets(keys)
        | st.frozensets(keys)
    ),
    max_leaves=30,
)


def same(left: Any, right: Any) -> bool:
    """Equal, and of equal types all the way down: True is not 1, and 0.0 is not -0.0."""
    return bool(left == right) and repr_sorted(left) == repr_sorted(right)


def repr_sorted(value: Any) -> str:
    if isinstance(value, set | frozenset):
        return f"{type(value).__name__}{sorted(map(repr_sorted, value))}"
    if isinstance(value, dict):
        return str([(repr_sorted(key), repr_sorted(item)) for key, item in value.items()])
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}{list(map(repr_sorted, value))}"
    return repr(value)


@given(values)
def test_what_arrives_is_what_was_sent(value: Any) -> None:
    assert same(wire.decode(wire.encode(value)), value)


@given(st.sets(keys))
def test_equal_sets_have_equal_bytes(value: set[Any]) -> None:
    """Else most right outputs that are sets would have to be decoded."""
    backwards: set[Any] = set()
    for member in reversed(list(value)):
        backwards.add(member)
    assert wire.encode(value) == wire.encode(backwards)


#: Bytes that look like encodings: tags and small counts are drawn more often than others.
encoded_like = st.lists(
    st.sampled_from([bytes([tag]) for tag in b"NTFfcisboltSZdq"])
    | st.integers(0, 4).map(lambda count: struct.pack(">I", count))
    | st.binary(max_size=9),
    max_size=40,
).map(b"".join)


@given(st.binary(max_size=200) | encoded_like)
def test_arbitrary_bytes_are_a_value_or_refused(data: bytes) -> None:
    """Else a program could end the judge with an exception it does not expect."""
    with contextlib.suppress(wire.WireError):
        wire.decode(data)


@given(values, st.data())
def test_damaged_bytes_are_a_value_or_refused(value: Any, data: st.DataObject) -> None:
    good = bytearray(wire.encode(value))
    at = data.draw(st.integers(0, len(good) - 1))
    good[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(wire.WireError):
        wire.decode(bytes(good))


class Colour(IntEnum):
    RED = 3


class Shade(Enum):
    DARK = 1


class LyingInt(int):
    def __add__(self, other: Any) -> int:
        return 99

    def __int__(self) -> int:
        return 99

    __index__ = __int__


class LyingText(str):
    def __str__(self) -> str:
        return "lie"

    def encode(self, *_: Any) -> bytes:
        return b"lie"


class LyingList(list[Any]):
    def __iter__(self) -> Any:
        return iter(["lie"])

    def __len__(self) -> int:
        return 1


class LyingDict(dict[Any, Any]):
    def items(self) -> Any:
        return [("lie", "lie")]


Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("value", "arrives_as"),
    [
        (Colour.RED, 3),
        (LyingInt(7), 7),
        (LyingText("true"), "true"),
        (LyingList([1, 2]), [1, 2]),
        (LyingDict({1: 2}), {1: 2}),
        (Point(1, 2), (1, 2)),
        (Counter("aab"), {"a": 2, "b": 1}),
        (defaultdict(int, {1: 2}), {1: 2}),
        (OrderedDict([(1, 2)]), {1: 2}),
        (numpy.float64(0.5), 0.5),
        (numpy.int64(5), 5),
        (numpy.bool_(True), True),
        ([numpy.int32(1)], [1]),
        (Decimal("0.5"), Fraction(1, 2)),
        (Decimal("3"), 3),
        (Decimal("inf"), float("inf")),
        (numpy.longdouble("0.5"), 0.5),
        (numpy.array(5), 5),
        (numpy.array([5]), 5),  # but at the top: see comparison.py
        (numpy.str_("a"), "a"),
        (bytearray(b"ab"), b"ab"),
        (memoryview(b"ab"), b"ab"),
        ({1: 2}.keys(), {1}),
        ({1: 2}.items(), {(1, 2)}),
        (OrderedDict([(1, 2)]).keys(), {1}),
        (UserDict({1: 2}).keys(), {1}),
        (UserDict({1: 2}), {1: 2}),
        (UserList([1, 2]), [1, 2]),
        (UserString("ab"), "ab"),
        (ChainMap({1: 2}, {1: 3, 4: 5}), {1: 2, 4: 5}),
        (MappingProxyType({1: 2}), {1: 2}),
    ],
)
def test_what_stands_for_a_plain_value_arrives_as_that(value: Any, arrives_as: Any) -> None:
    """Else a right answer would be wrong for being, say, a numpy number, or a lie would be believed."""
    assert wire.decode(wire.encode(value)) == arrives_as


class LyingDeque(deque[Any]):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None


#: Of each a value, another that equals it, and one that does not, in Python's own words.
OTHERS: list[tuple[Any, Any, Any]] = [
    (deque([1, 2]), deque([1.0, 2], 5), deque([2, 1])),
    (deque([1]), LyingDeque([1]), LyingDeque([2])),
    (range(0, 3, 2), range(0, 4, 2), range(3)),
    (range(5, 5), range(0), [0]),
    (array("i", [1]), array("d", [1.0]), [1]),
    (date(2026, 1, 2), date(2026, 1, 2), datetime(2026, 1, 2)),
    (
        datetime(2026, 1, 2, 12, tzinfo=UTC),
        datetime(2026, 1, 2, 14, tzinfo=timezone(timedelta(hours=2))),
        datetime(2026, 1, 2, 12),
    ),
    (timedelta(hours=24), timedelta(days=1), timedelta(days=2)),
    (time_of_day(1, 2), time_of_day(1, 2), time_of_day(1, 3)),
    (UUID(int=7), UUID(int=7), UUID(int=8)),
    (PurePosixPath("a/b"), Path("a/b"), "a/b"),
    (int, int, bool),
    (..., ..., None),
    (NotImplemented, NotImplemented, ...),
    (slice(1, 2), slice(1, 2), slice(1, 3)),
    ([deque([range(2)])], [deque([range(2)])], [deque([range(3)])]),
]


@pytest.mark.parametrize(("value", "equal", "unequal"), OTHERS)
def test_values_of_the_library_equal_their_like(value: Any, equal: Any, unequal: Any) -> None:
    """Else a right program would fail for returning just what the reference does."""
    left, right, wrong = (wire.decode(wire.encode(one)) for one in (value, equal, unequal))
    assert left == right and value == equal
    assert left != wrong and (value != unequal or isinstance(unequal, LyingDeque))


@pytest.mark.parametrize(
    "value",
    [object(), len, iter([]), {1: 2}.values(), numpy.arange(3), Shade.DARK, LyingDict],
)
def test_anything_else_equals_nothing(value: Any) -> None:
    arrived = wire.decode(wire.encode(value))
    assert isinstance(arrived, Opaque)
    assert arrived != wire.decode(wire.encode(value))


def test_an_output_may_be_neither_endless_nor_bottomless() -> None:
    """Else one program could fill the judge's memory or its stack."""
    deep: list[Any] = []
    for _ in range(1000):
        deep = [deep]
    cyclic: list[Any] = []
    cyclic.append(cyclic)
    for value in (deep, cyclic):
        with pytest.raises(wire.TooLarge, match="deep"):
            wire.encode(value)
    for value in ("x" * (wire.MAX_BYTES + 1), list(range(10**6)), 1 << (9 * wire.MAX_BYTES)):
        with pytest.raises(wire.TooLarge):
            wire.encode(value)


def nested(tag: bytes, depth: int) -> bytes:
    return (tag + struct.pack(">I", 1)) * depth + b"N"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"N" + b"N",
        b"?",
        b"s" + struct.pack(">I", 1 << 31) + b"x",  # a length that is a lie
        b"l" + struct.pack(">I", 0xFFFFFFFF),
        nested(b"l", 5000),
        nested(b"t", 5000),
        b"S" + struct.pack(">I", 1) + nested(b"l", 1),  # a list in a set
        b"s" + struct.pack(">I", 1) + b"\xff",
        b"q" + wire.encode(1) + wire.encode(0),
        b"q" + wire.encode("1") + wire.encode(1),
        b"q" + wire.encode(1) + wire.encode((1 << 100_000) + 1),
    ],
)
def test_malformed_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(wire.WireError):
        wire.decode(data)


@pytest.mark.parametrize(
    "shape",
    [
        (2**79 - 1,) * 60_000,  # half a minute to multiply
        (1,) * 66,
        ((1 << 40) + 1,),
        (1 << 30, 1 << 30),
        (0, 1 << 41),
        (-1,),
        (1.0,),
        (True,),
    ],
)
@pytest.mark.timeout(20)
def test_a_shape_that_nothing_has_is_refused(shape: tuple[Any, ...]) -> None:
    """The program names it, and the judge multiplies its numbers."""
    data = wire.encode(Large(b"", "list", True, shape, "["))
    with pytest.raises(wire.WireError, match="not a shape"):
        wire.decode(data)
    assert suites.parts(FunctionTests("Test/0", "f", "", [], [], 0.0, ""), frames.VALUE + data) == 0


@pytest.mark.parametrize("shape", [None, (), (0,), (3, 0), (1 << 20, 1 << 20), (1,) * 65])
def test_a_shape_that_something_has_arrives(shape: tuple[int, ...] | None) -> None:
    assert wire.decode(wire.encode(Large(b"", "list", True, shape, "["))).shape == shape


@pytest.mark.parametrize("make", [set, frozenset, dict.fromkeys])
def test_members_made_to_collide_are_refused(make: Any) -> None:
    """Ten thousand of them take seconds to put into a set; the next size up takes hours."""
    colliding = [number * ((1 << 61) - 1) for number in range(200)]
    with pytest.raises(wire.WireError, match="hash"):
        wire.decode(wire.encode(make(colliding)))


def test_sets_made_to_be_compared_for_ever_are_refused() -> None:
    """Each comparison of two such sets is thousands below, and so on: half a minute in a megabyte."""
    prime = (1 << 61) - 1
    inner = [frozenset(n * prime for n in range(60) if n != out) for out in range(60)]
    middle = [frozenset(inner[:out] + inner[out + 1 :]) for out in range(9)]
    for value in (frozenset(middle), [{(one, 1) for one in middle}]):
        with pytest.raises(wire.WireError, match="hash"):
            wire.decode(wire.encode(value))


def test_sets_that_happen_to_share_hashes_arrive() -> None:
    """hash(-1) == hash(-2): honest outputs collide all the time, a little."""
    pairs = set(itertools.product((-1, -2), repeat=6))
    powers = {frozenset(part) for n in range(5) for part in itertools.combinations(range(-4, 4), n)}
    for value in (pairs, powers):
        assert wire.decode(wire.encode(value)) == value


@pytest.mark.parametrize(
    ("tag", "filling"),
    [
        (b"l", b"N"),
        (b"t", b"Z" + bytes(4)),  # the most memory for its bytes: empty sets
        (b"S", b"f\x7f\xf8" + bytes(6)),  # not a number: never equal, so every member counts
        (b"d", b"i" + struct.pack(">I", 1) + b"\x05"),  # one key, again and again
        (b"Z", b"q" + wire.encode(1) + wire.encode(3)),
    ],
)
def test_the_longest_encoding_is_read_in_bounded_time_and_memory(
    tag: bytes, filling: bytes
) -> None:
    """A program may send as many bytes as the longest honest output has, arranged as it likes."""
    each = filling * (2 if tag == b"d" else 1)
    count = (wire.MAX_BYTES - 5) // len(each)
    data = tag + struct.pack(">I", count) + each * count
    before, started = resident(), time.process_time()
    value = None
    with contextlib.suppress(wire.WireError):
        value = wire.decode(data)
    assert time.process_time() - started < 10  # a second or so
    assert resident() - before < 200 << 20
    del value


def resident() -> int:
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
