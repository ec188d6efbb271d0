"""A wrong interval or p-value would make a user believe a difference that is not there."""

import math

import numpy as np
import pytest
import statsmodels.api
from hypothesis import assume, given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from foureyes.results.figures.statistics import (
    effective_number,
    holm,
    logistic_moderator,
    mean_interval,
    pass_at_k,
    strictest,
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
    theirs = proportion_confint(solved, n, method="wilson")
    assert wilson(solved, n) == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize("n", [1, 3, 17, 164, 542, 9999])
def test_an_interval_of_none_or_all_ends_where_shares_end(n: int) -> None:
    """Not at 3e-17, which is printed as it is."""
    assert wilson(0, n)[0] == 0.0 and wilson(n, n)[1] == 1.0
    assert wilson(0, n)[1] < 1.0 and wilson(n, n)[0] > 0.0


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_the_interval_of_one_sample_a_problem_is_wilsons(solved: list[bool]) -> None:
    shares = [float(each) for each in solved]
    assert mean_interval(shares, len(shares)) == pytest.approx(wilson(sum(solved), len(solved)))


@given(st.lists(st.booleans(), min_size=1, max_size=60), st.integers(2, 50))
def test_copies_of_a_sample_are_one_sample(solved: list[bool], samples: int) -> None:
    """A greedy model asked three times says nothing three times as surely."""
    shares = [float(each) for each in solved]
    assert effective_number(shares, samples * len(shares)) == pytest.approx(len(shares))


def test_samples_that_do_not_resemble_each_other_count_nearly_all() -> None:
    shares = np.random.default_rng(2).binomial(10, 0.7, size=500) / 10
    assert 4000 < effective_number(list(shares), 5000) <= 5000
    assert effective_number([0.5] * 8, 40) > 20  # equal shares: all, but for the doubt
    assert mean_interval([], 0) == (0.0, 1.0)


FAMILIES = [
    [0.04], [0.0, 1.0], [0.01, 0.01, 0.01, 0.5], [1e-300, 0.02, 0.03, 0.04, 0.05],
    list(np.random.default_rng(7).random(60) ** 4), list(np.arange(12)[::-1] / 100),
]  # fmt: skip


@pytest.mark.parametrize("p_values", FAMILIES, ids=len)
def test_holm_is_that_of_statsmodels(p_values: list[float]) -> None:
    """A call of theirs takes a tenth of a second: these, and below all that can be drawn."""
    assert holm(p_values) == pytest.approx(list(multipletests(p_values, method="holm")[1]))


@given(st.lists(st.floats(0, 1) | st.sampled_from([0.0, 0.01, 1.0]), min_size=1, max_size=12))
def test_holm_is_its_definition(p_values: list[float]) -> None:
    """The greatest, among all that are no larger, of p times the number that are not smaller."""
    assert holm(p_values) == pytest.approx(
        [
            min(1.0, max(p * sum(q >= p for q in p_values) for p in p_values if p <= mine))
            for mine in p_values
        ]
    )


def test_a_test_that_could_not_reject_makes_no_other_weaker() -> None:
    """Two problems differ: p is 0.5 at the least, and 0.02 has nobody to share its 5 % with."""
    assert holm([0.02, 0.5, 0.5], [0.001, 0.5, 0.5]) == [0.02, 1.0, 1.0]
    assert holm([0.02, 0.03, 0.5], [0.001, 0.01, 0.5]) == [0.04, 0.04, 0.5]
    assert holm([0.02, 0.03], [0.001, 0.03]) == [0.02, 0.03]  # 0.03 could not have been 0.02
    assert holm([0.5**5], [0.5**5 * (1 + 1e-15)]) == [0.5**5]


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=9), st.data())
def test_the_correction_for_discrete_tests_keeps_holms_promises(
    drawn: list[tuple[float, float]], data: st.DataObject
) -> None:
    """Never above Holm's nor below p, in the order of p, and smaller p-values give smaller ones."""
    ps = [max(pair) for pair in drawn]
    smallest = [min(pair) for pair in drawn]
    adjusted = holm(ps, smallest)
    for p, mine, plain in zip(ps, adjusted, holm(ps), strict=True):
        assert p <= mine <= plain
    in_order = [adjusted[i] for i in sorted(range(len(ps)), key=lambda i: ps[i])]
    assert in_order == sorted(in_order)
    lower = [
        max(least, p * data.draw(st.floats(0.1, 1))) for p, least in zip(ps, smallest, strict=True)
    ]
    assert all(a <= b for a, b in zip(holm(lower, smallest), adjusted, strict=True))


@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=9), st.floats(1e-6, 1))
def test_the_first_step_is_that_of_the_correction(smallest: list[float], p: float) -> None:
    """What is below it is evidence as the least p-value of the family, and nothing else is."""
    limit = strictest([*smallest, 1e-9])
    assume(abs(p / limit - 1) > 1e-6)
    corrected = p * (1 + sum(each <= p * (1 + 1e-9) for each in smallest))
    assert (corrected < 0.05) == (p < limit)


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


@pytest.mark.filterwarnings("error")
@given(
    st.lists(st.tuples(st.integers(0, 3000), st.booleans()), max_size=25),
    st.floats(1e-3, 1e6),
)
def test_a_moderator_warns_nobody(pairs: list[tuple[int, bool]], unit: float) -> None:
    """A user's terminal would show numpy's doubts, about pairs that nearly separate or hardly vary."""
    found = logistic_moderator([x * unit for x, _ in pairs], [improved for _, improved in pairs])
    assert found is None or found.low <= found.slope <= found.high


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scale", [1.0, 1e-9, 1e9])
def test_pairs_that_a_feature_separates_all_but_one_warn_nobody(scale: float) -> None:
    features = [scale * x for x in [*range(40), *range(1000, 1040)]]
    logistic_moderator(features, [x >= 1000 * scale for x in features])
    logistic_moderator(features, [x >= 39 * scale for x in features])
    logistic_moderator([*features[:-1], 1e6 * scale], [True, *[False] * 40, *[True] * 38, False])
