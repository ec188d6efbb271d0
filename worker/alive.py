"""A worker's sign of life: a file whose time is that of its last heartbeat to the broker.

Health checks look at it. One that asks the worker instead (`celery inspect ping`) starts a program that
takes seconds of a core each time: where all workers of a machine start, such checks are most of its load,
and run into their own time limits.
"""

import logging
from typing import Any

from celery import signals

from foureyes.models.settings import settings

log = logging.getLogger(__name__)


def show(name: str) -> None:
    """Keep `NAME.alive` in FOUREYES_HOME as young as the last heartbeat; Celery sends one every 2 s.

    There is none before the worker takes messages, nor while the broker cannot be reached. Call it before
    the worker connects: Celery looks only then whether anybody wants to know of heartbeats.
    """
    path = settings().home / f"{name}.alive"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)  # that of an earlier worker says nothing about this one
    except OSError as error:  # work needs none
        log.warning("health checks find no sign of life: %s", error)
        return

    def touch(**_: Any) -> None:
        path.touch()

    signals.heartbeat_sent.connect(touch, weak=False)
