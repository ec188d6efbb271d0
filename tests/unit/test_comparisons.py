"""What a report says of two patterns is what a user will quote: it must count pairs, and only pairs."""

import numpy as np
import pytest
from statsmodels.stats.power import TTestPower

from results.comparisons import MCNEMAR, NO_EVIDENCE, SIGN_FLIP, compare, corrected
from results.figures import pareto
from results.numbers import p_value, points, points_interval
from results.outcomes import Outcomes
from results.statistics import (
    bootstrap_mean,
    detectable_mean,
    newcombe_paired,
    sign_flip,
    wilson,
)
from tests.boards import scored


def run(*letters: str) -> Outcomes:
    """A problem for each word; in it a letter for each sample."""
    return dict(enumerate(letters))


def test_the_papers_flips_are_no_evidence_that_planning_hurts() -> None:
    """128 solved by the raw coder, 15 of them lost by planning and 14 others gained."""
    raw = run(*"1" * 128, *"0" * 36)
    plan = run(*"1" * 113, *"0" * 15, *"1" * 14, *"0" * 22)
    found = compare(1, raw, 2, plan)
    assert (found.pairs, found.improved, found.regressed, found.test) == (164, 14, 15, MCNEMAR)
    assert (found.p, found.verdict) == (1.0, NO_EVIDENCE)
    assert found.difference == pytest.approx(-1 / 164)
    assert found.low < 0 < found.high
    assert found.detectable is not None and 0.05 < found.detectable < 29 / 164


def test_what_was_not_judged_is_no_pair_and_no_wrong_answer() -> None:
    """An error, an open or a cancelled attempt on either side is missing; so is another's problem."""
    found = compare(1, run("1", "e", "0", "-", "1"), 2, run("1", "1", "c", "1"))
    assert (found.pairs, found.missing) == (1, 4)
    assert (found.improved, found.regressed, found.difference) == (0, 0, 0.0)
    assert compare(1, run("e"), 2, run("1")).verdict == "nothing to compare yet"


def test_an_answer_that_passes_the_base_tests_only_is_unsolved() -> None:
    found = compare(1, run("b", "b"), 2, run("1", "b"))
    assert (found.improved, found.neither_solved) == (1, 1)
    assert (scored(run("b", "1", "0")).solved, scored(run("b", "1", "0")).base_pass_1) == (1, 2 / 3)


def test_samples_of_one_problem_are_not_counted_as_problems() -> None:
    """One problem of six with ten samples each, all better: McNemar on samples would see evidence."""
    found = compare(1, run("0" * 10, *["01"] * 5), 2, run("1" * 10, *["01"] * 5))
    assert (found.test, found.problems, found.improved) == (SIGN_FLIP, 6, 10)
    assert found.p == pytest.approx(1.0, abs=0.02)
    assert found.verdict == NO_EVIDENCE
    assert found.difference == pytest.approx(1 / 6)


def test_many_comparisons_make_evidence_harder() -> None:
    six = compare(1, run(*"0" * 6, *"1" * 9), 2, run(*"1" * 15))
    one, *_ = corrected([six, six])
    assert (six.verdict, six.p) == ("better", 0.03125)
    assert (one.verdict, one.p_holm) == (NO_EVIDENCE, 0.0625)
    alone = compare(1, run(*"0" * 12, *"1" * 12), 2, run(*"1" * 12, *"0" * 12))
    among = compare(1, run(*"0" * 12, *"1" * 12), 2, run(*"1" * 12, *"0" * 12), family=12)
    assert alone.detectable is not None and among.detectable is not None
    assert alone.detectable < among.detectable


def test_worse_is_told_from_better() -> None:
    assert compare(1, run(*"1" * 9), 2, run(*"0" * 9)).verdict == "worse"


def test_a_score_leaves_errors_out() -> None:
    found = scored(run(*"1" * 128, *"0" * 36, "e", "-", "c"))
    assert (found.n, found.solved, found.problems) == (164, 128, 164)
    assert (found.errors, found.unfinished, found.cancelled, found.attempts) == (1, 1, 1, 167)
    assert (round(found.low, 3), round(found.high, 3)) == (0.711, 0.837)
    nothing = scored(run("-", "e"))
    assert (nothing.pass_1, nothing.base_pass_1) == (None, None)


