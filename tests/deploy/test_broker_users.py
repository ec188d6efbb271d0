"""The broker's user for execution workers: enough to judge, and nothing that manages the broker."""

import json
import re
import urllib.error
import urllib.request
from base64 import b64encode
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from amqp.exceptions import AccessRefused
from kombu import Connection, Exchange, Queue

from foureyes.models.broker import DEAD, EXCHANGE, EXECUTION, START, queue
from foureyes.producer.stack import rabbitmq
from tests.production import EXECUTION_USER, Node, broker_users


def _api(node: Node, user: str, password: str, path: str) -> int:
    asked = urllib.request.Request(f"http://127.0.0.1:{node.management_port}/api/{path}")
    asked.add_header("Authorization", "Basic " + b64encode(f"{user}:{password}".encode()).decode())
    try:
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.fixture
def execution(node: Node) -> Connection:
    port = urlsplit(node.url).port
    return Connection(f"amqp://{EXECUTION_USER}:{node.execution_password}@127.0.0.1:{port}//")


def test_the_file_of_users_is_what_the_broker_reads(node: Node) -> None:
    """A JSON text with the passwords of `.env`; the second user manages nothing."""
    users = {each["name"]: each for each in json.loads(broker_users("one", "two"))["users"]}
    assert users["foureyes"]["password"] == "one"
    assert users[EXECUTION_USER] == {"name": EXECUTION_USER, "tags": "", "password": "two"}


def test_the_broker_reads_its_users_when_it_starts(tmp_path: Path) -> None:
    """And makes no other: not the `guest` that RabbitMQ has by itself."""
    file = tmp_path / "users.json"
    file.write_text(broker_users("one", "two"))
    home = tmp_path / "home"
    home.mkdir()
    with rabbitmq.server(home, more=f"load_definitions = {file}\n") as url:
        here = url.rsplit("@", 1)[1]
        for user, password in (("foureyes", "one"), (EXECUTION_USER, "two")):
            with Connection(f"amqp://{user}:{password}@{here}") as connection:
                connection.ensure_connection(max_retries=1)
        for user, password in (("guest", "guest"), (EXECUTION_USER, "one")):
            refused = Connection(f"amqp://{user}:{password}@{here}")
            with refused, pytest.raises(AccessRefused):
                refused.connect()


def test_it_cannot_manage(node: Node) -> None:
    assert _api(node, "foureyes", node.password, "overview") == 200
    for path in ("overview", "users", "definitions", "queues", "whoami"):
        assert _api(node, EXECUTION_USER, node.execution_password, path) == 401


def test_it_takes_what_is_to_be_judged_and_tells_attempts_to_go_on(
    execution: Connection,
) -> None:
    with execution as connection:
        for name in (START, EXECUTION):
            with connection.channel() as channel:
                queue(name)(channel).declare()
                EXCHANGE(channel).publish("{}", routing_key=name)
                queue(name)(channel).purge()
        for name in (
            "execution@here.celery.pidbox",
            "7a.reply.celery.pidbox",
            "celeryev.1",
            "celeryev",
        ):
            with connection.channel() as channel:
                Queue(name, auto_delete=True)(channel).queue_declare()


@pytest.mark.parametrize(
    "name",
    ["mine", "model.c", "amq.gen", "prefix-start", "start2", "celery.pidbox.mine", "foureyes"],
)
def test_it_makes_no_queue_of_its_own(execution: Connection, name: str) -> None:
    if name == "foureyes":
        name = f"{DEAD}.mine"
    with execution as connection, connection.channel() as channel, pytest.raises(AccessRefused):
        Queue(name)(channel).queue_declare()


def test_it_publishes_to_no_exchange_but_ours(execution: Connection) -> None:
    with execution as connection, connection.channel() as channel:
        Exchange("amq.topic", type="topic")(channel).publish("{}", routing_key="x")
        with pytest.raises(AccessRefused):
            connection.drain_events(timeout=20)


def test_what_it_may_is_the_same_everywhere() -> None:
    """Kubernetes' page says it too."""
    from tests.programs import ROOT

    (ours,) = [each for each in json.loads(broker_users("a", "b"))["permissions"]
               if each["user"] == EXECUTION_USER]  # fmt: skip
    assert ours["configure"] == ours["write"] == ours["read"]
    told = (ROOT / "docs" / "howto" / "kubernetes.md").read_text()
    assert ours["read"] in told
    assert re.fullmatch(ours["read"], DEAD)
