"""Models that are edited, or that cannot be had, while a stack runs: what people do all day."""

import json
import signal
from pathlib import Path
from typing import Any

from tests.programs import SCRIPT, foureyes, scripted_sweep, started, wait_for


def rows(home: Path, statement: str) -> list[dict[str, Any]]:
    made = foureyes("sql", statement, "--format", "json", home=home)
    assert made.returncode == 0, made.stderr
    return list(json.loads(made.stdout))


def test_a_model_that_is_edited_gets_a_new_worker_before_a_call_fails(tmp_path: Path) -> None:
    """Else the first calls after each edit end in error, at the worker that holds the old one."""
    home = tmp_path / "home"
    words = scripted_sweep(tmp_path, 6, 0.0, ["raw-coder", "review-then-fix"])
    with started("up", home=home, FOUREYES_TRIES="1") as up:
        wait_for(lambda: "The stack is up" in (home / "output").read_text() or up.poll())
        for number in range(3):
            (tmp_path / "script.toml").write_text(f"{SCRIPT}# edited {number} times\n")
            made = foureyes(*words, home=home)
            assert made.returncode == 0, made.stderr
        found = rows(home, "SELECT outcome, count(*) AS n FROM v_attempts GROUP BY outcome")
        assert found == [{"outcome": "solved", "n": 3 * 2 * 6}]
        failed = "SELECT id FROM completion WHERE failures > 0 OR error IS NOT NULL"
        assert rows(home, failed) == []
        up.send_signal(signal.SIGINT)
        assert up.wait(timeout=60) == 0


def test_a_sweep_whose_model_cannot_be_had_does_the_rest_and_says_what_to_do(
    tmp_path: Path,
) -> None:
    """Else it waits for ever, or stops what needs no such model."""
    home = tmp_path / "home"
    words = scripted_sweep(tmp_path, 2, 0.0, ["raw-reviewer", "raw-coder"])
    file = (tmp_path / "sweep.toml").read_text()
    here = file.index("r = {"), file.index("\n", file.index("r = {"))
    reviewer = 'r = { engine = "vllm", model = "nobody/has-it" }'
    (tmp_path / "sweep.toml").write_text(file[: here[0]] + reviewer + file[here[1] :])
    made = foureyes(*words, home=home)
    assert made.returncode == 2, made.stdout + made.stderr
    said = " ".join(made.stderr.split("foureyes: ")[-1].split())
    assert said.startswith(
        "nothing works at r, for which 2 calls wait: its worker does not stay up"
    )
    assert "vllm is not installed" in said and "`foureyes cancel 1`" in said
    assert "Traceback" not in said
    found = rows(home, "SELECT pattern, outcome FROM v_attempts ORDER BY 1, 2")
    assert found == [
        *2 * [{"pattern": "raw-coder", "outcome": "solved"}],
        *2 * [{"pattern": "raw-reviewer", "outcome": None}],
    ]
