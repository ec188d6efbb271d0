"""The decoder reads bytes that hostile programs wrote: it must never do more than refuse them."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.sandbox import wire

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
    | st.complex_numbers()
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.integers(), inner)
        | st.sets(st.integers() | st.text())
        | st.frozensets(st.integers())
    ),
    max_leaves=20,
)


def same(left: Any, right: Any) -> bool:
    """Equal in value and type all the way down, NaN included."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return repr(left) == repr(right)
    if isinstance(left, complex):
        return same(left.real, right.real) and same(left.imag, right.imag)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
    return bool(left == right)


@given(values)
def test_what_is_encoded_comes_back_exactly(value: Any) -> None:
    assert same(wire.decode(wire.encode(value)), value)


@given(st.binary())
def test_any_bytes_are_a_value_or_refused(data: bytes) -> None:
    try:
        value = wire.decode(data)
    except wire.WireError:
        return
    wire.encode(value)


@given(values, st.data())
def test_changed_bytes_are_a_value_or_refused(value: Any, data: st.DataObject) -> None:
    encoded = bytearray(wire.encode(value))
    encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    try:
        wire.decode(bytes(encoded))
    except wire.WireError:
        return


def test_subclasses_are_reduced_and_strangers_are_equal_to_nothing() -> None:
    class Equal:
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment]

    class Text(str):
        pass

    assert type(wire.decode(wire.encode(Text("a")))) is str
    stranger = wire.decode(wire.encode([Equal()]))
    assert stranger != [1]
    assert stranger != stranger  # noqa: PLR0124


def test_what_is_deep_large_or_slow_to_build_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(500):
        deep = [deep]
    with pytest.raises(wire.WireError):
        wire.encode(deep)
    with pytest.raises(wire.WireError):
        wire.decode(b"l\0\0\0\1" * 500 + b"N")
    with pytest.raises(wire.TooLarge):
        wire.encode("x" * 1000, limit=100)
    with pytest.raises(wire.WireError):
        wire.decode(b"l\xff\xff\xff\xff")  # announces more than it brings
    colliding = {i * (2**61 - 1) for i in range(1, 1000)}
    with pytest.raises(wire.WireError):
        wire.decode(wire.encode(colliding))
    assert math.isnan(wire.decode(wire.encode(math.nan)))  # type: ignore[arg-type]
