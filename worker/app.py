"""The Celery app as workers run it: `celery -A foureyes.worker.app worker -Q start`.

A worker that serves a model is told so by FOUREYES_MODEL and consumes `model.<name>`; its queue is
declared here. Delivery guarantees are the settings in `models/broker.py`.
"""

import logging
import sys
from typing import TYPE_CHECKING, Any

import stamina
from celery import signals

from foureyes import migrations
from foureyes.models import broker, logs
from foureyes.models import session as database
from foureyes.models.errors import FoureyesError, Unreachable
from foureyes.models.later import Later
from foureyes.models.settings import settings
from foureyes.worker import alive, reaper, retrying, starter
from foureyes.worker.process import open_serving, serving

if TYPE_CHECKING:
    from foureyes.judging.sandbox import probe
    from foureyes.worker import long_answers
else:  # much of what a worker may need is needed by those of one queue alone
    long_answers, probe = (
        Later("foureyes.worker.long_answers"),
        Later("foureyes.judging.sandbox.probe"),
    )

log = logging.getLogger(__name__)

#: Seconds that the database is given when this worker starts.
_DATABASE_STARTS = 30.0
#: Attempts that a line names, of the many that one message may start.
_ATTEMPTS_NAMED = 8

try:
    app = broker.app()
except FoureyesError as error:  # whoever loads this module is a program, which could only end
    print(f"worker: {error}", file=sys.stderr)
    sys.exit(2)
app.conf.include = ["foureyes.worker.tasks"]
#: Processes forked from this one, Celery's own choice, could hold neither an engine nor sandboxes.
app.conf.worker_pool = "threads"
app.conf.worker_consumer = "foureyes.worker.consumer:Consumer"
if (_model := settings().model) is not None:
    app.conf.task_queues = [*app.conf.task_queues, broker.queue(broker.model_queue(_model))]


@signals.setup_logging.connect
def _log(loglevel: int, **_: Any) -> None:
    logs.configure(settings().log, loglevel)


@signals.celeryd_init.connect
def _check_settings(**_: Any) -> None:
    try:
        broker.check_url()
    except FoureyesError as error:
        _log(logging.INFO)
        log.critical("%s", error)
        raise SystemExit(2) from None


@signals.task_prerun.connect
def _name_the_ids(task_id: str, task: Any, args: tuple[Any, ...], **_: Any) -> None:
    """Let every line that is written during a task tell Flower's id and the rows'."""
    ids: dict[str, Any] = {"attempts": args[:_ATTEMPTS_NAMED]}
    if task.name != broker.START:
        table = "execution" if task.name == broker.EXECUTE else "completion"
        ids = {table: args[0] if args else None}
    logs.about(task=task.name, task_id=task_id, **ids)


@signals.worker_init.connect
def _open(sender: Any, **_: Any) -> None:
    """Load what this worker serves before it takes a message; a worker that cannot must end."""
    _log(sender.loglevel)  # Celery asks for it only afterwards, and loading takes minutes
    try:
        alive.show(sender.hostname)
        database.reserve(sender.concurrency)
        _await_database()
        open_serving(sender.hostname).load_model()
        if _takes(sender.app, broker.EXECUTION):
            probe.check()  # fail closed: nothing is judged where the sandbox does not hold
    except FoureyesError as error:
        log.critical("%s", error)
        raise SystemExit(2) from None
    except Exception as error:  # Celery would go on without what failed
        log.critical("cannot start: %s", error, exc_info=True)
        raise SystemExit(1) from None


def _takes(app: Any, queue: str) -> bool:
    """Whether this worker takes messages of a queue."""
    return queue in app.amqp.queues.consume_from


def _await_database() -> None:
    """Wait for a database that is just starting; one that will not do is a mistake to mend."""
    for attempt in stamina.retry_context(on=Unreachable, attempts=None, timeout=_DATABASE_STARTS):
        with attempt:
            database.check_connection()
    migrations.check()


@signals.worker_ready.connect
def _ready(sender: Any, **_: Any) -> None:
    if _takes(sender.app, broker.START):
        reaper.start()
        starter.start()


@signals.worker_shutting_down.connect
def _hurry(**_: Any) -> None:
    retrying.stop_waiting()


@signals.worker_shutdown.connect
def _close(sender: Any, **_: Any) -> None:
    reaper.stop()
    starter.stop()
    if _takes(sender.app, broker.START):
        long_answers.stop()
    serving().close()
