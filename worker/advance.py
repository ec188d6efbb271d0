"""Letting an attempt go on: replay its pattern from the recorded steps, and ask for what is next."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter
from sqlmodel import Session, col, select

from models.benchmark import parse_record
from models.enums import Kind, Outcome, State, Status, Suite
from models.errors import FoureyesError
from models.llm import AnyModel
from models.problem import Trial
from models.session import session
from models.tables import (
    Attempt,
    Completion,
    Execution,
    LanguageModel,
    Problem,
    Run,
    Step,
    Sweep,
)
from models.text import storable
from models.work import ask, moment
from worker import patterns, templates
from worker.replay import PatternError, Replay
from worker.requests import Caller, execution_key
from worker.sandbox.judge import JUDGE_VERSION
from worker.steps import Choice, Program, Result, VisibleTests
from worker.steps import Step as Wanted
from worker.verdict import Verdict

AnyRow = Completion | Execution

_MODEL: TypeAdapter[AnyModel] = TypeAdapter(AnyModel)


@dataclass(frozen=True)
class Message:
    """What must be sent once the transaction is committed: a row that somebody should work on."""

    row: AnyRow
    shown: str  # what Flower displays: benchmark, problem, pattern, sample


def advance(attempt_id: int) -> list[Message]:
    """Take an attempt as far as its recorded steps allow; the messages to send now.

    Safe to call at any time and any number of times: an attempt that has ended, or that still
    waits, is left as it is.
    """
    with session() as db:
        attempt = db.exec(
            select(Attempt).where(Attempt.id == attempt_id).with_for_update()
        ).one_or_none()
        if attempt is None or attempt.state not in (State.QUEUED, State.RUNNING):
            return []
        attempt.state = State.RUNNING
        attempt.moved_at = moment()
        try:
            return _Advance(db, attempt).go()
        except (PatternError, FoureyesError) as error:  # e.g. a pattern that this worker lacks
            _end(attempt, Outcome.ERROR, str(error))
            return []


def _end(attempt: Attempt, outcome: Outcome, error: str | None = None) -> None:
    attempt.outcome = outcome
    attempt.state = State.ERROR if outcome is Outcome.ERROR else State.DONE
    attempt.error = error
    attempt.finished_at = moment()


class _Advance:
    """One attempt, being taken further inside one transaction."""

    def __init__(self, db: Session, attempt: Attempt) -> None:
        self.db = db
        self.attempt = attempt
        run = db.get_one(Run, attempt.run_id)
        sweep = db.get_one(Sweep, run.sweep_id)
        self.problem = db.get_one(Problem, attempt.problem_id)
        parsed = parse_record(self.problem.benchmark, self.problem.record)
        self.spec = parsed.spec()
        self.models: dict[str, tuple[int, AnyModel]] = {}
        for role, model_id in (("coder", run.coder_id), ("reviewer", run.reviewer_id)):
            name = db.get_one(LanguageModel, model_id).name
            self.models[role] = (model_id, _MODEL.validate_python(sweep.file["models"][name]))
        patterns.load_modules(
            sweep.file.get("modules") or [], Path(sweep.file.get("module_folder") or ".")
        )
        pattern = patterns.find(run.pattern).configure(run.options)
        self.caller = Caller(
            templates.of(pattern.style.prompts, sweep.file.get("prompt_files") or {}),
            pattern.style,
            sweep.file.get("fresh") or "",
        )
        self.replay = Replay(pattern, self.spec)
        self.shown = (
            f"{run.benchmark} {self.problem.problem_id} {run.pattern} #{attempt.sample}"
            f" ({sweep.name}, attempt {attempt.id})"
        )
        self.messages: list[Message] = []

    def go(self) -> list[Message]:
        """Replay until a step is not answered yet, or the final code has been judged."""
        while (wanted := self.replay.wanted) is not None:
            rows = self._rows(wanted)
            if not self._all_done(rows):
                return self.messages
            answers = tuple(_read(step, row) for step, row in zip(wanted, rows, strict=True))
            self._note(answers)
            self.replay.answer(answers)
        self.attempt.code = self.replay.code
        (judged,) = self._rows(None)
        if self._all_done([judged]):
            assert isinstance(judged, Execution)
            solved = judged.base is Status.PASS and judged.plus is Status.PASS
            _end(self.attempt, Outcome.SOLVED if solved else Outcome.UNSOLVED)
        return self.messages

    def _note(self, results: tuple[Result, ...]) -> None:
        """Keep with each step of this position what it gave, for whoever reads the rows."""
        for branch, result in enumerate(results):
            step = self.steps[branch]
            if isinstance(result, Program):
                step.code = storable(result.code)
            elif isinstance(result, Verdict):
                step.verdict = {True: "approve", False: "revise", None: "none"}[result.approves]
            elif isinstance(result, Choice):
                step.verdict = result.letter or "none"

    def _rows(self, wanted: tuple[Wanted, ...] | None) -> list[AnyRow]:
        """The rows that answer the wanted steps (None: the judging of the returned code).

        Recorded steps must ask for what they asked for before; new ones are asked for now.
        """
        fresh = [self._judge()] if wanted is None else [self._row_for(step) for step in wanted]
        recorded = self.db.exec(
            select(Step)
            .where(Step.attempt_id == self.attempt.id, Step.position == self.replay.position)
            .order_by(col(Step.branch))
        ).all()
        if recorded and len(recorded) != len(fresh):
            raise self.replay.error(
                f"asked for {len(recorded)} steps before and for {len(fresh)} in the replay; "
                "a pattern must be deterministic"
            )
        rows: dict[int, AnyRow] = {}
        self.steps: dict[int, Step] = {step.branch: step for step in recorded}
        # in the order of their keys, so that two attempts never wait for each other's rows
        for branch, asked in sorted(enumerate(fresh), key=lambda pair: pair[1].key):
            if recorded:
                rows[branch] = self._recorded(recorded[branch], asked)
            else:
                rows[branch] = self._ask(asked)
                step = None if wanted is None else wanted[branch]
                self._subscribe(branch, step, rows[branch])
        return [rows[branch] for branch in range(len(fresh))]

    def _recorded(self, step: Step, asked: AnyRow) -> AnyRow:
        """The row that a step was recorded with, if the replay asks for the same thing."""
        row: AnyRow
        if step.completion_id is not None:
            row = self.db.get_one(Completion, step.completion_id)
        else:
            row = self.db.get_one(Execution, step.execution_id)
        if row.key != asked.key:
            raise self.replay.error(
                "asks for something else in the replay than before; a pattern, its prompts and the "
                "judge must stay as they are while an attempt is under way (`foureyes retry` "
                "starts the attempt anew)"
            )
        return self._ask(asked) if row.state is State.CANCELLED else row

    def _ask(self, asked: AnyRow) -> AnyRow:
        row, send = ask(self.db, asked)
        if send:
            self.messages.append(Message(row, self.shown))
        return row

    def _subscribe(self, branch: int, step: Wanted | None, row: AnyRow) -> None:
        self.steps[branch] = Step(
            attempt_id=self.attempt.id,
            position=self.replay.position,
            branch=branch,
            kind=Kind.JUDGE if step is None else step.kind,
            role=None if step is None else step.by,
            completion_id=row.id if isinstance(row, Completion) else None,
            execution_id=row.id if isinstance(row, Execution) else None,
        )
        self.db.add(self.steps[branch])

    def _row_for(self, step: Wanted) -> AnyRow:
        if isinstance(step, VisibleTests):
            return self._execution(Suite.VISIBLE, step.draft.code)
        model_id, model = self.models[step.by]
        wanted = self.caller.call(step, model, self.attempt.sample)
        return Completion(
            key=wanted.key,
            model_id=model_id,
            kind=step.kind,
            prompt=wanted.prompt,
            prompt_hash=wanted.prompt_hash,
            request=wanted.request,
        )

    def _judge(self) -> Execution:
        assert self.replay.code is not None
        return self._execution(Suite.HIDDEN, self.replay.code)

    def _execution(self, suite: Suite, code: str) -> Execution:
        return Execution(
            key=execution_key(suite, self.problem.version, code, JUDGE_VERSION),
            problem_id=self.problem.id,
            suite=suite,
            code=code,
            judge_version=JUDGE_VERSION,
        )

    def _all_done(self, rows: list[AnyRow]) -> bool:
        """Whether every row is done; an attempt of which one has failed ends in `error`."""
        for row in rows:
            if row.state is State.ERROR:
                _end(self.attempt, Outcome.ERROR, row.error)
        return all(row.state is State.DONE for row in rows)


def _read(step: Wanted, row: AnyRow) -> Result:
    if isinstance(step, VisibleTests):
        assert isinstance(row, Execution) and row.detail is not None
        return Trial.from_json(row.detail)
    assert isinstance(row, Completion) and row.text is not None
    return step.read(row.text)
