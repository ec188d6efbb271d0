"""Waiting for a database that is away: a message lost here is an attempt that nobody goes on with."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import stamina
from celery import Celery
from celery.exceptions import Reject
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from foureyes.models.broker import BrokerLost
from foureyes.models.session import is_passing
from foureyes.worker import retrying
from foureyes.worker.retrying import PatientTask, patiently

LOST = OperationalError("select", {}, psycopg.OperationalError("the connection is lost"))


@pytest.fixture(autouse=True)
def quick() -> Iterator[None]:
    stamina.set_testing(True, attempts=4)
    yield
    stamina.set_testing(False)
    retrying._stopping.clear()


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (LOST, True),
        (OperationalError("x", {}, psycopg.errors.DeadlockDetected()), True),
        (OperationalError("x", {}, psycopg.errors.DiskFull()), True),
        (OperationalError("x", {}, psycopg.errors.QueryCanceled()), True),  # a statement timeout
        (DBAPIError("x", {}, psycopg.errors.IdleInTransactionSessionTimeout()), True),
        (PoolTimeout("no connection is free"), True),
        # a server that has become a standby: the network will soon point to the new one
        (DBAPIError("x", {}, psycopg.errors.ReadOnlySqlTransaction()), True),
        (DBAPIError("x", {}, psycopg.InternalError(), connection_invalidated=True), True),
        (IntegrityError("x", {}, psycopg.errors.UniqueViolation()), False),
        (ProgrammingError("x", {}, psycopg.errors.UndefinedTable()), False),
        (ValueError("no database's business"), False),
    ],
)
def test_what_passes_is_told_from_what_does_not(error: Exception, passing: bool) -> None:
    assert is_passing(error) is passing


def failing(times: int, error: Exception) -> Any:
    left = [error] * times

    def transaction() -> str:
        if left:
            raise left.pop()
        return "done"

    return transaction


def test_a_transaction_is_run_again_until_the_database_is_back() -> None:
    assert patiently(failing(3, LOST)) == "done"


def test_a_mistake_is_not_tried_again() -> None:
    with pytest.raises(ValueError, match="ours"):
        patiently(failing(1, ValueError("ours")))


def test_a_worker_that_is_to_end_does_not_wait() -> None:
    retrying.stop_waiting()
    with pytest.raises(OperationalError):
        patiently(failing(1, LOST))


def task(error: Exception | None = None) -> Any:
    app = Celery("test", broker="memory://", set_as_current=False)

    def work(row_id: int) -> None:
        if error is not None:
            raise error

    return app.task(name="work", base=PatientTask)(work)


@pytest.mark.parametrize("error", [LOST, BrokerLost("the broker went away")])
def test_when_patience_ends_the_message_goes_back_to_its_queue(error: Exception) -> None:
    with pytest.raises(Reject) as rejected:
        task(error)(1)
    assert rejected.value.requeue


@pytest.mark.parametrize("ids", [(), (1, 2), ("one",), (None,)])
def test_a_message_that_fits_no_task_is_given_up(ids: tuple[Any, ...]) -> None:
    with pytest.raises(Reject) as rejected:
        task()(*ids)
    assert not rejected.value.requeue


def test_a_failure_of_the_work_itself_is_shown() -> None:
    with pytest.raises(ZeroDivisionError):
        task(ZeroDivisionError())(1)
    task()(1)


def test_a_line_says_why_it_waits_and_shows_no_rows(caplog: pytest.LogCaptureFixture) -> None:
    """SQLAlchemy's own words hold the statement and its parameters: programs, and answers of models."""
    error = OperationalError(
        "SELECT %(code)s", {"code": "def f()"}, psycopg.OperationalError("cut")
    )
    assert patiently(failing(1, error)) == "done"
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("again in ") and line.endswith(" s: cut")
