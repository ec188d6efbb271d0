"""The views answer the questions of a study: a wrong count here is a wrong finding in somebody's paper.

The rows are written down as a table that can be checked by eye. A program is called by what the
hidden tests say of it: `good` passes all, `half` passes base tests only, `bad` none; of `odd` nobody
has asked. Equal steps on the same problem and sample are one call, as in real sweeps.
"""

import json
import re
from collections.abc import Iterable
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import select

from foureyes.migrations.views import NAMES
from foureyes.models.enums import Kind, Outcome, State, Status, Suite
from foureyes.models.session import session
from foureyes.models.storable import storable
from foureyes.models.tables import (
    Attempt,
    Completion,
    Execution,
    LanguageModel,
    Problem,
    Run,
    Seat,
    Step,
    Sweep,
)
from foureyes.models.team import CODER, REVIEWER
from foureyes.results.figures.scoreboard import problems_of, scoreboard
from foureyes.results.figures.statistics import pass_at_k, wilson
from foureyes.results.progress import progress
from tests.programs import ROOT

pytestmark = pytest.mark.usefixtures("database")

#: What base and plus tests say of a program of this name.
_TRUTH = {
    "good": (Status.PASS, Status.PASS),
    "half": (Status.PASS, Status.FAIL),
    "bad": (Status.FAIL, Status.FAIL),
}
_PROMPT = 'def f(x):\n    """Return x."""\n'

#: pattern, problem, sample, how it ended or where it is, and its steps: a + joins what runs at the
#: same time, and r. or c. says who, where that is not the usual role.
MAIN = """
raw-coder        p0  0  unsolved   draft=bad
raw-coder        p1  0  solved     draft=good
raw-coder        p2  0  unsolved   draft=half
raw-coder        p3  0  solved     draft=good
raw-coder        p4  0  error      draft=odd
review-then-fix  p0  0  solved     draft=bad   review=revise   fix=good
review-then-fix  p1  0  unsolved   draft=good  review=revise   fix=bad
review-then-fix  p2  0  unsolved   draft=half  review=approve
review-then-fix  p3  0  solved     draft=good  review=approve
review-then-fix  p4  0  running    draft=odd   review=approve
plan-then-code   p0  0  queued
plan-then-code   p1  0  cancelled
"""


def write(
    table: str, sweep: str = "main", pairing: str = "c+r", samples: int = 1, benchmark: str = "b"
) -> int:
    """Write the rows of a sweep; its id. Problems of one name are the same text in all benchmarks."""
    with session() as db:
        models = [
            _row(db, LanguageModel, {"name": name}, settings={}, identity=name)
            for name in pairing.split("+")
        ]
        made = _row(db, Sweep, {"key": sweep}, name=sweep, file={})
        for line in table.strip().splitlines():
            pattern, problem_id, sample, end, *steps = line.split()
            problem = _row(
                db, Problem,
                {"benchmark": benchmark, "problem_id": problem_id, "version": f"text of {problem_id}"},
                entry_point="f", record=json.dumps({"prompt": _PROMPT}), prompt=_PROMPT,
            )  # fmt: skip
            key = f"{benchmark} {pattern} {pairing}"
            run = _row(
                db, Run, {"sweep_id": made.id, "key": key}, position=0, benchmark=benchmark,
                pattern=pattern, options={}, pairing=pairing, samples=samples,
            )  # fmt: skip
            for role, model in ((CODER, models[0]), (REVIEWER, models[1])):
                _row(db, Seat, {"run_id": run.id, "role": role}, model_id=model.id)
            ended = end in list(Outcome)
            state = end if not ended else State.ERROR if end == "error" else State.DONE
            attempt = Attempt(
                run_id=run.id, problem_id=problem.id, sample=int(sample), state=State(state),
                outcome=Outcome(end) if ended else None, error="no disk" if end == "error" else None,
            )  # fmt: skip
            db.add(attempt)
            db.flush()
            _write_steps(db, attempt, problem, models, steps)
        return made.id


