"""Letting an attempt go on: replay its pattern from the recorded steps, and ask for what is next."""

import itertools
import logging
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row

from models import broker
from models.enums import Kind, Outcome, State, Status, Suite
from models.errors import FoureyesError
from models.llm import AnyModel
from models.problem import Trial
from models.session import is_passing, transaction
from models.tables import Completion, Execution
from models.text import storable
from models.work import Asked, ask
from worker import patterns, templates
from worker.engines.ends import REFUSED
from worker.patience import Refused, patiently
from worker.replay import Replay
from worker.requests import RECORDED, Call, Caller, execution_key
from worker.rows import (
    ADD_STEP,
    ATTEMPT,
    END_ATTEMPT,
    GIVEN,
    MOVE_ATTEMPT,
    NOTE_STEP,
    STEPS,
    given,
    spec_of,
    sweep_file,
)
from worker.sandbox import judge
from worker.steps import CompletionStep, Result, VisibleTests
from worker.steps import Step as Wanted

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Message:
    """What must be sent once the transaction is committed: a row that somebody should work on."""

    task: str
    queue: str
    row_id: int
    shown: str  # what Flower displays: benchmark, problem, pattern, sample


def advance(attempt_id: int) -> list[Message]:
    """Take an attempt as far as its recorded steps allow; the messages to send now.

    Safe to call at any time and any number of times: an attempt that has ended, or that still
    waits, is left as it is.
    """
    try:
        return _go_on(attempt_id)
    except Exception as error:  # e.g. code that Postgres cannot hold: it would be so for ever
        if is_passing(error):
            raise
        log.warning("attempt %d ends in error", attempt_id, exc_info=True)
        first_line = str(error).partition("\n")[0]
        said = f"it cannot go on: {type(error).__name__}: {first_line}"
    _give_up(attempt_id, said)
    return []


def advance_patiently(attempt_id: int) -> list[Message]:
    """The same, waiting for a database that is away. One that is there, and refuses each time, ends
    the attempt: it would come back for ever."""
    try:
        return patiently(partial(advance, attempt_id))
    except Refused as error:
        patiently(partial(_give_up, attempt_id, f"it cannot go on: {error}"))
        return []


def _give_up(attempt_id: int, said: str) -> None:
    """End an attempt in error, if it has not ended."""
    with transaction() as db:
        if _open(db, attempt_id) is not None:
            _end_in_error(db, attempt_id, said)


def _go_on(attempt_id: int) -> list[Message]:
    with transaction() as db:
        attempt = _open(db, attempt_id)
        if attempt is None:
            return []
        try:
            going = _Advance(db, attempt)
        except FoureyesError as error:  # e.g. a pattern that this worker lacks
            _end_in_error(db, attempt_id, str(error))
            return []
        return going.go()


def _open(db: Connection, attempt_id: int) -> Row[Any] | None:
    """The attempt, locked, if it has not ended."""
    attempt = db.execute(ATTEMPT, {"attempt": attempt_id}).one_or_none()
    still = attempt is not None and attempt.state in (State.QUEUED, State.RUNNING)
    return attempt if still else None


def _end_in_error(db: Connection, attempt_id: int, error: str) -> None:
    values = _ended(Outcome.ERROR, storable(error))
    db.execute(END_ATTEMPT, {"attempt": attempt_id} | values)


def _ended(outcome: Outcome, error: str | None = None) -> dict[str, Any]:
    """The columns of an attempt that has ended."""
    state = State.ERROR if outcome is Outcome.ERROR else State.DONE
    return {"state": state, "outcome": outcome, "error": error}


