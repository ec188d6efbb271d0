"""The report is what gets sent to a colleague: it must be true, whole, and say what it does not know."""

import csv
import io
import json
import re
import sys
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from rich.console import Console
from sqlalchemy import text

from foureyes.models import llm
from foureyes.models.session import session
from foureyes.models.settings import settings
from foureyes.models.tables import LanguageModel, Sweep
from foureyes.producer import cli
from foureyes.results.figures import details
from foureyes.results.figures.scoreboard import scoreboard
from foureyes.results.report import formats, page, terminal
from foureyes.results.sweeps import find_sweep
from tests.integration.test_advance import make_sweep
from tests.programs import ROOT

pytestmark = pytest.mark.usefixtures("database")

HOSTILE = "<script>alert(1)</script> $x$ | \x1b[31m \u202e"
_STATES = {"1": "solved", "b": "unsolved", "0": "unsolved", "f": "unsolved", "e": "error"}


def ended(run_id: int, *letters: str) -> None:
    """End a run's attempts: a word for each problem, in it a letter for each sample."""
    with session() as db:
        attempts = db.execute(
            text(
                "SELECT id, problem_id FROM attempt WHERE run_id = :r ORDER BY problem_id, sample"
            ),
            {"r": run_id},
        ).all()
        for (attempt, problem), letter in zip(attempts, "".join(letters), strict=True):
            if letter == "-":
                continue
            outcome = _STATES[letter]
            row = {"a": attempt, "p": problem, "o": outcome, "key": f"{attempt}"}
            row |= {"state": "error" if outcome == "error" else "done", "s": outcome == "solved"}
            row |= {"base": "pass" if letter in "1b" else "fail"}
            row |= {"plus": "pass" if letter == "1" else "fail"}
            row |= {"reason": "forged" if letter == "f" else None}
            db.execute(
                text("UPDATE attempt SET state = :state, outcome = :o, error = 'no GPU',"
                     " finished_at = now() WHERE id = :a"), row,
            )  # fmt: skip
            if outcome == "error":
                continue
            db.execute(
                text("""
                WITH judged AS (
                    INSERT INTO execution (key, state, tries, send_again_at, created_at, problem_id,
                        suite, code, judge_version, level, detail, base, plus, reason)
                    VALUES (:key, 'done', 1, now(), now(), :p, 'hidden', 'x', '7', 'A',
                        '{"profile": "default"}', :base, :plus, :reason)
                    RETURNING id
                )
                INSERT INTO step (attempt_id, position, branch, kind, execution_id, created_at)
                SELECT :a, 9, 0, 'judge', id, now() FROM judged"""),
                row,
            )


#: A model call for every attempt; those of the second run are reviews of programs that run 1 wrote.
_CALLS = """
INSERT INTO completion (key, state, tries, send_again_at, created_at, finished_at, model_id, kind,
    prompt, prompt_hash, request, text, prompt_tokens, completion_tokens, seconds)
SELECT 'call ' || id, 'done', 1, now(), now(), now(), run_id,
    CASE run_id WHEN 1 THEN 'draft' ELSE 'review' END, 'draft', 'hash', '{}', '', 90, 30 * run_id, 1
FROM attempt WHERE run_id <= 2;
INSERT INTO step (attempt_id, position, branch, kind, role, verdict, completion_id, created_at)
SELECT attempt.id, 2, 0, completion.kind,
    CASE run_id WHEN 1 THEN 'coder' ELSE 'reviewer' END,
    CASE run_id WHEN 2 THEN 'revise' END, completion.id, now()
FROM attempt JOIN completion ON completion.key = 'call ' || attempt.id;
INSERT INTO step (attempt_id, position, branch, kind, role, code, completion_id, created_at)
SELECT attempt.id, 1, 0, 'draft', 'coder', 'x', completion.id, now()
FROM attempt JOIN completion ON completion.key = 'call ' || attempt.id WHERE run_id = 2
"""


