"""The views' figures, worked out a second time from the rows by other means: by Python, a row at a time.

Sweeps are drawn at random, with all that real ones have: calls and programs that several attempts,
runs and sweeps share, one model under two names and at two prices, variants of prompts, several
samples, and attempts that were refused, failed, were cancelled or have not ended.
"""

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from foureyes.models.enums import Kind, Outcome, State, Status, Suite
from foureyes.models.session import session
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
from foureyes.results.figures import costs
from foureyes.results.figures.baselines import baselines
from foureyes.results.figures.scoreboard import scoreboard
from foureyes.results.report import sentences
from foureyes.worker.patterns.reading.extract import without_thinking
from tests.sweeps import seat

pytestmark = pytest.mark.usefixtures("database")

_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
_JUDGED = (Outcome.SOLVED, Outcome.UNSOLVED, Outcome.REFUSED)
_ENDS = [*_JUDGED, Outcome.SOLVED, Outcome.UNSOLVED, Outcome.ERROR, None, "cancelled"]
_PATTERNS = (
    ("raw-coder", {"prompts": "default", "thinking": None, "review_format": "json"}),
    ("raw-coder(prompts=terse)", {"prompts": "terse", "thinking": None, "review_format": "json"}),
    ("review-then-fix", {"prompts": "default", "thinking": None, "review_format": "json"}),
    ("review-then-fix(prompts=terse)", {"prompts": "terse", "thinking": None, "review_format": "text"}),
    ("debate(thinking=True)", {"prompts": "default", "thinking": True, "review_format": "json"}),
    ("retry(extraction=last-block)", {"extraction": "last-block", "prompts": "default"}),
    ("self-review(verdict=trace)", {"verdict": "trace", "prompts": "default"}),
    ("debate", {}),  # a row from before patterns had options
)  # fmt: skip
_TEXTS = (
    "a program", "", "<think>hm</think>the answer", "<think>hm</think>", "<think>cut off",
    "hm</think>\n", "hm</think>answer", " \n<think>a</think>\n<think>b</think> ",
    "<think>a</think>x<think>b</think>", "I <think> so",
)  # fmt: skip


