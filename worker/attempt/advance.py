"""Letting an attempt go on: replay its pattern from the recorded steps, and ask for what is next.

Whatever takes time (the pattern, prompts, reading what a model has written) happens while no
transaction is open. A first one counts the try and reads the attempt; one for each position of the
pattern writes what came of it, if nobody has moved the attempt meanwhile.
"""

import logging
import math
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Row
from sqlalchemy.exc import DBAPIError

from foureyes.models import broker, budgets
from foureyes.models.enums import Kind, Outcome, State, Status
from foureyes.models.errors import FoureyesError
from foureyes.models.lifecycle import Asked, ask
from foureyes.models.session import is_passing, is_server_trouble, said_by, transaction
from foureyes.models.storable import storable, storable_json
from foureyes.models.tables import Execution
from foureyes.worker import patterns
from foureyes.worker.attempt import tries
from foureyes.worker.attempt.asking import Asking
from foureyes.worker.attempt.difference import names_side_by_side, side_by_side
from foureyes.worker.attempt.replay import PatternReplay
from foureyes.worker.attempt.rows import (
    ADD_STEP,
    END_ATTEMPT,
    GIVEN,
    MOVE_ATTEMPT,
    NOTE_STEP,
    asked_before,
    given,
    spec_of,
    sweep_of,
)
from foureyes.worker.attempt.spending import Spending
from foureyes.worker.attempt.watchdog import Endless, within
from foureyes.worker.engines.ends import REFUSED
from foureyes.worker.patterns.steps import CompletionStep, ExecutionStep, Result
from foureyes.worker.patterns.steps import Step as Wanted
from foureyes.worker.retrying import Refused, patiently

log = logging.getLogger(__name__)

Made = TypeVar("Made")

#: Seconds of CPU time that reading one answer or writing one prompt may take, and by the clock: what
#: is a megabyte long takes some.
_MOST_SECONDS, _MOST_WALL_SECONDS = 30.0, 300.0
#: Seconds after each try that the database has not done; a deadlock is over at once.
_PAUSES = (0.1, 0.5, 2.0)


@dataclass(frozen=True)
class WorkMessage:
    """What must be sent once the transaction is committed: a row that somebody should work on."""

    task: str
    queue: str
    row_id: int
    shown: str  # what Flower displays: benchmark, problem, pattern, sample

    def send(self) -> None:
        """Tell the worker that can do it."""
        broker.send(self.task, self.queue, self.row_id, shown=self.shown)


class _Moved(Exception):
    """Somebody else has taken the attempt further, or ended it, since it was read."""


def advance(attempt_id: int, counted: bool = True, longest: float = math.inf) -> list[WorkMessage]:
    """Take an attempt as far as its recorded steps allow; the messages to send now.

    Safe to call at any time and any number of times: an attempt that has ended, or that still
    waits, is left as it is. A try that repeats what could not be done is not `counted`.

    Raises: tries.Unfinished if the database, although it is there, has not done what was asked of it;
    tries.TooLong if an answer takes more than `longest` seconds to read.
    """
    try:
        return _go_on(attempt_id, counted, longest)
    except (tries.Unfinished, tries.TooLong):
        raise
    except Exception as error:  # e.g. code that Postgres cannot hold: it would be so for ever
        if is_passing(error):
            raise
        log.warning("attempt %d ends in error", attempt_id, exc_info=True)
        first_line = str(error).partition("\n")[0]
        said = f"it cannot go on: {type(error).__name__}: {first_line}"
    tries.give_up(attempt_id, said)
    return []


def advance_patiently(attempt_id: int, longest: float = math.inf) -> list[WorkMessage]:
    """The same, waiting for a database that is away.

    With one that is there, and does not do what is asked of it, it is tried a few times; then the
    attempt is left to the reaper, so that those of others are not held up.

    Raises: tries.TooLong if an answer takes more than `longest` seconds to read.
    """
    counted = True

    def once() -> list[WorkMessage]:
        nonlocal counted
        try:
            return advance(attempt_id, counted, longest)
        except Exception as error:
            counted = not is_server_trouble(error)
            raise

    for pause in _PAUSES:
        try:
            return patiently(once)
        except tries.Unfinished as error:
            said = str(error)
            time.sleep(pause)
        except Refused as error:
            patiently(partial(tries.give_up, attempt_id, f"it cannot go on: {error}"))
            return []
    log.warning("attempt %d could not go on, and is left to the reaper: %s", attempt_id, said)
    patiently(partial(tries.note, attempt_id, said))
    return []


def _go_on(attempt_id: int, counted: bool, longest: float) -> list[WorkMessage]:
    while (begun := tries.begin(attempt_id, counted, longest)) is not None:
        try:
            return _take_further(*begun, longest)
        except _Moved:
            continue  # from where it is now; the pattern is asked anew
        except DBAPIError as error:
            if is_server_trouble(error) or not is_passing(error):
                raise
            raise tries.Unfinished(said_by(error)) from error
    return []


