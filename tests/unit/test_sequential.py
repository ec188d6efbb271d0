"""A sweep that stops because of chance would report chance: looking often must cost nothing."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings

from bench.evidence import any_decided, looked_at
from foureyes.results.figures.sequential import look, wealth
from tests.unit.test_paired import DIFFERENCES, parts


@pytest.mark.parametrize("supposed", [0.0, 0.25, -0.5])
def test_nobody_gains_by_betting_where_the_mean_is_as_supposed(supposed: float) -> None:
    """By all ways in which eight steps of two sizes can go: what is had at the end is 1 on average."""
    sizes = [-1.0, 1.0, 0.0]
    share = np.array([0.3 - supposed / 2, 0.3 + supposed / 2, 0.4])
    expected = 0.0
    for way in product(range(3), repeat=7):
        steps = np.array([sizes[each] for each in way])
        expected += share[list(way)].prod() * wealth(steps, supposed)[-1]
    assert expected == pytest.approx(1.0)


def test_the_bets_are_those_of_an_even_mixture() -> None:
    """In closed form, where all steps are whole: the evidence of a coin whose bias nobody knows."""
    for ups, downs in ((30, 12), (8, 0), (2, 9)):
        exact = 2 ** (ups + downs) * scipy.special.beta(ups + 1, downs + 1)
        found = wealth(np.array([1.0] * ups + [-1.0] * downs))[-1]
        assert found == pytest.approx(exact, rel=0.02)


@settings(deadline=None, max_examples=50)
@given(DIFFERENCES)
def test_what_is_decided_leaves_no_difference_out_of_the_interval(
    differences: list[Fraction],
) -> None:
    found = look(differences)
    assert -1 <= found.low <= found.high <= 1
    assert not found.decided or not found.low <= 0 <= found.high
    turned = look([-each for each in differences])
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low), abs=1e-6)
    assert turned.evidence == pytest.approx(found.evidence)


def test_what_is_decided_stays_so_and_more_comparisons_ask_for_more() -> None:
    ups = parts(*[1] * 8)
    assert look(ups[:7]).decided is False and look(ups).decided is True
    after = look([*ups, *parts(*[-1] * 8)])
    assert after.decided and after.low > 0
    assert not look(ups, comparisons=10).decided
    assert look([]).decided is False and (look([]).low, look([]).high) == (-1.0, 1.0)


def test_ten_thousand_sweeps_in_which_nothing_differs_are_hardly_ever_stopped() -> None:
    random = np.random.default_rng(8)
    for differing in (0.1, 0.4):
        found = looked_at(164, differing, 0.5, random, times=10_000)
        assert found.decided <= 0.05
        assert found.every_look > 0.07  # a p-value that is looked at as often
    assert any_decided(164, [0.1, 0.2, 0.3, 0.3], random, times=2_500) <= 0.05


def test_a_difference_that_is_there_takes_half_of_the_problems() -> None:
    found = looked_at(542, 0.2, 0.8, np.random.default_rng(9), times=2_000)
    assert found.decided > 0.95
    assert found.asked < 0.5


def test_the_sequence_holds_the_truth_at_all_looks_at_once() -> None:
    random = np.random.default_rng(10)
    missed = 0
    for _ in range(100):
        steps = random.choice([-1, 0, 0, 1, 1], size=80)
        looks = [look([Fraction(int(each)) for each in steps[:n]]) for n in range(5, 81, 25)]
        missed += not all(each.low <= 0.2 <= each.high for each in looks)
    assert missed <= 10