class Rows:
    """What was written, to be counted."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        with session() as db:
            self._write(db)
        with session() as db:
            self.sweeps = list(db.exec(select(Sweep)))
            self.runs = {run.id: run for run in db.exec(select(Run))}
            self.attempts = list(db.exec(select(Attempt)))
            self.completions = {each.id: each for each in db.exec(select(Completion))}
            self.executions = {each.id: each for each in db.exec(select(Execution))}
            self.names = {each.id: each.name for each in db.exec(select(LanguageModel))}
            self.teams = {(each.run_id, each.role): each.model_id for each in db.exec(select(Seat))}
            self.steps: dict[int, list[Step]] = defaultdict(list)
            for step in db.exec(select(Step).order_by(col(Step.id))):
                self.steps[step.attempt_id].append(step)

    def _write(self, db: Any) -> None:
        chance = self.chance
        models = [
            LanguageModel(name=n, settings={"price_per_hour": 50}, identity=n) for n in "cdrt"
        ]
        problems = [
            Problem(benchmark="b", problem_id=f"p{n}", version=f"v{n}", entry_point="f", record='{"prompt": "x"}', prompt="x")
            for n in range(5)
        ]  # fmt: skip
        db.add_all([*models, *problems])
        db.flush()
        programs = [
            Execution(
                key=f"e{n}", state=State.DONE, problem_id=problems[n % 5].id, suite=Suite.HIDDEN,
                judge_version="1", code=f"program {n}", detail={}, base=Status.PASS if n % 3 else Status.FAIL,
                plus=Status.PASS if n % 3 == 1 else Status.FAIL,
            )
            for n in range(30)
        ]  # fmt: skip
        calls = [
            Completion(
                key=f"c{n}", state=chance.choice([State.DONE] * 5 + [State.QUEUED]), text=chance.choice(_TEXTS),
                model_id=models[n % 3].id, kind=Kind.DRAFT, prompt="draft" if n % 7 else "choose", prompt_hash="", request={},
                finish_reason=chance.choice(["stop", "length", "refused"]),
                prompt_tokens=chance.randrange(100), completion_tokens=chance.randrange(100),
                seconds=chance.choice([0.0, 1.0, 2.5]), worker=chance.choice([None, "a/1", "a/2", "b/1"]),
                finished_at=_BEGAN + timedelta(seconds=chance.randrange(40)),
            )
            for n in range(60)
        ]  # fmt: skip
        db.add_all([*programs, *calls])
        db.flush()
        for number in range(3):
            coder = models[number % 2]  # c and d ask for the same calls
            prices = {
                coder.name: chance.choice([None, 0, 10, 36]),
                "r": chance.choice([None, 5]),
                "t": 7,
            }
            told = {"engine": "scripted", "script": "x.toml"}
            file = {
                "models": {
                    name: told | ({} if price is None else {"price_per_hour": price})
                    for name, price in prices.items()
                }
            }
            sweep = Sweep(key=f"s{number}", name=f"s{number}", file=file)
            db.add(sweep)
            db.flush()
            samples = chance.choice([1, 3])
            for position, (pattern, options) in enumerate(chance.sample(_PATTERNS, 5)):
                run = Run(
                    sweep_id=sweep.id, key=pattern, position=position, benchmark="b", pattern=pattern,
                    options=options, pairing="c+r", samples=samples,
                )  # fmt: skip
                db.add(run)
                db.flush()
                seat(db, run, coder=coder, reviewer=models[2], tester=models[3])
                for problem in problems:
                    for sample in range(samples):
                        self._attempt(db, run, problem, sample, calls, programs)

    def _attempt(
        self, db: Any, run: Run, problem: Problem, sample: int, calls: list[Any], programs: list[Any]
    ) -> None:  # fmt: skip
        end = self.chance.choice(_ENDS)
        state = (
            State.DONE if end in _JUDGED else State.ERROR if end is Outcome.ERROR else State.RUNNING
        )
        outcome = end if end in list(Outcome) else None
        attempt = Attempt(
            run_id=run.id, problem_id=problem.id, sample=sample, outcome=outcome,
            state=State.CANCELLED if end == "cancelled" else state,
        )  # fmt: skip
        db.add(attempt)
        db.flush()
        position = -1
        for position in range(self.chance.randrange(4)):
            role = self.chance.choice(["coder", "reviewer", "tester"])
            kind = self.chance.choice([Kind.REVIEW, Kind.REVIEW, Kind.ASK])
            call = self.chance.choice(
                [c for c in calls if (self.chance.random() < 0.7 or c is calls[0])]
            )
            is_choice = kind is Kind.REVIEW and call.prompt == "choose"
            words = ["A", "B"] if is_choice else ["approve", "revise"]
            verdict = self.chance.choice([None, "none", *words])
            db.add(Step(attempt_id=attempt.id, position=position, branch=0, kind=kind, role=role,
                        completion_id=call.id, verdict=verdict))  # fmt: skip
        if outcome in (Outcome.SOLVED, Outcome.UNSOLVED):
            program = self.chance.choice(programs)
            db.add(Step(attempt_id=attempt.id, position=position + 1, branch=0, kind=Kind.JUDGE,
                        execution_id=program.id))  # fmt: skip

    def of(self, run_id: int) -> list[Attempt]:
        return [each for each in self.attempts if each.run_id == run_id]

    def judged(self, run_id: int) -> dict[tuple[int, int], bool]:
        """By problem and sample, whether an attempt that counts is solved."""
        return {
            (each.problem_id, each.sample): each.outcome is Outcome.SOLVED
            for each in self.of(run_id)
            if each.outcome in _JUDGED
        }

    def base(self, attempt: Attempt) -> bool:
        judged = [s.execution_id for s in self.steps[attempt.id] if s.execution_id is not None]
        return any(self.executions[each].base is Status.PASS for each in judged)

    def reviews(self, attempt: Attempt) -> list[str | None]:
        """What its reviews concluded: a choice is none, nor is what was asked in other words."""
        return [
            step.verdict
            for step in self.steps[attempt.id]
            if step.kind is Kind.REVIEW and self.completions[step.completion_id].prompt != "choose"
        ]

    def calls(self, sweep: Sweep, run_id: int, judged: bool) -> dict[int, str]:
        """The done calls of a run, or of its judged attempts, with the sweep's name of their model."""
        run, names, wanted = self.runs[run_id], {}, set()
        for attempt in self.of(run_id):
            for step in self.steps[attempt.id]:
                call = step.completion_id
                if call is None or self.completions[call].state is not State.DONE:
                    continue
                name = self.names[self.teams[run.id, step.role]]
                names[call] = min(names.get(call, name), name)
                if not judged or attempt.outcome in _JUDGED:
                    wanted.add(call)
        return {call: names[call] for call in wanted}

    def shares(self, sweep: Sweep) -> dict[tuple[int, str], float]:
        """By model and machine, how much of its calls' time it was busy: by sweeping over moments."""
        used = {c for run in self.of_sweep(sweep) for c in self.calls(sweep, run, judged=False)}
        spans: dict[tuple[int, str], list[tuple[datetime, datetime]]] = defaultdict(list)
        for each in (self.completions[c] for c in used):
            node = (each.worker or "").partition("/")[0]
            spans[each.model_id, node].append(
                (each.finished_at - timedelta(seconds=each.seconds), each.finished_at)
            )
        found = {}
        for key, those in spans.items():
            edges = sorted({moment for span in those for moment in span})
            busy = sum(
                (after - before).total_seconds()
                for before, after in pairwise(edges)
                if any(low <= before and after <= high for low, high in those)
            )
            total = sum((high - low).total_seconds() for low, high in those)
            found[key] = busy / total if total else 0.0
        return found

    def of_sweep(self, sweep: Sweep) -> Iterator[int]:
        return (run for run, row in self.runs.items() if row.sweep_id == sweep.id)


