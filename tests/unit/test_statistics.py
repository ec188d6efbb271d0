"""A wrong interval or p-value would make a user believe a difference that is not there."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from results.statistics import holm, mcnemar_exact, pass_at_k, wilson


@pytest.mark.parametrize(
    ("solved", "low", "high"),
    [  # percent, of 164 problems
        (128, 71.1, 83.7), (124, 68.5, 81.5), (138, 77.8, 88.9), (142, 80.5, 91.0),
        (144, 81.9, 92.0), (145, 82.6, 92.5), (148, 84.7, 93.9),
    ],
)  # fmt: skip
def test_wilson_gives_the_papers_intervals(solved: int, low: float, high: float) -> None:
    assert [round(100 * bound, 1) for bound in wilson(solved, 164)] == [low, high]


@pytest.mark.parametrize(
    ("improved", "regressed", "p"),
    [(14, 15, 1.0), (6, 0, 0.03125), (8, 2, 0.109375), (4, 0, 0.125), (0, 0, 1.0), (1, 0, 1.0)],
)
def test_mcnemar_gives_the_papers_p_values(improved: int, regressed: int, p: float) -> None:
    assert mcnemar_exact(improved, regressed) == pytest.approx(p, abs=1e-12)


def test_review_against_raw_coder_is_significant_even_with_many_regressions() -> None:
    assert round(mcnemar_exact(36, 20), 3) == 0.044


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_a_symmetric_probability(improved: int, regressed: int) -> None:
    p = mcnemar_exact(improved, regressed)
    assert 0 < p <= 1
    assert p == mcnemar_exact(regressed, improved)


@given(st.integers(1, 400), st.data())
def test_wilson_holds_the_share_within_it(n: int, data: st.DataObject) -> None:
    solved = data.draw(st.integers(0, n))
    low, high = wilson(solved, n)
    assert 0 <= low <= solved / n + 1e-12
    assert solved / n <= high + 1e-12 <= 1 + 2e-12


def test_nothing_judged_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


@given(st.integers(1, 30), st.data())
def test_pass_at_k_is_the_share_of_lucky_draws(n: int, data: st.DataObject) -> None:
    correct, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    misses = math.comb(n - correct, k) / math.comb(n, k)
    assert pass_at_k(n, correct, k) == pytest.approx(1 - misses)
    assert pass_at_k(n, correct, 1) == pytest.approx(correct / n)


def test_pass_at_k_refuses_what_cannot_be() -> None:
    with pytest.raises(ValueError, match="needs 0 <= correct <= n"):
        pass_at_k(3, 4, 1)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_never_lowers_a_p_value_and_keeps_their_order(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(a >= p for a, p in zip(adjusted, p_values, strict=True))
    in_order = [adjusted[i] for i in sorted(range(len(p_values)), key=lambda i: p_values[i])]
    assert in_order == sorted(in_order)
    assert all(0 <= a <= 1 for a in adjusted)
