"""EvalPlus's rules of comparison: a difference here is a wrong verdict."""

from typing import Any

import pytest

from worker.sandbox.comparison import Comparison, reduction
from worker.sandbox.inputs import arguments_of


@pytest.mark.parametrize(
    ("expected", "got", "right"),
    [
        (1, 1, True), (1, 1.0, True), (1, True, True), (1, "1", False), ([1], (1,), False),
        (0.3, 0.1 + 0.2, True), (0.3, 0.31, False), (1.0, 1, True), (1.0, 2, False),
        ([0.5, 0.3], [0.5, 0.1 + 0.2], True), ([0.3], (0.1 + 0.2,), False),
        ([0.3], [0.1 + 0.2, 1.0], False), ([0.3, 1], [0.1 + 0.2, 1], False), ("a", None, False),
        ({"a": 0.3}, {"a": 0.1 + 0.2}, False), ([], [], True), (float("nan"), float("nan"), False),
    ],
)  # fmt: skip
def test_values_are_compared_as_evalplus_does(expected: Any, got: Any, right: bool) -> None:
    assert Comparison("HumanEval/0", "f", 0).matches([], expected, got) is right


def test_a_tolerance_once_given_stays() -> None:
    comparison = Comparison("HumanEval/0", "f", 0)
    assert not comparison.matches([], [1, 2.0], [1, 2.0000001])
    assert comparison.matches([], 0.5, 0.5)
    assert comparison.matches([], [1, 2.0], [1, 2.0000001])


def test_the_special_oracles() -> None:
    root = Comparison("HumanEval/32", "find_zero", 1e-4)
    assert root.matches([[-6, 11, -6, 1]], 1.0, 3.0)  # another root is right, too
    assert not root.matches([[-6, 11, -6, 1]], 1.0, 4.0)
    assert not root.matches([[-6, 11, -6, 1]], 1.0, "x")
    assert Comparison("Mbpp/164", "are_equivalent", 0).matches([1, 2], True, False)
    assert Comparison("Mbpp/295", "sum_div", 0).matches([1], 1, 0)
    assert Comparison("Mbpp/581", "surface_Area", 0).matches([3, 4], 33, 35)
    assert Comparison("Mbpp/558", "digit_distance_nums", 0).matches([1, 23], 1, 4)
    # the same names elsewhere are nothing special
    assert not Comparison("starter/01", "sum_div", 0).matches([1], 1, 0)


def test_reductions_and_inputs_belong_to_mbpp_alone() -> None:
    assert reduction("Mbpp/2", "similar_elements") == "set"
    assert reduction("starter/02", "similar_elements") == ""
    assert arguments_of("Mbpp/2", [[[1], [2]]]) == [[(1,), (2,)]]
    assert arguments_of("Mbpp/252", [["1+2j"]]) == [[1 + 2j]]
    assert arguments_of("Mbpp/115", [[[[1, 1], []]]]) == [[[{1}, {}]]]
    assert arguments_of("HumanEval/2", [[[1], [2]]]) == [[[1], [2]]]