def test_several_samples_give_pass_at_k_and_an_interval_over_problems() -> None:
    found = scored(run("1100", "0000", "1b00", "111e"))
    assert [each.k for each in found.pass_at] == [1, 2, 4]
    at_1, at_2, at_4 = found.pass_at
    assert at_1.share == found.pass_1 == pytest.approx((0.5 + 0 + 0.25 + 1) / 4)
    assert at_2.share == pytest.approx((5 / 6 + 0 + 1 / 2 + 1) / 4)
    assert (at_4.share, at_4.problems) == (pytest.approx(2 / 3), 3)  # one has three samples
    assert at_2.base == pytest.approx((5 / 6 + 0 + 5 / 6 + 1) / 4)
    assert (found.low, found.high) == bootstrap_mean([0.5, 0.0, 0.25, 1.0])


def test_pass_at_all_samples_is_shown_once_every_problem_has_them() -> None:
    """Else pass@5 of one problem stands beside pass@1 of two, and may be the smaller of them."""
    assert scored(run("10", "00")).pass_at_all(2) == 0.5
    assert scored(run("10", "0e")).pass_at_all(2) is None
    assert scored(run("10", "0-")).pass_at_all(2) is None


def test_base_is_a_mean_over_problems_as_pass_at_1_is() -> None:
    found = scored(run("1eee", "b000"))
    assert (found.pass_1, found.base_pass_1) == (0.5, 0.625)


def test_the_same_outcome_everywhere_is_not_certain() -> None:
    """A resample of equal values is always the same: the interval would be a point."""
    assert bootstrap_mean([1.0] * 8) == wilson(8, 8)
    low, high = bootstrap_mean([0.0] * 8, least=-1.0)
    assert -0.6 < low < -0.2 and high == pytest.approx(-low)
    assert bootstrap_mean([], least=-1.0) == (-1.0, 1.0)


def test_the_detectable_mean_is_that_of_statsmodels() -> None:
    """With a hundred problems the normal and the t distribution are all but the same."""
    differences = [0.1, -0.2, 0.5, 0.0, 0.3] * 20
    effect = TTestPower().solve_power(nobs=100, alpha=0.05, power=0.8)
    deviation = 0.2429  # of these differences
    assert detectable_mean(differences) == pytest.approx(effect * deviation, rel=0.02)
    assert detectable_mean([0.1]) is None and detectable_mean([0.1, 0.1]) is None
    few = [0.8, 1.0, 0.6, 1.0]
    assert detectable_mean(few) is None  # the test's smallest p-value for four is 1/8
    assert sign_flip(few) == pytest.approx(1 / 8, abs=0.01)


def test_newcombes_interval_holds_what_it_promises() -> None:
    """Of 100 draws about 95 hold the true difference; one without any flip is not certain."""
    random = np.random.default_rng(8)
    draws = random.multinomial(60, [0.6, 0.15, 0.05, 0.2], size=4000)
    intervals = [newcombe_paired(*map(int, draw)) for draw in draws]
    assert 0.93 < np.mean([low <= 0.1 <= high for low, high in intervals]) < 0.98
    low, high = newcombe_paired(0, 0, 0, 2)
    assert low < -0.5 and high > 0.5
    assert newcombe_paired(20, 12, 2, 16) == pytest.approx(
        [-each for each in newcombe_paired(20, 2, 12, 16)[::-1]]
    )
    assert newcombe_paired(0, 0, 0, 0) == (-1.0, 1.0)


def test_what_nothing_beats_is_on_the_pareto_front() -> None:
    prices = [(1.0, 0.5), (2.0, 0.7), (2.0, 0.6), (3.0, 0.7), (1.0, 0.5)]
    assert pareto(prices) == [True, True, False, False, True]


def test_signs_and_small_figures_are_written_as_they_are() -> None:
    assert (points(-0.009), points(0.0), points(-0.0001)) == ("-0.9", "+0.0", "+0.0")
    assert points_interval(0.098, -0.004, 0.16) == "+9.8 [+0..+16]"
    assert (p_value(0.0004), p_value(0.0436), p_value(1.0)) == ("<.001", "0.044", "1.000")
