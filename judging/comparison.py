"""Whether an output is right: pure code on plain values, on the trusted side.

The rules are EvalPlus's, without numpy: exact equality, then for numbers a tolerance, then for a
few problems a rule of their own (oracles.py). What is no regular array of numbers to numpy is near
nothing here either; but where numpy would stretch one value to the shape of another, lengths must
agree. NaN equals NaN, whatever its bits.

What was too large to be sent is compared by its digest and its numbers (inside/digests.py), which
decide the same.
"""

from collections.abc import Iterable
from itertools import chain
from typing import Any

from foureyes.judging.sandbox.inside import digests, values
from foureyes.judging.sandbox.inside.values import Large, Other

_RELATIVE = 1e-7
#: The absolute tolerance for outputs that are floats, where a problem states none.
FLOATS = 1e-6
_NUMBERS = {"bool", "int", "float", "complex"}


def tolerances(atol: float, have_floats: Iterable[bool]) -> list[float]:
    """The absolute tolerance for each of a set's outputs, told of each whether it has floats.

    That is: it is a float, or a list or tuple of nothing but floats. Once one is expected, a
    tolerance holds for the rest of the set: so it does in EvalPlus.
    """
    found = []
    for floats in have_floats:
        if atol == 0 and floats:
            atol = FLOATS
        found.append(atol)
    return found


def matches(expected: Any, got: Any, atol: float, same_type: bool = True) -> bool:
    """Whether `got` equals `expected`, or, if `atol` is not 0, is numerically close to it.

    `same_type`: only a value of the very type may be close, as EvalPlus has it; else a number of
    any type.
    """
    if isinstance(expected, Other) and expected.name == values.ARRAY:
        expected = expected.content
        got = _item(got)
    elif isinstance(got, Other) and got.name == values.ARRAY:
        expected, got = _item(expected), got.content
    if isinstance(expected, Large) or isinstance(got, Large):
        return _large_match(expected, got, atol, same_type)
    if got is expected or got == expected:
        return True
    if atol == 0 or not _comparable(type(expected).__name__, type(got).__name__, same_type):
        return False
    one, other = digests.flat(expected), digests.flat(got)
    if one is None or other is None or one[0] != other[0]:
        return False
    return all(map(_near, one[1], other[1], [atol] * len(one[1])))


def _item(value: Any) -> Any:
    """What an array of one item is compared with: numpy looks into lists of one item."""
    while isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    return value.content if isinstance(value, Other) and value.name == values.ARRAY else value


def _comparable(expected: str, got: str, same_type: bool) -> bool:
    """Whether numbers of values of these types may be near each other."""
    return expected == got or (not same_type and expected in _NUMBERS and got in _NUMBERS)


def _large_match(expected: Any, got: Any, atol: float, same_type: bool) -> bool:
    """The same of two values of which one, at least, was not sent."""
    one, other = _said(expected, atol), _said(got, atol)
    if one is None or other is None:
        return False
    if one.digest == other.digest:
        return True
    if atol == 0 or not _comparable(one.kind, other.kind, same_type):
        return False
    if one.shape is None or one.shape != other.shape:
        return False
    numbers = zip(chain.from_iterable(one.numbers), chain.from_iterable(other.numbers), strict=True)
    return all(_near(here, there, atol) for here, there in numbers)


def _said(value: Any, atol: float) -> Large | None:
    if isinstance(value, Large):
        return value
    try:
        return digests.large(value, atol != 0)
    except digests.Incomparable:
        return None


def _near(expected: Any, got: Any, atol: float) -> bool:
    if got is expected or got == expected:  # infinities too
        return True
    try:
        return bool(abs(got - expected) <= atol + _RELATIVE * abs(expected) < float("inf"))
    except OverflowError:  # an integer beyond the range of floats
        return False
