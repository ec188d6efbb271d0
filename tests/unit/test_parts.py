"""If one of these fails, a sweep of some months' contests is about others, or fails where nobody sees why."""

import json
from pathlib import Path

import pytest

from foureyes.judging import sources
from foureyes.models.errors import FoureyesError
from foureyes.producer.sweeps import sweep
from tests.programs import problem_line

FILE = """
name = "parts"
benchmarks = [CHOICE]
patterns = ["raw-coder"]
[models.c]
engine = "scripted"
script = "c.toml"
[[pairings]]
coder = "c"
reviewer = "c"
"""


def load(folder: Path, choice: str) -> sweep.PlannedSweep:
    (folder / "c.toml").write_text('[[rules]]\nanswer = "code"\n')
    (folder / "mine.jsonl").write_text(problem_line("mine", 1) + problem_line("mine", 2))
    path = folder / "parts.toml"
    path.write_text(FILE.replace("CHOICE", choice))
    return sweep.load(path)


def refusal(folder: Path, choice: str) -> str:
    with pytest.raises(FoureyesError) as caught:
        load(folder, choice)
    said = str(caught.value)
    assert "\n" not in said and str(folder / "parts.toml") in said
    return said


def test_contests_of_some_months_alone(tmp_path: Path) -> None:
    dates = sorted(problem.facts["date"] for problem in sources.load("contest"))
    first, last = dates[4], dates[-5]
    for form in ("{}", '"{}"'):  # a date of TOML, or a text
        given = f"from = {form.format(first)}, to = {form.format(last)}"
        made = load(tmp_path, f'{{ name = "contest", {given} }}')
        found = [problem.facts["date"] for problem in made.problems["contest"]]
        assert sorted(found) == [each for each in dates if first <= each <= last]
    later = load(tmp_path, f'{{ name = "contest", from = {first}, limit = 3 }}').problems["contest"]
    assert len(later) == 3 and all(problem.facts["date"] >= first for problem in later)
    # it is these problems' sweep, and not the whole contest set's
    assert made.key != load(tmp_path, '"contest"').key
    json.dumps(made.content().model_dump(mode="json"))  # as the sweep's row holds it


def test_the_first_of_a_file_of_ones_own(tmp_path: Path) -> None:
    made = load(tmp_path, '{ name = "mine", data = "mine.jsonl", limit = 1 }')
    assert [problem.problem_id for problem in made.problems["mine"]] == ["mine/1"]


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (
            '{ name = "contest", from = 2031-01-01 }',
            "none of its contests was then; they were from",
        ),
        ('{ name = "mine", data = "mine.jsonl", to = 2031-01-01 }', "its problems have no dates"),
        ('{ name = "contest", from = "soon" }', "from"),
        ('{ name = "contest", until = 2031-01-01 }', "until"),
        ('{ name = "contest", limit = 0 }', "limit"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(choice: str, said: str, tmp_path: Path) -> None:
    assert said in refusal(tmp_path, choice)


def test_a_benchmark_that_is_not_known_is_named_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(FoureyesError, match="did you mean 'contest'"):
        load(tmp_path, '{ name = "contests", limit = 1 }')
