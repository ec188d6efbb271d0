"""If these fail, a mended judge costs a verdict that was there, or judges less than it says."""

import html
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from rich.console import Console
from sqlalchemy import text

from foureyes.judging import profiles
from foureyes.judging.identity import identities, identity, profile_of
from foureyes.judging.sandbox import environment
from foureyes.models import broker, lifecycle, shares
from foureyes.models.enums import State
from foureyes.models.errors import FoureyesError
from foureyes.models.session import session, transaction
from foureyes.models.tables import Completion, Execution, Regraded
from foureyes.producer.commands.choices import Exported
from foureyes.producer.commands.exchange import export
from foureyes.producer.sweeps import open_work, regrade
from foureyes.producer.sweeps.prune import prune
from foureyes.producer.sweeps.regrade import Regrading
from foureyes.results import transcript
from foureyes.results.figures import details
from foureyes.results.figures import regrades as figures
from foureyes.results.figures.scoreboard import Scoreboard, judged_anew, scoreboard
from foureyes.results.report import compare, formats, page, regraded, sentences, terminal
from foureyes.results.sweeps import find_sweep
from foureyes.results.web import search
from foureyes.results.web.app import create
from foureyes.results.web.filters import Filters, Show
from foureyes.worker import reaper
from foureyes.worker.adoption import adopted
from tests.integration.test_advance import CODE, count, judge, run_to_the_end
from tests.integration.test_report import command
from tests.integration.test_web import HERE, links
from tests.sweeps import make_sweep

pytestmark = pytest.mark.usefixtures("database")

By = Callable[[str], None]
APPROVED = '{"issues": [], "verdict": "approve"}'
PATTERNS = ("raw-coder", "review-then-fix", "plan-then-code")


