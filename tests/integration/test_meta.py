"""Sweeps joined into one must count a problem once, and say what of them is a copy."""

import io
import json
from fractions import Fraction

import pytest
from rich.console import Console
from sqlalchemy import text

from foureyes.models.session import session
from foureyes.results.figures.paired import difference_interval, mcnemar_exact, sign_flip
from foureyes.results.report import meta
from tests.integration.test_report import command, ended
from tests.sweeps import make_sweep

pytestmark = pytest.mark.usefixtures("database")


def sweeps(*words: tuple[str, str]) -> None:
    """Sweeps of eight problems with other seeds: what raw-coder and debate came to in each."""
    for number, (raw, debate) in enumerate(words):
        name = f"s{number}"
        make_sweep("raw-coder", "debate", problems=8, name=name, fresh=name)
        ended(2 * number + 1, *raw)
        ended(2 * number + 2, *debate)


def test_what_no_sweep_shows_alone_they_may_show_together(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Gains on four problems here and on four others there: problems are the units, not sweeps."""
    sweeps(("00001111", "11111111"), ("11110000", "11111111"))
    assert command(monkeypatch, "meta", "s0", "s1", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    (row,) = found["rows"]
    assert (row["pattern"], row["benchmark"], found["together"]) == ("debate", "mine", [])
    joined = row["comparison"]
    halves = [Fraction(1, 2)] * 8
    assert (joined["problems"], joined["pairs"], joined["difference"]) == (8, 16, 0.5)
    assert joined["p"] == pytest.approx(sign_flip(halves)) and joined["verdict"] == "better"
    assert (joined["low"], joined["high"]) == pytest.approx(difference_interval(halves))
    assert [row["apart"][sweep]["p"] for sweep in "12"] == [mcnemar_exact(4, 0)] * 2
    assert command(monkeypatch, "meta", "1", "2") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "sweep 1: s0 sweep 2: s1 mine, c+r" in said
    assert "Better than raw-coder: debate on mine." in said


def test_the_same_sweep_again_shows_no_more_than_once() -> None:
    sweeps(*[("00000111", "11111101")] * 3)
    found = meta.find(["s0", "s1", "s2"], None)
    (row,) = found.rows
    alone = row.apart[1]
    for name in ("problems", "differing", "p", "difference", "low", "high", "verdict"):
        assert getattr(row.comparison, name) == pytest.approx(getattr(alone, name)), name
    assert row.comparison.pairs == 24


def test_wordings_and_sweeps_are_one_for_all_benchmarks_together() -> None:
    for name in ("s0", "s1"):
        make_sweep("raw-coder", "debate", problems=6, name=name, fresh=name, lean=True)
    with session() as db:
        runs = db.execute(text("SELECT id, pattern FROM run ORDER BY id")).all()
    for run, pattern in runs:
        ended(run, *("000000" if pattern == "raw-coder" else "111110"))
    found = meta.find(["s0", "s1"], None)
    assert [row.benchmark for row in found.rows] == ["mine", "lean"]
    (row,) = found.together
    assert (row.comparison.problems, row.comparison.differing, row.comparison.pairs) == (6, 5, 24)
    output = io.StringIO()
    meta.render(found, Console(file=output, width=100))
    assert "all benchmarks together, c+r" in output.getvalue()
    assert "All benchmarks together: no evidence of a difference between" in output.getvalue()


def test_what_is_copied_left_out_and_unfinished_is_told() -> None:
    """An answer that two sweeps share is one draw, whatever the sweeps are called."""
    sweeps(("0000111-", "11111111"), ("00001111", "11111111"))
    make_sweep("raw-coder", "debate", "retry", problems=8, name="more", fresh="more")
    for run, letters in ((5, "00000000"), (6, "11111111"), (7, "11111111")):
        ended(run, *letters)
    with session() as db:
        db.execute(text("""
            INSERT INTO completion (key, state, tries, send_again_at, created_at, model_id, kind, prompt,
                prompt_hash, request, text)
            SELECT 'call ' || n, 'done', 1, now(), now(), 1, 'draft', 'draft', 'hash', '{}', ''
            FROM generate_series(1, 2) AS n"""))  # fmt: skip
        db.execute(text("""
            INSERT INTO step (attempt_id, position, branch, kind, role, completion_id, created_at)
            SELECT attempt.id, 1, 0, 'draft', 'coder', completion.id, now()
            FROM attempt JOIN completion ON completion.key = CASE WHEN run_id < 4 THEN 'call 1' ELSE 'call 2' END
            WHERE run_id IN (1, 3, 5)"""))  # fmt: skip
    said = "\n".join(meta.said(meta.find(["s0", "s1", "more"], None)))
    assert (
        "1 of 2 answers is in more than one of these sweeps: it is a copy, and tells nothing"
        in said
    )
    assert "Still running: 1 attempt has not ended." in said
    assert "1 comparison that only one of these sweeps has is left out." in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["s0"], "one sweep alone is `foureyes report`; name two or more to join them"),
        (["s0", "1"], "1: sweep 1 (s0) is named twice"),
        (["s0", "s9"], "there is no sweep 's9'"),
        (["s0", "s1", "--baseline", "debat"], "no pattern 'debat' for a baseline; did you mean 'debate'?"),
        (["s0", "other"], "nothing to join: in no two of these sweeps is a pattern by the same team compared with raw-coder"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    says: str,
) -> None:
    make_sweep("raw-coder", "debate", name="s0", fresh="s0")
    make_sweep("raw-coder", "debate", name="s1", fresh="s1")
    make_sweep("raw-coder", "debate", name="other", coder="another", fresh="other")
    for run, letter in enumerate("010101", start=1):
        ended(run, letter)
    assert command(monkeypatch, "meta", *words) == 2
    assert says in " ".join(capsys.readouterr().err.split())