def _write_steps(
    db: Any, attempt: Attempt, problem: Problem, models: list[LanguageModel], steps: Iterable[str]
) -> None:
    program = ""
    position = -1
    for position, together in enumerate(steps):
        for branch, word in enumerate(together.split("+")):
            name, value = word.split("=")
            who, name = name.split(".") if "." in name else ("", name)
            kind = Kind.REVIEW if name in ("repair-verdict", "choose") else Kind(name)
            role = REVIEWER if who == "r" or (kind == "review" and who != "c") else CODER
            model = models[role == REVIEWER]
            key = f"{model.name} {word} {problem.version} {attempt.sample}"
            if kind in ("review", "fix"):
                key += f" {program}"
            completion = _row(
                db, Completion, {"key": key}, state=State.DONE, text="", model_id=model.id, kind=kind,
                prompt=name, prompt_hash="", request={}, prompt_tokens=10, completion_tokens=5, seconds=1.0,
            )  # fmt: skip
            step = Step(
                attempt_id=attempt.id, position=position, branch=branch, kind=kind, role=role,
                completion_id=completion.id, verdict=value if kind in ("review", "ask") else None,
            )  # fmt: skip
            if kind in ("draft", "fix"):
                program = step.code = f"{value} program for {problem.version}"
            db.add(step)
            db.flush()
            for named, (base, plus) in _TRUTH.items():
                _row(
                    db, Execution, {"key": f"{named} {problem.version}"}, state=State.DONE,
                    problem_id=problem.id, suite=Suite.HIDDEN, judge_version="1", base=base,
                    plus=plus, detail={}, code=f"{named} program for {problem.version}",
                )  # fmt: skip
    if attempt.state is State.DONE:
        solved = attempt.outcome is Outcome.SOLVED
        found = db.exec(select(Execution).where(Execution.code == program)).one()
        assert solved == (found.plus is Status.PASS), "the table contradicts itself"
        db.add(
            Step(attempt_id=attempt.id, position=position + 1, branch=0, kind=Kind.JUDGE, execution_id=found.id)
        )  # fmt: skip


def _row(db: Any, table: Any, unique: dict[str, Any], **values: Any) -> Any:
    """The row with these values of its key, made if there is none."""
    found = db.exec(select(table).filter_by(**unique)).first()
    if found is None:
        found = table(**unique, **values)
        db.add(found)
        db.flush()
    return found


def rows(statement: str, **values: Any) -> list[tuple[Any, ...]]:
    with session() as db:
        return [tuple(row) for row in db.execute(text(statement), values)]


def test_every_view_says_what_a_row_is() -> None:
    said = dict(rows("""
        SELECT relname, obj_description(oid) FROM pg_class
        WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace"""))  # fmt: skip
    assert said.keys() == set(NAMES)
    for name, comment in said.items():
        assert comment and comment.startswith("One row per"), name


def test_scores_count_what_was_judged_and_show_the_rest() -> None:
    write(MAIN)
    assert rows("""
        SELECT pattern, n, problems, solved, base_solved, errors, unfinished, cancelled, reviewed,
            changes_asked, completions, completion_tokens
        FROM v_scores ORDER BY run_id""") == [
        ("raw-coder", 4, 4, 2, 3, 1, 0, 0, 0, 0, 5, 25),
        ("review-then-fix", 4, 4, 2, 3, 0, 1, 0, 5, 2, 12, 60),
        ("plan-then-code", 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0),
    ]  # fmt: skip


def test_what_is_asked_or_chosen_is_no_review() -> None:
    """Whatever word an answer was read as, and also one that could not be read."""
    sweep_id = write("""
        asks     p0 0 solved   draft=good ask=revise
        asks     p1 0 solved   draft=good ask=approve
        asks     p2 0 unsolved draft=bad  ask=none
        asks     p3 0 unsolved draft=bad  ask=A
        chooses  p0 0 solved   draft=good choose=none
        chooses  p1 0 unsolved draft=bad  choose=B
        reviews  p0 0 unsolved draft=bad  review=revise ask=approve
        reviews  p1 0 solved   draft=good review=none choose=A
    """)
    with session() as db:  # a template may have any name
        db.execute(text("UPDATE completion SET prompt = 'choose' WHERE kind = 'ask'"))
    told = [("asks", 0, 0), ("chooses", 0, 0), ("reviews", 2, 1)]
    assert rows("SELECT pattern, reviewed, changes_asked FROM v_scores ORDER BY run_id") == told
    runs = [score.run for score in scoreboard(sweep_id).scores]
    assert [(run.pattern, run.reviewed, run.changes_asked) for run in runs] == told
    assert [run.verdicts for run in runs] == [0, 0, 1]
    asked = "SELECT pattern FROM v_attempts WHERE changes_asked"
    assert rows(asked) == [("reviews",)]
    choices = "SELECT pattern, asked, no_choice FROM v_choices ORDER BY run_id"
    assert rows(choices) == [("chooses", 2, 1), ("reviews", 1, 0)]
    assert rows("SELECT pattern, reviewed FROM v_reviewer") == [("reviews", 2)]


