"""The Celery tasks: thin, idempotent, and named as a person wants to read them in Flower.

A message carries ids only. Each task commits its rows and then sends the next message, so a crash
in between loses nothing: the message is delivered again, or the reaper finds the rows.
"""

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from celery import current_task
from sqlalchemy import Row

from foureyes.judging.identity import identities
from foureyes.models import broker
from foureyes.models.enums import CALLS
from foureyes.models.later import Later
from foureyes.models.lifecycle import AnyTable
from foureyes.models.session import is_passing
from foureyes.models.tables import Completion, Execution
from foureyes.worker import answers, executions
from foureyes.worker.adoption import adopted
from foureyes.worker.app import app
from foureyes.worker.claims import waiting, work_on
from foureyes.worker.process import serving
from foureyes.worker.retrying import PatientTask, patiently

if TYPE_CHECKING:
    from foureyes.worker import long_answers
else:  # patterns, prompts and all: only who lets attempts go on needs them
    long_answers = Later("foureyes.worker.long_answers")

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

    Strategy = "foureyes.worker.strategy:take_calls"


def _complete(completion_id: int) -> None:
    """Make one model call, once, whoever asked; then let every waiting attempt go on."""

    def produce(completion: Row[Any]) -> dict[str, Any]:
        return answers.columns(serving().complete(completion))

    _do(Completion, completion_id, produce)


for _kind in CALLS:
    app.task(name=_kind.value, base=CallTask)(_complete)


@app.task(name=broker.EXECUTE, base=PatientTask)
def execute(execution_id: int) -> None:
    """Judge one program in the sandbox, once, whoever asked; then let every waiting attempt go on."""

    def produce(execution: Row[Any]) -> dict[str, Any]:
        problem = patiently(lambda: serving().problem(execution.problem_id))
        return executions.columns(serving().judge(), problem, execution)

    if not _do(Execution, execution_id, produce, identities()):
        mine = patiently(partial(adopted, execution_id))
        if mine != execution_id:  # it was asked of another judge
            _do(Execution, mine, produce, identities())


def _do(
    table: AnyTable,
    row_id: int,
    produce: Callable[[Row[Any]], dict[str, Any]],
    judges: list[str] | None = None,
) -> bool:
    """Work on a row; if it has ended, let the attempts that wait for it go on. Whether it was ours."""
    try:
        task_id = current_task.request.id if current_task else None  # none without a worker
        attempts = work_on(serving().holder, table, row_id, produce, judges, task_id=task_id)
    except Exception:
        _go_on(waiting(table, row_id))
        raise
    _go_on(waiting(table, row_id) if attempts is None else attempts)
    return attempts is not None


def _go_on(attempts: list[int]) -> None:
    if attempts:
        shown = ", ".join(f"attempt {attempt_id}" for attempt_id in attempts[:_SHOWN])
        after = current_task.request.argsrepr or ""  # names the sweep, for Flower's filter
        broker.send(broker.START, broker.START, *attempts, shown=f"{shown} after {after}")
