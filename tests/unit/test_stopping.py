"""What is stopped because it is decided must have been decided, whenever anybody looked."""

import json

import pytest

from foureyes.results.figures.comparisons import NO_EVIDENCE
from foureyes.results.figures.questions import SEQUENTIAL
from foureyes.results.figures.sequential import look
from foureyes.results.figures.together import together
from foureyes.results.report import formats, sentences
from tests.boards import board, group


def test_what_is_decided_is_told_with_a_test_that_may_be_looked_at() -> None:
    here = board(group(1, "b", raw_coder=["0"] * 20, debate=["1"] * 9 + ["-"] * 11), stops=True)
    found = here.comparisons[2]
    assert (found.verdict, found.test, found.problems) == ("better", SEQUENTIAL, 9)
    seen = look([1] * 9)  # type: ignore[list-item]
    assert (found.p, found.low, found.high) == (1 / seen.evidence, seen.low, seen.high)
    said = "\n".join(sentences.of_sweep(here))
    assert "This sweep stops what is decided." in said and "Looking" not in said


def test_only_what_ended_in_the_plans_order_counts() -> None:
    """Easy problems end first: nineteen gains behind one that is waited for are no evidence yet."""
    for letters in ("-" + "1" * 19, "c" + "1" * 19):
        here = board(group(1, "b", raw_coder=["0"] * 20, debate=list(letters)), stops=True)
        found = here.comparisons[2]
        assert (found.problems, found.p, found.verdict) == (0, 1.0, NO_EVIDENCE)
    failed = board(group(1, "b", raw_coder=["0"] * 20, debate=list("e" + "1" * 19)), stops=True)
    assert failed.comparisons[2].problems == 19


def test_comparisons_share_the_risk() -> None:
    runs = {"raw_coder": ["0"] * 20, "debate": ["1"] * 8 + ["-"] * 12}
    assert board(group(1, "b", **runs), stops=True).comparisons[2].verdict == "better"
    more = board(group(1, "b", **runs, retry=["-"] * 20), stops=True)  # not begun, and planned
    assert more.comparisons[2].verdict == NO_EVIDENCE
    assert more.comparisons[2].p_holm == pytest.approx(2 * more.comparisons[2].p)


def test_a_problem_in_two_wordings_is_bet_on_once() -> None:
    rich = group(1, "rich", raw_coder=["0"] * 6, debate=["1"] * 6)
    lean = group(5, "lean", raw_coder=["0"] * 6, debate=["1"] * 6)
    (found,) = together(board(rich, lean, stops=True))
    assert (found.comparison.problems, found.comparison.verdict) == (6, NO_EVIDENCE)


def test_no_sentence_speaks_of_what_more_problems_may_still_show() -> None:
    here = board(group(1, "b", raw_coder=list("01"), debate=list("10")), stops=True)
    assert sentences.of_group(here, here.groups[0])[0] == (
        "No evidence of a difference between raw-coder and debate."
    )
    assert json.dumps(here.comparisons[2].row(), allow_nan=False)
    assert "detectable" not in formats.to_markdown(here)


def test_all_benchmarks_go_on_in_one_order_that_was_there_before() -> None:
    """Else what has ended on one of them decides which problems of the other count, and when."""
    first = group(1, "small", tests=None, raw_coder=["0"] * 4, debate=list("1-11"))
    second = group(5, "large", tests=None, raw_coder=["0"] * 8, debate=["1"] * 8)
    (found,) = together(board(first, second, stops=True))
    # one of four, and those of eight that come before the second of four
    assert found.comparison.problems == 1 + 3


def test_a_problem_in_two_benchmarks_is_always_bet_on_in_the_same() -> None:
    small = group(1, "rich", raw_coder=["0"], debate=["0"])
    large = group(5, "lean", raw_coder=["0"] * 3, debate=["1"] * 3)
    (found,) = together(board(small, large, stops=True))
    assert found.comparison.problems == 3
    assert found.comparison.difference == 1.0  # p/0 comes first as lean has it