def test_a_share_has_its_interval_and_nothing_judged_has_none() -> None:
    write(MAIN)
    write("\n".join(f"raw-coder p{n} 0 {'solved draft=good' if n < 19 else 'unsolved draft=bad'}"
                    for n in range(20)), sweep="many")  # fmt: skip
    found = rows("SELECT n, solved, pass_1, low, high FROM v_scores ORDER BY run_id")
    assert found[2] == (0, 0, None, None, None)
    assert found[3][:3] == (20, 19, 0.95)
    for n, solved, _, low, high in (found[0], found[3]):
        assert (low, high) == pytest.approx(wilson(solved, n))


def test_the_interval_of_all_and_of_none_ends_at_one_and_at_zero() -> None:
    """Not beside them in the last digit: a page would show all its digits."""
    for n in (1, 3, 5, 7, 10):
        for outcome in ("solved draft=good", "unsolved draft=bad"):
            write(
                "\n".join(f"raw-coder p{i} 0 {outcome}" for i in range(n)), sweep=f"{n} {outcome}"
            )
    found = rows("SELECT solved, n, low, high FROM v_scores ORDER BY run_id")
    assert len(found) == 10
    for solved, n, low, high in found:
        assert (low, high) == pytest.approx(wilson(solved, n))
        assert (high == 1.0) if solved else (low == 0.0), (solved, n, low, high)


SAMPLES = """
raw-coder  p0  0  solved    draft=good
raw-coder  p0  1  solved    draft=good
raw-coder  p0  2  unsolved  draft=half
raw-coder  p0  3  unsolved  draft=bad
raw-coder  p0  4  unsolved  draft=bad
raw-coder  p1  0  unsolved  draft=bad
raw-coder  p1  1  unsolved  draft=bad
raw-coder  p1  2  error     draft=odd
raw-coder  p1  3  solved    draft=good
raw-coder  p1  4  running   draft=odd
"""


def test_several_samples_of_a_problem_are_no_independent_trials() -> None:
    """An interval that takes them for such is too narrow, so there is none."""
    write(SAMPLES, samples=5)
    assert rows("SELECT samples, problems, n, solved, low, high FROM v_scores") == [
        (5, 2, 8, 3, None, None)
    ]


def test_a_problem_that_lacks_samples_counts_as_much_as_any() -> None:
    """Else errors and a running sweep shift a score to the problems that they spared."""
    write(SAMPLES + "raw-coder  p2  0  error  draft=odd", samples=5)
    assert rows("SELECT n, solved, base_solved, pass_1, base_pass_1 FROM v_scores") == [
        (8, 3, 4, pytest.approx((2 / 5 + 1 / 3) / 2), pytest.approx((3 / 5 + 1 / 3) / 2))
    ]
    assert rows("SELECT plus, base FROM v_pass_at_k WHERE k = 1") == [
        pytest.approx(rows("SELECT pass_1, base_pass_1 FROM v_scores")[0])
    ]


def test_pass_at_k_is_the_unbiased_estimate_over_problems_with_enough_samples() -> None:
    write(SAMPLES, samples=5)
    found = rows("SELECT k, problems, plus, base FROM v_pass_at_k ORDER BY k")
    two = [(pass_at_k(5, 2, k) + pass_at_k(3, 1, k)) / 2 for k in (1, 2)]
    base = [(pass_at_k(5, 3, k) + pass_at_k(3, 1, k)) / 2 for k in (1, 2)]
    assert found == [
        (1, 2, pytest.approx(two[0]), pytest.approx(base[0])),
        (2, 2, pytest.approx(two[1]), pytest.approx(base[1])),
        (4, 1, 1.0, 1.0),  # only p0 has so many: any four of its five hold a right one
        (5, 1, 1.0, 1.0),
    ]
    assert found[0][2] == pytest.approx((2 / 5 + 1 / 3) / 2)


def test_pass_at_k_of_one_sample_is_the_score_and_of_none_is_unknown() -> None:
    write(MAIN)
    assert rows("SELECT pattern, k, problems, plus, base FROM v_pass_at_k ORDER BY run_id") == [
        ("raw-coder", 1, 4, 0.5, 0.75),
        ("review-then-fix", 1, 4, 0.5, 0.75),
        ("plan-then-code", 1, 0, None, None),
    ]


OTHER = """
raw-coder  p0  0  solved    draft=good
raw-coder  p1  0  unsolved  draft=bad
raw-coder  p9  0  solved    draft=good
"""


