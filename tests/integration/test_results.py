"""The views and the report are what users quote: shared work, errors and samples must count right."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from sqlalchemy import text

from foureyes.models.enums import Kind, Outcome, State, Status, Suite
from foureyes.models.errors import FoureyesError
from foureyes.models.session import session
from foureyes.models.tables import (
    Attempt,
    Completion,
    Execution,
    LanguageModel,
    Problem,
    Run,
    Step,
    Sweep,
)
from foureyes.results import query, transcript
from foureyes.results.figures import details
from foureyes.results.figures.scoreboard import scoreboard
from foureyes.results.report import page, sentences, terminal
from foureyes.results.sweeps import find_sweep
from foureyes.results.visible import visible
from tests.integration.test_advance import _revise, attempt_ids, run_to_the_end
from tests.sweeps import make_sweep, seat

pytestmark = pytest.mark.usefixtures("database")

HOSTILE = "<script>alert(1)</script> [red]x[/red] \x1b[31m \u202e"


@pytest.fixture
def sweep_id() -> int:
    """Two runs on four problems: problem 0 flips up, 1 flips down, 2 both solved, 3 has an error."""
    outcomes = {
        "raw-coder": ["unsolved", "solved", "solved", "solved"],
        "review-then-fix": ["solved", "unsolved", "solved", "error"],
    }
    with session() as db:
        told = {n: {"name": n, "engine": "scripted", "script": "x.toml"} for n in ("c", "r")}
        sweep = Sweep(key="k", name="mine", file={"models": told})
        models = [LanguageModel(name=name, settings={}, identity=name) for name in ("c", "r")]
        problems = [
            Problem(benchmark="b", problem_id=f"p/{n}", version="1", entry_point="f", record="{}")
            for n in range(4)
        ]
        db.add_all([sweep, *models, *problems])
        db.flush()
        drafts = []
        for problem in problems:
            draft = Completion(
                key=f"draft {problem.id}", model_id=models[0].id, kind=Kind.DRAFT, prompt="draft",
                prompt_hash="h", request={"messages": [{"role": "user", "content": HOSTILE}]},
                state=State.DONE, text=HOSTILE, prompt_tokens=10, completion_tokens=5, seconds=1.0,
            )  # fmt: skip
            db.add(draft)
            drafts.append(draft)
        db.flush()
        for position, (pattern, ended) in enumerate(outcomes.items()):
            run = Run(
                sweep_id=sweep.id, key=pattern, position=position, benchmark="b", pattern=pattern,
                options={}, pairing="c+r", samples=1,
            )  # fmt: skip
            db.add(run)
            db.flush()
            seat(db, run, coder=models[0], reviewer=models[1])
            for problem, draft, outcome in zip(problems, drafts, ended, strict=True):
                failed = outcome == "error"
                attempt = Attempt(
                    run_id=run.id, problem_id=problem.id, sample=0, outcome=Outcome(outcome),
                    state=State.ERROR if failed else State.DONE, error=HOSTILE if failed else None,
                )  # fmt: skip
                db.add(attempt)
                db.flush()
                db.add(
                    Step(
                        attempt_id=attempt.id,
                        position=0,
                        branch=0,
                        kind=Kind.DRAFT,
                        role="coder",
                        completion_id=draft.id,
                    )
                )
                if failed:
                    continue
                status = Status.PASS if outcome == "solved" else Status.FAIL
                judged = Execution(
                    key=f"{pattern} {problem.id}", problem_id=problem.id, suite=Suite.HIDDEN,
                    code="x", judge_version="1", state=State.DONE, base=Status.PASS, plus=status,
                    reason="" if outcome == "solved" else "wrong answer",
                    detail={"reason": "wrong answer", "got": HOSTILE},
                )  # fmt: skip
                db.add(judged)
                db.flush()
                db.add(
                    Step(
                        attempt_id=attempt.id,
                        position=1,
                        branch=0,
                        kind=Kind.JUDGE,
                        execution_id=judged.id,
                    )
                )
        return sweep.id


def rows(statement: str) -> list[tuple[object, ...]]:
    with session() as db:
        return [tuple(row) for row in db.execute(text(statement))]


def test_scores_leave_errors_out_and_count_shared_work_once(sweep_id: int) -> None:
    assert rows(
        "select pattern, n, solved, pass_1, base_solved, errors, completions, completion_tokens"
        " from v_scores order by pattern"
    ) == [
        ("raw-coder", 4, 3, 0.75, 4, 0, 4, 20),
        ("review-then-fix", 3, 2, pytest.approx(2 / 3), 3, 1, 4, 20),
    ]


def test_flips_are_pairs_that_both_ended(sweep_id: int) -> None:
    found = rows(
        "select problem_id, flip from v_flips where baseline = 'raw-coder' order by problem_id"
    )
    assert found == [("p/0", "improved"), ("p/1", "regressed")]


def test_attempts_say_how_they_ended_and_what_they_took(sweep_id: int) -> None:
    found = rows(
        "select pattern, outcome, base, plus, completions, prompt_tokens from v_attempts"
        " where problem_id in ('p/1', 'p/3') order by attempt_id"
    )
    assert found == [
        ("raw-coder", "solved", "pass", "pass", 1, 10),
        ("raw-coder", "solved", "pass", "pass", 1, 10),
        ("review-then-fix", "unsolved", "pass", "fail", 1, 10),
        ("review-then-fix", "error", None, None, 1, 10),
    ]


def test_progress_adds_up(sweep_id: int) -> None:
    found = rows(
        "select attempts, ended, unfinished, solved, errors from v_progress order by position"
    )
    assert found == [(4, 4, 0, 3, 0), (4, 4, 0, 2, 1)]


def test_a_run_costs_its_part_of_the_time_in_which_models_were_busy(sweep_id: int) -> None:
    """Four calls of a second each, two and two at the same time: two seconds, for either run."""
    with session() as db:
        told = {"engine": "scripted", "script": "x.toml"}
        models = {"c": told | {"price_per_hour": 3600}, "r": told | {"price_per_hour": 1}}
        file = json.dumps({"models": models})
        db.execute(text("UPDATE sweep SET file = file || CAST(:file AS jsonb)"), {"file": file})
        db.execute(
            text("UPDATE completion SET finished_at = now() - (id % 2) * interval '1 minute'")
        )
    found = rows(
        "SELECT pattern, n, solved, gpu_seconds, gpu_seconds_per_solved, price, price_per_solved"
        " FROM v_cost"
    )
    assert found == [
        ("raw-coder", 4, 3, 2.0, pytest.approx(2 / 3), 2.0, pytest.approx(2 / 3)),
        # the half second of the attempt that ended in error is part of what the run took, and of no more
        ("review-then-fix", 3, 2, 2.0, 0.75, 2.0, 0.75),
    ]
    board = scoreboard(sweep_id)
    assert [score.cost.price for score in board.scores] == [2.0, 2.0]
    said = "A solved problem costs 0.67 USD with raw-coder, and 0.75 USD with review-then-fix"
    assert any(line.startswith(said) for line in sentences.of_group(board, board.groups[0]))


def test_errors_are_counted_by_their_reason(sweep_id: int) -> None:
    assert rows("SELECT pattern, error, attempts FROM v_errors") == [
        ("review-then-fix", HOSTILE, 1)
    ]


def test_the_scoreboard_compares_pairs_and_says_when_there_is_no_evidence(sweep_id: int) -> None:
    board = scoreboard(sweep_id)
    (comparison,) = board.comparisons.values()
    assert (comparison.pairs, comparison.improved, comparison.regressed) == (3, 1, 1)
    assert comparison.p == 1.0
    assert "1 attempt ended in error" in " ".join(sentences.of_sweep(board))
    output = io.StringIO()
    terminal.render(board, Console(file=output, width=80))
    assert "No evidence of a difference between raw-coder and review-then-fix" in " ".join(
        output.getvalue().split()
    )
    assert "75% [30..95]" in output.getvalue()


def test_hostile_output_stays_text_in_the_page_and_in_the_terminal(
    sweep_id: int, tmp_path: Path
) -> None:
    with session() as db:
        db.execute(text("update run set pattern = :p where pattern = 'raw-coder'"), {"p": HOSTILE})
    board = scoreboard(sweep_id)
    page.write(board, details.read(board), tmp_path / "report.html")
    assert "<script>alert" not in (tmp_path / "report.html").read_text()
    output = io.StringIO()
    (attempt_id,) = rows("select attempt_id from v_attempts where outcome = 'error'")[0]
    transcript.show(int(str(attempt_id)), Console(file=output, width=80))
    shown = output.getvalue()
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "[red]x[/red]" in shown  # not taken for colours
    assert "\\u001b" in shown


def test_what_is_made_visible() -> None:
    assert visible("a\tb\nc\r\x00\u202e\ufeffé") == "a\tb\nc\\u000d\\u0000\\u202e\\ufeffé"


def test_sql_in_three_formats(sweep_id: int, capsys: pytest.CaptureFixture[str]) -> None:
    statement = "select problem_id, sample, 0.5::numeric as half from v_attempts order by 1 limit 1"
    query.run(statement, "json", Console())
    assert json.loads(capsys.readouterr().out) == [{"problem_id": "p/0", "sample": 0, "half": 0.5}]
    query.run(statement, "csv", Console())
    assert capsys.readouterr().out.splitlines() == ["problem_id,sample,half", "p/0,0,0.5"]
    query.run(statement, "table", Console())
    assert "1 row" in capsys.readouterr().out


def test_sql_that_python_says_otherwise(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    statement = """select true as yes, '{"a": [null, false]}'::jsonb as j, 'NaN'::float8 as nan,
        '-Infinity'::numeric as low"""
    query.run(statement, "json", Console())
    told = {"yes": True, "j": {"a": [None, False]}, "nan": None, "low": None}
    assert json.loads(capsys.readouterr().out) == [told]
    query.run(statement, "csv", Console())
    line = capsys.readouterr().out.splitlines()[1]
    assert line == 'true,"{""a"": [null, false]}",nan,-Infinity'
    query.run(statement, "table", Console())
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("true", '{"a": [null, false]}', "nan", "-Infinity"))


def test_rows_come_whole_and_to_the_last_digit(
    database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A float has 16 digits, an object one value of a name, and a result may have no row."""
    statement = """select 12345678901234567890.123 as n, 1 as n, '{"x": 0.1234567890123456789}'::jsonb as n_2
        from generate_series(1, %d) where %s"""
    query.run(statement % (2500, "true"), "json", Console())
    shown = capsys.readouterr().out
    assert [list(row) for row in json.loads(shown)] == [["n", "n_3", "n_2"]] * 2500
    first = '[{"n": 12345678901234567890.123, "n_3": 1, "n_2": {"x": 0.1234567890123456789}},'
    assert shown.startswith(first)
    query.run(statement % (2, "true"), "csv", Console())
    line = '12345678901234567890.123,1,"{""x"": 0.1234567890123456789}"\n'
    assert capsys.readouterr().out == f"n,n,n_2\n{line}{line}"
    for form, nothing in (("json", "[]\n"), ("csv", "n,n,n_2\n")):
        query.run(statement % (1, "false"), form, Console())
        assert capsys.readouterr().out == nothing


