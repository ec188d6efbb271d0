"""A wrong p-value, or an interval that says otherwise, would make a user believe what is not there."""

import math
from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import mcnemar

from foureyes.results.figures.paired import (
    detectable_difference,
    difference_interval,
    mcnemar_exact,
    sign_flip,
    smallest_p,
)

#: Differences as two to six samples give them.
DIFFERENCES = st.integers(1, 6).flatmap(
    lambda k: st.lists(st.integers(-k, k).map(lambda up: Fraction(up, k)), max_size=40)
)


def parts(*ups: int, of: int = 1, rest: int = 0) -> list[Fraction]:
    """Differences of so many samples out of a number of them, and problems that do not differ."""
    return [Fraction(up, of) for up in ups] + [Fraction()] * rest


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


@given(st.integers(0, 300), st.integers(0, 300))
def test_mcnemar_is_that_of_statsmodels(improved: int, regressed: int) -> None:
    theirs = mcnemar([[0, improved], [regressed, 0]], exact=True).pvalue
    assert mcnemar_exact(improved, regressed) == pytest.approx(min(1.0, theirs), abs=1e-12)


def every_way(sizes: list[Fraction]) -> tuple[np.ndarray, np.ndarray]:
    """Of all assignments of signs: the sums, in sixtieths, and how many signs are positive."""
    signs = np.array([*product((1, -1), repeat=len(sizes))]).reshape(2 ** len(sizes), -1)
    return signs @ np.array([int(60 * each) for each in sizes], dtype=int), (signs > 0).sum(axis=1)


@settings(deadline=None)
@given(DIFFERENCES)
def test_sign_flip_counts_every_assignment_of_signs(differences: list[Fraction]) -> None:
    """By hand, for what can be counted by hand."""
    sums, _ = every_way(differences[:11])
    exact = float((abs(sums) >= abs(int(60 * sum(differences[:11])))).mean())
    assert sign_flip(differences[:11]) == pytest.approx(exact, rel=1e-9)


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 50))
def test_sign_flip_is_mcnemar_where_there_is_one_sample(up: int, down: int, rest: int) -> None:
    found = sign_flip(parts(*[1] * up, *[-1] * down, rest=rest))
    assert found == pytest.approx(mcnemar_exact(up, down), rel=1e-9)


def test_sign_flip_is_that_of_scipy() -> None:
    differences = parts(*np.random.default_rng(3).integers(-4, 6, size=60).tolist(), of=5)
    theirs = scipy.stats.permutation_test(
        (np.array([float(each) for each in differences]),), np.sum, permutation_type="samples",
        n_resamples=50_000, rng=np.random.default_rng(4),
    ).pvalue  # fmt: skip
    assert sign_flip(differences) == pytest.approx(theirs, abs=0.015)


def test_a_p_value_has_no_floor() -> None:
    """Drawn signs had one of 1/10,001: of a family of 500 nothing could ever be evidence."""
    assert sign_flip(parts(*[2] * 40, of=3)) == pytest.approx(2**-39, rel=1e-9)
    assert sign_flip(parts(*[3, -1] * 271, of=4)) < 1e-20
    assert smallest_p(40) == 2**-39 and smallest_p(0) == smallest_p(1) == 1.0


def test_shares_without_a_small_common_step_are_compared_too() -> None:
    """Errors leave a problem with 7 of its 20 samples, another with 19."""
    random = np.random.default_rng(5)
    differences = [
        Fraction(int(random.integers(0, n)), int(n)) - Fraction(int(random.integers(0, m)), int(m))
        for n, m in random.integers(7, 21, size=(542, 2))
    ]
    opposite = [-each for each in differences]
    exact = math.erfc(
        abs(float(sum(differences))) / math.sqrt(2 * sum(float(each) ** 2 for each in differences))
    )
    assert sign_flip(differences) == pytest.approx(exact, abs=0.01)
    assert sign_flip(differences) == pytest.approx(sign_flip(opposite), rel=1e-9)


@given(DIFFERENCES)
def test_the_interval_never_contradicts_the_test(differences: list[Fraction]) -> None:
    low, high = difference_interval(differences)
    assert (low <= 0 <= high) == (sign_flip(differences) > 0.05)
    mean = float(sum(differences)) / max(1, len(differences))
    assert -1 <= low <= mean + 1e-9 and mean - 1e-9 <= high <= 1
    turned = difference_interval([-each for each in differences])
    assert (low, high) == pytest.approx((-turned[1], -turned[0]))


def test_the_ends_are_what_the_score_test_just_does_not_refuse() -> None:
    """Solved again by another route: the likelihood's maximum by search instead of in closed form."""
    up, down, n = 30, 8, 100
    low, high = difference_interval(parts(*[1] * up, *[-1] * down, rest=n - up - down))
    for end in (low, high):
        downs = np.linspace(max(1e-9, -end), (1 - end) / 2, 200_001)[1:-1]
        logs = (
            up * np.log(downs + end) + down * np.log(downs)
            + (n - up - down) * np.log(1 - 2 * downs - end)
        )  # fmt: skip
        share = downs[logs.argmax()]
        z = (up - down - n * end) / math.sqrt(n * (2 * share + end * (1 - end)))
        assert abs(z) == pytest.approx(1.96, abs=1e-3)


def test_nothing_that_differs_is_not_certain() -> None:
    for k in (1, 5):
        low, high = difference_interval(parts(*[0] * 8, of=k))
        assert -0.6 < low < -0.2 and high == pytest.approx(-low)
    assert difference_interval([]) == (-1.0, 1.0)
    assert difference_interval([], most=2) == (-2.0, 2.0)


def test_intervals_do_not_jump() -> None:
    """One sample more that is solved moves the ends by little, and never back."""
    ends = [
        difference_interval(parts(*[1] * n, *[2] * 3, *[-1] * 6, rest=60 - n, of=3))
        for n in range(40)
    ]
    for one, next_one in pairwise(ends):
        assert all(
            -1e-3 < after - before < 0.012 for before, after in zip(one, next_one, strict=True)
        )


@settings(deadline=None)
@given(DIFFERENCES, st.sampled_from([0.05, 0.01, 0.003]))
def test_a_detectable_difference_is_found_as_often_as_promised(
    differences: list[Fraction], significance: float
) -> None:
    """By every way in which up to eleven differing problems can go: four tests of five find it."""
    kept = [abs(each) for each in differences if each][:11]
    found = detectable_difference([*kept, *parts(rest=20)], significance=significance)
    if found is None:
        assert smallest_p(len(kept)) >= significance
        return
    better = (1 + found * (len(kept) + 20) / float(sum(kept))) / 2
    sums, ups = every_way(kept)
    p = (abs(sums) >= abs(sums)[:, None]).mean(axis=1)
    chances = better**ups * (1 - better) ** (len(kept) - ups)
    assert chances[(sums > 0) & (p < significance)].sum() == pytest.approx(0.8, abs=0.001)


def test_few_discordant_pairs_can_show_no_difference() -> None:
    assert detectable_difference(parts(*[1] * 5, rest=159)) is None  # 5 against 0: p = 0.0625
    assert detectable_difference(parts(rest=164)) is None
    assert detectable_difference([]) is None
    assert detectable_difference(parts(*[1] * 6, rest=158)) is not None