def test_flips_are_pairs_that_were_judged_in_any_two_runs() -> None:
    main = write(MAIN)
    other = write(OTHER, sweep="other", pairing="x+y")
    asked = "SELECT problem_id, flip FROM v_flips WHERE pattern = :run AND baseline = :baseline AND sweep_id = :s AND baseline_sweep_id = :b ORDER BY problem_id"
    assert rows(asked, run="review-then-fix", baseline="raw-coder", s=main, b=main) == [
        ("p0", "improved"),
        ("p1", "regressed"),
    ]
    assert rows(asked, run="raw-coder", baseline="review-then-fix", s=main, b=main) == [
        ("p0", "regressed"),
        ("p1", "improved"),
    ]
    assert rows(asked, run="raw-coder", baseline="raw-coder", s=other, b=main) == [
        ("p0", "improved"),
        ("p1", "regressed"),
    ]


def test_a_flip_names_both_runs_and_both_attempts() -> None:
    write(MAIN)
    write(OTHER, sweep="other", pairing="x+y")
    assert rows("""
        SELECT v_flips.sweep, v_flips.pairing, baseline, baseline_pairing, mine.outcome, theirs.outcome,
            mine.problem_id = v_flips.problem_id AND theirs.problem_id = v_flips.problem_id
        FROM v_flips
        JOIN v_attempts AS mine ON mine.attempt_id = v_flips.attempt_id AND mine.run_id = v_flips.run_id
        JOIN v_attempts AS theirs ON theirs.attempt_id = baseline_attempt_id
            AND theirs.run_id = baseline_run_id AND theirs.sweep_id = baseline_sweep_id
        WHERE v_flips.sweep = 'other' AND flip = 'improved' AND baseline = 'raw-coder'""") == [
        ("other", "x+y", "raw-coder", "c+r", "solved", "unsolved", True)
    ]  # fmt: skip


def test_compared_runs_say_how_many_pairs_and_what_is_missing() -> None:
    """The error and the running attempt of p4 are no pair, and no difference either."""
    main = write(MAIN)
    write(OTHER, sweep="other", pairing="x+y")
    asked = """
        SELECT baseline, pattern, pairs, improved, regressed, both_solved, neither_solved, missing
        FROM v_compare WHERE baseline_sweep_id = :main AND baseline = 'raw-coder'
        ORDER BY sweep_id, pattern"""
    assert rows(asked, main=main) == [
        ("raw-coder", "plan-then-code", 0, 0, 0, 0, 0, 5),
        ("raw-coder", "review-then-fix", 4, 1, 1, 1, 1, 1),
        ("raw-coder", "raw-coder", 2, 1, 1, 0, 0, 4),  # p2, p3, p4 here, p9 there
    ]


def test_every_ordered_pair_of_runs_is_compared_once_and_adds_up() -> None:
    write(MAIN)
    write(OTHER, sweep="other", pairing="x+y")
    ((pairs, different, mirrored),) = rows("""
        SELECT count(*), count(DISTINCT (one.run_id, one.baseline_run_id)),
            count(*) FILTER (WHERE one.improved = two.regressed AND one.missing = two.missing
                AND one.pairs = one.improved + one.regressed + one.both_solved + one.neither_solved)
        FROM v_compare AS one
        JOIN v_compare AS two ON two.run_id = one.baseline_run_id AND two.baseline_run_id = one.run_id
    """)
    assert pairs == different == mirrored == 4 * 3


def test_problems_that_changed_are_not_the_same_problems() -> None:
    write("raw-coder p0 0 solved draft=good")
    with session() as db:
        db.execute(text("UPDATE problem SET version = '2'"))
    write("raw-coder p0 0 unsolved draft=bad", sweep="later")
    assert rows("SELECT count(*) FROM v_flips") == [(0,)]
    assert rows("SELECT pairs, missing FROM v_compare") == [(0, 2), (0, 2)]


def test_a_reviewer_is_measured_by_what_the_hidden_tests_say_of_the_draft() -> None:
    write(MAIN)
    assert rows("""
        SELECT pattern, reviewed, caught, missed, false_alarms, approved_right, no_verdict, unjudged,
            fixed, broken
        FROM v_reviewer""") == [("review-then-fix", 5, 1, 1, 1, 1, 0, 1, 1, 1)]


MATRIX = "SELECT reviewed, caught, missed, false_alarms, approved_right, no_verdict, unjudged, fixed, broken FROM v_reviewer"


def test_fixes_that_change_nothing_are_counted() -> None:
    """Who is told to mend a program and gives it back has not done what the review asked for. In a debate each
    mends its own."""
    write("""
        review-then-fix p0 0 unsolved draft=bad review=revise fix=bad
        review-then-fix p1 0 solved   draft=bad review=revise fix=good
        review-then-fix p2 0 solved   draft=good review=approve
        twice p0 0 unsolved draft=bad review=revise fix=half review=revise fix=bad review=revise fix=bad
        debate p0 0 unsolved draft=good+r.draft=bad review=revise+c.review=revise fix=bad r.fix=bad
    """)  # fmt: skip
    query = "SELECT pattern, fixes, unchanged FROM v_reviewer ORDER BY pattern"
    assert rows(query) == [("debate", 2, 1), ("review-then-fix", 2, 1), ("twice", 3, 1)]


