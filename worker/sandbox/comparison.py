"""Is what a program returned right? EvalPlus's rules, applied where no program can reach them."""

import math
from typing import Any

import numpy

#: What the sandbox sends instead of the value, for problems whose order or value does not matter.
REDUCTIONS = dict.fromkeys(("similar_elements", "find_char_long", "common_in_nested_lists", "extract_singly", "larg_nnum", "intersection_array", "find_dissimilar", "Diff"), "set") | dict.fromkeys(("check_str", "text_match_three", "text_starta_endb"), "not none")  # fmt: skip


def reduction(problem_id: str, entry_point: str) -> str:
    """How a problem's values are reduced in the sandbox; empty for not at all."""
    return REDUCTIONS.get(entry_point, "") if problem_id.startswith("Mbpp/") else ""


class Comparison:
    """Compares the outputs of one program on one suite, input by input.

    Stateful as EvalPlus is: once an expected value is a float, the tolerance stays for what follows.
    """

    def __init__(self, problem_id: str, entry_point: str, atol: float) -> None:
        self._oracle = _ORACLES.get((problem_id.split("/")[0], entry_point))
        self._atol = atol

    def matches(self, arguments: list[Any], expected: Any, got: Any) -> bool:
        """Whether `got` is right for these arguments. Never raises, whatever `got` is."""
        try:
            return self._matches(arguments, expected, got)
        except Exception:  # e.g. no order between what came and what should have: not equal
            return False

    def _matches(self, arguments: list[Any], expected: Any, got: Any) -> bool:
        if self._oracle is _find_zero:
            return _find_zero(arguments, got, self._atol)
        exact = bool(got == expected)
        if self._oracle is not None:
            exact = exact or self._oracle(arguments, got, self._atol)
        if self._atol == 0 and _is_floats(expected):
            self._atol = 1e-6
        if exact or self._atol == 0:
            return exact
        if type(got) is not type(expected):
            return False
        if isinstance(expected, list | tuple) and len(got) != len(expected):
            return False
        return bool(numpy.allclose(got, expected, rtol=1e-07, atol=self._atol))


def _is_floats(value: Any) -> bool:
    if isinstance(value, float):
        return True
    return (
        isinstance(value, list | tuple)
        and bool(value)
        and all(isinstance(item, float) for item in value)
    )


def _find_zero(arguments: list[Any], got: Any, atol: float) -> bool:
    """HumanEval/32: any root of the polynomial will do."""
    value = sum(factor * math.pow(got, power) for power, factor in enumerate(arguments[0]))
    return abs(value) <= atol


def _anything(arguments: list[Any], got: Any, atol: float) -> bool:
    """Mbpp/164: its specification contradicts its tests."""
    return True


def _zero(arguments: list[Any], got: Any, atol: float) -> bool:
    """Mbpp/295: 0 is right too where the specification leaves 1 open."""
    return bool(got == 0)


def _pyramid(arguments: list[Any], got: Any, atol: float) -> bool:
    """Mbpp/581: the height may also be taken as the pyramid's, not the slant's."""
    edge, height = arguments
    slant = math.sqrt((edge / 2) ** 2 + height**2)
    return abs(got - round(edge**2 + 2 * edge * slant)) <= atol


def _padded_digits(arguments: list[Any], got: Any, atol: float) -> bool:
    """Mbpp/558: the shorter number may be padded with zeros."""
    left, right = (str(number) for number in arguments)
    width = max(len(left), len(right))
    pairs = zip(left.zfill(width), right.zfill(width), strict=True)
    return bool(got == sum(abs(int(a) - int(b)) for a, b in pairs))


_ORACLES = {
    ("HumanEval", "find_zero"): _find_zero,
    ("Mbpp", "are_equivalent"): _anything,
    ("Mbpp", "sum_div"): _zero,
    ("Mbpp", "surface_Area"): _pyramid,
    ("Mbpp", "digit_distance_nums"): _padded_digits,
}
