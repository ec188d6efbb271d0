"""The way to the broker: one Celery app, its queues, and the settings that lost no message.

One code path serves RabbitMQ and the embedded Valkey; only the URL differs. Workers add tasks to
this app (`worker/app.py`); producers send by task name, so they never import a worker.
"""

from functools import cache

from amqp.exceptions import ChannelError
from celery import Celery
from kombu import Exchange, Queue
from kombu.exceptions import OperationalError

from models.errors import FoureyesError
from models.settings import settings

#: Seconds. Above the longest task: a Redis-style broker hands a message out again after this long.
VISIBILITY_TIMEOUT = 3600

EXCHANGE = Exchange("foureyes", type="topic")  # countdowns on quorum queues need a topic exchange


def queue(name: str) -> Queue:
    """The durable quorum queue `name`: after ten deliveries without an ack, to the dead letters."""
    return Queue(
        name,
        EXCHANGE,
        routing_key=name,
        queue_arguments={
            "x-queue-type": "quorum",
            "x-delivery-limit": 10,
            "x-dead-letter-exchange": "foureyes.dead",
            "x-dead-letter-routing-key": name,
        },
    )


START = "start"
EXECUTION = "execution"


def model_queue(model: str) -> str:
    """The name of the queue that the workers of this model consume."""
    return f"model.{model}"


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
        task_default_queue=START,
        task_queues=[queue(START), queue(EXECUTION)],
        task_default_queue_type="quorum",
        task_default_exchange_type="topic",
        task_create_missing_queues=False,  # a typo in a queue's name must not become a queue
        task_acks_late=True,  # a message lives until its work is committed
        task_reject_on_worker_lost=True,  # a killed worker's message goes back to the queue
        worker_prefetch_multiplier=1,  # no message waits behind a long one
        task_ignore_result=True,  # rows are the results
        task_send_sent_event=True,  # Flower shows what waits, too
        worker_send_task_events=True,
        task_serializer="json",
        accept_content=["json"],  # never pickle
        broker_heartbeat=10,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,  # the default gives up after 100
        broker_channel_error_retry=True,
        control_queue_exclusive=False,  # exclusive ones end a worker after a half-open connection
        event_queue_exclusive=False,
        worker_hijack_root_logger=True,
        worker_soft_shutdown_timeout=30,
        broker_transport_options=_transport_options(url.get_secret_value()),
    )
    return celery


def _transport_options(url: str) -> dict[str, object]:
    if url.startswith(("redis", "rediss", "valkey")):
        return {
            "visibility_timeout": VISIBILITY_TIMEOUT,
            # with the defaults nothing came back within 45 s of a kill, with these in 12 s
            "unacked_restore_interval": 2,
            "unacked_restore_throttle": 1,
        }
    return {"confirm_publish": True}  # without confirms a broker's crash lost messages


def send(task: str, queue_name: str, *ids: int, shown: str = "") -> None:
    """Send a message: a task's name and the ids it is about. `shown` is what Flower displays."""
    app().send_task(
        task,
        args=ids,
        queue=queue(queue_name),
        argsrepr=shown or None,
        kwargsrepr="" if shown else None,
    )


def depth(queue_name: str) -> int:
    """How many messages wait in a queue (not those already with a worker); 0 if it does not exist.

    On a Redis-style broker a queue without messages does not exist.
    """
    with app().connection_for_read() as connection, connection.channel() as channel:
        try:
            return int(queue(queue_name)(channel).queue_declare(passive=True).message_count)
        except ChannelError:
            return 0


def check_connection() -> None:
    """Raises: FoureyesError in one line when the broker cannot be reached."""
    connection = app().connection_for_write(connect_timeout=5)
    try:
        connection.ensure_connection(max_retries=1, interval_start=0.2)
    except (OperationalError, OSError) as error:
        raise FoureyesError(
            f"cannot reach the broker at {connection.as_uri()}: {error}. Is it running? "
            "FOUREYES_BROKER_URL says where it is."
        ) from None
    finally:
        connection.release()