def test_a_review_that_was_asked_again_counts_once_by_its_last_word() -> None:
    write("""
        review-then-fix p0 0 solved   draft=bad  review=none repair-verdict=revise fix=good
        review-then-fix p1 0 solved   draft=good review=none repair-verdict=none
    """)  # fmt: skip
    assert rows(MATRIX) == [(2, 1, 0, 0, 0, 1, 0, 1, 0)]


def test_in_a_debate_each_reviews_the_other_and_a_choice_is_no_review() -> None:
    """The reviewer's draft is bad and the coder says so; the coder's is good and is doubted."""
    write("""
        debate p0 0 solved draft=good+r.draft=bad review=revise+c.review=revise fix=half r.fix=good choose=B
        debate p1 0 unsolved draft=bad+r.draft=half review=approve+c.review=approve choose=none
    """)  # fmt: skip
    assert rows(MATRIX) == [(4, 1, 2, 1, 0, 0, 0, 0, 0)]
    (run,) = rows("SELECT run_id FROM v_reviewer")
    chosen = "SELECT run_id, pattern, asked, first_chosen, second_chosen, no_choice FROM v_choices"
    assert rows(chosen) == [(*run, "debate", 2, 0, 1, 1)]


def test_a_fix_after_two_reviews_of_the_draft_is_one_fix() -> None:
    write("""
        both p0 0 solved   draft=bad  review=revise+c.review=revise fix=good
        both p1 0 unsolved draft=good review=revise+c.review=approve fix=bad
    """)  # fmt: skip
    assert rows(MATRIX) == [(4, 2, 0, 1, 1, 0, 0, 1, 1)]


def test_reviews_of_one_model_at_the_same_time_count_each() -> None:
    write("panel p0 0 solved draft=bad review=revise+review=approve fix=good")
    assert rows(MATRIX) == [(2, 1, 1, 0, 0, 0, 0, 1, 0)]


def test_of_reviews_at_the_same_time_the_one_that_was_asked_again_counts_by_its_last_word() -> None:
    """Among those that are asked again it has another place than it had before."""
    write("""
        debate p0 0 solved draft=bad+r.draft=bad review=revise+c.review=none c.repair-verdict=approve r.fix=good
        panel  p1 0 solved draft=good review=revise+review=none+review=none repair-verdict=approve+repair-verdict=none
    """)  # fmt: skip
    assert rows(MATRIX + " ORDER BY run_id") == [
        (2, 1, 1, 0, 0, 0, 0, 1, 0),
        (3, 0, 0, 1, 1, 1, 0, 0, 0),
    ]


def test_who_reviews_its_own_draft_is_measured_too() -> None:
    write("self-review p0 0 unsolved draft=good c.review=revise fix=half")
    assert rows(MATRIX) == [(1, 0, 0, 1, 0, 0, 0, 0, 1)]


def test_a_fix_that_is_reviewed_again_is_another_program() -> None:
    write(
        "twice p0 0 solved draft=bad review=revise fix=half review=revise fix=good review=approve"
    )
    assert rows(MATRIX) == [(3, 2, 0, 0, 1, 0, 0, 1, 0)]


def test_retries_after_an_approval_show_as_fixed_though_nothing_was_caught() -> None:
    write("review-then-fix-retry p0 0 solved draft=bad review=approve fix=good")
    assert rows(MATRIX) == [(1, 0, 1, 0, 0, 0, 0, 1, 0)]


def test_a_judging_that_failed_is_no_truth() -> None:
    write(MAIN)
    with session() as db:
        db.execute(
            text("UPDATE execution SET state = 'error', base = NULL, plus = NULL, detail = NULL")
        )
    assert rows(MATRIX) == [(5, 0, 0, 0, 0, 0, 5, 0, 0)]


def test_a_judging_asked_for_by_another_benchmark_with_the_same_problem_is_the_truth() -> None:
    """It is made once, and names the problem that asked first."""
    write("raw-coder p0 0 unsolved draft=bad\nraw-coder p1 0 solved draft=good", sweep="first")
    write(
        """
        review-then-fix p0 0 solved   draft=bad  review=revise fix=good
        review-then-fix p1 0 solved   draft=good review=approve
        """,
        benchmark="b-lean",
    )
    assert rows("SELECT DISTINCT benchmark FROM execution JOIN problem ON problem.id = execution.problem_id") == [("b",)]  # fmt: skip
    assert rows(MATRIX) == [(2, 1, 0, 0, 1, 0, 0, 1, 0)]


