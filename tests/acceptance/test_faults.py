"""Pulling plugs: whatever is killed, a sweep ends with every attempt done once."""

import json
import signal
from pathlib import Path
from typing import Any

from tests.programs import foureyes, kill, processes, scripted_sweep, started, wait_for

PATTERNS = ["raw-coder", "review-then-fix"]
PROBLEMS = 8


def query(home: Path, statement: str) -> list[dict[str, Any]]:
    made = foureyes("sql", statement, "--format", "json", home=home)
    assert made.returncode == 0, made.stderr
    rows: list[dict[str, Any]] = json.loads(made.stdout.splitlines()[-1])
    return rows


def assert_complete(home: Path) -> None:
    """Every attempt once, solved, and no work done twice."""
    (counts,) = query(
        home,
        "select count(*) n, count(*) filter (where outcome = 'solved') solved,"
        " count(distinct (run_id, problem_id, sample)) different from v_attempts",
    )
    attempts = PROBLEMS * len(PATTERNS)
    assert counts == {"n": attempts, "solved": attempts, "different": attempts}
    states = query(home, "select distinct state from completion union select state from execution")
    assert states == [{"state": "done"}]
    (calls,) = query(home, "select count(*) n from completion")
    assert calls["n"] == 3 * PROBLEMS  # a draft, a review and a fix each


def worker(home: Path, name: str) -> int | None:
    return next((pid for pid, words in processes(home).items() if f"-n {name}@" in words), None)


def running_calls(home: Path) -> bool:
    log = home / "logs" / "c.log"
    return log.exists() and "succeeded" in log.read_text()


def test_a_killed_draft_worker_loses_and_doubles_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with started(*scripted_sweep(tmp_path, PROBLEMS, 0.7, PATTERNS), home=home) as sweep:
        wait_for(lambda: running_calls(home))
        first = wait_for(lambda: worker(home, "c"))
        kill(first)
        second = wait_for(lambda: (pid := worker(home, "c")) != first and pid)
        wait_for(lambda: (home / "logs" / "c.log").read_text().count("ready.") >= 2)
        kill(second)
        kill(wait_for(lambda: worker(home, "Execution")))
        assert sweep.wait(timeout=200) == 0, (home / "output").read_text()
    assert_complete(home)
    assert processes(home) == {}


def test_ctrl_c_keeps_what_is_done_and_the_same_command_goes_on(tmp_path: Path) -> None:
    home = tmp_path / "home"
    words = scripted_sweep(tmp_path, PROBLEMS, 0.7, PATTERNS)
    with started(*words, home=home) as sweep:
        wait_for(lambda: running_calls(home))
        sweep.send_signal(signal.SIGINT)
        assert sweep.wait(timeout=60) == 130
        assert "the same command goes on where it stopped" in " ".join(
            (home / "output").read_text().split()
        )
    assert processes(home) == {}
    again = foureyes(*words, home=home)
    assert again.returncode == 0, again.stderr
    assert_complete(home)
    assert processes(home) == {}


def test_a_killed_stack_leaves_no_worker_and_the_next_goes_on(tmp_path: Path) -> None:
    home = tmp_path / "home"
    words = scripted_sweep(tmp_path, PROBLEMS, 0.7, PATTERNS)
    with started(*words, home=home) as sweep:
        wait_for(lambda: running_calls(home))
        kill(sweep.pid)
        sweep.wait()
        wait_for(
            lambda: all("foureyes.worker.main" not in words for words in processes(home).values())
        )
    again = foureyes(*words, home=home)
    assert again.returncode == 0, again.stderr
    assert_complete(home)
    assert processes(home) == {}


def test_a_second_run_reuses_everything_and_loads_no_model(tmp_path: Path) -> None:
    home = tmp_path / "home"
    words = scripted_sweep(tmp_path, 3, 0.0, PATTERNS)
    assert foureyes(*words, home=home).returncode == 0
    for log in (home / "logs").glob("*.log"):
        log.unlink()
    # another sweep by its name, with the same work: attempts of its own, and not one new call
    renamed = tmp_path / "sweep.toml"
    renamed.write_text(renamed.read_text().replace('name = "scripted"', 'name = "again"'))
    assert foureyes(*words, home=home).returncode == 0
    assert not (home / "logs" / "c.log").exists()
    assert query(home, "select count(*) n from attempt") == [{"n": 12}]
    assert query(home, "select count(*) n from completion") == [{"n": 9}]
    # and the very same sweep starts nothing at all
    same = foureyes(*words, home=home)
    assert "is done already" in same.stdout


def test_errors_are_shown_never_counted_and_retried_on_demand(tmp_path: Path) -> None:
    home = tmp_path / "home"
    words = scripted_sweep(tmp_path, 2, 0.0, ["raw-coder"])
    script = (tmp_path / "script.toml").read_text()
    (tmp_path / "script.toml").write_text(
        '[[rules]]\ncontains = ["(1)"]\nfails = "no power"\n' + script
    )
    for _ in range(2):  # the second has nothing to do, and yet not all is well
        first = foureyes(*words, home=home, FOUREYES_TRIES="1")
        assert first.returncode == 1, first.stderr
    assert "1 attempt ended in error" in " ".join(first.stdout.split())
    (score,) = query(home, "select n, solved, errors from v_scores")
    assert score == {"n": 1, "solved": 1, "errors": 1}
    (error,) = query(home, "select error from v_attempts where outcome = 'error'")
    assert error["error"] == "no power"
    (tmp_path / "script.toml").write_text(script)
    again = foureyes("retry", "scripted", "--wait", home=home)
    assert again.returncode == 0, again.stderr
    (score,) = query(home, "select n, solved, errors from v_scores")
    assert score == {"n": 2, "solved": 2, "errors": 0}


def test_reading_needs_no_workers(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert foureyes(*scripted_sweep(tmp_path, 1, 0.0, ["raw-coder"]), home=home).returncode == 0
    for words in (["report", "--json"], ["show", "1"], ["watch"]):
        made = foureyes(*words, home=home)
        assert made.returncode == 0, (words, made.stderr)
        assert made.stdout
        assert processes(home) == {}
