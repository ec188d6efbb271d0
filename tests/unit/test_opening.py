"""Many read nothing but a report's first lines: they must say what all of it says, and no more."""

from foureyes.results.report import opening
from tests.boards import board, group

SAME = ["1"] * 10 + ["0"] * 10
BETTER = ["1"] * 20
WORSE = ["0"] * 20


def test_all_runs_are_counted_and_those_that_differ_most_are_named() -> None:
    found = board(
        group(1, "one", "a+b", raw_coder=SAME, debate=BETTER, retry=SAME, vote=SAME),
        group(11, "one", "b+a", raw_coder=SAME, debate=WORSE, retry=SAME, vote=SAME),
    )
    first, *named, last = opening.sentences(found)
    assert first.startswith("Of 6 runs that are compared with raw-coder, 1 is better and 1 worse,")
    assert [line.split(", by")[0] for line in named] == [
        "Better: debate on one, a+b", "Worse: debate on one, b+a",
    ]  # fmt: skip
    assert "+50.0 [" in named[0] and "exact McNemar, p = 0.0" in named[0]
    assert last.startswith(
        "No evidence of a difference between raw-coder and 4 of the 6 other runs."
    )
    assert "so few problems that no split of them would have been evidence" in last


def test_of_several_benchmarks_they_are_counted_alone() -> None:
    """What is said of all benchmarks together stands before it, and is enough to read."""
    found = board(
        group(1, "one", raw_coder=SAME, debate=BETTER, retry=SAME),
        group(11, "other", raw_coder=SAME, debate=WORSE, retry=SAME),
    )
    assert opening.sentences(found) == [
        "Of 4 runs that are compared with raw-coder, 1 is better and 1 worse, corrected for all of these "
        "comparisons.",
        "No evidence of a difference between raw-coder and retry on one or retry on other.",
    ]


def test_more_than_a_few_are_counted() -> None:
    names = ("a", "b", "c", "d", "e", "f", "g")
    found = board(
        group(1, "one", "a+b", raw_coder=SAME, **dict.fromkeys(names, BETTER)),
        group(11, "one", "b+a", raw_coder=SAME),
    )
    lines = opening.sentences(found)
    assert len(lines) == 7  # the count, five, and that there are more
    assert lines[-1] == "And so on for 2 runs more, marked in the table."


def test_without_evidence_that_is_all_it_says() -> None:
    names = ("a", "b", "c", "d")
    found = board(
        group(1, "one", raw_coder=SAME, **dict.fromkeys(names, SAME)),
        group(11, "other", raw_coder=SAME),
    )
    (line,) = opening.sentences(found)
    assert line == "No evidence of a difference between raw-coder and any of the 4 other runs."


def test_a_group_alone_says_it_itself() -> None:
    found = board(group(1, "one", raw_coder=SAME, debate=BETTER))
    assert opening.sentences(found)[0] == "Better than raw-coder: debate."
    assert opening.sentences(board(group(1, "one", raw_coder=SAME))) == []


def test_a_group_in_a_line() -> None:
    found = board(
        group(1, "one", raw_coder=SAME, debate=BETTER, retry=SAME, vote=WORSE),
        group(11, "zero", raw_coder=WORSE, debate=WORSE),
        group(21, "none", raw_coder=["-", "e"], debate=["-", "e"]),
        group(31, "alone", raw_coder=SAME),
        group(41, "even", raw_coder=SAME, debate=SAME),
    )
    assert [opening.essence(found, each) for each in found.groups] == [
        "most solved by debate, 100% [84..100]; 1 better, 1 worse, 1 with no evidence of a difference",
        "nothing is solved; 1 with no evidence of a difference",
        "nothing is judged yet",
        "most solved by raw-coder, 50% [30..70]",
        "most solved by raw-coder and 1 more, 50% [30..70]; 1 with no evidence of a difference",
    ]
