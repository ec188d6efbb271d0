"""If one of these fails, the judge's verdicts are not EvalPlus's where EvalPlus is right."""

from fractions import Fraction
from typing import Any

import pytest

from foureyes.judging.comparison import matches, tolerances
from foureyes.judging.formats.evalplus import oracles, shapes
from foureyes.judging.formats.evalplus.functions import FunctionTests
from foureyes.judging.sandbox.inside import wire
from foureyes.judging.sandbox.inside.wire import Opaque

NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("expected", "got", "atol", "right"),
    [
        (1, 1, 0, True),
        (1, True, 0, True),  # Python's ==, as EvalPlus has it
        (1, 1.0, 0, True),
        (0.5, Fraction(1, 2), 0, True),
        ([1, 2], (1, 2), 0, False),
        ({1: "a"}, {1: "a"}, 0, True),
        (0.3, 0.1 + 0.2, 0, False),  # no tolerance was asked for
        (0.3, 0.1 + 0.2, 1e-6, True),
        (0.3, 0.3001, 1e-6, False),
        (1e12, 1e12 + 1e4, 1e-6, True),  # relative 1e-7
        (1e12, 1e12 + 2e5, 1e-6, False),
        (0.0, 0, 1e-6, True),
        (2.0000001, 2, 1e-6, False),  # close, but an int where a float is expected
        ([1.0, 2.0], [1.0, 2.0000001], 1e-6, True),
        ([1.0, 2.0], (1.0, 2.0000001), 1e-6, False),
        ([1.0, 2.0], [1.0], 1e-6, False),
        ([[1.0, 2.0]], [[1.0000001]], 1e-6, False),  # numpy would stretch it
        ([[1.0, 2.0]], [[1.0000001, 2.0]], 1e-6, True),
        (
            [[1.0], [2.0, 3.0]],
            [[1.0], [2.0, 3.0000001]],
            1e-6,
            False,
        ),  # no array to numpy: a fail there
        ([1.0, 1 << 64], [1.0000001, 1 << 64], 1e-6, False),  # nor is this, as in HumanEval/34
        ([1.0, (1 << 64) - 1], [1.0000001, (1 << 64) - 1], 1e-6, True),
        (("a", 1.0), ("a", 1.0000001), 1e-6, False),  # numpy cannot compare texts: a fail there too
        (INFINITY, INFINITY, 1e-6, True),
        (INFINITY, 1e308, 1e-6, False),
        (1.0, INFINITY, 1e-6, False),
        (1.0, NAN, 1e-6, False),
        (1 << 5000, (1 << 5000) + 1, 1e-6, False),  # beyond the range of floats
        (1 + 1j, 1 + 1.0000001j, 1e-6, True),
        (None, Opaque("object"), 1e-6, False),
        ([1.0], [Opaque("float")], 1e-6, False),
        ("a", "b", 1e-6, False),
    ],
)
def test_equality_and_tolerance(expected: Any, got: Any, atol: float, right: bool) -> None:
    assert matches(expected, got, atol) is right


@pytest.mark.parametrize(
    ("atol", "expected", "found"),
    [
        (0, [1, "a", [1, 2]], [0, 0, 0]),
        (0, [1, 1.5, 2], [0, 1e-6, 1e-6]),  # it stays for what follows
        (0, [[1.5, 2.5], 1], [1e-6, 1e-6]),
        (0, [[1.5, 2], [], ()], [0, 0, 0]),  # floats only, and at least one
        (1e-4, [1, 1.5], [1e-4, 1e-4]),
    ],
)
def test_floats_bring_a_tolerance(atol: float, expected: list[Any], found: list[float]) -> None:
    floats = [wire.has_floats(wire.encode(value)) for value in expected]
    assert tolerances(atol, floats) == found


def problem(problem_id: str, entry_point: str, atol: float = 0.0) -> FunctionTests:
    return FunctionTests(problem_id, entry_point, "", [], [], atol, "", official=True)