@pytest.fixture
def by(monkeypatch: pytest.MonkeyPatch) -> By:
    """Let the judge be another one from here on."""

    def change(python: str) -> None:
        monkeypatch.setattr(environment, "fingerprint", lambda *_: python)

    return change


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The executions of which workers were told, in the place of a broker."""
    ids: list[int] = []

    def send(task: str, queue: str, *some: int, **_: object) -> None:
        if task == broker.EXECUTE:
            ids.extend(some)

    monkeypatch.setattr(broker, "send", send)
    return ids


def rows(query: str, **values: Any) -> list[tuple[Any, ...]]:
    with session() as db:
        return [tuple(row) for row in db.execute(text(query), values)]


def played(problems: int = 3, name: str = "test") -> int:
    """A sweep that has ended: its patterns share a program for each problem."""
    sweep_id = make_sweep(*PATTERNS, problems=problems, name=name, fresh=name)
    run_to_the_end(lambda row: APPROVED if row.kind == "review" else CODE)
    return sweep_id


def begun(sweep_id: int, profile: profiles.Profile = profiles.DEFAULT) -> Regrading:
    sweep = find_sweep(f"id={sweep_id}")
    return Regrading(regrade.prepare(sweep, profile), sweep, profile)


def to_the_end(work: Regrading, solved: Callable[[Execution], bool] = lambda row: True) -> int:
    """Ask for all of it and judge what is asked; how many programs that took."""
    judged = 0
    for _ in range(50):
        at_once = work.ask()
        with session() as db:
            waiting = [
                db.get_one(Execution, row_id)
                for (row_id,) in db.execute(text("SELECT id FROM execution WHERE state = 'queued'"))
            ]
        for row in waiting:
            judge(row.id, solved(row))
            judged += 1
        if not at_once and work.progress().is_judged and work.is_over():
            return judged
    raise AssertionError("it does not end")


def of_problem(name: str) -> Callable[[Execution], bool]:
    """A judge for whom programs of this one problem are wrong."""
    (wrong,) = (
        row[0] for row in rows("SELECT id FROM problem WHERE problem_id = :name", name=name)
    )
    return lambda row: row.problem_id != wrong


def test_programs_are_judged_anew_once_and_both_verdicts_stay(by: By, sent: list[int]) -> None:
    by("3.11")
    sweep_id = played()
    before, calls = scoreboard(sweep_id), count(Completion)
    by("3.12")
    work = begun(sweep_id)
    assert to_the_end(work, of_problem("t/1")) == 3  # nine attempts gave one program a problem
    assert len(sent) == len(set(sent)) == 3 and count(Completion) == calls
    found = figures.read(work.regrade_id)
    assert (found.programs, found.judged, found.waiting, found.errors) == (9, 9, 0, 0)
    assert [(flip.pattern, flip.problem_id, flip.before, flip.after) for flip in found.flips] == [
        (pattern, "t/1", "solved", "unsolved") for pattern in PATTERNS
    ]
    ((first, second, number),) = [(j.before, j.after, j.programs) for j in found.judges]
    assert first.endswith("3.11") and second.endswith("3.12") and number == 9
    # what was said at the time is not changed by it, and it is told that more is known
    after = scoreboard(sweep_id)
    assert after.outcomes == before.outcomes == found.before.outcomes
    assert [score.pass_1 for score in after.scores] == [1, 1, 1]
    assert [score.pass_1 for score in found.after.scores] == [pytest.approx(2 / 3)] * 3
    told = [line for line in sentences.of_sweep(after) if line.startswith("Judged anew by")]
    assert len(told) == 1 and "3 of 9 verdicts differ" in told[0] and "3.12" in told[0]
    assert not [line for line in sentences.of_sweep(before) if line.startswith("Judged anew by")]


def test_what_reviewers_were_worth_at_the_time_is_not_changed_by_it(
    by: By, sent: list[int]
) -> None:
    by("3.11")
    sweep_id = played()
    query = "SELECT caught, missed, false_alarms, approved_right, fixed, broken FROM v_reviewer"
    before = rows(query)
    assert before == [(0, 0, 0, 3, 0, 0)]
    by("3.12")
    to_the_end(begun(sweep_id), lambda row: False)
    assert rows(query) == before
    with session() as db:
        assert search.attempts(db, Filters(show=Show.MISSED)).rows == []


def test_reviewers_stand_by_the_judge_of_their_own_sweep(by: By, sent: list[int]) -> None:
    query = "SELECT approved_right, missed FROM v_reviewer ORDER BY sweep_id"
    by("3.11")
    played()
    by("3.12")  # for whom the same programs, of a newer sweep, are wrong
    newer = make_sweep(*PATTERNS, problems=3, name="newer", fresh="newer")
    run_to_the_end(lambda row: APPROVED if row.kind == "review" else CODE, solved=False)
    assert rows(query) == [(3, 0), (0, 3)]
    with session() as db:
        missed = search.attempts(db, Filters(show=Show.MISSED)).rows
    assert {row.sweep_id for row in missed} == {newer} and len(missed) == 3


def test_the_verdicts_that_are_there_cost_nothing(by: By, sent: list[int]) -> None:
    by("3.11")
    sweep_id = played()
    work = begun(sweep_id)  # by the judge of the time
    assert not work.settle() and sent == []
    assert not figures.read(work.regrade_id).flips
    by("3.12")
    to_the_end(begun(sweep_id))
    second = played(name="second")  # with the same programs
    assert not begun(second).settle()
    assert len(rows("SELECT FROM execution")) == 6


def test_what_was_interrupted_goes_on(by: By, sent: list[int]) -> None:
    by("3.11")
    sweep_id = played(problems=12)
    by("3.12")
    work = begun(sweep_id)
    work._ahead = shares.Ahead(4)
    assert work.settle()
    work.ask()
    assert len(sent) == 4
    judge(sent[0])
    # who called for it is gone; what it asked for is judged, and nothing more
    for row_id in sent[1:]:
        judge(row_id)
    half = figures.read(work.regrade_id)
    assert 0 < half.waiting < half.programs == 36
    again = begun(sweep_id)
    assert again.regrade_id == work.regrade_id
    assert to_the_end(again) == 8
    done = figures.read(again.regrade_id)
    assert (done.judged, done.waiting) == (36, 0)
    assert not begun(sweep_id).settle()
    assert len(sent) == len(set(sent)) == 12


def test_a_lost_message_is_sent_again(
    by: By, sent: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    by("3.11")
    sweep_id = played(problems=1)
    by("3.12")
    work = begun(sweep_id)
    work.settle()
    work.ask()
    (lost,) = sent
    open_work.forget_messages()
    monkeypatch.setattr(broker, "depth", lambda queue: 0)
    assert reaper.reap() == 1 and sent == [lost, lost]


def test_what_others_wait_for_at_the_judge_leaves_room_for_a_few(by: By, sent: list[int]) -> None:
    """Else a sweep waits behind a regrade of 100,000 programs, or the regrade for ever."""
    by("3.11")
    sweep_id = played(problems=12)
    rows("""
        INSERT INTO execution (key, state, tries, send_again_at, created_at, problem_id, suite, code,
            judge_version)
        SELECT 'other ' || n, 'queued', 0, now() + interval '1 hour', now(), 1, 'hidden', '', '3.11'
        FROM generate_series(1, 400) AS n RETURNING 1""")
    by("3.12")
    work = begun(sweep_id)
    work.settle()
    for _ in range(5):
        work.ask()
        assert len(sent) == shares.LEAST
    judge(sent[0])
    work.ask()
    assert len(sent) == shares.LEAST + 1


def test_what_the_judge_failed_on_is_no_verdict_and_is_tried_again(by: By, sent: list[int]) -> None:
    by("3.11")
    sweep_id = played(problems=2)
    by("3.12")
    work = begun(sweep_id)
    work.settle()
    work.ask()
    judge(sent[0])
    with transaction() as db:
        row = lifecycle.claim(db, Execution, sent[1], "w/1")
        assert row is not None
        lifecycle.fail(db, Execution, row, "w/1", "no memory", permanent=True)
    found = figures.read(work.regrade_id)
    assert (found.judged, found.errors, found.failures) == (3, 3, [("no memory", 3)])
    assert [score.errors for score in found.after.scores] == [1, 1, 1]
    assert "no memory" in " ".join(regraded.said(found))
    assert to_the_end(begun(sweep_id)) == 1
    assert figures.read(work.regrade_id).judged == 6


def test_another_judge_than_was_asked_gives_the_verdict_as_itself(by: By, sent: list[int]) -> None:
    """A fleet that was not brought up to date yet."""
    by("3.11")
    sweep_id = played(problems=1)
    by("3.12")
    work = begun(sweep_id, profiles.EVALPLUS)
    work.settle()
    work.ask()
    by("3.13")
    mine = adopted(sent[0])
    assert mine != sent[0]
    judge(mine, solved=False)
    found = figures.read(work.regrade_id)
    (judges,) = found.judges
    assert judges.after == identity(profile=profiles.EVALPLUS) and "3.13" in judges.after
    assert len(found.flips) == 3


def test_who_judges_by_another_profile_is_another_judge() -> None:
    assert profile_of(identity()) is profiles.DEFAULT
    for profile in profiles.PROFILES.values():
        assert profile_of(identity(profile=profile)) is profile
        assert profile_of(identity("bigcodebench", profile)) is profile
    assert len(set(identities())) == len(identities()) >= len(profiles.PROFILES)


def test_cancelling_leaves_out_what_is_not_judged(by: By, sent: list[int]) -> None:
    by("3.11")
    sweep_id = played(problems=2)
    by("3.12")
    work = begun(sweep_id)
    work.settle()
    work.ask()
    judge(sent[0])
    open_work.cancel(sweep_id)
    with transaction() as db:
        assert lifecycle.claim(db, Execution, sent[1], "w/1") is None  # nobody wants it
        assert lifecycle.state(db, Execution, sent[1]) is State.CANCELLED
    found = figures.read(work.regrade_id)
    assert (found.judged, found.waiting) == (3, 3)
    assert to_the_end(begun(sweep_id)) == 1  # until somebody does
    assert figures.read(work.regrade_id).judged == 6


def test_pruning_takes_second_verdicts_that_nobody_else_has(by: By, sent: list[int]) -> None:
    by("3.11")
    first, second = played(name="first"), played(name="second")
    by("3.12")
    for sweep_id in (first, second):
        to_the_end(begun(sweep_id))
    prune(first)
    assert [row[0] for row in rows("SELECT count(*) FROM execution")] == [6]
    with pytest.raises(FoureyesError, match="was removed"):
        figures.read(1)
    prune(second)
    assert count(Execution) == count(Regraded) == 0


def test_an_archive_has_the_first_verdicts_and_says_so(
    by: By, sent: list[int], tmp_path: Path
) -> None:
    by("3.11")
    sweep_id = played(problems=1)
    told: list[str] = []
    files = [tmp_path / "before.jsonl.gz", tmp_path / "after.jsonl.gz"]
    export("test", Exported.ARCHIVE, files[0], False, told.append)
    assert not any("regrade" in line for line in told)
    by("3.12")
    to_the_end(begun(sweep_id), lambda row: False)
    export("test", Exported.ARCHIVE, files[1], False, told.append)
    assert "`foureyes regrade`" in told[-1]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_an_attempt_that_starts_anew_has_no_second_verdict(by: By, sent: list[int]) -> None:
    """Else it would be shown beside a program that it is not of."""
    by("3.11")
    sweep_id = played(problems=1)
    by("3.12")
    work = begun(sweep_id)
    to_the_end(work)
    rows("UPDATE attempt SET state = 'error', outcome = 'error' WHERE id = 1 RETURNING 1")
    assert open_work.retry(sweep_id) == 1
    assert rows("SELECT attempt_id FROM v_regraded ORDER BY 1") == [(2,), (3,)]
    found = figures.read(work.regrade_id)
    assert (found.programs, found.judged) == (2, 2)


def test_what_has_no_verdict_is_left_to_retry(by: By, sent: list[int]) -> None:
    by("3.11")
    sweep_id = played(problems=2)
    rows("""UPDATE attempt SET state = 'error', outcome = 'error' WHERE id = 1 RETURNING 1""")
    rows("""UPDATE attempt SET outcome = 'refused' WHERE id = 2 RETURNING 1""")
    by("3.12")
    work = begun(sweep_id)
    to_the_end(work)
    found = figures.read(work.regrade_id)
    assert (found.programs, found.judged, found.left_out) == (4, 4, 1)
    assert f"foureyes retry id={sweep_id}" in " ".join(regraded.said(found))
    letters = "".join(each for run in found.after.outcomes.values() for each in run.values())
    assert sorted(letters) == sorted("er1111")
    rows("UPDATE attempt SET state = 'error', outcome = 'error' RETURNING 1")
    with pytest.raises(FoureyesError, match="no program that was judged"):
        regrade.prepare(find_sweep(None), profiles.EVALPLUS)
    assert rows("SELECT count(*) FROM regrade") == [(1,)]  # and nothing is left of the question


def test_what_is_shown_says_both_and_what_follows(by: By, sent: list[int]) -> None:
    by("3.11")
    sweep_id = played(problems=30)
    by("3.12")
    work = begun(sweep_id)
    to_the_end(work, of_problem("t/7"))
    rows("""
        UPDATE execution SET reason = 'wrong \x1b[31manswer' WHERE base = 'fail' RETURNING 1""")
    found = figures.read(work.regrade_id)
    output = io.StringIO()
    regraded.render(found, Console(file=output, width=80))
    shown = output.getvalue()
    assert "\x1b" not in shown
    for part in ("100.0%", "96.7%", "vs raw-coder", "t/7", "unsolved: wrong", "foureyes show"):
        assert part in shown, part
    assert "90 programs judged anew: 87 verdicts are the same, 3 solved programs" in shown
    transcript.show(found.flips[0].attempt_id, Console(file=output, width=80))
    whole = output.getvalue().removeprefix(shown)
    assert "outcome" in whole and "solved" in whole
    assert f"judged anew by {identity()}" in whole and "base: fail, plus: fail" in whole
    made = json.loads(regraded.to_json(found))
    assert made["same"] == 87 and len(made["flips"]) == 3
    assert {each["pass_1"] for each in made["before"]["scores"]} == {1.0}
    assert {round(each["pass_1"], 3) for each in made["after"]["scores"]} == {0.967}
    assert [each["improved"] for each in made["after"]["comparisons"]] == [0, 0]


def by_regrade(sweep_id: int, regrade_id: int) -> tuple[Scoreboard, str]:
    """The scoreboard by its verdicts, and its page."""
    board = judged_anew(scoreboard(sweep_id), regrade_id)
    return board, page.render(board, details.read(board))


def test_a_whole_report_stands_on_a_regrade_and_says_so(by: By, sent: list[int]) -> None:
    """Else nobody could send a colleague what the mended judge makes of a sweep."""
    by("3.11")
    sweep_id = played()
    first_page = page.render(scoreboard(sweep_id), details.read(scoreboard(sweep_id)))
    by("3.12")
    work = begun(sweep_id)
    to_the_end(work, of_problem("t/1"))
    # of what all share only one pattern's answer is wrong, so that there are flips
    rows("""
        UPDATE regraded SET execution_id = (
            SELECT id FROM execution WHERE base = 'pass' AND judge_version LIKE '%3.12' LIMIT 1)
        WHERE attempt_id IN (SELECT id FROM attempt WHERE run_id > 1) RETURNING 1""")
    board, made = by_regrade(sweep_id, work.regrade_id)
    (who,) = sentences.whose(board)
    assert who.startswith("By the verdicts of regrade 1, profile default: judge ")
    assert "3.12. 1 of 9 differs from the first ones, which are by " in who and "3.11." in who
    assert who in html.unescape(made)
    assert made.index("By the verdicts of regrade") < made.index("All runs")
    assert "By the verdicts of regrade" not in first_page
    assert [score.solved for score in board.scores] == [2, 3, 3]
    content = json.loads(formats.to_json(board, details.read(board)))
    assert content["verdicts"]["regrade"]["profile"] == "default"
    assert [each["solved"] for each in content["scores"]] == [2, 3, 3]
    assert content["sentences"][0] == who and not content["reviewers"]
    assert [(flip["problem_id"], flip["improved"]) for flip in content["flips"]] == [("t/1", 1)] * 2
    shown = rows(
        "SELECT run_id, problem_id FROM attempt WHERE id = :id",
        id=content["flips"][0]["attempt_id"],
    )
    assert shown == [(2, board.problems[1].id)]
    assert [each["version"] for each in content["origin"]["judges"]] == [identity()]
    output = io.StringIO()
    terminal.render(board, Console(file=output, width=80))
    assert output.getvalue().startswith("By the verdicts of regrade 1, profile default")
    assert formats.to_markdown(board).splitlines()[2].startswith("By the verdicts of regrade 1")
    assert "regrade_id" in formats.to_csv(board).splitlines()[0]
    both = compare.find("1", "2", work.regrade_id)
    assert (both.comparison.improved, both.comparison.regressed) == (1, 0)
    assert both.comparison.p_holm == board.comparisons[2].p_holm and both.whose == [who]
    assert [flip.problem_id for flip in both.flips] == ["t/1"]
    assert not compare.find("1", "2").flips
    with TestClient(create(None), base_url=HERE) as pages:
        address = f"/sweeps/{sweep_id}/report"
        anew = f"{address}?regrade={work.regrade_id}"
        first = pages.get(address).text
        assert anew in links(first) and who not in html.unescape(first)
        second = pages.get(anew).text
        assert address in links(second) and anew not in links(second)
        assert who in html.unescape(second)
        absent = pages.get(f"{address}?regrade=7")
        assert absent.status_code == 404 and "has no regrade 7; it has 1" in absent.text


def test_a_regrade_that_has_not_ended_says_so_in_its_report(by: By, sent: list[int]) -> None:
    by("3.11")
    sweep_id = played()
    by("3.12")
    work = begun(sweep_id)
    board, _ = by_regrade(sweep_id, work.regrade_id)  # nothing is judged
    assert "It has not ended: 9 programs of 9 are not judged anew" in sentences.whose(board)[1]
    while not sent:
        work.ask()
    one, failed, _ = sent
    judge(one, True)
    rows("UPDATE execution SET state = 'error', error = 'x' WHERE id = :id RETURNING 1", id=failed)
    board, _ = by_regrade(sweep_id, work.regrade_id)
    _, waiting, errors = sentences.whose(board)
    assert waiting.startswith("It has not ended: 3 programs of 9 are not judged anew")
    assert errors.startswith("Its judge failed on 3 programs")
    assert [score.n for score in board.scores] == [1, 1, 1]
    told = " ".join(sentences.of_sweep(board))
    assert "Still running" not in told and "foureyes retry" not in told


def test_a_report_by_a_regrade_that_is_none_is_one_line(
    by: By,
    sent: list[int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    by("3.11")
    sweep_id = played()
    asked = ("report", "--regrade", "7", "--json")
    assert command(monkeypatch, *asked) == 2
    assert (
        "sweep 1 (test) has no regrade 7; `foureyes regrade id=1` makes one"
        in capsys.readouterr().err
    )
    by("3.12")
    to_the_end(begun(sweep_id))
    assert command(monkeypatch, *asked) == 2
    assert "has no regrade 7; it has 1 (profile default)" in capsys.readouterr().err
    assert command(monkeypatch, "report", "--regrade", "1", "--json") == 0
    assert json.loads(capsys.readouterr().out)["verdicts"]["waiting"] == 0
    make_sweep(*PATTERNS, problems=1, name="other", fresh="other")
    assert command(monkeypatch, "compare", "1", "4", "--regrade", "1") == 2
    assert "a regrade is of one sweep" in capsys.readouterr().err


def passing(*passed: bool) -> str:
    """What running so many visible tests showed."""
    return json.dumps(
        {"results": [{"source": "s", "passed": each, "message": ""} for each in passed]}
    )


def test_attempts_that_would_have_gone_on_differently_are_listed(by: By, sent: list[int]) -> None:
    """A pattern goes on by the visible tests: what it would have led to by this judge, no verdict says."""
    by("3.11")
    sweep_id = make_sweep("raw-coder", "plan-after-trial", problems=3, fresh="trials")
    run_to_the_end(lambda row: CODE)
    visible = "UPDATE execution SET detail = CAST(:said AS jsonb) WHERE suite = 'visible'"
    rows(f"{visible} RETURNING 1", said=passing(True, True))
    by("3.12")
    work = begun(sweep_id)
    assert to_the_end(work) == 6  # a program a problem, on hidden tests and on visible ones
    rows(f"{visible} AND judge_version LIKE '%3.12' RETURNING 1", said=passing(True, True))
    alike = figures.read(work.regrade_id)
    assert (alike.trials.judged, alike.trials.differ, alike.diverged) == (3, 0, [])
    assert "In all of 3 steps that ran visible tests the same ones pass" in " ".join(
        regraded.said(alike)
    )
    where = "AND problem_id = (SELECT id FROM problem WHERE problem_id = 't/1')"
    rows(f"{visible} AND judge_version LIKE '%3.12' {where} RETURNING 1", said=passing(True, False))
    found = figures.read(work.regrade_id)
    assert found.programs == 6 and not found.flips  # whatever the visible tests say
    (each,) = found.diverged
    assert (each.pattern, each.problem_id, each.trials) == ("plan-after-trial", "t/1", 1)
    told = " ".join(regraded.said(found))
    assert (
        "1 attempt would have gone on differently: in 1 of 3 steps that ran visible tests" in told
    )
    output = io.StringIO()
    regraded.render(found, Console(file=output, width=80))
    assert "These attempts would have gone on differently" in output.getvalue()
    assert f"foureyes show {each.attempt_id}" in output.getvalue()
    made = json.loads(regraded.to_json(found))
    assert made["trials"]["differ"] == 1 and made["diverged"][0]["attempt_id"] == each.attempt_id
    assert rows("SELECT passed_before, passed_after FROM v_regraded_trials WHERE differs") == [
        ([True, True], [True, False])
    ]
    board, page_made = by_regrade(sweep_id, work.regrade_id)
    assert "1 attempt would have gone on differently" in page_made
    assert [score.n for score in board.scores] == [3, 3]


def test_visible_tests_are_the_same_by_every_profile(by: By, sent: list[int]) -> None:
    """Else another profile would run all of them again, for nothing."""
    by("3.11")
    sweep_id = make_sweep("plan-after-trial", problems=3, fresh="profiles")
    run_to_the_end(lambda row: CODE)
    work = begun(sweep_id, profiles.EVALPLUS)
    assert to_the_end(work) == 3
    found = figures.read(work.regrade_id)
    assert (found.trials.judged, found.trials.differ, found.trials.waiting) == (3, 0, 0)


def test_a_judge_that_fails_on_visible_tests_is_told_of(by: By, sent: list[int]) -> None:
    by("3.11")
    sweep_id = make_sweep("plan-after-trial", problems=1, fresh="failing")
    run_to_the_end(lambda row: CODE)
    by("3.12")
    work = begun(sweep_id)
    (*_, waiting, ended) = sentences.whose(judged_anew(scoreboard(sweep_id), work.regrade_id))
    assert waiting == (
        "Visible tests are not run anew yet in 1 step: more attempts may turn out to have had another course."
    )
    assert ended.startswith("It has not ended: 1 program of 1 is not judged anew")
    while len(sent) < 2:
        work.ask()
    rows(
        "UPDATE execution SET state = 'error', error = 'no memory' WHERE id = ANY(:ids) RETURNING 1",
        ids=sent,
    )
    found = figures.read(work.regrade_id)
    assert (found.errors, found.trials.errors) == (1, 1)
    assert "The judge failed on the visible tests of 1 step." in " ".join(regraded.said(found))
