"""Whether an output is right: pure code on plain values, on the trusted side.

The rules are EvalPlus's, without numpy: exact equality, then for numbers a tolerance, then for a
few problems a rule of their own (oracles.py). Where numpy would stretch one value to the shape of
another, lengths must agree here.
"""

from typing import Any

_RELATIVE = 1e-7
#: The absolute tolerance for outputs that are floats, where a problem states none.
_FLOATS = 1e-6


def has_floats(expected: Any) -> bool:
    """Whether a value is a float, or a list or tuple of nothing but floats."""
    if isinstance(expected, list | tuple):
        return bool(expected) and all(isinstance(item, float) for item in expected)
    return isinstance(expected, float)


def tolerances(atol: float, expected: list[Any]) -> list[float]:
    """The absolute tolerance for each of a set's outputs.

    Once a float is expected, a tolerance holds for the rest of the set: so it does in EvalPlus.
    """
    found = []
    for value in expected:
        if atol == 0 and has_floats(value):
            atol = _FLOATS
        found.append(atol)
    return found


def matches(expected: Any, got: Any, atol: float) -> bool:
    """Whether `got` equals `expected`, or, if `atol` is not 0, is numerically close to it."""
    if got == expected:
        return True
    return atol != 0 and type(got) is type(expected) and _close(expected, got, atol)


def _close(expected: Any, got: Any, atol: float) -> bool:
    if isinstance(expected, list | tuple):
        return (
            isinstance(got, list | tuple)
            and len(got) == len(expected)
            and all(_close(one, other, atol) for one, other in zip(expected, got, strict=True))
        )
    if not isinstance(expected, int | float | complex) or not isinstance(
        got, int | float | complex
    ):
        return False
    if got == expected:  # infinities too
        return True
    try:
        return bool(abs(got - expected) <= atol + _RELATIVE * abs(expected) < float("inf"))
    except OverflowError:  # an integer beyond the range of floats
        return False