class _Advance:
    """One attempt, being taken further inside one transaction."""

    def __init__(self, db: Connection, attempt: Row[Any]) -> None:
        self.db = db
        self.attempt = attempt
        file = sweep_file(db, attempt)
        self.models = {
            "coder": (attempt.coder_id, file.models[attempt.coder]),
            "reviewer": (attempt.reviewer_id, file.models[attempt.reviewer]),
        }
        #: The recording that answers, if this is a replay.
        self.recording = next(filter(None, (m.answers_from for _, m in self.models.values())), None)
        own = patterns.load_modules(file.modules, file.module_folder)
        for name, module in own.items():
            if file.module_hashes.get(name, module.source_hash) != module.source_hash:
                raise FoureyesError(
                    f"modules: {name!r} is not what it was when the sweep was enqueued: enqueue it "
                    "again, or put the module back as it was (and restart workers that have it "
                    "installed) and then `foureyes retry`"
                )
        name = attempt.pattern.partition("(")[0]
        pattern = patterns.find(name, patterns.with_modules(own)).configure(attempt.options)
        prompts = templates.of(pattern.style.prompts, file.prompt_files)
        self.caller = Caller(prompts, pattern.style, file.fresh)
        self.replay = Replay(pattern, spec_of(db, attempt))
        self.shown = broker.shown_in_flower(
            attempt.benchmark,
            attempt.problem,
            attempt.pattern,
            attempt.sample,
            attempt.sweep,
            attempt.id,
        )
        self.recorded: dict[int, list[Row[Any]]] = defaultdict(list)
        for step in db.execute(STEPS, {"attempt": attempt.id}):
            self.recorded[step.position].append(step)
        self.messages: list[Message] = []
        #: Keys of the calls that the replayed steps are answered by.
        self.called: set[str] = set()
        #: Whether any of them was declined.
        self.refused = False
        #: What will be written: the attempt's columns, new steps, and what recorded steps gave.
        self.attempt_values: dict[str, Any] = {"state": State.RUNNING}
        self.new_steps: list[dict[str, Any]] = []
        self.notes: list[dict[str, Any]] = []

    def go(self) -> list[Message]:
        """Replay as far as can be, and write what came of it; the messages to send."""
        try:
            with closing(self.replay):
                self._replay()
        except FoureyesError as error:
            self.attempt_values = _ended(Outcome.ERROR, storable(str(error)))
            self.messages = []
        if self.new_steps:
            self.db.execute(ADD_STEP, self.new_steps)
        if self.notes:
            self.db.execute(NOTE_STEP, self.notes)
        ended = "outcome" in self.attempt_values
        values = {"attempt": self.attempt.id} | self.attempt_values
        self.db.execute(END_ATTEMPT if ended else MOVE_ATTEMPT, values)
        return self.messages

    def _replay(self) -> None:
        """Go on until a step is not answered yet, or the final code has been judged.

        Where a model declined and no program came of it, there is nothing to judge.
        """
        while (wanted := self.replay.wanted) is not None:
            rows = self._rows(wanted)
            if not self._all_done(rows):
                return
            answers = tuple(map(self._read, wanted, rows))
            self._note(answers)
            self.replay.answer(answers)
        self.attempt_values["code"] = code = self.replay.code
        if self.refused and not (code or "").strip():
            self.attempt_values |= _ended(Outcome.REFUSED)
            return
        (judged,) = self._rows(None)
        if self._all_done([judged]):
            solved = judged.base is Status.PASS and judged.plus is Status.PASS
            self.attempt_values |= _ended(Outcome.SOLVED if solved else Outcome.UNSOLVED)

    def _read(self, step: Wanted, row: Row[Any]) -> Result:
        """What a step gave. The words of a refusal are no program, no plan and no verdict."""
        if isinstance(step, VisibleTests):
            return Trial.from_json(row.detail)
        is_refused = row.finish_reason == REFUSED
        self.refused |= is_refused
        return step.read("" if is_refused else row.text)

    def _note(self, results: tuple[Result, ...]) -> None:
        """Keep with each step of this position what it gave, for whoever reads the rows."""
        recorded = self.recorded[self.replay.position]
        for branch, result in enumerate(results):
            columns = given(result)
            if not recorded:
                self.new_steps[branch - len(results)] |= columns
            elif columns != {name: getattr(recorded[branch], name) for name in GIVEN}:
                self.notes.append({"step": recorded[branch].step_id} | columns)

    def _rows(self, wanted: tuple[Wanted, ...] | None) -> list[Row[Any]]:
        """The rows that answer the wanted steps (None: the judging of the returned code).

        Recorded steps must ask for what they asked for before; new ones are asked for now.
        """
        fresh = [self._judge()] if wanted is None else [self._asked(step) for step in wanted]
        recorded = self.recorded[self.replay.position]
        if recorded and len(recorded) != len(fresh):
            raise self.replay.error(
                f"asked for {len(recorded)} steps before and for {len(fresh)} in the replay; "
                "a pattern must be deterministic"
            )
        rows: dict[int, Row[Any]] = {}
        # in the order of their keys, so that two attempts never wait for each other's rows
        for branch, asked in sorted(enumerate(fresh), key=lambda pair: pair[1].key):
            if recorded:
                rows[branch] = self._again(recorded[branch], asked)
            else:
                rows[branch] = self._ask(asked)
        if not recorded:
            steps = wanted or (None,)
            self.new_steps += [self._step(i, step, rows[i]) for i, step in enumerate(steps)]
        return [rows[branch] for branch in range(len(fresh))]

    def _again(self, step: Row[Any], asked: Asked) -> Row[Any]:
        """The row that a step was recorded with, if the replay asks for the same thing.

        Whoever judged then need not be who would be asked now: workers may have another Python.
        """
        if step.judge_version is not None and asked.table is Execution:
            asked = self._execution(asked.values["suite"], asked.values["code"], step.judge_version)
        if step.key != asked.key:
            raise self.replay.error(
                "asks for something else in the replay than before; a pattern and its prompts must "
                "stay as they are while an attempt is under way (`foureyes retry` starts the "
                "attempt anew)"
            )
        return self._ask(asked) if step.state is State.CANCELLED else step

    def _ask(self, asked: Asked) -> Row[Any]:
        row, send = ask(self.db, asked)
        if send:
            task, queue = broker.EXECUTE, broker.EXECUTION
            if asked.table is Completion:
                task = asked.values["kind"].value
                own = asked.values["model_id"] == self.attempt.coder_id
                queue = broker.model_queue(self.attempt.coder if own else self.attempt.reviewer)
            self.messages.append(Message(task, queue, row.id, self.shown))
        return row

    def _step(self, branch: int, step: Wanted | None, row: Row[Any]) -> dict[str, Any]:
        """The columns of a new step. It is also the attempt's subscription to the answer."""
        is_execution = step is None or isinstance(step, VisibleTests)
        return {
            "attempt_id": self.attempt.id,
            "position": self.replay.position,
            "branch": branch,
            "kind": Kind.JUDGE if step is None else step.kind,
            "role": None if step is None else step.by,
            **dict.fromkeys(GIVEN),
            "completion_id": None if is_execution else row.id,
            "execution_id": row.id if is_execution else None,
        }

    def _asked(self, step: Wanted) -> Asked:
        if isinstance(step, VisibleTests):
            by = RECORDED if self.recording else judge.identity()
            return self._execution(Suite.VISIBLE, step.draft.code, by)
        model_id, model = self.models[step.by]
        wanted = self._call(step, model)
        return Asked(
            Completion,
            {
                "key": wanted.key,
                "model_id": model_id,
                "kind": step.kind,
                "prompt": wanted.prompt,
                "prompt_hash": wanted.prompt_hash,
                "request": wanted.request,
            },
            model.answers_from,
            self.attempt.accepts_imported,
        )

    def _call(self, step: CompletionStep, model: AnyModel) -> Call:
        """The call for a step. What the attempt has asked before is drawn anew, if it is drawn."""
        for again in itertools.count():
            wanted = self.caller.call(step, model, self.attempt.sample, again)
            if wanted.request["seed"] is None or wanted.key not in self.called:
                self.called.add(wanted.key)
                return wanted
        raise AssertionError("counting does not end")

    def _judge(self) -> Asked:
        assert self.replay.code is not None
        return self._execution(Suite.HIDDEN, self.replay.code, judge.identity())

    def _execution(self, suite: Suite, code: str, judged_by: str) -> Asked:
        return Asked(
            Execution,
            {
                "key": execution_key(suite, self.attempt.version, code, judged_by),
                "problem_id": self.attempt.problem_id,
                "suite": suite,
                "code": code,
                "judge_version": judged_by,
            },
            self.recording if judged_by == RECORDED else None,
            self.attempt.accepts_imported,
        )

    def _all_done(self, rows: list[Row[Any]]) -> bool:
        """Whether every row is done; an attempt of which one has failed ends in `error`."""
        for row in rows:
            if row.state is State.ERROR:
                self.attempt_values |= _ended(Outcome.ERROR, row.error)
        return all(row.state is State.DONE for row in rows)
