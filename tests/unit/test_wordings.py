"""Rich against lean is a finding only on the same problems: pairs that are none would make one up."""

from dataclasses import replace
from fractions import Fraction

import pytest

from foureyes.models.sweep_content import SweepContent
from foureyes.results.figures.comparisons import NO_EVIDENCE
from foureyes.results.figures.moderators import Features, moderations
from foureyes.results.figures.paired import (
    difference_interval,
    mcnemar_exact,
    sign_flip,
    smallest_p,
)
from foureyes.results.figures.rewordings import with_gains, wordings
from foureyes.results.figures.statistics import holm
from foureyes.results.report import sentences
from tests.boards import board, group

RICH = group(1, "rich", raw_coder=list("1100e1"), review=list("111001"))
LEAN = group(5, "lean", raw_coder=list("10b0-0"), review=list("100000"))


def test_the_same_problems_are_compared_pair_by_pair() -> None:
    raw, review = wordings(board(RICH, LEAN))
    assert (raw.pattern, raw.first, raw.second) == ("raw-coder", "rich", "lean")
    found = raw.comparison
    assert (found.pairs, found.both_solved, found.improved, found.regressed) == (5, 1, 2, 0)
    assert found.missing == 1  # an error here, unfinished there
    assert (found.run_id, found.baseline_run_id) == (1, 5)
    assert (review.comparison.pairs, review.comparison.improved) == (6, 3)
    assert [each.comparison.p for each in (raw, review)] == [
        mcnemar_exact(2, 0),
        mcnemar_exact(3, 0),
    ]
    adjusted = holm([0.5, 0.25], [smallest_p(2), smallest_p(3)])
    assert [each.comparison.p_holm for each in (raw, review)] == adjusted == [0.5, 0.25]


def test_gains_are_compared_on_the_problems_that_all_four_runs_were_judged_on() -> None:
    """On p/0 to p/3 and p/5: review solves p/2 as rich has it, and nothing more as lean does."""
    (raw, none), (review, found) = with_gains(board(RICH, LEAN))
    assert (raw.pattern, none, review.pattern) == ("raw-coder", None, "review")
    assert found is not None
    assert (found.problems, found.first, found.second, found.more) == (5, 1 / 5, 0, 1 / 5)
    differences = [Fraction(each) for each in (0, 0, 1, 0, 0)]
    assert (found.low, found.high) == difference_interval(differences, most=2)
    assert found.p == found.p_holm == sign_flip(differences)


def test_with_several_samples_a_problem_is_one_unit() -> None:
    rich = group(1, "rich", raw_coder=["11", "10", "00"], review=["11", "11", "0e"])
    lean = group(5, "lean", raw_coder=["10", "00", "00"], review=["11", "00", "10"])
    (raw, _), (_, found) = with_gains(board(rich, lean))
    assert raw.comparison.difference == pytest.approx((0.5 + 0.5 + 0) / 3)
    assert found is not None
    assert (found.first, found.second) == pytest.approx((0.5 / 3, (0.5 + 0.5) / 3))


def test_thirds_that_differ_in_their_last_digit_are_the_same_gain() -> None:
    """Else problems would differ that do not, and count in a test and its family."""
    rich = group(1, "rich", raw_coder=["110", "100"], review=["111", "100"])
    lean = group(5, "lean", raw_coder=["000", "100"], review=["100", "100"])
    rich[1][2][rich[0].problems[1].id] = "110"
    lean[1][6][lean[0].problems[1].id] = "110"
    _, (_, found) = with_gains(board(rich, lean))
    assert found is not None and (found.more, found.differing, found.p) == (0.0, 0, 1.0)


OTHERS = {
    "other tests": group(5, "lean", tests="others", raw_coder=list("000000")),
    "the same words": group(5, "lean", words="rich", raw_coder=list("000000")),
    "another pairing": group(5, "lean", pairing="x+y", raw_coder=list("000000")),
    "nothing judged": group(5, "lean", raw_coder=list("------")),
}


@pytest.mark.parametrize("what", OTHERS)
def test_what_is_no_other_wording_is_not_compared(what: str) -> None:
    assert wordings(board(RICH, OTHERS[what])) == with_gains(board(RICH, OTHERS[what])) == []


def test_problems_of_one_benchmark_only_have_no_other_wording() -> None:
    alone = [group(n, name, tests=None, raw_coder=["1"]) for n, name in ((1, "rich"), (5, "lean"))]
    assert wordings(board(*alone)) == wordings(board(RICH)) == []


def test_only_the_common_problems_count_and_only_patterns_that_were_judged_on_both() -> None:
    """And what has not begun makes nobody else's p-value worse."""
    lean = group(5, "lean", raw_coder=list("0000"), review=list("----"), debate=list("0000"))
    ((raw, gains),) = with_gains(board(RICH, lean))
    assert (raw.pattern, gains) == ("raw-coder", None)
    assert (raw.comparison.pairs, raw.comparison.missing) == (4, 0)
    assert raw.comparison.p == raw.comparison.p_holm