def test_a_judging_of_the_same_text_for_another_problem_is_no_truth() -> None:
    write("review-then-fix p0 0 running draft=odd review=approve")
    write("raw-coder p1 0 solved draft=good")
    with session() as db:
        db.execute(text("UPDATE execution SET code = (SELECT code FROM step LIMIT 1)"))
        db.execute(text("DELETE FROM execution WHERE problem_id = 1"))
    assert rows(MATRIX) == [(1, 0, 0, 0, 0, 0, 1, 0, 0)]


RICH = '''def longest(names: list[str]) -> str:
    """Return the longest name; if several are equally long, the first of them. Never raises.

    >>> longest(["Bo", "Anna"])
    'Anna'
    >>> longest([])
    \'\'
    """
'''
PROMPTS = {
    "rich": ("longest", RICH, (28, 2, True, 3)),
    "lean": (
        "longest",
        'def longest(names):\n    """Return the longest name."""\n',
        (6, 0, False, 0),
    ),
    "mbpp": ("f", '"""\nWrite f.\nassert f([1], 2) == [2]\n"""\n', (9, 1, False, 0)),
    "arrows": ("f", 'def f(x):\n    """f(x) is x.\n    f (1) ➞ 1\n    f(2) => 2"""', (12, 2, False, 0)),
    "long": ("f", "word " * 6000, (6000, 0, False, 0)),
    "emoji": ("f", "say \U0001f600 and \ud83d and \\ud83d", (6, 0, False, 0)),
}  # fmt: skip


@pytest.mark.parametrize("name", PROMPTS)
def test_what_a_prompt_says_is_measured(name: str) -> None:
    """Also where the rest of the record is no JSON to Postgres: NaN, a NUL character."""
    entry_point, prompt, expected = PROMPTS[name]
    record = {"prompt": prompt, "base_input": [[float("nan"), "\0", '"prompt": "x"']]}
    with session() as db:
        db.add(
            Problem(benchmark="b", problem_id="p", version="1", entry_point=entry_point, record=json.dumps(record), prompt=storable(prompt))
        )  # fmt: skip
    assert rows("SELECT words, examples, types, edge_words FROM v_features") == [expected]


def test_gain_is_shown_beside_what_the_prompt_says() -> None:
    """Only pairs that both ended, and not in error."""
    write(MAIN)
    write(OTHER, sweep="other", pairing="x+y")
    with session() as db:
        prompt = RICH.replace("longest", "f")
        db.execute(
            text("UPDATE problem SET record = :r, prompt = :p WHERE problem_id IN ('p0', 'p3')"),
            {"r": json.dumps({"prompt": prompt}), "p": prompt},
        )
    assert rows("""
        SELECT pattern, problem_id, words, examples, types, baseline_solved, solved, flip
        FROM v_moderator ORDER BY problem_id""") == [
        ("review-then-fix", "p0", 28, 2, True, False, True, "improved"),
        ("review-then-fix", "p1", 4, 0, False, True, False, "regressed"),
        ("review-then-fix", "p2", 4, 0, False, False, False, None),
        ("review-then-fix", "p3", 28, 2, True, True, True, None),
    ]  # fmt: skip


LEAN = """
raw-coder        p0  0  unsolved  draft=bad
raw-coder        p1  0  unsolved  draft=half
raw-coder        p2  0  solved    draft=good
raw-coder        p3  0  error     draft=odd
review-then-fix  p0  0  unsolved  draft=bad   review=approve
review-then-fix  p1  0  solved    draft=half  review=revise   fix=good
review-then-fix  p2  0  running   draft=good
"""
WORDINGS = """
SELECT benchmark, problem_id, baseline_solved, solved, leaner_benchmark, leaner_words,
    leaner_baseline_solved, leaner_solved
FROM v_moderator ORDER BY benchmark, problem_id, sweep_id"""


def reword(benchmark: str, prompt: str) -> None:
    with session() as db:
        db.execute(
            text("UPDATE problem SET record = :r, prompt = :p WHERE benchmark = :b"),
            {"r": json.dumps({"prompt": prompt}), "p": prompt, "b": benchmark},
        )


