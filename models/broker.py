"""The way to the broker: one Celery app, its queues, and the settings that lost no message.

One code path serves RabbitMQ and the embedded Valkey; only the URL differs. Workers add tasks to
this app (`worker/app.py`); producers send by task name, so they never import a worker.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

from amqp.exceptions import AccessRefused, AMQPError, ChannelError, NotAllowed, PreconditionFailed
from celery import Celery
from kombu import Connection, Exchange, Queue
from kombu.exceptions import OperationalError

from foureyes.models.enums import Kind
from foureyes.models.errors import FoureyesError, InfrastructureError, Unreachable
from foureyes.models.settings import settings
from foureyes.models.urls import shown

#: Seconds. Above the longest task: a broker hands a message out again after this long.
LONGEST_TASK = 3600
#: Deliveries without an ack, after which a message is poison: it goes to the dead letters.
DELIVERIES = 10
#: The first RabbitMQ with quorum queues.
OLDEST_RABBITMQ = (3, 8)

EXCHANGE = Exchange("foureyes", type="topic")
DEAD = "foureyes.dead"

#: Queues.
START, EXECUTION, _MODELS = "start", "execution", "model."
#: Tasks: the queue of attempts that go on holds but one kind, named like it; models' are by Kind.
EXECUTE = "execute"

#: Connecting again: for about a minute, at most three seconds apart.
_PUBLISH_AGAIN = {"max_retries": 22, "interval_start": 0, "interval_step": 0.5, "interval_max": 3}
#: Seconds to wait for the broker's word that it has a message.
_CONFIRM_SECONDS = 10

_NOT_FOUND = "404"  # a number from RabbitMQ, a text from kombu's own transports

#: What goes wrong on the way to a broker: kombu's word for it, the protocol's, and the network's.
LOST = (OperationalError, AMQPError, OSError)


def queue(name: str) -> Queue:
    """The durable quorum queue `name`: after ten deliveries without an ack, to the dead letters."""
    return Queue(
        name,
        EXCHANGE,
        routing_key=name,
        queue_arguments={
            "x-queue-type": "quorum",
            "x-delivery-limit": DELIVERIES,
            "x-dead-letter-exchange": DEAD,
            "x-dead-letter-routing-key": name,
        },
    )


def dead_letters() -> Queue:
    """Where poison messages end, from whichever queue; nobody consumes it, `doctor` shows it."""
    return Queue(
        DEAD,
        Exchange(DEAD, type="topic"),
        routing_key="#",
        # looking at a message counts as a delivery, and RabbitMQ 4 has a limit of its own
        queue_arguments={"x-queue-type": "quorum", "x-delivery-limit": 1_000_000},
    )


def model_queue(model: str) -> str:
    """The name of the queue that the workers of this model consume."""
    return f"{_MODELS}{model}"


def is_models(queue_name: str) -> bool:
    """Whether a queue is a model's."""
    return queue_name.startswith(_MODELS)


@cache
def app() -> Celery:
    """This process's Celery app.

    Raises: FoureyesError when FOUREYES_BROKER_URL is not set; the command line sets it for the
    embedded stack before anything comes here.
    """
    url = settings().broker_url
    if url is None:
        raise FoureyesError("no broker: set FOUREYES_BROKER_URL, or start with `foureyes up`")
    celery = Celery("foureyes", broker=url.get_secret_value(), set_as_current=False)
    celery.conf.update(
        # what is sent, and to where
        task_default_queue=START,  # Celery's own default would be a queue of its own
        task_queues=[queue(START), queue(EXECUTION)],  # a model's worker adds its own
        task_default_queue_type="quorum",  # survives the loss of a node; classic ones redeliver far more
        task_default_exchange_type="topic",  # countdowns, had we any, need it on quorum queues
        task_create_missing_queues=False,  # a typo in a queue's name must not become a queue
        task_serializer="json",  # ids only
        accept_content=["json"],  # never pickle
        task_ignore_result=True,  # rows are the results
        task_publish_retry_policy=_PUBLISH_AGAIN,  # the default gives up in a second, a restart takes ten
        # what is delivered, and when it is done with
        task_acks_late=True,  # a message lives until its work is committed
        task_reject_on_worker_lost=True,  # a killed worker's message goes back to the queue
        worker_prefetch_multiplier=1,  # no message waits behind a long one
        worker_detect_quorum_queues=True,  # quorum queues know no prefetch per channel
        worker_cancel_long_running_tasks_on_connection_loss=False,  # the work counts, whoever is told
        worker_soft_shutdown_timeout=30,  # what runs may end, before the rest goes back
        # the connection
        broker_heartbeat=10,  # a half-open connection is noticed in seconds
        broker_connection_timeout=5,  # seconds; then the next try
        broker_connection_retry_on_startup=True,  # workers may start before their broker
        broker_connection_max_retries=None,  # the default gives up after 100
        broker_channel_error_retry=True,  # e.g. a consumer timeout: connect anew, do not end
        broker_transport_options=_transport_options(url.get_secret_value()),
        # what only shows the work
        task_send_sent_event=True,  # Flower shows what waits, too
        worker_send_task_events=True,  # without anybody switching it on
        control_queue_exclusive=False,  # exclusive ones end a worker after a half-open connection
        event_queue_exclusive=False,  # the same
    )
    return celery


def _transport_options(url: str) -> dict[str, object]:
    if url.startswith(("redis", "rediss", "valkey")):
        return {
            "visibility_timeout": LONGEST_TASK,
            # with the defaults nothing came back within 45 s of a kill, with these in 12 s
            "unacked_restore_interval": 2,
            "unacked_restore_throttle": 1,
        }
    return {"confirm_publish": True}  # without confirms a broker's crash lost messages


