"""Three models work on one sweep, with workers, a broker and a sandbox: if this fails, a pattern of
somebody's own cannot ask a third model, or nobody can see what it did."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.programs import foureyes, problem_line

PATTERN = '''
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.steps import CODER, REVIEWER, Draft, Fix, Review

@pattern("tested")
def tested(spec):
    """The tester says what is wrong, the reviewer mends it."""
    draft = yield Draft(spec, by=CODER)
    review = yield Review(draft, by="tester")
    if not review.asks_for_changes:
        return draft.code
    return (yield Fix(draft, review, by=REVIEWER)).code
'''
WRONG = '[[rules]]\nanswer = "```python\\ndef f(x):\\n    return x\\n```"\n'
RIGHT = '[[rules]]\nanswer = "```python\\ndef f(x):\\n    return x + 1\\n```"\n'
STRICT = """[[rules]]\nanswer = '{"issues": ["add one"], "verdict": "revise"}'\n"""
LENIENT = """[[rules]]\nanswer = '{"issues": [], "verdict": "approve"}'\n"""
FILE = """
name = "three"
benchmarks = [{ name = "mine", data = "mine.jsonl" }]
patterns = ["raw-coder", "tested"]
modules = ["ours"]
teams = [
    { coder = "wrong", reviewer = "right", tester = "strict" },
    { coder = "wrong", reviewer = "right", tester = "lenient", judge = "right", name = "with a judge" },
]
[models]
wrong = { engine = "scripted", script = "wrong.toml" }
right = { engine = "scripted", script = "right.toml" }
strict = { engine = "scripted", script = "strict.toml", price_per_hour = 36 }
lenient = { engine = "scripted", script = "lenient.toml" }
"""


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with a sweep's files, and in `home` its results; and what the command printed."""
    folder = tmp_path_factory.mktemp("three")
    for name, script in (
        ("wrong", WRONG),
        ("right", RIGHT),
        ("strict", STRICT),
        ("lenient", LENIENT),
    ):
        (folder / f"{name}.toml").write_text(script)
    (folder / "ours.py").write_text(PATTERN)
    (folder / "mine.jsonl").write_text(problem_line("mine", 0) + problem_line("mine", 1))
    (folder / "sweep.toml").write_text(FILE)
    made = foureyes(
        "sweep", str(folder / "sweep.toml"), "--wait", home=folder / "home", COLUMNS="200"
    )
    assert made.returncode == 0, made.stdout + made.stderr
    return folder, made.stdout


def rows(statement: str, home: Path) -> list[list[Any]]:
    made = foureyes("sql", statement, "--format", "json", home=home)
    assert made.returncode == 0, made.stderr
    return [list(row.values()) for row in json.loads(made.stdout)]


SCORES = "SELECT pattern, team, coder, reviewer, pairing, solved FROM v_scores ORDER BY run_id"
STRICT_TEAM = "coder=wrong, reviewer=right, tester=strict"
LENIENT_TEAM = "coder=wrong, judge=right, reviewer=right, tester=lenient"


def test_what_each_team_did_is_told_apart(swept: tuple[Path, str]) -> None:
    folder, printed = swept
    home = folder / "home"
    assert rows(SCORES, home) == [
        ["raw-coder", STRICT_TEAM, "wrong", "right", STRICT_TEAM, 0],
        ["tested", STRICT_TEAM, "wrong", "right", STRICT_TEAM, 2],
        ["raw-coder", LENIENT_TEAM, "wrong", "right", "with a judge", 0],
        ["tested", LENIENT_TEAM, "wrong", "right", "with a judge", 0],
    ]
    # what two teams ask alike is asked once: a draft, a review by each tester and a fix of a problem
    calls = """SELECT language_model.name, kind, count(*) FROM completion
        JOIN language_model ON language_model.id = model_id GROUP BY 1, 2 ORDER BY 2, 1"""
    assert rows(calls, home) == [
        ["wrong", "draft", 2],
        ["right", "fix", 2],
        ["lenient", "review", 2],
        ["strict", "review", 2],
    ]
    assert f"teams: {STRICT_TEAM}; {LENIENT_TEAM}" in printed
    assert "no pattern of the sweep asks the role 'judge'" in printed
    assert f"three: mine, 2 problems; {STRICT_TEAM}" in printed


def test_readers_see_the_third_model(swept: tuple[Path, str], tmp_path: Path) -> None:
    home = swept[0] / "home"
    shown = foureyes("show", "8", home=home, COLUMNS="200").stdout
    assert "tester=lenient" in shown and "review by tester lenient" in shown
    report = tmp_path / "report.html"
    made = foureyes("report", "three", "--output", str(report), home=home)
    assert made.returncode == 0, made.stderr
    assert STRICT_TEAM in report.read_text() and LENIENT_TEAM in report.read_text()
    pair = ("three:tested:mine:with a judge", f"three:tested:mine:{STRICT_TEAM}")
    compared = foureyes("compare", *pair, "--json", home=home)
    assert compared.returncode == 0, compared.stderr
    assert json.loads(compared.stdout)["comparison"]["improved"] == 2


def test_a_recording_answers_for_all_of_them(swept: tuple[Path, str], tmp_path: Path) -> None:
    folder, _ = swept
    recording, home = tmp_path / "calls.jsonl", tmp_path / "home"
    made = foureyes("record", "three", str(recording), home=folder / "home")
    assert made.returncode == 0, made.stderr
    again = foureyes(
        "sweep", str(folder / "sweep.toml"), "--wait", "--replay", str(recording), home=home
    )
    assert again.returncode == 0, again.stdout + again.stderr
    assert rows(SCORES, home) == rows(SCORES, folder / "home")