def test_gain_is_shown_beside_that_on_the_same_problem_in_fewer_words() -> None:
    """What was not judged there is null, and of a problem that is not there so is the rest."""
    write(MAIN)
    write(LEAN, benchmark="lean")
    reword("lean", "Return x.")
    assert rows(WORDINGS) == [
        ("b", "p0", False, True, "lean", 2, False, False),
        ("b", "p1", True, False, "lean", 2, False, True),
        ("b", "p2", False, False, "lean", 2, True, None),
        ("b", "p3", True, True, "lean", 2, None, None),
        ("lean", "p0", False, False, None, None, None, None),
        ("lean", "p1", False, True, None, None, None, None),
    ]
    named = (
        "SELECT attempt_id FROM v_attempts WHERE pattern = 'review-then-fix' AND benchmark = 'lean'"
    )
    assert rows("SELECT leaner_attempt_id FROM v_moderator WHERE leaner_solved ORDER BY 1") == rows(
        f"{named} AND problem_id = 'p1'"
    )


def test_of_several_wordings_the_shortest_is_told_and_only_of_the_same_sweep_and_problem() -> None:
    """Two benchmarks may call different problems by one name: their tests differ."""
    write(MAIN)
    for benchmark in ("lean", "leanest", "other"):
        write(LEAN, benchmark=benchmark)
    write(LEAN, benchmark="elsewhere", sweep="another")
    reword("lean", "Return the x.")
    reword("leanest", "Return x.")
    for shortest in ("other", "elsewhere"):
        reword(shortest, "x")
    with session() as db:
        db.execute(
            text("UPDATE problem SET record = :r WHERE benchmark = 'other'"),
            {"r": json.dumps({"prompt": "x", "plus_input": [[1]]})},
        )
    found = {(row[0], row[4]) for row in rows(WORDINGS)}
    assert found == {
        ("b", "leanest"), ("lean", "leanest"), ("leanest", None), ("other", None), ("elsewhere", None)
    }  # fmt: skip
    assert len(rows(WORDINGS)) == 4 + 4 * 2


def test_the_rest_of_a_record_is_all_but_its_prompt() -> None:
    """Also where the record's inputs speak of prompts, and where it is no JSON to Postgres."""
    records = [
        {"task_id": "1", "prompt": 'Say "prompt": "x".', "base_input": [float("nan"), '"prompt": "x"']},
        {"task_id": "1", "prompt": "", "base_input": [float("nan"), '"prompt": "x"']},
        {"task_id": "1", "prompt": "", "base_input": [float("nan"), '"prompt": "y"']},
    ]  # fmt: skip
    with session() as db:
        for number, record in enumerate(records):
            db.add(Problem(benchmark=f"b{number}", problem_id="1", version=f"{number}", entry_point="f", record=json.dumps(record), prompt=record["prompt"]))  # fmt: skip
    first, second, third = (rest for (rest,) in rows("SELECT rest FROM v_features ORDER BY row_id"))
    assert first == second != third
    with session() as db:
        ids = db.execute(text("SELECT id FROM problem ORDER BY id")).scalars().all()
        found = problems_of(db, {1: dict.fromkeys(ids, "1")})
        (alone,) = problems_of(db, {1: {ids[0]: "1"}}).values()
    assert [(found[each].prompt == found[ids[1]].prompt, found[each].rest) for each in ids] == [
        (False, first), (True, second), (True, third)
    ]  # fmt: skip
    assert (alone.prompt, alone.rest) == (None, None)  # nothing that it could be the same as


def test_a_shared_draft_counts_for_each_run_and_once_for_the_time_that_models_were_busy() -> None:
    write(MAIN)
    with session() as db:
        db.execute(
            text("UPDATE completion SET finished_at = '2026-01-01'::timestamptz + id * '1 s'::interval")
        )  # fmt: skip
    found = rows(
        "SELECT pattern, completions, model_seconds, gpu_seconds FROM v_cost ORDER BY run_id"
    )
    assert found == [
        ("raw-coder", 5, 5.0, 5.0),
        ("review-then-fix", 12, 12.0, 12.0),
        ("plan-then-code", 0, 0.0, 0.0),
    ]


def test_calls_at_the_same_time_share_it_whichever_runs_they_are_of() -> None:
    write(MAIN)
    with session() as db:
        db.execute(text("UPDATE completion SET finished_at = '2026-01-01'"))
    # seven of the coder's calls in one second, five of the reviewer's in another one's
    assert rows("SELECT gpu_seconds FROM v_cost ORDER BY run_id") == [
        (pytest.approx(5 / 7),),
        (pytest.approx(7 / 7 + 5 / 5),),
        (0.0,),
    ]


