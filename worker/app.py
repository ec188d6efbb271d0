"""The Celery app as workers run it: `celery -A worker.app worker -Q start,execution`.

A worker that serves a model is told so by FOUREYES_MODEL and consumes `model.<name>`; its queue is
declared here. Delivery guarantees are the settings in `models/broker.py`.
"""

import logging
from typing import Any

from celery import signals

from models import broker, work
from models.errors import FoureyesError
from models.session import session
from models.settings import settings
from models.tables import Completion, Execution
from worker import reaper
from worker.sandbox import probe
from worker.serving import open_serving, serving

log = logging.getLogger(__name__)

app = broker.app()
app.conf.include = ["worker.tasks"]
if (_model := settings().model) is not None:
    app.conf.task_queues = [*app.conf.task_queues, broker.queue(broker.model_queue(_model))]


@signals.worker_init.connect
def _open(sender: Any, **_: Any) -> None:
    """Load what this worker serves before it takes a message; a worker that cannot must end."""
    try:
        open_serving(sender.hostname).load_model()
        if broker.EXECUTION in sender.app.amqp.queues.consume_from:
            probe.check()  # fail closed: nothing is judged where the sandbox does not hold
        with session() as db:
            for table in (Completion, Execution):
                if returned := work.release(db, table, sender.hostname):
                    log.warning("%d claims of a lost %s returned", returned, sender.hostname)
    except FoureyesError as error:
        log.critical("%s", error)
        raise SystemExit(2) from None


@signals.worker_ready.connect
def _ready(sender: Any, **_: Any) -> None:
    if broker.START in sender.app.amqp.queues.consume_from:
        reaper.start()


@signals.worker_shutdown.connect
def _close(**_: Any) -> None:
    reaper.stop()
    serving().close()