def shown_in_flower(
    benchmark: str, problem: str, pattern: str, sample: int, sweep: str, attempt: int
) -> str:
    """What Flower displays as the arguments of a task that this attempt asked for."""
    return f"{benchmark} {problem} {pattern} #{sample} ({sweep}, attempt {attempt})"


def shown_of_prompt(kind: str, prompt: str, shown: str) -> str:
    """The same of a model call: a prompt of a pattern's author has no task named like it."""
    return f"{prompt}: {shown}" if kind == Kind.ASK else shown


class AskedBy(NamedTuple):
    """A task, and the first of the chain that led to it, by Celery's ids."""

    parent_id: str
    root_id: str


def send(
    task: str, queue_name: str, *ids: int, shown: str = "", asked_by: AskedBy | None = None
) -> None:
    """Send a message: a task's name and the ids it is about. `shown` is what Flower displays.

    `asked_by` is the task that it follows from, where that is not the one that this thread works on.

    Waits about a minute for a broker that is away.

    Raises: InfrastructureError if it stays away; whoever reads the rows will send it again.
    """
    try:
        app().send_task(
            task,
            args=ids,
            queue=queue(queue_name),
            argsrepr=shown or None,
            kwargsrepr="" if shown else None,
            confirm_timeout=_CONFIRM_SECONDS,
            **({} if asked_by is None else asked_by._asdict()),
        )
    except LOST as error:
        raise BrokerLost(
            f"the broker went away ({error}); what is enqueued is kept, and goes on once it is back"
        ) from error


class BrokerLost(InfrastructureError):
    """The broker could not be reached for a while: nothing is wrong with the work itself."""


def depth(queue_name: str) -> int:
    """How many messages wait in a queue (not those already with a worker); 0 if it does not exist.

    On a Redis-style broker a queue without messages does not exist.
    """
    with app().connection_for_read() as connection, connection.channel() as channel:
        try:
            return int(queue(queue_name)(channel).queue_declare(passive=True).message_count)
        except ChannelError as error:
            if str(error.reply_code) != _NOT_FOUND:
                raise
            return 0


def declare(connection: Connection, queue_names: Iterable[str]) -> None:
    """Make the queues and the dead letters' queue, unless they exist.

    Raises: FoureyesError if one exists with other arguments than ours.
    """
    for each in (dead_letters(), *(queue(name) for name in queue_names)):
        channel = connection.channel()
        try:
            each(channel).declare()
        except PreconditionFailed as error:
            raise FoureyesError(
                f"the broker's queue {each.name!r} exists with other arguments than foureyes "
                f"needs ({error.reply_text}). When it is empty, delete it: `rabbitmqctl "
                f"delete_queue {each.name}`; it is then made anew."
            ) from None
        channel.close()


def check_connection() -> None:
    """Connect as every process does, and make the queues.

    Raises: FoureyesError in one line when the broker is too old, does not let us in, or has queues of
    these names that are not ours; Unreachable when it does not answer.
    """
    check_url()
    with app().connection_for_write(connect_timeout=5) as connection:
        try:
            connection.ensure_connection(max_retries=1, interval_start=0.2)
            check_version(connection)
            declare(connection, (START, EXECUTION))
        except (AccessRefused, NotAllowed) as error:
            raise refusal(connection, error) from None
        except LOST as error:
            raise Unreachable(
                f"cannot reach the broker at {shown(_url())}: {error}. Is it running? "
                "FOUREYES_BROKER_URL says where it is."
            ) from None


def _url() -> str:
    url = settings().broker_url
    return url.get_secret_value() if url else ""


def check_url() -> None:
    """Raises: FoureyesError when FOUREYES_BROKER_URL is no broker's URL."""
    try:
        connection = app().connection_for_write()
        connection.as_uri()
        connection.get_transport_cls()
    except (KeyError, ValueError, TypeError) as error:
        # the latter two may quote a part of the password, or name it twice
        scheme = f" ({error.args[0]})" if isinstance(error, KeyError) else ""
        raise FoureyesError(
            f"FOUREYES_BROKER_URL cannot be read{scheme}. It looks like "
            "amqp://user:password@host:5672/vhost; in a password, %40 stands for @ and %2F for /"
        ) from None


def refusal(connection: Connection, error: AccessRefused | NotAllowed) -> FoureyesError:
    """What a person must mend when the broker answers, and does not let us in."""
    if isinstance(error, AccessRefused):
        return FoureyesError(
            f"the broker at {shown(_url())} refuses the user name or password in "
            f"FOUREYES_BROKER_URL ({error.reply_text})"
        )
    return FoureyesError(
        f"the broker at {shown(_url())} has no such vhost for this user "
        f"({error.reply_text}). It is what follows the port in FOUREYES_BROKER_URL; "
        "`rabbitmqctl add_vhost` makes one."
    )


def check_version(connection: Connection) -> None:
    """Raises: FoureyesError for a RabbitMQ that has no quorum queues."""
    found = version(connection)
    if found is None:
        return
    numbers = tuple(int(part) for part in found.split(".")[:2])
    if numbers < OLDEST_RABBITMQ:
        raise FoureyesError(
            f"the broker is RabbitMQ {found}, which has no quorum queues; foureyes needs "
            f"{OLDEST_RABBITMQ[0]}.{OLDEST_RABBITMQ[1]} or later"
        )


def version(connection: Connection) -> str | None:
    """RabbitMQ's version; None for another broker."""
    told: dict[str, Any] = getattr(connection.connection, "server_properties", None) or {}
    return told["version"] if told.get("product") == "RabbitMQ" else None
