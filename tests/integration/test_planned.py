"""What a sweep is to show is kept as it was said: if one of these fails, somebody may look first and plan then."""

import gzip
import io
import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from rich.console import Console
from sqlalchemy import text
from sqlmodel import col, select

from foureyes.models.errors import FoureyesError
from foureyes.models.session import session
from foureyes.models.tables import EnqueuedPlan, Sweep
from foureyes.producer.archive import export_sweep, import_sweep
from foureyes.producer.commands import planning
from foureyes.producer.sweeps import enqueue, sweep
from foureyes.results.figures import details, earlier
from foureyes.results.figures.scoreboard import scoreboard
from foureyes.results.report import page, terminal
from foureyes.results.web.app import create
from tests.integration.test_report import ended
from tests.programs import SCRIPT
from tests.sweeps import make_grid

pytestmark = pytest.mark.usefixtures("database")

PATTERNS = ("raw-coder", "review-then-fix", "plan-then-code")
FIRST = {"primary": ["review-then-fix > raw-coder"]}
SECOND = {"primary": ["plan-then-code = raw-coder"], "equivalence": 5}


def planned(plan: dict[str, object] | None, problems: int = 8) -> int:
    return enqueue.enqueue(make_grid(*PATTERNS, problems=problems, plan=plan)).id


def kept() -> list[EnqueuedPlan]:
    with session() as db:
        return list(db.exec(select(EnqueuedPlan).order_by(col(EnqueuedPlan.id))))


def test_a_changed_plan_is_another_and_the_first_stays(tmp_path: Path) -> None:
    sweep_id = planned(FIRST)
    assert planned(FIRST) == sweep_id  # the same again goes on
    (first,) = kept()
    assert (first.ended, first.attempts) == (0, 24)
    ended(1, *"0" * 8)
    ended(2, *"1" * 8)
    grid = make_grid(*PATTERNS, problems=8, plan=SECOND)
    with session() as db:
        row = db.get_one(Sweep, sweep_id)
    told = enqueue.keep_plan(row, grid).said()
    assert told is not None and "another than that of" in told and "both are kept" in told
    assert [each.ended for each in kept()] == [0, 16]
    assert kept()[0].model_dump() == first.model_dump()
    assert first.hash != kept()[1].hash
    told = enqueue.keep_plan(row, make_grid(*PATTERNS, problems=8)).said()
    assert told is not None and "the file has no [plan]" in told
    assert len(kept()) == 2
    ended(3, *"0" * 8)

    board = scoreboard(sweep_id)
    output = io.StringIO()
    terminal.render(board, Console(file=output, width=100))
    said = " ".join(output.getvalue().split())
    assert "made before any attempt had ended" in said
    assert "made when 16 of 24 attempts had ended: it is no prediction" in said
    assert "review-then-fix > raw-coder mine +100.0" in said
    assert "Every other comparison is exploratory" in said
    page.write(board, details.read(board), tmp_path / "page.html")
    written = (tmp_path / "page.html").read_text()
    assert first.hash[:12] in written and kept()[1].hash[:12] in written
    assert written.count("(exploratory)") == 1  # plan-then-code, which only the second plan names
    with TestClient(create(None), base_url="http://127.0.0.1") as client:
        shown = client.get(f"/sweeps/{sweep_id}").text
        first_run = client.get("/runs/1").text
    assert "review-then-fix &gt; raw-coder" in shown
    assert "Made when 16 of 24 attempts had ended" in shown
    assert first_run.count("exploratory") == 1


def test_a_plan_that_somebody_changes_in_the_database_is_found_out(tmp_path: Path) -> None:
    sweep_id = planned(FIRST)
    archive = tmp_path / "archive"
    with archive.open("wb") as file, session() as db:
        export_sweep.write(db.get_one(Sweep, sweep_id), file)
    changed = json.dumps(SECOND | {"alpha": 0.05, "family": "sweep", "stop": "fixed"})
    with session() as db:
        db.execute(text("UPDATE plan SET content = CAST(:c AS jsonb)"), {"c": changed})
    (found,) = scoreboard(sweep_id).plans
    assert not found.is_whole and not found.is_ahead
    with session() as db:
        db.execute(text("""UPDATE plan SET content = '{"primary": []}'"""))
    with pytest.raises(FoureyesError, match="sweep 1: row 1 of the table plan was changed"):
        scoreboard(sweep_id)
    lines = [json.loads(line) for line in gzip.decompress(archive.read_bytes()).splitlines()]
    lines[1]["sweep"]["plans"][0]["content"] = json.loads(changed)
    archive.write_bytes(gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode()))
    with pytest.raises(FoureyesError, match="the key of this sweep is not that of its content"):
        import_sweep.read(archive)