@pytest.fixture(params=range(4), ids=lambda seed: f"seed {seed}")
def written(request: pytest.FixtureRequest, database: str) -> Rows:
    return Rows(request.param)


def asked(statement: str, **values: Any) -> list[Any]:
    with session() as db:
        return list(db.execute(text(statement), values))


def test_scores(written: Rows) -> None:
    for row in asked("SELECT * FROM v_scores"):
        attempts = written.of(row.run_id)
        judged = [each for each in attempts if each.outcome in _JUDGED]
        assert row.n == len(judged)
        assert row.solved == sum(each.outcome is Outcome.SOLVED for each in judged)
        assert row.refused == sum(each.outcome is Outcome.REFUSED for each in judged)
        assert row.errors == sum(each.outcome is Outcome.ERROR for each in attempts)
        assert row.unfinished == sum(each.state is State.RUNNING for each in attempts)
        assert row.cancelled == sum(each.state is State.CANCELLED for each in attempts)
        by_problem = defaultdict(list)
        for each in judged:
            by_problem[each.problem_id].append(each)
        means = [[e.outcome is Outcome.SOLVED for e in those] for those in by_problem.values()]
        assert row.pass_1 == (pytest.approx(sum(sum(m) / len(m) for m in means) / len(means)) if means else None)  # fmt: skip
        assert row.base_solved == sum(written.base(each) for each in judged)
        verdicts = [written.reviews(each) for each in attempts]
        assert row.reviewed == sum(any(verdict for verdict in those) for those in verdicts)
        assert row.changes_asked == sum("revise" in those for those in verdicts)
    told = asked(
        "SELECT run_id, attempts, ended, solved, refused, errors, unfinished FROM v_progress"
    )
    scores = {row.run_id: row for row in asked("SELECT * FROM v_scores")}
    assert len(told) == len(scores) == 15
    for run, attempts, ended, solved, refused, errors, unfinished in told:
        row = scores[run]
        assert (attempts, ended) == (len(written.of(run)), row.n + row.errors)
        assert (solved, refused, errors, unfinished) == (row.solved, row.refused, row.errors, row.unfinished)  # fmt: skip