def two_runs(lean: bool = False) -> int:
    """Four problems: one improved, one regressed, one solved by both, one missing by an error."""
    sweep_id = make_sweep("raw-coder", "review-then-fix", problems=4, lean=lean)
    ended(1, "0", "1", "1", "b")
    ended(2, "1", "0", "1", "e")
    with session() as db:
        for statement in _CALLS.split(";"):
            db.execute(text(statement))
    return sweep_id


def end_calls() -> None:
    """The drafts were cut off, one of them within its thoughts; the reviews were not."""
    with session() as db:
        db.execute(text("""
            UPDATE completion SET
                finish_reason = CASE model_id WHEN 1 THEN 'length' ELSE 'stop' END,
                text = CASE id WHEN 1 THEN '<think>so' ELSE 'an answer' END"""))  # fmt: skip


def shown(sweep_id: int, **size: int) -> str:
    output = io.StringIO()
    terminal.render(scoreboard(sweep_id), Console(file=output, width=size.get("width", 80)))
    return output.getvalue()


def written(sweep_id: int, path: Path) -> str:
    board = scoreboard(sweep_id)
    page.write(board, details.read(board), path)
    return path.read_text(encoding="utf-8")


def command(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """Run the command line; its exit code."""
    monkeypatch.setattr(sys, "argv", ["foureyes", *words])
    try:
        cli.main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def test_a_reviewer_s_figures_stand_beside_how_it_was_asked_and_choices_beside_their_place(
    tmp_path: Path,
) -> None:
    """Else a wording that decides the verdict would pass for a reviewer that cannot tell."""
    sweep_id = make_sweep("raw-coder", {"name": "debate", "verdict": "trace"}, problems=4)
    ended(1, "0", "1", "1", "1")
    ended(2, "1", "1", "1", "1")
    with session() as db:
        for statement in _CALLS.split(";"):
            db.execute(text(statement))
        # the third and the fourth are choices
        db.execute(text("""
            UPDATE step SET verdict = CASE attempt.problem_id % 2 WHEN 0 THEN 'A' ELSE 'B' END
            FROM attempt WHERE attempt.id = step.attempt_id AND attempt.run_id = 2
                AND step.kind = 'review' AND attempt.problem_id > 2"""))  # fmt: skip
        db.execute(text("""
            UPDATE completion SET prompt = 'choose' FROM step
            WHERE step.completion_id = completion.id AND step.verdict IN ('A', 'B')"""))  # fmt: skip
    page = " ".join(written(sweep_id, tmp_path / "r.html").split())
    assert '<td>debate(verdict=trace)<td class="wide">default, trace, json<td' in page
    assert "Choices between two programs" in page
    choices = (
        '<td>debate(verdict=trace)<td class="n">2<td class="n">1<td class="n">1<td class="n">0'
    )
    assert f'{choices}<td class="n">50% [9..91]' in page
    board = scoreboard(sweep_id)
    told = json.loads(formats.to_json(board, details.read(board)))
    (reviewer,) = told["reviewers"]
    assert reviewer["wording"] == "default, trace, json"
    assert len(reviewer["youden"]) == 3
    (chosen,) = told["choices"]
    assert (chosen["asked"], chosen["first_chosen"], chosen["second_chosen"]) == (2, 1, 1)


@pytest.mark.parametrize("samples", [1, 3])
def test_the_report_and_the_views_count_the_same(samples: int) -> None:
    """Whoever checks a report by SQL must find its numbers."""
    sweep_id = make_sweep("raw-coder", "review-then-fix", problems=4, samples=samples)
    ended(1, *["01b", "110", "1e1", "b00"][:4] if samples == 3 else ["0", "1", "1", "b"])
    ended(2, *["111", "100", "1-1", "e0b"][:4] if samples == 3 else ["1", "0", "1", "e"])
    board = scoreboard(sweep_id)
    with session() as db:
        scores = db.execute(text("SELECT * FROM v_scores ORDER BY run_id")).mappings().all()
        at_k = db.execute(text("SELECT * FROM v_pass_at_k ORDER BY run_id, k")).mappings().all()
        (pair,) = db.execute(
            text("SELECT * FROM v_compare WHERE baseline_run_id = 1 AND run_id = 2")
        ).mappings()
    for ours, theirs in zip(board.scores, scores, strict=True):
        for name in ("n", "solved", "problems", "errors", "unfinished", "cancelled"):
            assert getattr(ours, name) == theirs[name], name
        assert ours.pass_1 == pytest.approx(theirs["pass_1"])
        assert ours.base_pass_1 == pytest.approx(theirs["base_pass_1"])
        if samples == 1:
            assert (ours.low, ours.high) == pytest.approx((theirs["low"], theirs["high"]))
    ours_at_k = [
        (score.run_id, each.k, each.problems, each.share, each.base)
        for score in board.scores
        for each in score.pass_at
    ]
    if samples > 1:
        theirs_at_k = [
            (row["run_id"], row["k"], row["problems"], row["plus"], row["base"]) for row in at_k
        ]
        assert ours_at_k == [pytest.approx(row) for row in theirs_at_k]
    found = board.comparisons[2]
    for name in ("pairs", "improved", "regressed", "both_solved", "neither_solved", "missing"):
        assert getattr(found, name) == pair[name], name
    flipped = details.read(board).flips[2]
    assert sum(flip.improved for flip in flipped) == found.improved
    assert sum(flip.regressed for flip in flipped) == found.regressed


def test_thirteen_patterns_fit_a_screen() -> None:
    names = tomllib.loads((ROOT / "sweeps" / "catalogue.toml").read_text())["patterns"][:13]
    sweep_id = make_sweep(*names, problems=9)
    for number in range(1, len(names) + 1):
        ended(number, *["1" * 9, "110110110", "e11000111"][number % 3])
    lines = shown(sweep_id).splitlines()
    assert len(lines) <= 38  # and the path of the page, and the prompt
    assert max(map(len, lines)) <= 80
    rows = [line for line in lines if re.search(r"\[[+-]\d+\.\.\+\d+\]", line)]
    assert len(rows) == len(names) - 1  # each on one line
    assert "no evidence of a difference" in " ".join(lines).lower()


def test_what_is_missing_is_said_first() -> None:
    """Figures of a sweep that still runs are of its easy problems, as those end first."""
    sweep_id = make_sweep("raw-coder", "debate", problems=4)
    ended(1, "1", "e", "1", "0")
    ended(2, "1", "-", "-", "-")
    said = " ".join(shown(sweep_id).split())
    assert "Still running: 3 of 8 attempts have not ended, in 1 run" in said
    assert "most of them by debate on mine (3)" in said
    assert "1 attempt ended in error" in said and "no GPU" in said
    assert "missing, not judged on both sides: debate 3" in said


def test_a_forged_verdict_is_shown_and_counts_as_not_solved(tmp_path: Path) -> None:
    sweep_id = make_sweep("raw-coder", "debate", problems=2, samples=2)
    ended(1, "1f", "00")
    ended(2, "11", "10")
    board = scoreboard(sweep_id)
    (problem, _) = board.outcomes[1]
    assert board.forgeries == {1: {problem: frozenset({1})}}
    assert (board.scores[0].solved, board.scores[0].n) == (1, 4)
    assert "1 attempt is forged: the program spoke in the judge's place." in " ".join(
        shown(sweep_id).split()
    )
    assert "1 of 2 solved, 1 forged" in written(sweep_id, tmp_path / "r.html")
    found = json.loads(formats.to_json(board, details.read(board)))
    assert found["scores"][0]["forged"] == 1 and found["scores"][1]["forged"] == 0
    assert found["grid"][0]["outcomes"] == {"1": ["solved", "forged"], "2": ["solved", "solved"]}


def test_what_a_server_said_is_all_there(tmp_path: Path) -> None:
    """Else what to do about it is what was cut off."""
    sweep_id = two_runs()
    words = "400: " + "this many tokens are too many, " * 20 + "so lower max_tokens"
    with session() as db:
        db.execute(text("UPDATE attempt SET error = :e WHERE outcome = 'error'"), {"e": words})
    assert words in written(sweep_id, tmp_path / "long.html")
    assert "v_errors has all of it" in " ".join(shown(sweep_id).split())
    with session() as db:
        db.execute(
            text("UPDATE attempt SET error = :e WHERE outcome = 'error'"), {"e": words[-400:]}
        )
    assert words[-400:] in " ".join(shown(sweep_id).split())


def test_how_answers_ended_is_told_with_what_to_do(tmp_path: Path) -> None:
    sweep_id = two_runs()
    assert "How answers ended" not in written(sweep_id, tmp_path / "before.html")
    end_calls()
    said = " ".join(shown(sweep_id).split())
    assert (
        "4 of 8 answers of c were cut off (finish reason length; draft 4 of 4), 1 of them within"
        in said
    )
    page = written(sweep_id, tmp_path / "after.html")
    assert "How answers ended" in page and "<td>length" in page


def test_with_several_samples_problems_are_the_units() -> None:
    sweep_id = make_sweep("raw-coder", "debate", problems=3, samples=4)
    ended(1, "1100", "0000", "1000")
    ended(2, "1111", "0001", "1000")
    said = shown(sweep_id)
    assert "3 problems x 4 samples" in said and "pass@4" in said
    assert scoreboard(sweep_id).comparisons[2].test == "exact sign flip over problems"


class _Checker(HTMLParser):
    """Collects what a page refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "id" in given and tag not in ("path", "clippath"):  # markers are shared on purpose
            self.ids.append(given["id"])
        if tag == "a":
            self.links.append(given["href"])
        self.fetched += [given[name] for name in ("src", "data", "srcset") if name in given]
        if tag in ("link", "iframe"):
            self.fetched.append(tag)


def test_the_page_is_whole_and_needs_nothing_else(tmp_path: Path) -> None:
    made = written(two_runs(), tmp_path / "r.html")
    checker = _Checker()
    checker.feed(made)
    assert checker.fetched == []
    assert "://" not in made and "url(h" not in made
    assert len(checker.ids) == len(set(checker.ids))
    assert checker.links and all(link[1:] in checker.ids for link in checker.links)
    for wanted in (
        "no evidence of a difference", "foureyes show 2", "/attempts/", "Pareto", "Richness",
        "profile default, level A", "To make it again", "prompt draft", "Changes asked for",
    ):  # fmt: skip
        assert wanted in made, wanted
    assert made.count('<svg role="img" aria-label="pass@1') == 1


def test_the_same_results_are_the_same_bytes(tmp_path: Path) -> None:
    sweep_id = two_runs()
    assert written(sweep_id, tmp_path / "a.html") == written(sweep_id, tmp_path / "b.html")


def test_without_matplotlib_the_page_says_how_to_get_charts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    made = written(two_runs(), tmp_path / "r.html")
    assert "pip install &#39;foureyes[report]&#39;" in made
    assert "<figure>" not in made and "no evidence of a difference" in made


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    sweep_id = two_runs(lean=True)
    ended(3, "1111")
    ended(4, "0000")
    with session() as db:
        db.execute(text("UPDATE run SET pattern = :p WHERE id IN (2, 4)"), {"p": HOSTILE})
        db.execute(
            text(
                "UPDATE run SET pairing = CAST(:p AS text), benchmark = benchmark || CAST(:p AS text)"
            ),
            {"p": HOSTILE},
        )
        db.execute(text("UPDATE completion SET engine = :p"), {"p": HOSTILE})
        db.execute(text("UPDATE problem SET problem_id = :p || problem_id"), {"p": HOSTILE})
        db.execute(text("UPDATE attempt SET error = :p WHERE outcome = 'error'"), {"p": HOSTILE})
    made = written(sweep_id, tmp_path / "r.html")
    assert "The same problems in other words" in made and "answered by" in made
    assert made.count("<script") == 1  # our own
    for harmful in ("<script>alert", "\x1b", "\u202e"):
        assert harmful not in made
    for harmful in ("<script", "\x1b", "\u202e"):
        assert harmful not in shown(sweep_id).replace("<script>", "")
    assert "<script" not in formats.to_markdown(scoreboard(sweep_id)).replace("\\<script", "")


def test_json_csv_and_markdown_hold_the_numbers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    two_runs()
    end_calls()
    page = tmp_path / "r.html"
    for _ in range(2):  # its own output is replaced
        # 1, for an attempt ended in error: whoever runs it in a script must see that
        assert command(monkeypatch, "report", "--json", "--output", str(page)) == 1
        found = json.loads(capsys.readouterr().out)
        assert page.exists()
    assert [score["solved"] for score in found["scores"]] == [2, 2]
    assert found["comparisons"][0]["verdict"] == "no evidence of a difference"
    assert found["failures"] == [{"error": "no GPU", "attempts": 1}]
    assert found["endings"] == [
        {"model": "c", "kind": kind, "finish_reason": end, "calls": 4, "only_thoughts": thoughts}
        for kind, end, thoughts in (("draft", "length", 1), ("review", "stop", 0))
    ]
    assert found["grid"][3]["outcomes"] == {"1": ["unsolved"], "2": ["error"]}
    assert found["origin"]["judges"][0]["profile"] == "default"
    assert command(monkeypatch, "report", "test", "--csv") == 1
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["pattern"], row["n"], row["versus_pairs"]) for row in rows] == [
        ("raw-coder", "4", ""),
        ("review-then-fix", "3", "3"),
    ]
    assert command(monkeypatch, "report", "--markdown", "--baseline", "review-then-fix") == 1
    assert "| raw-coder | 2/4 | 50% [15..85] | 75% | +0.0" in capsys.readouterr().out


def test_the_same_problems_in_other_words_are_shown_side_by_side(tmp_path: Path) -> None:
    """By the report, and by the view that SQL asks."""
    sweep_id = make_sweep("raw-coder", "review-then-fix", problems=4, lean=True)
    with session() as db:
        runs = (
            db.execute(text("SELECT id FROM run ORDER BY benchmark DESC, pattern")).scalars().all()
        )
    for run, letters in zip(runs, ("1100", "1110", "1000", "10b0"), strict=True):
        ended(run, *letters)
    assert (
        "Of 4 pairs, 1 is solved only as mine has them and 0 only as lean does, 1 as both do"
        in " ".join(shown(sweep_id).split())
    )
    made = written(sweep_id, tmp_path / "r.html")
    table = made.split("<h4>mine beside lean, c+r</h4>")[1].split("</table>")[0]
    rows = re.findall(r"<tr><td>([\w-]+)<td[^>]*>(\d/\d)<td[^>]*>(\d/\d)", table)
    assert rows == [("raw-coder", "2/4", "1/4"), ("review-then-fix", "3/4", "1/4")]
    found = json.loads(formats.to_json(scoreboard(sweep_id), details.read(scoreboard(sweep_id))))
    assert [each["comparison"]["improved"] for each in found["wordings"]] == [1, 2]
    assert found["wordings"][0]["gains"] is None
    gains = found["wordings"][1]["gains"]
    assert (gains["first"], gains["second"], gains["more"]) == (0.25, 0.0, 0.25)
    with session() as db:
        ((rich, lean, base, lean_base),) = db.execute(text("""
            SELECT count(*) FILTER (WHERE solved), count(*) FILTER (WHERE leaner_solved),
                count(*) FILTER (WHERE baseline_solved), count(*) FILTER (WHERE leaner_baseline_solved)
            FROM v_moderator WHERE leaner_benchmark = 'lean'"""))  # fmt: skip
    assert (rich, lean, base, lean_base) == (3, 1, 2, 1)


def test_the_page_says_which_engine_answered(tmp_path: Path) -> None:
    """Also that it was not recorded, as in sweeps of before."""
    sweep_id = two_runs()
    with session() as db:
        db.execute(text("UPDATE completion SET engine = 'vllm 0.33.0' WHERE id % 2 = 0"))
    made = written(sweep_id, tmp_path / "r.html")
    told = re.findall(r"<tr><td>(\w), answered by<td[^>]*>(\d+) calls<td[^>]*>([^<\n]+)", made)
    assert told == [
        (name, "2", engine)
        for name in "cr"
        for engine in ("vllm 0.33.0", "from before this was recorded")
    ]


def test_an_engine_stands_under_the_name_that_the_sweeps_own_file_has() -> None:
    """Another sweep may have asked first, and call the same model otherwise."""
    sweep_id = two_runs()
    with session() as db:
        mine = llm.read(db.get_one(Sweep, sweep_id).file["models"]["c"]).identity()
        db.add(other := LanguageModel(name="elsewhere", settings={}, identity="x"))
        db.flush()
        db.execute(
            text("UPDATE completion SET model_id = :other, request = :asked WHERE model_id = 1"),
            {"other": other.id, "asked": json.dumps({"model": mine})},
        )
    engines = details.read(scoreboard(sweep_id)).origin.engines
    assert [(each.model, each.calls) for each in engines] == [("c", 4), ("r", 4)]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["report", "nothing"], "there is no sweep 'nothing'; the latest are 1 (test)"),
        (["report", "--baseline", "raw-codr"], "no pattern 'raw-codr' for a baseline; did you mean 'raw-coder'?"),
        (["report", "--json", "--csv"], "one format at a time, not --json and --csv"),
        (["report", "--output", "/proc/no/r.html"], "/proc/no/r.html: there is no folder /proc/no"),
        (["compare", "1", "9"], "there is no run 9; the latest is 2"),
        (["compare", "1", "1"], "both are run 1 (test:raw-coder:mine:c+r): nothing to compare"),
        (["compare", "test:raw-codr", "2"], "sweep 1 has no pattern 'raw-codr'; did you mean 'raw-coder'?"),
        (["compare", "test:raw-coder:yours", "2"], "sweep 1 has no benchmark 'yours'; did you mean 'mine'?"),
        (["compare", "test", "2"], "'test' is no run: give its id, or SWEEP:PATTERN[:BENCHMARK[:TEAM]]"),
        (["compare", "other:raw-coder", "2"], "there is no sweep 'other'"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    says: str,
) -> None:
    make_sweep("raw-coder", "review-then-fix")
    assert command(monkeypatch, *words) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert says in said
    assert "Traceback" not in said


def test_a_sweep_without_attempts_is_said_to_have_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_sweep("raw-coder")
    with session() as db:
        db.execute(text("DELETE FROM attempt"))
    assert command(monkeypatch, "report") == 2
    assert "sweep 1 (test) has no attempts" in " ".join(capsys.readouterr().err.split())


def test_runs_of_two_sweeps_are_compared_on_the_problems_both_have(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_sweep("raw-coder", problems=4, name="old")
    make_sweep("debate", problems=3, name="new", fresh="again")
    ended(1, "0", "0", "1", "1")
    ended(2, "1", "e", "1")
    assert command(monkeypatch, "compare", "old:raw-coder", "new:debate") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Compared on the 3 problems that both have: 1 more is only in A, 0 only in B." in said
    assert "not judged on both sides: 1 of 3" in said
    assert "No evidence of a difference: +50.0" in said
    assert "improved foureyes show 1 foureyes show 5" in said
    assert command(monkeypatch, "compare", "1", "2", "--json") == 0
    assert json.loads(capsys.readouterr().out)["comparison"]["improved"] == 1


def test_compare_says_what_the_report_says(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Six gains alone are evidence, and among three such questions they are none: for both."""
    make_sweep("raw-coder", "debate", "self-review", "raw-reviewer", problems=8)
    for number in range(1, 5):
        ended(number, "00" + ("0" if number == 1 else "1") * 6)
    board = scoreboard(1)
    assert {each.verdict for each in board.comparisons.values()} == {"no evidence of a difference"}
    told = "By itself debate, self-review or raw-reviewer would be evidence, as its interval says"
    assert told in " ".join(shown(1).split())
    for first, second in (("1", "2"), ("2", "1")):
        assert command(monkeypatch, "compare", first, second) == 0
        said = " ".join(capsys.readouterr().out.split())
        assert "No evidence of a difference" in said and "better" not in said
        assert "p = 0.031; p = 0.094 as one of the report's 3 comparisons" in said
    assert command(monkeypatch, "compare", "1", "2", "--json") == 0
    found = json.loads(capsys.readouterr().out)["comparison"]
    ours = board.comparisons[2]
    assert (found["p"], found["p_holm"], found["detectable"]) == (
        ours.p,
        ours.p_holm,
        ours.detectable,
    )


def test_what_only_another_baseline_would_compare_is_in_no_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else the verdict is another if the two are named the other way round."""
    make_sweep("raw-coder", "debate", "self-review", "raw-reviewer", problems=8)
    for number, letters in enumerate(("11000000", "00000000", "11111100", "11000000"), start=1):
        ended(number, letters)
    for first, second, word in (("2", "3", "better"), ("3", "2", "worse")):
        assert command(monkeypatch, "compare", first, second) == 0
        said = " ".join(capsys.readouterr().out.split())
        assert f"B is {word}" in said
        assert "p = 0.031; not corrected for what else was compared" in said


def test_a_comparison_of_no_report_is_said_to_be_uncorrected(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_sweep("raw-coder", problems=8, name="old")
    make_sweep("debate", problems=8, name="new", fresh="again")
    ended(1, "00000000")
    ended(2, "11111111")
    assert command(monkeypatch, "compare", "1", "2") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "B is better" in said and "p = 0.008; not corrected for what else was compared" in said
    assert command(monkeypatch, "compare", "1", "2", "--json") == 0
    assert json.loads(capsys.readouterr().out)["comparison"]["p_holm"] is None


def test_runs_without_a_common_problem_are_not_compared(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_sweep("raw-coder", problems=1)
    make_sweep("debate", problems=2, name="new")
    with session() as db:
        db.execute(text("DELETE FROM attempt WHERE run_id = 2 AND problem_id = 1"))
    assert command(monkeypatch, "compare", "1", "2") == 2
    assert "have no problem in common" in " ".join(capsys.readouterr().err.split())


def test_the_page_is_readable_on_a_phone_and_in_the_dark(tmp_path: Path, browser: Browser) -> None:
    written(two_runs(), tmp_path / "r.html")
    seen = {}
    for scheme in ("light", "dark"):
        tab = browser.new_page(viewport={"width": 400, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
        tab.goto(f"file://{tmp_path}/r.html")
        assert tab.evaluate("document.documentElement.scrollWidth") == 400
        sizes = tab.evaluate(
            "[...document.querySelectorAll('figure text')]"
            ".map(text => text.getBoundingClientRect().height)"
        )
        assert min(sizes) > 9  # pixels
        label = "getComputedStyle(document.querySelector('figure text')).fill"
        seen[scheme] = (
            tab.evaluate(label),
            tab.evaluate("getComputedStyle(document.body).backgroundColor"),
        )
        tab.close()
    assert seen["light"][0] != seen["dark"][0] and seen["light"][1] != seen["dark"][1]


def test_exit_codes_tell_whether_attempts_ended_in_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    make_sweep("raw-coder", problems=2)
    monkeypatch.setenv("FOUREYES_HOME", str(tmp_path / "home"))
    settings.cache_clear()
    for letters, code in (("-0", 0), ("e-", 1)):
        ended(1, letters)
        if not code:  # the other one is at work no longer
            with session() as db:
                db.execute(text("UPDATE attempt SET state = 'cancelled' WHERE outcome IS NULL"))
        for words in (["report"], ["watch"], ["report", "--csv"]):
            assert command(monkeypatch, *words) == code, words


def test_a_number_that_is_an_id_and_a_name_is_asked_about(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else `prune 1` removes another sweep than the one that is called 1."""
    first = make_sweep("raw-coder", problems=1)
    with session() as db:
        db.execute(
            text(
                "INSERT INTO sweep (key, name, file, created_at)"
                " SELECT 'another', :name, file, now() FROM sweep"
            ),
            {"name": str(first)},
        )
    for words in (
        ["prune", "1", "--yes"],
        ["cancel", "1"],
        ["report", "1"],
        ["retry", "1"],
        ["regrade", "1"],
    ):
        assert command(monkeypatch, *words) == 2, words
        said = " ".join(capsys.readouterr().err.split())
        assert "is the id of sweep 1 (test) and the name of sweep 2: say id=1 or id=2" in said
    assert find_sweep("id=1").name == "test"
    assert find_sweep("id=2").name == "1"
    assert command(monkeypatch, "prune", "id=2", "--yes") == 0
    assert find_sweep("1").id == 1
