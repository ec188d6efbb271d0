"""Who is told that a cheaper pattern is no worse will use it: the words must hold."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from statsmodels.stats.weightstats import ttost_paired

from foureyes.results.figures.comparisons import Question, compare, compare_all
from foureyes.results.figures.margins import corrected, equivalent, not_worse
from foureyes.results.figures.paired import difference_interval, score
from foureyes.results.report import evidence
from tests.unit.test_paired import DIFFERENCES, parts


def test_the_statistic_is_that_of_tangos_example() -> None:
    """Of 44 pairs one is lost and none gained; H0: worse by 10 points. Tango (1998), section 5."""
    differences = parts(-1, rest=43)
    assert score(differences, -0.1) == pytest.approx(1.709, abs=0.001)


@given(DIFFERENCES, st.sampled_from([0.03, 0.1, 0.2]))
def test_the_words_are_what_the_interval_says(differences: list[Fraction], margin: float) -> None:
    low, high = difference_interval(differences)
    assume(min(abs(abs(low) - margin), abs(abs(high) - margin)) > 1e-6)
    told, alike = not_worse(differences, margin).verdict, equivalent(differences, margin).verdict
    assert told != "yes" or low > -margin
    assert told != "no" or high < -margin
    assert alike != "yes" or (-margin < low and high < margin)
    assert alike != "no" or (high < -margin or margin < low)
    if low < 0 < high:  # else the exact test may have moved an end to this side of 0
        assert (told == "yes") == (low > -margin)
        assert (alike == "yes") == (-margin < low and high < margin)


def test_two_one_sided_tests_are_those_of_statsmodels() -> None:
    """By the normal distribution for many problems; theirs is the larger of two one-sided p-values."""
    random = np.random.default_rng(5)
    before = (random.random(1000) < 0.6).astype(int)
    after = np.where(random.random(1000) < 0.1, random.random(1000) < 0.6, before)
    differences = [Fraction(int(each)) for each in after - before]
    theirs, *_ = ttost_paired(after, before, -0.02, 0.02)
    found = equivalent(differences, 0.02)
    assert found.within and found.p / 2 == pytest.approx(theirs, rel=0.4)


@pytest.mark.parametrize(
    ("differences", "no_worse", "alike"),
    [
        (parts(rest=400), "yes", "yes"),
        (parts(rest=40), "cannot be told", "cannot be told"),  # nobody saw enough
        (parts(*[1] * 30, rest=170), "yes", "no"),
        (parts(*[-1] * 30, rest=170), "no", "no"),
        (parts(*[1, -1] * 30, rest=140), "cannot be told", "cannot be told"),
        (parts(*[1] * 12, *[-1] * 2, rest=286), "yes", "cannot be told"),
        ([], "cannot be told", "cannot be told"),
    ],
)  # fmt: skip
def test_yes_no_and_what_cannot_be_told(
    differences: list[Fraction], no_worse: str, alike: str
) -> None:
    assert not_worse(differences, 0.03).verdict == no_worse
    assert equivalent(differences, 0.03).verdict == alike


def test_many_questions_make_an_answer_harder() -> None:
    one = not_worse(parts(*[1] * 2, *[-1] * 2, rest=396), 0.03)
    assert one.verdict == "yes" and 0.005 > one.p > 0.0005
    assert {each.verdict for each in corrected([one] * 100)} == {"cannot be told"}
    asked = Question(1, dict(enumerate("1" * 400)), 2, dict(enumerate("1" * 398 + "00")))
    assert compare_all([asked])[0].not_worse.verdict == "yes"
    assert compare_all([asked], margin=0.001)[0].not_worse.verdict == "cannot be told"


def test_the_report_says_what_is_shown_and_leaves_out_what_is_not() -> None:
    def run(word: str) -> dict[int, str]:
        return dict(enumerate(word))

    raw = run("1" * 200 + "0" * 200)
    named = [
        ("same", compare(1, raw, 2, raw)),
        ("fine", compare(1, raw, 3, run("1" * 199 + "0" * 197 + "1" * 4))),
        ("better", compare(1, raw, 4, run("1" * 400))),
        ("bad", compare(1, raw, 5, run("0" * 400))),
        ("noise", compare(1, raw, 6, run("1" * 150 + "0" * 50 + "1" * 50 + "0" * 150))),
    ]
    assert list(evidence.margins(named, "raw")) == [
        "Shown to be within 3 points of raw, up or down: same, fine."
    ]
    assert list(evidence.margins(named[2:3], "raw")) == list(evidence.margins([], "raw")) == []
