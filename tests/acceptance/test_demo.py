"""The demo without its weights, and with models of a few kilobytes in their place."""

import json
from pathlib import Path
from typing import Any

import pytest

from foureyes.models import weights
from scripts import first_minute
from tests import tiny_model
from tests.programs import foureyes, processes

LIMIT = 1
#: Both benchmarks, five patterns; and of all four problems.
ATTEMPTS, RECORDED = 10 * LIMIT, 40


def rows(statement: str, home: Path) -> Any:
    made = foureyes("sql", statement, "--format", "json", home=home)
    assert made.returncode == 0, made.stderr
    return json.loads(made.stdout)


SCORES = """
    SELECT sweep, sum(n) AS n, sum(errors) AS errors, sum(unfinished) AS unfinished
    FROM v_scores GROUP BY sweep ORDER BY sweep"""
ENGINES = """
    SELECT DISTINCT sweep, engine LIKE 'replay of %' AS is_recorded
    FROM v_steps JOIN v_attempts USING (attempt_id) WHERE completion_id IS NOT NULL ORDER BY sweep"""


def test_the_table_comes_with_no_weights_and_says_whose_answers_they_are(tmp_path: Path) -> None:
    home = tmp_path / "home"
    nowhere = {"FOUREYES_CACHE": str(tmp_path / "empty")}
    made = foureyes("demo", "--recorded", home=home, **nowhere, **first_minute.SCREEN)
    assert made.returncode == 0, made.stdout + made.stderr
    lines = [line.rstrip().replace(str(home), ".foureyes") for line in made.stdout.splitlines()]
    # two workers may be started in either order
    assert sorted(first_minute.shown(lines)) == sorted(first_minute.in_readme()), (
        "README's first minute is another one: python -m scripts.first_minute"
    )
    assert "no model runs" in made.stdout and "reads a recording" in made.stdout
    assert f"Not made here: {RECORDED} attempts" in " ".join(made.stdout.split())
    assert "review-then-fix" in made.stdout
    ended = {"sweep": "demo-recorded", "n": RECORDED, "errors": 0, "unfinished": 0}
    assert rows(SCORES, home) == [ended]
    assert rows(ENGINES, home) == [{"sweep": "demo-recorded", "is_recorded": True}]
    judged = "SELECT DISTINCT origin FROM execution WHERE suite = 'hidden'"
    assert rows(judged, home) == [{"origin": None}]  # verdicts are this machine's own
    assert processes(home) == {}

    again = foureyes("demo", "--recorded", home=home, **nowhere)
    assert "nothing to do" in again.stdout and again.returncode == 0


def test_more_than_was_recorded_is_a_mistake_in_one_line(tmp_path: Path) -> None:
    made = foureyes("demo", "--recorded", "--limit", "9", home=tmp_path / "home")
    assert made.returncode == 2
    assert made.stderr.startswith("foureyes: --limit: of each benchmark 4 problems were recorded")
    servers = {"FOUREYES_BROKER_URL": "redis://127.0.0.1:1/0"}
    made = foureyes("demo", "--recorded", home=tmp_path / "home", **servers)
    assert made.returncode == 2 and made.stderr.count("\n") == 1
    assert "unset FOUREYES_BROKER_URL" in made.stderr
    assert not (tmp_path / "home").exists()


@pytest.mark.timeout(900)
def test_recorded_answers_come_first_and_are_never_taken_for_the_models_own(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "cache" / "models"
    folder.mkdir(parents=True)
    for seed, entry in enumerate(weights.CATALOGUE.values()):
        tiny_model.write(folder / entry.file, seed, ends=5)
        weights._stamp(folder / entry.file, entry.sha256)
    places = {"FOUREYES_CACHE": str(tmp_path / "cache")}
    made = foureyes("demo", "--limit", str(LIMIT), home=home, timeout=800, **places)
    assert made.returncode == 0, made.stdout + made.stderr
    told = made.stdout
    first, then = told.index("reports/demo-recorded-1.html"), told.index("Sweep starter:")
    assert first < told.index("Now the same with the models") < then
    assert then < told.index("reports/starter-2.html")
    assert told.count("starting the workers that judge") == 1  # one stack for both
    whole = {"n": ATTEMPTS, "errors": 0, "unfinished": 0}
    assert rows(SCORES, home) == [{"sweep": "demo-recorded"} | whole, {"sweep": "starter"} | whole]
    assert rows(ENGINES, home) == [
        {"sweep": "demo-recorded", "is_recorded": True},
        {"sweep": "starter", "is_recorded": False},
    ]
    again = foureyes("demo", "--limit", str(LIMIT), home=home, **places)
    assert "demo-recorded" not in again.stdout and "nothing to do" in again.stdout
