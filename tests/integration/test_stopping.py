"""A sweep that stops must give up only what is decided, and only what nobody has begun."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from foureyes.models.session import session
from foureyes.producer.commands import sweeping
from foureyes.producer.sweeps.stopping import stop_decided
from foureyes.results import watch
from foureyes.results.figures.questions import SEQUENTIAL
from foureyes.results.figures.scoreboard import scoreboard
from foureyes.results.report import compare
from foureyes.results.web.app import create
from tests.integration.test_report import ended
from tests.sweeps import make_sweep

pytestmark = pytest.mark.usefixtures("database")


def states(run: int) -> str:
    with session() as db:
        found = db.execute(
            text("SELECT state FROM attempt WHERE run_id = :run ORDER BY id"), {"run": run}
        ).scalars()
        return "".join(state[0] for state in found)


def test_what_is_decided_is_started_no_more() -> None:
    """The baseline goes on for the pattern that is not, and then it ends as well."""
    plan = {"primary": ["debate > raw-coder", "retry > raw-coder"], "stop": "sequential"}
    sweep_id = make_sweep("raw-coder", "debate", "retry", problems=16, plan=plan)
    with session() as db:
        order = db.execute(
            text("SELECT problem_id FROM attempt WHERE run_id = 1 ORDER BY id")
        ).scalars()
        order = list(order)
        # one of each has been started
        db.execute(
            text("UPDATE attempt SET moved_at = now() WHERE problem_id = :p"), {"p": order[12]}
        )
    assert order != sorted(order)  # the benchmark's own order may go from easy to hard
    letters = ("000000000000----", "111111111111----", "010000000000----")
    for run, of in enumerate(letters, start=1):
        ended(run, *(of[order.index(problem)] for problem in sorted(order)))
    sweeping._stop(sweep_id)(watch.look(sweep_id))  # as whoever waits for the sweep does
    assert states(2) == "d" * 12 + "q" + "ccc"
    assert states(1) == states(3) == "d" * 12 + "q" * 4
    assert stop_decided(sweep_id) == 0
    found = scoreboard(sweep_id).comparisons
    assert (found[2].verdict, found[2].problems) == ("better", 12)
    with session() as db:
        db.execute(
            text("UPDATE attempt SET outcome = 'solved' WHERE run_id = 3 AND outcome IS NOT NULL")
        )
    assert stop_decided(sweep_id) == 6
    assert states(1) == states(3) == "d" * 12 + "q" + "ccc"


def test_whoever_compares_sees_the_test_that_may_be_looked_at() -> None:
    """Either way round, of runs that no claim is about too, and in the pages: McNemar's p-value of what
    was stopped because it looked good is too small."""
    plan = {"primary": ["debate > raw-coder"], "stop": "sequential"}
    sweep_id = make_sweep("raw-coder", "debate", "retry", problems=9, plan=plan)
    for run, letter in enumerate("010", start=1):
        ended(run, *letter * 9)
    in_report = scoreboard(sweep_id).comparisons[2]
    there, back = compare.find("1", "2").comparison, compare.find("2", "1").comparison
    assert there == in_report and there.verdict == "better"
    assert (back.test, back.p, back.p_holm, back.verdict) == (
        SEQUENTIAL, there.p, there.p_holm, "worse",
    )  # fmt: skip
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low))
    assert compare.find("2", "3").comparison.test == SEQUENTIAL
    with TestClient(create(), base_url="http://127.0.0.1") as pages:
        found = [pages.get(address).text for address in ("/runs/2", "/compare?baseline=1&run=2")]
    for shown in found:
        assert SEQUENTIAL in shown and f"{there.p:.3f}" in shown and "McNemar" not in shown