def test_three_wordings_are_three_comparisons() -> None:
    third = group(9, "leaner", raw_coder=list("000000"))
    found = wordings(board(RICH, LEAN, third))
    assert [(each.pattern, each.first, each.second) for each in found] == [
        ("raw-coder", "rich", "lean"),
        ("review", "rich", "lean"),
        ("raw-coder", "rich", "leaner"),
        ("raw-coder", "lean", "leaner"),
    ]


def test_the_report_says_of_the_baseline_what_the_words_change() -> None:
    (line,) = [each for each in sentences.of_sweep(board(RICH, LEAN)) if "other words" in each]
    assert line == (
        f"The same problems in other words, raw-coder: {NO_EVIDENCE.capitalize()}. Of 5 pairs (1 more "
        "is missing), 2 are solved only as rich has them and 0 only as lean does, 1 as both do "
        "(exact McNemar, p = 0.500)."
    )
    many = [
        group(1, "rich", raw_coder=["1"] * 9),
        group(5, "lean", raw_coder=["0"] * 9),
        group(10, "rich", pairing="x+y", raw_coder=["1"]),
    ]
    assert any(
        "raw-coder by c+r: A difference. Of 9 pairs, 9 are solved only as rich has them" in each
        for each in sentences.of_sweep(board(*many))
    )


FEW, MANY = Features(10, 0, False, 1), Features(90, 3, True, 4)


def test_a_problem_in_two_benchmarks_is_one_for_the_richness() -> None:
    """Rich and lean are the same six problems: their flips are no twelve observations."""
    here = board(RICH, LEAN)
    known = {each.id: MANY for each in RICH[0].problems} | {
        each.id: FEW for each in LEAN[0].problems
    }
    (found,) = moderations(here, known)
    assert found.lean.problems + found.rich.problems == 5  # of p/4 nothing is known
    # p/2 is gained as rich has it, p/5 is neither gained nor lost as either does
    assert (found.improved, found.regressed) == (1, 0)
    assert found.lean.mean == pytest.approx(0.5 / 5)


@pytest.mark.parametrize(
    ("words", "tests", "known", "problems"),
    [
        ("rich", "others", MANY, 6),
        ("others", "others", FEW, 11),
        ("others", "others", MANY, 11),
        ("others", None, MANY, 11),
        ("others", "tests", FEW, 6),
    ],
    ids=["fewer tests", "another problem", "as long", "of unknown tests", "other words"],
)
def test_what_is_the_same_problem(
    words: str, tests: str | None, known: Features, problems: int
) -> None:
    """Of one id: the same but for the prompt, or the same prompt judged by other tests."""
    other = group(5, "mini", words=words, tests=tests, raw_coder=list("000000"), review=list("111111"))  # fmt: skip
    here = board(RICH, other)
    features = {each.id: MANY for each in RICH[0].problems}
    (found,) = moderations(here, features | {each.id: known for each in other[0].problems})
    assert found.lean.problems + found.rich.problems == problems


def test_a_report_says_that_greedy_samples_are_copies() -> None:
    rich = group(1, "rich", samples=3, raw_coder=["111"] * 4, review=["000"] * 4)
    for greedy, told in (
        ({"c+r", "r+c"}, "as c+r answered"),
        ({"r+c"}, ""),
        (set(), ""),
    ):
        said = " ".join(sentences.of_sweep(replace(board(rich), copying=frozenset(greedy))))
        assert ("copies of one" in said) == bool(told)
        assert told in said
    once = replace(board(RICH), copying=frozenset({"c+r"}))
    assert "copies" not in " ".join(sentences.of_sweep(once))


@pytest.mark.parametrize(
    ("coder", "reviewer", "found"),
    [(0, 0.0, ["mine"]), (0.8, 0, []), (0, 0.8, []), (0.8, 0.8, []), (None, 0, ["mine"])],
)
def test_only_two_greedy_models_give_copies(
    coder: float | None, reviewer: float, found: list[str]
) -> None:
    """A coder at 0.8 with a reviewer left at the default is usual, and each of its samples differs."""
    models = {
        name: {
            "engine": "scripted",
            "script": "s",
            "sampling": {} if drawn is None else {"temperature": drawn},
        }
        for name, drawn in (("c", coder), ("r", reviewer), ("unused", 0))
    }
    pairings = [{"coder": "c", "reviewer": "r", "name": "mine"}]
    told = {"name": "n", "benchmarks": [], "patterns": [], "models": models, "pairings": pairings}
    assert SweepContent.model_validate(told).copying() == found
