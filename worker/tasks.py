"""The Celery tasks: thin, idempotent, and named as a person wants to read them in Flower.

A message carries ids only. Each task commits its rows and then sends the next message, so a crash
in between loses nothing: the message is delivered again, or the reaper finds the rows.
"""

import logging
from dataclasses import asdict
from functools import partial
from typing import Any, TypeVar

from sqlmodel import SQLModel

from models import broker, work
from models.benchmark import parse_record
from models.enums import Kind, State, Suite
from models.session import is_passing, session
from models.tables import Completion, Execution, LanguageModel, Problem
from models.text import storable, storable_json
from models.work import AnyWork
from worker.advance import Message, advance
from worker.app import app
from worker.claims import work_on
from worker.engines import Answer, Request
from worker.patience import PatientTask, patiently
from worker.serving import serving

log = logging.getLogger(__name__)

EXECUTE = "execute"
#: Attempts that Flower names in a start message.
_SHOWN = 8

AnyTable = TypeVar("AnyTable", bound=SQLModel)


@app.task(name=broker.START, base=PatientTask)
def start(*attempt_ids: int) -> None:
    """Let attempts go on from their recorded steps, as far as those allow."""
    failure: Exception | None = None
    for attempt_id in attempt_ids:
        try:
            for message in patiently(partial(advance, attempt_id)):
                send(message)
        except Exception as error:  # it must not hold up the others; the reaper comes back to it
            if is_passing(error) or isinstance(error, broker.BrokerLost):
                raise  # the others would meet the same
            log.warning("attempt %d could not go on", attempt_id, exc_info=True)
            failure = error
    if failure is not None:
        raise failure  # so that Flower shows it


def send(message: Message) -> None:
    """Tell the worker that can do it about a row."""
    row = message.row
    if isinstance(row, Execution):
        broker.send(EXECUTE, broker.EXECUTION, row.id, shown=message.shown)
        return
    name = patiently(lambda: _get(LanguageModel, row.model_id)).name
    broker.send(row.kind, broker.model_queue(name), row.id, shown=message.shown)


def _get(table: type[AnyTable], row_id: int) -> AnyTable:
    with session() as db:
        return db.get_one(table, row_id)


def _complete(completion_id: int) -> None:
    """Make one model call, once, whoever asked; then let every waiting attempt go on."""

    def produce(completion: Completion) -> dict[str, Any]:
        request = Request.from_json(completion.key, completion.request)
        answer: Answer = serving().engine_for(completion).complete(request)
        return {
            "text": storable(answer.text),
            "finish_reason": answer.finish_reason,
            "prompt_tokens": answer.prompt_tokens,
            "cached_tokens": answer.cached_tokens,
            "completion_tokens": answer.completion_tokens,
            "seconds": answer.seconds,
        }

    try:
        work_on(serving().holder, Completion, completion_id, produce)
    finally:
        go_on(Completion, completion_id)


for _kind in (Kind.DRAFT, Kind.PLAN, Kind.REVIEW, Kind.FIX):
    app.task(name=_kind.value, base=PatientTask)(_complete)


@app.task(name=EXECUTE, base=PatientTask)
def execute(execution_id: int) -> None:
    """Judge one program in the sandbox, once, whoever asked; then let every waiting attempt go on."""

    def produce(execution: Execution) -> dict[str, Any]:
        row = patiently(lambda: _get(Problem, execution.problem_id))
        problem = parse_record(row.benchmark, row.record)
        judge = serving().judge()
        if execution.suite is Suite.VISIBLE:
            spec = problem.spec()
            trial = judge.visible(execution.code, spec.entry_point, spec.visible_tests)
            return {"detail": storable_json(asdict(trial))}
        judgement = judge.hidden(problem.hidden_tests(), execution.code)
        return {
            "detail": storable_json(asdict(judgement)),
            "base": judgement.base,
            "plus": judgement.plus,
            "reason": storable(judgement.reason),
            "level": judgement.level,
            "seconds": judgement.seconds,
        }

    try:
        work_on(serving().holder, Execution, execution_id, produce)
    finally:
        go_on(Execution, execution_id)


def go_on(table: type[AnyWork], row_id: int) -> None:
    """If a row has ended, let the attempts that wait for it go on."""
    waiting = patiently(lambda: _waiting(table, row_id))
    if waiting:
        shown = ", ".join(f"attempt {attempt_id}" for attempt_id in waiting[:_SHOWN])
        broker.send(broker.START, broker.START, *waiting, shown=shown)


def _waiting(table: type[AnyWork], row_id: int) -> list[int]:
    """The attempts that can go on because the row has ended; none if it has not."""
    with session() as db:
        row = db.get(table, row_id)
        if row is None or row.state not in (State.DONE, State.ERROR):
            return []
        return work.waiting_attempts(db, table, row_id)
