"""The Celery tasks: thin, idempotent, and named as a person wants to read them in Flower.

A message carries ids only. Each task commits its rows and then sends the next message, so a crash
in between loses nothing: the message is delivered again, or the reaper finds the rows.
"""

import logging
from dataclasses import asdict
from typing import Any

from sqlmodel import col, select

from models import broker, work
from models.benchmark import parse_record
from models.enums import Kind, State, Suite
from models.session import session
from models.tables import Attempt, Completion, Execution, LanguageModel, Problem
from models.text import storable, storable_json
from models.work import AnyWork
from worker.advance import Message, advance
from worker.app import app
from worker.claims import work_on
from worker.engines import Answer, Request
from worker.serving import serving

log = logging.getLogger(__name__)

EXECUTE = "execute"


@app.task(name=broker.START)
def start(*attempt_ids: int) -> None:
    """Let attempts go on from their recorded steps, as far as those allow."""
    failure: Exception | None = None
    for attempt_id in attempt_ids:
        try:
            for message in advance(attempt_id):
                send(message)
        except Exception as error:  # it must not hold up the others; the reaper comes back to it
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
    with session() as db:
        name = db.get_one(LanguageModel, row.model_id).name
    broker.send(row.kind, broker.model_queue(name), row.id, shown=message.shown)


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
    app.task(name=_kind.value)(_complete)


@app.task(name=EXECUTE)
def execute(execution_id: int) -> None:
    """Judge one program in the sandbox, once, whoever asked; then let every waiting attempt go on."""

    def produce(execution: Execution) -> dict[str, Any]:
        with session() as db:
            row = db.get_one(Problem, execution.problem_id)
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
    with session() as db:
        row = db.get(table, row_id)
        if row is None or row.state not in (State.DONE, State.ERROR):
            return
        waiting = work.waiting_attempts(db, table, row_id)
        shown = _shown(db.exec(select(Attempt).where(col(Attempt.id).in_(waiting))).all())
    if waiting:
        broker.send(broker.START, broker.START, *waiting, shown=shown)


def _shown(attempts: Any) -> str:
    return ", ".join(f"attempt {attempt.id}" for attempt in attempts[:8])
