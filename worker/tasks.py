"""The Celery tasks: thin, idempotent, and named as a person wants to read them in Flower.

A message carries ids only. Each task commits its rows and then sends the next message, so a crash
in between loses nothing: the message is delivered again, or the reaper finds the rows.
"""

import logging
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

from celery import current_task
from sqlalchemy import Row

from models import broker
from models.enums import Kind, Suite
from models.errors import InfrastructureError
from models.session import is_passing
from models.tables import Completion, Execution
from models.text import storable, storable_json
from models.work import AnyTable
from worker import answers, long_answers
from worker.adoption import adopted
from worker.app import app
from worker.claims import waiting, work_on
from worker.patience import PatientTask, patiently
from worker.sandbox.judge import identity
from worker.serving import serving

log = logging.getLogger(__name__)

#: Attempts that Flower names in a start message.
_SHOWN = 8


@app.task(name=broker.START, base=PatientTask)
def start(*attempt_ids: int) -> None:
    """Let attempts go on from their recorded steps, as far as those allow."""
    failure: Exception | None = None
    for attempt_id in attempt_ids:
        try:
            long_answers.let_go_on(attempt_id)
        except Exception as error:  # it must not hold up the others; the reaper comes back to it
            if is_passing(error) or isinstance(error, broker.BrokerLost):
                raise  # the others would meet the same
            log.warning("attempt %d could not go on", attempt_id, exc_info=True)
            failure = error
    if failure is not None:
        raise failure  # so that Flower shows it


class CallTask(PatientTask):
    """A model call: its messages are taken by `worker/strategy.py`, many at a time."""

    Strategy = "worker.strategy:take_calls"


def _complete(completion_id: int) -> None:
    """Make one model call, once, whoever asked; then let every waiting attempt go on."""

    def produce(completion: Row[Any]) -> dict[str, Any]:
        return answers.columns(serving().complete(completion))

    _do(Completion, completion_id, produce)


for _kind in (Kind.DRAFT, Kind.PLAN, Kind.REVIEW, Kind.FIX):
    app.task(name=_kind.value, base=CallTask)(_complete)


@app.task(name=broker.EXECUTE, base=PatientTask)
def execute(execution_id: int) -> None:
    """Judge one program in the sandbox, once, whoever asked; then let every waiting attempt go on."""
    execution_id = patiently(partial(adopted, execution_id))

    def produce(execution: Row[Any]) -> dict[str, Any]:
        if execution.judge_version != identity():  # its holder was lost just after we looked
            raise InfrastructureError(f"asked of another judge: {execution.judge_version}")
        problem = patiently(lambda: serving().problem(execution.problem_id))
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

    _do(Execution, execution_id, produce)


def _do(table: AnyTable, row_id: int, produce: Callable[[Row[Any]], dict[str, Any]]) -> None:
    """Work on a row; if it has ended, let the attempts that wait for it go on."""
    try:
        attempts = work_on(serving().holder, table, row_id, produce)
    except Exception:
        _go_on(waiting(table, row_id))
        raise
    _go_on(attempts)


def _go_on(attempts: list[int]) -> None:
    if attempts:
        shown = ", ".join(f"attempt {attempt_id}" for attempt_id in attempts[:_SHOWN])
        after = current_task.request.argsrepr or ""  # names the sweep, for Flower's filter
        broker.send(broker.START, broker.START, *attempts, shown=f"{shown} after {after}")
