"""Judging a sweep anew, as a person does it: no model has a part in it, and whatever is killed, it goes on."""

import json
import shutil
from pathlib import Path

from tests.acceptance.test_faults import query
from tests.programs import foureyes, kill, processes, scripted_sweep, started, wait_for

PROBLEMS = 20
#: Right by the usual rules; by EvalPlus's there is no standard input. It takes a while.
PROGRAM = """[[rules]]
answer = '''
```python
import sys
import time
def f(x):
    time.sleep(0.2)
    sys.stdin.read()
    return x + 1
```
'''
"""
BY = ("--profile", "evalplus-0.3.1")


def judged(home: Path) -> bool:
    log = home / "logs" / "execution-worker.log"
    return log.exists() and log.read_text().count("succeeded") >= 2


def test_a_killed_regrade_goes_on_and_both_verdicts_are_told(tmp_path: Path) -> None:
    home = tmp_path / "home"
    words = scripted_sweep(tmp_path, PROBLEMS, 0.0, ["raw-coder"])
    (tmp_path / "script.toml").write_text(PROGRAM)
    assert foureyes(*words, home=home).returncode == 0
    shutil.rmtree(home / "logs")

    with started("regrade", "scripted", *BY, home=home) as regrade:
        wait_for(lambda: judged(home))
        kill(regrade.pid)
        regrade.wait()
        wait_for(
            lambda: all("foureyes.worker.main" not in words for words in processes(home).values())
        )
    ((half,),) = [row.values() for row in query(
        home, "select count(outcome_after) from v_regraded where profile = 'evalplus-0.3.1'"
    )]  # fmt: skip
    assert 0 < half < PROBLEMS, "this test is about what a kill leaves"

    made = foureyes("regrade", "scripted", *BY, "--json", home=home)
    assert made.returncode == 0, made.stderr
    found = json.loads(made.stdout)
    counts = {name: found[name] for name in ("programs", "judged", "same", "waiting", "errors")}
    none = dict.fromkeys(("same", "waiting", "errors"), 0)
    assert counts == {"programs": PROBLEMS, "judged": PROBLEMS} | none
    assert {(each["before"], each["after"]) for each in found["flips"]} == {("solved", "unsolved")}
    assert all(each["reason_after"] for each in found["flips"])
    (before,), (after,) = found["before"]["scores"], found["after"]["scores"]
    assert (before["pass_1"], after["pass_1"]) == (1.0, 0.0)
    # no model was started, nothing was judged twice, and what was said at first stands
    assert not list((home / "logs").glob("[cr].log"))
    (work,) = query(home, "select count(*) n, count(distinct key) k, min(state) s from execution")
    assert work == {"n": 2 * PROBLEMS, "k": 2 * PROBLEMS, "s": "done"}
    assert query(home, "select n, solved from v_scores") == [{"n": PROBLEMS, "solved": PROBLEMS}]
    report = foureyes("report", "scripted", home=home)
    assert "20 of 20 verdicts differ" in " ".join(report.stdout.split())

    same = foureyes("regrade", "scripted", home=home)  # by the judge of the time
    assert same.returncode == 0, same.stderr
    said = " ".join(same.stdout.split())
    assert "nothing to judge" in said and "20 verdicts are the same" in said
    assert processes(home) == {}