@pytest.mark.parametrize("terminal", [True, False])
def test_what_a_terminal_is_too_narrow_for_becomes_records(database: str, terminal: bool) -> None:
    """Else columns are cut or folded in a terminal; what goes to a pipe has the width that it needs."""
    output = io.StringIO()
    statement = "select 1 as id, repeat('wide ', 20) as what, E'two\nlines' as last"
    query.run(statement, "table", Console(file=output, width=60, force_terminal=terminal))
    lines = output.getvalue().splitlines()
    if terminal:
        assert lines[0] == "-[ 1 ]-"
        assert lines[1:5] == ["id   | 1", f"what | {'wide ' * 20}", "last | two", "     | lines"]
    else:
        assert {len(line) for line in lines[:-1]} == {len(lines[0])}
        assert "wide " * 20 in lines[3] and "two" in lines[3] and "lines" in lines[4]


def test_a_query_cannot_write(sweep_id: int) -> None:
    for statement in ("delete from sweep", "commit; delete from sweep"):
        with pytest.raises(FoureyesError):
            query.run(statement, "json", Console())
    assert rows("select count(*) from sweep") == [(1,)]


def test_a_sweep_is_found_by_name_by_id_and_by_being_the_latest(sweep_id: int) -> None:
    assert find_sweep(None).id == find_sweep("mine").id == find_sweep(str(sweep_id)).id == sweep_id
    for other in ("other", "2", "99999999999", "9" * 5000, "\u00b2"):
        with pytest.raises(FoureyesError, match=rf"no sweep '{other}'; the latest are 1 \(mine\)"):
            find_sweep(other)
    with session() as db:
        db.execute(text("update sweep set name = '2024'"))
    assert find_sweep("2024").id == sweep_id


