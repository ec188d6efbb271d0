"""If one of these fails, a report says of hard problems, or of new ones, what is true of others."""

from dataclasses import replace
from fractions import Fraction

from foureyes.results.figures.paired import difference_interval
from foureyes.results.figures.scoreboard import Group
from foureyes.results.figures.splits import Part, Split, splits
from tests.boards import group

FACTS = [
    {"difficulty": "hard", "date": "2024-09-30"},
    {"difficulty": "easy", "date": "2024-10-01"},
    {"difficulty": "easy", "date": "2024-10-31"},
    {"difficulty": "medium", "date": "2025-01-05"},
]


def made(facts: list[dict[str, str]]) -> tuple[Group, dict[int, dict[int, str]]]:
    """Four problems, two runs."""
    found, outcomes = group(1, "contest", raw=["0", "1", "1", "e"], review=["1", "0", "1", "1"])
    problems = [
        replace(problem, facts=fact) for problem, fact in zip(found.problems, facts, strict=True)
    ]
    return replace(found, problems=problems), outcomes


def test_scores_are_told_by_difficulty_and_by_month() -> None:
    found, outcomes = made(FACTS)
    raw, review = (score.run_id for score in found.scores)

    def gain(*differences: int) -> dict[int, tuple[float, float, float]]:
        """Of review, by what the report's interval makes of it."""
        found = [Fraction(each) for each in differences]
        return {review: (sum(differences) / len(found), *difference_interval(found))}

    assert splits(found, outcomes, {raw: raw, review: raw}) == [
        Split(
            "difficulty",
            [
                Part("easy", 2, {raw: 1.0, review: 0.5}, gain(-1, 0)),
                Part("medium", 1, {raw: None, review: 1.0}, {}),  # an error is no answer
                Part("hard", 1, {raw: 0.0, review: 1.0}, gain(1)),
            ],
        ),
        Split(
            "month",
            [
                Part("2024-09", 1, {raw: 0.0, review: 1.0}, gain(1)),
                Part("2024-10", 2, {raw: 1.0, review: 0.5}, gain(-1, 0)),
                Part("2025-01", 1, {raw: None, review: 1.0}, {}),
            ],
        ),
    ]


def test_what_is_not_known_of_all_or_the_same_of_all_splits_nothing() -> None:
    alike = [fact | {"difficulty": "easy"} for fact in FACTS]
    assert [split.by for split in splits(*made(alike), {})] == ["month"]
    assert splits(*made([*alike[:3], {"difficulty": "easy"}]), {}) == []
    assert splits(*made([{}] * 4), {}) == []
