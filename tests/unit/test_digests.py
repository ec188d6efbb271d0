"""If one of these fails, a wrong large output passes, or a right one does not."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from worker.sandbox.inside.digests import digest

numbers = (
    st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([2**53 - 1, 2**53, 2**53 + 1, -(2**53) - 1, 2**70, 2**1200])
    | st.sampled_from([0.0, -0.0, 0.5, 1.0, 2.0**53, 2.0**70, float("inf"), float("-inf")])
)
atoms = numbers | st.sampled_from(["", "a", "b", "ab", "\0", "a\0", "\ud800", b"", b"a", None, 1j])
values = st.recursive(
    atoms,
    lambda inner: st.lists(inner, max_size=4) | st.lists(inner, max_size=4).map(tuple),
    max_leaves=12,
)


def other_numbers(value: Any) -> Any:
    """An equal value, its numbers of other types where there are equal ones."""
    if isinstance(value, list | tuple):
        return type(value)(other_numbers(item) for item in value)
    if type(value) is float and value.is_integer():
        return int(value)
    if type(value) is int and value in (0, 1):
        return bool(value)
    if type(value) in (int, bool) and abs(value) < 2**1000 and float(value) == value:
        return float(value)
    return value


@settings(max_examples=400)
@given(values, values)
@example(["a", "\0", "b"], ["a\0", "b"])
@example([[1, 2], [3]], [[1], [2, 3]])
@example([2**53 + 1], [2**53])
def test_digests_are_equal_for_equal_values_alone(left: Any, right: Any) -> None:
    assert (digest(left) == digest(right)) == (left == right)


@settings(max_examples=400)
@given(values)
def test_numbers_of_other_types_make_no_difference(value: Any) -> None:
    other = other_numbers(value)
    assert other == value
    assert digest(other) == digest(value)


@given(values, st.integers(4090, 4100))
def test_long_lists_are_told_apart(value: Any, count: int) -> None:
    long = [value] * count
    assert digest(long) == digest(list(long))
    assert digest(long) != digest([*long, value])
    assert digest(long) != digest(tuple(long))
    assert digest(long) != digest([*long[:-1], "other"])


def test_what_contains_itself_is_refused_and_not_followed_for_ever() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises((ValueError, RecursionError)):
        digest(endless)