def test_every_worker_of_a_model_is_a_machine_of_its_own() -> None:
    """Three machines at work for ten seconds cost thirty, and one that was started anew is one."""
    drafts = "\n".join(f"raw-coder p{n} 0 solved draft=good" for n in range(4))
    write(drafts)
    with session() as db:
        db.execute(
            text("UPDATE completion SET seconds = 10, finished_at = '2026-01-01', worker = :by"),
            {"by": "coder-0@host/1-aaaaaa"},
        )
        for row, by in ((2, "coder-0@host/2-bbbbbb"), (3, "coder-1@host/1-cccccc"), (4, None)):
            db.execute(text("UPDATE completion SET worker = :by WHERE id = :row"), {"by": by, "row": row})  # fmt: skip
    assert rows("SELECT model_seconds, gpu_seconds FROM v_cost ORDER BY run_id") == [(40.0, 30.0)]


def test_a_price_is_the_one_of_the_sweeps_own_file() -> None:
    """Two sweeps that call the same model by two names, or by one, at two prices, pay each its own."""
    write("raw-coder p0 0 solved draft=good", sweep="first")
    write("raw-coder p0 0 solved draft=good", sweep="second", pairing="same+r")
    write("raw-coder p0 0 solved draft=good", sweep="third")
    write("raw-coder p0 0 solved draft=good", sweep="unpriced")
    with session() as db:
        db.execute(text("UPDATE completion SET finished_at = '2026-01-01'"))
        db.execute(text("UPDATE language_model SET settings = '{\"price_per_hour\": 3600}'"))
        # as the second sweep's model is the first's, its calls are the very same rows
        db.execute(text("UPDATE step SET completion_id = (SELECT min(id) FROM completion)"
                        " WHERE completion_id IS NOT NULL"))  # fmt: skip
        for name, model, price in (("first", "c", 7200), ("second", "same", 3600), ("third", "c", 1800)):  # fmt: skip
            file = json.dumps({"models": {model: {"price_per_hour": price}}})
            db.execute(text("UPDATE sweep SET file = :file WHERE name = :name"), {"file": file, "name": name})  # fmt: skip
    assert rows("SELECT sweep, price FROM v_cost ORDER BY sweep_id") == [
        ("first", 2.0), ("second", 1.0), ("third", 0.5), ("unpriced", 0.0)
    ]  # fmt: skip
    with session() as db:
        found = {sweep: progress(db, sweep).models for sweep in (1, 2, 3, 4)}
    assert [(models[0].name, models[0].spent) for models in found.values()] == [
        ("c", 2.0), ("same", 1.0), ("c", 0.5), ("c", 0.0)
    ]  # fmt: skip


def test_errors_name_their_run() -> None:
    write(MAIN)
    assert rows("""
        SELECT v_errors.error, v_errors.attempts, v_scores.pattern
        FROM v_errors JOIN v_scores USING (sweep_id, run_id)""") == [("no disk", 1, "raw-coder")]


def test_a_sweep_that_has_just_begun_is_shown_with_nothing_yet() -> None:
    write("review-then-fix p0 0 queued\nraw-coder p0 0 queued")
    assert (
        rows("SELECT n, unfinished, pass_1, reviewed, model_seconds FROM v_scores")
        == [(0, 1, None, 0, 0.0)] * 2
    )
    assert rows("SELECT pairs, missing FROM v_compare") == [(0, 1), (0, 1)]
    assert (
        rows("SELECT n, solved, gpu_seconds, price_per_solved FROM v_cost")
        == [(0, 0, 0.0, None)] * 2
    )
    for empty in ("v_flips", "v_reviewer", "v_moderator", "v_errors"):
        assert rows(f"SELECT * FROM {empty}") == []


@pytest.mark.parametrize("view", ["v_scores", "v_pass_at_k", "v_compare", "v_reviewer", "v_cost"])
def test_a_run_is_the_same_whether_asked_for_by_run_by_sweep_or_among_all(view: str) -> None:
    write(SAMPLES, sweep="samples", samples=5)
    write(MAIN)
    every = rows(f"SELECT * FROM {view} ORDER BY v::text".replace(view, f"{view} AS v"))
    assert every
    for column in ("sweep_id", "sweep", "run_id"):
        found = []
        for (value,) in rows(f"SELECT DISTINCT {column} FROM {view}"):
            found += rows(f"SELECT * FROM {view} WHERE {column} = :value", value=value)
        assert sorted(found, key=str) == sorted(every, key=str)


_PAGE = (ROOT / "docs" / "sql.md").read_text()


@pytest.mark.parametrize("query", re.findall(r'\$ foureyes sql "([^"]+)"', _PAGE))
def test_the_queries_of_the_page_run(query: str) -> None:
    rows(query)


def test_the_page_tells_of_every_view() -> None:
    views = {name for (name,) in rows("SELECT viewname FROM pg_views WHERE schemaname = 'public'")}
    assert set(re.findall(r"^\| `(v_\w+)` \|", _PAGE, re.MULTILINE)) == views
