"""A wrong interval or p-value would make a user believe a difference that is not there."""

import math

import numpy as np
import pytest
import scipy.stats
import statsmodels.api
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from results.statistics import (
    bootstrap_mean,
    clopper_pearson,
    detectable_difference,
    holm,
    logistic_moderator,
    mcnemar_exact,
    pass_at_k,
    sign_flip,
    wilson,
)


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


@given(st.integers(1, 600), st.data())
def test_intervals_are_those_of_statsmodels(n: int, data: st.DataObject) -> None:
    solved = data.draw(st.integers(0, n))
    for ours, theirs in ((wilson, "wilson"), (clopper_pearson, "beta")):
        assert ours(solved, n) == pytest.approx(
            proportion_confint(solved, n, method=theirs), abs=1e-9
        )


def test_clopper_pearson_of_nothing_and_of_a_hundred_thousand() -> None:
    assert clopper_pearson(0, 0) == (0.0, 1.0)
    assert clopper_pearson(60_000, 100_000) == pytest.approx(
        proportion_confint(60_000, 100_000, method="beta"), abs=1e-9
    )


@given(st.integers(0, 300), st.integers(0, 300))
def test_mcnemar_is_that_of_statsmodels(improved: int, regressed: int) -> None:
    theirs = mcnemar([[0, improved], [regressed, 0]], exact=True).pvalue
    assert mcnemar_exact(improved, regressed) == pytest.approx(min(1.0, theirs), abs=1e-12)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_is_that_of_statsmodels(p_values: list[float]) -> None:
    assert holm(p_values) == pytest.approx(list(multipletests(p_values, method="holm")[1]))


def test_the_bootstrap_is_that_of_scipy() -> None:
    """As near as two draws of 10,000 come to each other."""
    values = np.random.default_rng(1).choice([-0.5, 0.0, 0.0, 0.25, 1.0], size=164)
    theirs = scipy.stats.bootstrap(
        (values,), np.mean, n_resamples=10_000, method="percentile", rng=np.random.default_rng(2)
    ).confidence_interval
    assert bootstrap_mean(list(values)) == pytest.approx((theirs.low, theirs.high), abs=0.01)


def test_sign_flip_is_mcnemar_where_there_is_one_sample() -> None:
    differences = [1.0] * 16 + [-1.0] * 6 + [0.0] * 100
    assert sign_flip(differences) == pytest.approx(mcnemar_exact(16, 6), abs=0.01)
    assert sign_flip([0.0, 0.0]) == sign_flip([]) == 1.0


def test_sign_flip_is_that_of_scipy() -> None:
    differences = np.random.default_rng(3).normal(0.1, 0.4, size=60)
    theirs = scipy.stats.permutation_test(
        (differences,), np.sum, permutation_type="samples", n_resamples=10_000,
        rng=np.random.default_rng(4),
    ).pvalue  # fmt: skip
    assert sign_flip(list(differences)) == pytest.approx(theirs, abs=0.01)


def test_a_detectable_difference_is_found_as_often_as_promised() -> None:
    """Of 164 pairs, 40 discordant: drawn with that difference, four tests of five find it."""
    found = detectable_difference(164, 40)
    assert found is not None
    improved = (1 + found * 164 / 40) / 2
    draws = np.random.default_rng(5).binomial(40, improved, size=20_000)
    power = np.mean([mcnemar_exact(int(each), 40 - int(each)) < 0.05 for each in draws])
    assert power == pytest.approx(0.8, abs=0.02)


def test_few_discordant_pairs_can_show_no_difference() -> None:
    assert detectable_difference(164, 5) is None  # 5 against 0: p = 0.0625
    assert detectable_difference(164, 0) is None
    assert detectable_difference(164, 6) is not None


def test_the_moderator_is_the_logistic_regression_of_statsmodels() -> None:
    random = np.random.default_rng(6)
    features = random.integers(0, 5, size=80).astype(float)
    improved = random.random(80) < 1 / (1 + np.exp(-(0.6 * features - 1)))
    theirs = statsmodels.api.Logit(improved, statsmodels.api.add_constant(features)).fit(disp=0)
    ours = logistic_moderator(list(features), list(improved))
    assert ours is not None
    assert (ours.slope, ours.p) == pytest.approx((theirs.params[1], theirs.pvalues[1]), abs=1e-6)
    assert (ours.low, ours.high) == pytest.approx(tuple(theirs.conf_int()[1]), abs=1e-6)


@pytest.mark.parametrize(
    ("features", "improved"),
    [
        ([], []),
        ([1.0, 2.0], [True, False]),
        ([2.0, 2.0, 2.0, 2.0], [True, False, True, False]),
        ([1.0, 2.0, 3.0, 4.0], [True, True, True, True]),
        ([1.0, 2.0, 3.0, 4.0], [False, False, True, True]),  # separated
    ],
)
def test_a_moderator_without_an_estimate_is_none(
    features: list[float], improved: list[bool]
) -> None:
    assert logistic_moderator(features, improved) is None
