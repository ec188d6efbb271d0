"""Whether an output is right: pure code on plain values, on the trusted side.

The rules are EvalPlus's, without numpy: exact equality, then for numbers a tolerance, then for a
few problems a rule of their own (oracles.py). What is no regular array of numbers to numpy is near
nothing here either; but where numpy would stretch one value to the shape of another, lengths must
agree.
"""

from collections.abc import Iterable
from typing import Any

_RELATIVE = 1e-7
#: The absolute tolerance for outputs that are floats, where a problem states none.
_FLOATS = 1e-6
#: The integers that numpy can hold as numbers.
_WHOLE = range(-(1 << 63), 1 << 64)


def tolerances(atol: float, have_floats: Iterable[bool]) -> list[float]:
    """The absolute tolerance for each of a set's outputs, told of each whether it has floats.

    That is: it is a float, or a list or tuple of nothing but floats. Once one is expected, a
    tolerance holds for the rest of the set: so it does in EvalPlus.
    """
    found = []
    for floats in have_floats:
        if atol == 0 and floats:
            atol = _FLOATS
        found.append(atol)
    return found


def matches(expected: Any, got: Any, atol: float) -> bool:
    """Whether `got` equals `expected`, or, if `atol` is not 0, is numerically close to it."""
    if got == expected:
        return True
    if atol == 0 or type(got) is not type(expected):
        return False
    shape = _shape(expected)
    return shape is not None and _shape(got) == shape and _close(expected, got, atol)


def _shape(value: Any) -> tuple[int, ...] | None:
    """The lengths of nested lists of numbers, outermost first; None if it is nothing so regular."""
    if isinstance(value, list | tuple):
        shapes = {_shape(item) for item in value}
        if len(shapes) > 1 or None in shapes:
            return None
        return (len(value), *(shapes.pop() or () if shapes else ()))
    if isinstance(value, int):
        return () if value in _WHOLE else None
    return () if isinstance(value, float | complex) else None


def _close(expected: Any, got: Any, atol: float) -> bool:
    if isinstance(expected, list | tuple):
        return all(_close(one, other, atol) for one, other in zip(expected, got, strict=True))
    if got == expected:  # infinities too
        return True
    try:
        return bool(abs(got - expected) <= atol + _RELATIVE * abs(expected) < float("inf"))
    except OverflowError:  # an integer beyond the range of floats
        return False
