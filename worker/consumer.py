"""How a worker meets its broker: at every connection, and with messages that cannot be read."""

import logging
import sys
from collections.abc import Collection
from typing import Any, ClassVar

from amqp.exceptions import AccessRefused, NotAllowed
from celery.worker import consumer as celery_consumer
from celery.worker.state import maybe_shutdown
from kombu import Connection
from kombu.message import Message

from foureyes.models import broker, lifecycle
from foureyes.models.errors import FoureyesError
from foureyes.models.session import transaction
from foureyes.models.tables import Completion, Execution
from foureyes.worker import strategy
from foureyes.worker.retrying import patiently

log = logging.getLogger(__name__)

#: Seconds that another worker of our name is given to answer.
_ANSWER_SECONDS = 1.0


class Consumer(celery_consumer.Consumer):  # type: ignore[misc]  # Celery has no types
    """Celery's, but quicker to come back, and it keeps what cannot be read."""

    first_connection_attempt: bool
    connection: Connection
    event_dispatcher: Any
    #: Whether this worker's name was found to be its own.
    named = False

    class Blueprint(celery_consumer.Consumer.Blueprint):  # type: ignore[misc]
        """Without the 28 queues for countdowns, made at every connection: nothing of ours has one."""

        default_steps: ClassVar[list[str]] = [
            step
            for step in celery_consumer.Consumer.Blueprint.default_steps
            if not step.endswith(":DelayedDelivery")
        ]

    def connect(self) -> Connection:
        """Connect, and make the queues: the broker may have lost them, dead letters included.

        A boot step of its own could not: Celery starts those that do not require each other in any
        order, and one that consumes from a queue which is not as it wants tries again for ever.
        """
        self.connection = super().connect()
        try:
            broker.check_version(self.connection)
            broker.declare(self.connection, self.app.amqp.queues.consume_from)
            if not self.named:
                check_name(self)
                return_claims(self.hostname, self.app.amqp.queues.consume_from)
                self.named = True
        except FoureyesError as error:
            log.critical("%s", error)
            raise SystemExit(2) from None
        return self.connection

    def stop(self) -> None:
        """Take nothing more; end when what is in hand is done, as Celery waits for its threads."""
        super().stop()
        strategy.finish()

    def on_send_event_buffered(self) -> None:
        """Have what is to be shown sent by Celery's own thread. Called by any.

        A full buffer would be sent by the thread that filled it, over the connection that Celery's own
        reads: each would wait for what the other has got.
        """
        self.event_dispatcher.buffer_limit = sys.maxsize
        super().on_send_event_buffered()

    def ensure_connected(self, connection: Connection) -> Connection:
        """Connect for ever, every three seconds: Celery's steps grow to half a minute."""

        def tell(error: Exception, interval: float) -> None:
            log.error(
                "cannot reach the broker at %s: %s; the next try is in %g s",
                connection.as_uri(), error, interval,
            )  # fmt: skip

        try:
            connection.ensure_connection(
                tell, None, interval_start=1, interval_step=1, interval_max=3,
                callback=maybe_shutdown,
            )  # fmt: skip
        except (AccessRefused, NotAllowed) as error:
            if not self.first_connection_attempt:  # it was right before: a broker being restored
                raise
            log.critical("%s", broker.refusal(connection, error))
            raise SystemExit(2) from None
        self.first_connection_attempt = False
        return connection

    def on_decode_error(self, message: Message, error: Exception) -> None:
        """Give an unreadable message to the dead letters; Celery would drop it."""
        log.critical("a message cannot be read (%s); it goes to the dead letters", error)
        message.reject_log_error(log, self.connection_errors)


def check_name(consumer: Any) -> None:
    """Raises: FoureyesError if a worker of this name is at work: each would free the other's claims."""
    # not by the consumer's own connection, where this worker might answer itself
    answers = consumer.app.control.inspect(
        destination=[consumer.hostname], timeout=_ANSWER_SECONDS
    ).ping()
    if answers:
        raise FoureyesError(
            f"a worker named {consumer.hostname} is running already; give this one another name "
            "with `-n NAME@%h`"
        )


def return_claims(node: str, queues: Collection[str]) -> None:
    """Free what an earlier process of this name had claimed, of these queues, when it was killed."""
    tables: list[lifecycle.AnyTable] = [Execution] if broker.EXECUTION in queues else []
    if any(map(broker.is_models, queues)):  # who only judges has no right to touch calls
        tables.append(Completion)

    def release() -> int:
        with transaction() as db:
            return sum(lifecycle.release(db, table, node) for table in tables)

    if returned := patiently(release):
        log.warning("%d claims of a lost %s returned", returned, node)