FILE = """
name = "mine"
benchmarks = ["starter-lean"]
patterns = ["raw-coder", { name = "retry", retries = [1, 3] }]
[models.c]
engine = "scripted"
script = "c.toml"
price_per_hour = 2.0
[[teams]]
coder = "c"
reviewer = "c"

[plan]
primary = ["retry > raw-coder"]
"""


PLAN = """[plan]
primary = ["retry = raw-coder"]
benchmarks = "together"
equivalence = 5
stop = "sequential"
"""


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("retry > raw-coder", "retri > raw-coder",
         "line 14: plan.primary: 'retri > raw-coder': the sweep has no pattern 'retri'; did you mean 'retry'?"),
        ("retry > raw-coder", "retry raw-coder", "line 14: plan.primary: 'retry raw-coder' is no claim"),
        ("retry > raw-coder", "retry = raw-coder", "line 13: plan: 'retry = raw-coder' needs a margin"),
        ("[plan]", "[plan]\nalfa = 0.1", "line 14: unknown key 'plan.alfa'; did you mean 'alpha'?"),
        ("[plan]", "[plan]\nstop = true", "line 14: plan.stop: Input should be 'fixed' or 'sequential'"),
        ("[plan]", '[plan]\nequivalence = "3"', "line 14: plan.equivalence: Input should be a valid number"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_plan_is_one_line(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    (tmp_path / "c.toml").write_text(SCRIPT)
    path = tmp_path / "sweep.toml"
    path.write_text(FILE.replace(before, after))
    with pytest.raises(FoureyesError) as refused:
        sweep.load(path, 2)
    assert str(refused.value).startswith(f"{path}: {said}")


def test_a_file_says_what_it_can_show_and_what_more_would_cost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "c.toml").write_text(SCRIPT)
    path = tmp_path / "sweep.toml"
    path.write_text(FILE)
    without = tmp_path / "without.toml"
    without.write_text(FILE.partition("[plan]")[0])
    for file, level in (
        (path, "p < 0.05 (0.05 for 1 comparison)"),
        (without, "p < 0.025 (0.05 for 2"),
    ):
        planning.show_visible(sweep.load(file))
        said = " ".join(capsys.readouterr().out.split())
        assert level in said
        assert "5%, assumed none" in said
    two = without.read_text().replace('["starter-lean"]', '["starter-lean", "starter-rich"]')
    without.write_text(two)
    planning.show_visible(sweep.load(without))
    said = " ".join(capsys.readouterr().out.split())
    assert "starter-rich, 30 all as one, 30" in said  # the same problems in other words
    assert "p < 0.013 (0.05 for 4 comparisons) As one, at p < 0.025 (0.05 for 2" in said
    without.write_text(two + PLAN)
    planning.show_visible(sweep.load(without))
    said = " ".join(capsys.readouterr().out.split())
    assert "all as one, 30" in said and "starter-rich" not in said
    assert "takes more" in said and "sees less" in said
    planning.plan(path, 4.0, None)
    said = " ".join(capsys.readouterr().out.split())
    assert "calls tokens in out" in said
    assert "no speed is known" in said


def test_flips_of_earlier_runs_are_used_where_there_are_enough() -> None:
    planned(None, problems=60)
    ended(1, *"0" * 30, *"1" * 30)
    ended(2, *"1" * 15, *"0" * 15, *"1" * 30)
    asked = [(pattern, "raw-coder") for pattern in ("review-then-fix", "plan-then-code", "debate")]
    (found,) = earlier.flips(asked).items()  # of plan-then-code nothing has ended
    assert found[0] == ("review-then-fix", "raw-coder")
    assert found[1].pairs == 60
    assert found[1].share == pytest.approx(15.5 / 61)