def test_costs(written: Rows) -> None:
    for sweep in written.sweeps:
        shares = written.shares(sweep)
        for row in asked("SELECT * FROM v_cost WHERE sweep_id = :s", s=sweep.id):
            for judged, prefix in ((False, ""), (True, "judged_")):
                names = written.calls(sweep, row.run_id, judged)
                calls = [written.completions[each] for each in names]
                assert getattr(row, f"{prefix}prompt_tokens") == sum(c.prompt_tokens for c in calls)
                assert getattr(row, f"{prefix}completion_tokens") == sum(c.completion_tokens for c in calls)  # fmt: skip
                seconds = {c.id: c.seconds * shares[c.model_id, (c.worker or "").partition("/")[0]] for c in calls}  # fmt: skip
                assert getattr(row, f"{prefix}gpu_seconds") == pytest.approx(sum(seconds.values()))
                prices = {name: model.get("price_per_hour", 0) for name, model in sweep.file["models"].items()}  # fmt: skip
                spent = sum(seconds[call] * prices[name] / 3600 for call, name in names.items())
                assert getattr(row, f"{prefix}price") == pytest.approx(spent)
            if row.solved and written.calls(sweep, row.run_id, judged=True):
                assert row.price_per_solved == pytest.approx(row.judged_price / row.solved)
                assert row.tokens_per_solved == row.judged_completion_tokens // row.solved
            else:
                assert row.price_per_solved is None


def test_costs_by_problem(written: Rows) -> None:
    """A problem's are those of its own calls, at the prices by which v_cost counts the run's."""
    for sweep in written.sweeps:
        with session() as db:
            found = costs.read(db, sweep)
        shares = written.shares(sweep)
        models = sweep.file["models"]
        for run in (run for run in written.runs.values() if run.sweep_id == sweep.id):
            judged = [each for each in written.of(run.id) if each.outcome in _JUDGED]
            by_problem = defaultdict(list)
            for each in judged:
                by_problem[each.problem_id].append(each)
            assert found.get(run.id, {}).keys() == by_problem.keys()
            names = written.calls(sweep, run.id, judged=True)
            for problem, attempts in by_problem.items():
                used = {
                    step.completion_id for each in attempts for step in written.steps[each.id]
                } & names.keys()
                calls = [written.completions[each] for each in used]
                cost = found[run.id][problem]
                assert cost.attempts == len(attempts)
                assert cost.tokens == sum(call.completion_tokens for call in calls)
                price = sum(
                    call.seconds
                    * shares[call.model_id, (call.worker or "").partition("/")[0]]
                    * models[names[call.id]].get("price_per_hour", 0)
                    for call in calls
                )
                assert cost.price == pytest.approx(price / 3600)


def style(run: Run) -> tuple[Any, ...]:
    """What only runs that are alike have in common."""
    usual = {"prompts": "default", "thinking": None, "extraction": "whole"}
    return tuple(run.options.get(name, value) for name, value in usual.items())