def test_a_transcript_says_how_an_answer_ended_if_not_by_itself(sweep_id: int) -> None:
    """Else an answer that was cut off looks like a model that cannot write programs."""
    for reason in ("stop", "length", "refused", "prompt_too_long"):
        with session() as db:
            db.execute(text("UPDATE completion SET finish_reason = :r"), {"r": reason})
        output = io.StringIO()
        transcript.show(1, Console(file=output, width=80))
        assert (f"ended by: {reason}" in output.getvalue()) == (reason != "stop")


def transcript_of(attempt_id: int, **options: Any) -> str:
    output = io.StringIO()
    transcript.show(attempt_id, Console(file=output, width=80, **options))
    return output.getvalue()


@pytest.mark.usefixtures("database")
def test_a_transcript_says_the_specification_once_and_that_a_fix_changed_nothing() -> None:
    """Else a person reads it three times, and looks for a difference that there is not."""
    make_sweep("review-then-fix")
    run_to_the_end(_revise)
    (attempt_id,) = attempt_ids()
    told = transcript_of(attempt_id)
    assert told.count("Return x + 0.") == 1
    assert told.count("(the specification, as above)") == 3
    assert "nothing was changed" in told
    with session() as db:
        db.execute(text("UPDATE step SET code = code || '# more' WHERE kind = 'fix'"))
    again = transcript_of(attempt_id)
    assert "nothing was changed" not in again and "# more" in again


@pytest.mark.usefixtures("database")
def test_a_transcript_has_colours_in_a_terminal_and_whole_lines_in_a_pipe() -> None:
    make_sweep("raw-coder")
    long = f"x = {' + '.join(['1'] * 60)}"
    run_to_the_end(lambda row: f"Here:\n```python\ndef f(x):\n    {long}\n    return x\n```\nDone.")
    (attempt_id,) = attempt_ids()
    piped = transcript_of(attempt_id)
    assert f"    {long}\n" in piped and "\x1b" not in piped
    coloured = transcript_of(attempt_id, force_terminal=True, color_system="standard")
    assert "\x1b[" in coloured.split("Here:")[1].split("Done.")[0]
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == piped