def _take_further(attempt: Row[Any], steps: list[Row[Any]], longest: float) -> list[WorkMessage]:
    try:
        going = _Advance(attempt, steps, longest)
    except FoureyesError as error:  # e.g. a pattern that this worker lacks
        tries.give_up(attempt.id, str(error))
        return []
    return going.go()


class _Advance:
    """One attempt, being taken further from where it was seen."""

    def __init__(self, attempt: Row[Any], steps: list[Row[Any]], longest: float) -> None:
        self.attempt = attempt
        self._longest = longest
        self.moves = attempt.moves
        sweep = sweep_of(attempt)
        folder = Path(sweep.module_folder)
        name = attempt.pattern.partition("(")[0]
        found = patterns.as_enqueued(name, sweep.modules, folder, sweep.module_hashes)
        pattern = found.configure(attempt.options)
        spec = spec_of(attempt)
        self._style = pattern.style
        self.asking = Asking(attempt, sweep, self._style, spec.format)
        self.replay = PatternReplay(pattern, spec, budget=attempt.token_budget)
        self._spending = Spending(attempt.token_budget)
        self.shown = broker.shown_in_flower(
            attempt.benchmark,
            attempt.problem,
            attempt.pattern,
            attempt.sample,
            attempt.sweep,
            attempt.id,
        )
        self.recorded: dict[int, list[Row[Any]]] = defaultdict(list)
        for step in steps:
            self.recorded[step.position].append(step)
        #: Whether any of the replayed steps was declined.
        self.refused = False
        #: What recorded steps gave, to be written with the next move.
        self.results: list[dict[str, Any]] = []
        self.messages: list[WorkMessage] = []

    def go(self) -> list[WorkMessage]:
        """Replay as far as can be, and write what came of it; the messages to send.

        Raises: _Moved if somebody else was quicker; tries.TooLong.
        """
        try:
            with closing(self.replay):
                self._replay()
        except tries.TooLong:
            raise
        except FoureyesError as error:
            self._end(Outcome.ERROR, str(error))
            return []
        return self.messages

    def _replay(self) -> None:
        """Go on until a step is not answered yet, or the final code has been judged.

        Where a model declined and no program came of it, there is nothing to judge.
        """
        while (wanted := self.replay.wanted) is not None:
            rows = self._rows([self._bounded(self.asking.step, step) for step in wanted], wanted)
            if not self._all_done(rows):
                return
            if not self.recorded[self.replay.position]:  # just asked for, and there already
                told = zip(wanted, rows, strict=True)
                made = [row for step, row in told if isinstance(step, CompletionStep)]
                tries.check_length(made, self._longest)
            answers = tuple(map(self._read, wanted, rows))
            self._note(wanted, answers)
            self.replay.answer(answers, self._spending.pay(wanted, rows))
        assert self.replay.code is not None
        code = storable(self.replay.code)
        if self.refused and not code.strip():
            self._end(Outcome.REFUSED, code=code)
            return
        (judged,) = rows = self._rows([self.asking.judging(code)], (None,), code=code)
        if self._all_done(rows):
            solved = judged.base is Status.PASS and judged.plus is Status.PASS
            self._end(Outcome.SOLVED if solved else Outcome.UNSOLVED, code=code)

    def _bounded(self, part: Callable[..., Made], *given: Any) -> Made:
        """What a part gives that depends on what a model has written, or on a user's own prompts."""
        try:
            return within(_MOST_SECONDS, _MOST_WALL_SECONDS, part, *given)
        except Endless:
            raise self.replay.error(
                f"reading an answer, or writing a prompt, took more than {_MOST_SECONDS:g} s"
            ) from None
        except FoureyesError as error:  # what the rehearsals did not come to
            raise self.replay.error(str(error)) from None

    def _read(self, step: Wanted, row: Row[Any]) -> Result:
        """What a step gave. The words of a refusal are no program, no plan and no verdict."""
        if isinstance(step, ExecutionStep):
            return step.read(row.detail)
        is_refused = row.finish_reason == REFUSED
        self.refused |= is_refused
        assert isinstance(step, CompletionStep)
        return self._bounded(step.read_in, self._style, "" if is_refused else row.text)

    def _note(self, wanted: tuple[Wanted, ...], results: tuple[Result, ...]) -> None:
        """Keep with each step of this position what it gave, for whoever reads the rows."""
        position = self.replay.position
        recorded = self.recorded[position]
        for branch, (step, result) in enumerate(zip(wanted, results, strict=True)):
            columns = given(step, result, self.replay.problem_id)
            before = recorded[branch] if recorded else None
            if columns != {name: getattr(before, name, None) for name in GIVEN}:
                self.results.append(
                    {"attempt": self.attempt.id, "at": position, "beside": branch} | columns
                )

    def _rows(
        self,
        asked: list[Asked],
        wanted: tuple[Wanted | None, ...],
        **columns: Any,
    ) -> list[Row[Any]]:
        """The rows that answer the wanted steps (None: the judging of the returned code).

        Recorded steps must ask for what they asked for before; new ones are asked for now.
        `columns` are the attempt's, to be written if it moves.
        """
        recorded = self.recorded[self.replay.position]
        if not recorded:
            return self._ask(dict(enumerate(asked)), wanted, columns)
        if len(recorded) != len(asked):
            raise self.replay.error(
                f"asked for {len(recorded)} steps before and for {len(asked)} in the replay: "
                f"{names_side_by_side(recorded, wanted)}; a pattern must be deterministic"
            )
        same = map(self._same, recorded, wanted, asked)
        again = {
            branch: each
            for branch, (step, each) in enumerate(zip(recorded, same, strict=True))
            if step.state is State.CANCELLED
        }
        if not again or any(step.state is State.ERROR for step in recorded):
            return recorded
        revived = dict(zip(again, self._ask(again, (), columns), strict=True))
        return [revived.get(branch, step) for branch, step in enumerate(recorded)]

    def _same(self, step: Row[Any], wanted: Wanted | None, asked: Asked) -> Asked:
        """What a recorded step asked for, if the replay asks for the same thing.

        Whoever judged then need not be who would be asked now: workers may have another Python.
        """
        if step.judge_version is not None and asked.table is Execution:
            asked = self.asking.by_judge(asked, step.judge_version)
        if step.key != asked.key:
            told = side_by_side(step, asked_before(step), wanted, asked)
            raise self.replay.error(
                f"asks for something else in the replay than before: {told}. A pattern and its prompts "
                "must stay as they are while an attempt is under way (`foureyes retry` starts the "
                "attempt anew)"
            )
        return asked

    def _ask(
        self, asked: dict[int, Asked], new: tuple[Wanted | None, ...], columns: dict[str, Any]
    ) -> list[Row[Any]]:
        """Move the attempt on: ask for work by branch, and add the new steps; the rows of the work."""
        rows: dict[int, Row[Any]] = {}
        with transaction() as db:
            self._move(db, MOVE_ATTEMPT, {"state": State.RUNNING} | columns)
            # in the order of their keys, so that two attempts never wait for each other's rows
            for branch, each in sorted(asked.items(), key=lambda pair: pair[1].key):
                rows[branch], send = ask(db, each)
                if send:
                    where = self.asking.where(each)
                    shown = self._shown(each)
                    self.messages.append(WorkMessage(*where, rows[branch].id, shown))
            if new:
                steps = [self._step(branch, step, rows[branch]) for branch, step in enumerate(new)]
                db.execute(ADD_STEP, steps)
        return [rows[branch] for branch in asked]

    def _shown(self, asked: Asked) -> str:
        """What Flower displays of it."""
        if asked.table is Execution:
            return self.shown
        return broker.shown_of_prompt(asked.values["kind"], asked.values["prompt"], self.shown)

    def _move(self, db: Connection, statement: Any, columns: dict[str, Any]) -> None:
        """Write the attempt's columns, its notes and what its steps gave, if it is where it was seen."""
        noted = {"notes": storable_json(self.replay.notes)}
        values = {"attempt": self.attempt.id, "seen": self.moves} | noted | columns
        if not db.execute(statement, values).rowcount:
            raise _Moved
        self.moves += 1
        results, self.results = self.results, []
        if results:
            db.execute(NOTE_STEP, results)

    def _end(self, outcome: Outcome, error: str | None = None, **columns: Any) -> None:
        said = None if error is None else storable(error)
        with transaction() as db:
            self._move(db, END_ATTEMPT, tries.ended(outcome, said) | columns)
        self.messages = []
        if self.attempt.is_compared:
            budgets.settle(self.attempt.id)

    def _step(self, branch: int, step: Wanted | None, row: Row[Any]) -> dict[str, Any]:
        """The columns of a new step. It is also the attempt's subscription to the answer."""
        is_execution = step is None or isinstance(step, ExecutionStep)
        return {
            "attempt_id": self.attempt.id,
            "position": self.replay.position,
            "branch": branch,
            "kind": Kind.JUDGE if step is None else step.kind,
            "role": step.by if isinstance(step, CompletionStep) else None,
            "completion_id": None if is_execution else row.id,
            "execution_id": row.id if is_execution else None,
        }

    def _all_done(self, rows: list[Row[Any]]) -> bool:
        """Whether every row is done; an attempt of which one has failed ends in `error`."""
        failed = [row for row in rows if row.state is State.ERROR]
        if failed:
            self._end(Outcome.ERROR, failed[-1].error)
            return False
        if all(row.state is State.DONE for row in rows):
            return True
        if self.moves == self.attempt.moves:
            self._wait()
        return False

    def _wait(self) -> None:
        """End a try after which the attempt waits as it did before."""
        if not self.results:
            tries.end(self.attempt.id)
            return
        with transaction() as db:
            self._move(db, MOVE_ATTEMPT, {"state": State.RUNNING})