@pytest.mark.parametrize(
    ("problem_id", "entry_point", "arguments", "expected", "got", "right"),
    [
        ("Mbpp/164", "are_equivalent", [36, 57], False, True, True),
        ("Mbpp/295", "sum_div", [8], 7, 0, True),
        ("Mbpp/295", "sum_div", [8], 7, 1, False),
        ("Mbpp/581", "surface_Area", [3, 4], 33, 35, True),  # the height of the pyramid
        ("Mbpp/581", "surface_Area", [3, 4], 33, 34, False),
        ("Mbpp/581", "surface_Area", [3, 4], 33, "35", False),
        ("Mbpp/558", "digit_distance_nums", [1, 20], 1, 3, True),  # 01 and 20
        ("Mbpp/558", "digit_distance_nums", [1, 20], 1, 2, False),
        ("HumanEval/1", "sum_div", [8], 7, 0, False),  # MBPP's rules are MBPP's
        ("HumanEval/32", "find_zero", [[-6, 11, -6, 1]], 1.0, 3.0, True),  # another root
        ("HumanEval/32", "find_zero", [[-6, 11, -6, 1]], 1.0, 2.5, False),
        ("HumanEval/32", "find_zero", [[-6, 11, -6, 1]], 1.0, "1", False),
        ("HumanEval/32", "find_zero", [[-6, 11, -6, 1]], 1.0, NAN, False),
        ("HumanEval/32", "find_zero", [[-6, 11, -6, 1]], 1.0, None, False),
    ],
)
def test_problems_with_rules_of_their_own(
    problem_id: str, entry_point: str, arguments: list[Any], expected: Any, got: Any, right: bool
) -> None:
    atol = 1e-4 if entry_point == "find_zero" else 0.0
    asked = problem(problem_id, entry_point, atol)
    assert oracles.right(asked, arguments, expected, got, atol) is right


@pytest.mark.parametrize(
    ("problem_id", "entry_point", "expected", "wrong"),
    [("Mbpp/164", "are_equivalent", False, True), ("Mbpp/295", "sum_div", 7, 0)],
)
def test_what_evalplus_takes_for_right_is_wrong_by_default(
    problem_id: str, entry_point: str, expected: Any, wrong: Any
) -> None:
    """Else a program that returns nothing of use solves these problems."""
    asked = problem(problem_id, entry_point)
    assert oracles.right(asked, [8], expected, wrong, 0.0, as_evalplus=True)
    assert not oracles.right(asked, [8], expected, wrong, 0.0, as_evalplus=False)
    assert oracles.right(asked, [8], expected, expected, 0.0, as_evalplus=False)


def test_order_does_not_matter_where_the_problem_leaves_it_open() -> None:
    assert oracles.reduction(problem("Mbpp/2", "similar_elements")) == "set"
    assert oracles.reduction(problem("Mbpp/434", "text_match_three")) == "presence"
    assert oracles.reduction(problem("Mbpp/434", "text_match_three"), as_evalplus=False) == "truth"
    assert oracles.reduction(problem("HumanEval/0", "similar_elements")) == ""


@pytest.mark.parametrize(
    ("problem_id", "given", "called_with"),
    [
        ("Mbpp/2", [[3, 4], [5]], [(3, 4), (5,)]),
        ("Mbpp/63", [[[3, 5], [1, 7]]], [[(3, 5), (1, 7)]]),
        ("Mbpp/75", [[[6, 24]], 6], [[(6, 24)], 6]),
        ("Mbpp/106", [[5], [6]], [[5], (6,)]),
        ("Mbpp/115", [[[1], [], {}]], [[{1}, {}, {}]]),
        ("Mbpp/124", ["0", "1j"], [0.0, 1j]),
        ("Mbpp/252", ["1+2j"], [1 + 2j]),
        ("Mbpp/250", [[10, 8], 8], [(10, 8), 8]),
        ("Mbpp/307", [["a"], 1, 2], [("a",), 1, 2]),
        ("Mbpp/259", [[[1, 3]], [[6, 7]]], [((1, 3),), ((6, 7),)]),
        ("Mbpp/278", [[1, [2, 3]]], [(1, (2, 3))]),
        ("Mbpp/722", [{"a": [6.2, 70]}, 6.0, 70], [{"a": (6.2, 70)}, 6.0, 70]),
        ("Mbpp/580", [[4, [7, [1]]]], [(4, (7, (1,)))]),
        ("Mbpp/3", [[1, 2]], [[1, 2]]),
        ("HumanEval/2", [[1, 2]], [[1, 2]]),
    ],
)
def test_programs_are_called_with_the_types_their_problem_means(
    problem_id: str, given: list[Any], called_with: list[Any]
) -> None:
    """JSON has neither tuples nor sets nor complex numbers; right programs may need them."""
    (found,) = shapes.arguments(problem(problem_id, "f"), [given])
    assert repr(found) == repr(called_with)