def test_pairs(written: Rows) -> None:
    names = {sweep.id: sweep.name for sweep in written.sweeps}
    compared = {(row.baseline_run_id, row.run_id): row for row in asked("SELECT * FROM v_compare")}
    flips: dict[tuple[int, int], list[Any]] = defaultdict(list)
    for row in asked("SELECT * FROM v_flips"):
        flips[row.baseline_run_id, row.run_id].append(row)
    assert len(compared) == 15 * 14
    for (base, run), row in compared.items():
        theirs, mine = written.judged(base), written.judged(run)
        both = theirs.keys() & mine.keys()
        improved = {key for key in both if mine[key] and not theirs[key]}
        regressed = {key for key in both if theirs[key] and not mine[key]}
        assert (row.pairs, row.improved, row.regressed) == (
            len(both),
            len(improved),
            len(regressed),
        )
        assert row.both_solved == sum(mine[key] and theirs[key] for key in both)
        every = {(a.problem_id, a.sample) for r in (base, run) for a in written.of(r)}
        assert row.missing == len(every) - len(both)
        found = flips[base, run]
        assert sum(flip.flip == "improved" for flip in found) == len(improved)
        assert len(found) == len(improved) + len(regressed)
        one, other = written.runs[base], written.runs[run]
        alike = one.sweep_id == other.sweep_id and style(one) == style(other)
        assert row.alike is alike and all(flip.alike is alike for flip in found)
        assert row.sweep == names[other.sweep_id]


def test_the_report_and_v_moderator_compare_with_the_same_baseline(written: Rows) -> None:
    """By one rule: the raw coder whose prompts are written as the run's are, and none if there is none."""
    for sweep in written.sweeps:
        board = scoreboard(sweep.id or 0)
        expected = {}
        for run in written.of_sweep(sweep):
            for other in written.of_sweep(sweep):
                row = written.runs[other]
                if row.pattern.startswith("raw-coder") and style(row) == style(written.runs[run]):
                    expected[run] = other
        assert board.baselines == expected
        assert baselines([score.run for score in board.scores], "raw-coder") == expected
        in_sql = asked("SELECT DISTINCT run_id, baseline_run_id FROM v_moderator WHERE sweep_id = :s", s=sweep.id)  # fmt: skip
        pairs = {run: base for run, base in expected.items() if run != base}
        pairs = {
            r: b for r, b in pairs.items() if written.judged(r).keys() & written.judged(b).keys()
        }
        assert {row.run_id: row.baseline_run_id for row in in_sql} == pairs
        for run, found in board.comparisons.items():
            (row,) = asked("SELECT * FROM v_compare WHERE run_id = :r AND baseline_run_id = :b", r=run, b=expected[run])  # fmt: skip
            assert (row.improved, row.regressed, row.pairs) == (found.improved, found.regressed, found.pairs)  # fmt: skip
        assert sentences.of_sweep(board)


def test_endings(written: Rows) -> None:
    """Each call once, by the sweep's name of its model and what it was for; thoughts are told as a worker tells them."""
    told = asked("SELECT DISTINCT completion_id, only_thoughts FROM v_steps WHERE completion_id IS NOT NULL")  # fmt: skip
    for call, only_thoughts in told:
        answer = written.completions[call].text
        assert answer is not None
        thinks = "<think>" in answer or "</think>" in answer
        assert only_thoughts is (thinks and not without_thinking(answer).strip()), answer
    assert {only for _, only in told} == {True, False}
    for sweep in written.sweeps:
        steps = [
            (step.completion_id, written.runs[run], step)
            for run in written.of_sweep(sweep)
            for attempt in written.of(run)
            for step in written.steps[attempt.id]
            if step.completion_id is not None
        ]
        names: dict[int, str] = {}
        kinds: dict[int, str] = {}
        for call, run_row, step in sorted(steps, key=lambda each: each[2].id or 0):
            name = written.names[written.teams[run_row.id, step.role]]
            names[call] = min(names.get(call, name), name)
            kinds.setdefault(call, step.kind)
        counts: dict[tuple[str, str, str], int] = defaultdict(int)
        for call, name in names.items():
            counts[name, kinds[call], written.completions[call].finish_reason or ""] += 1
        board = scoreboard(sweep.id or 0)
        assert {
            (each.model, each.kind, each.finish_reason): each.calls for each in board.endings
        } == counts
