"""A broker, a database, and every service of the compose file that has a command."""

import base64
import re
import secrets
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest

from foureyes.models.errors import FoureyesError
from foureyes.producer.stack import rabbitmq
from foureyes.producer.stack.ports import free_port
from tests import compose
from tests.production import (
    RUNNING,
    Node,
    Production,
    broker_users,
    end,
    enqueue_sweep,
    run_execution_file,
    run_reader_file,
)
from tests.programs import ROOT

DEPLOY = ROOT / "deploy"


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    home = tmp_path_factory.mktemp("rabbitmq")
    management, metrics = free_port(), free_port()
    plugins = re.findall(r"\w+", (DEPLOY / "rabbitmq" / "enabled_plugins").read_text())
    given = (DEPLOY / "rabbitmq" / "rabbitmq.conf").read_text()
    users = "load_definitions = /etc/rabbitmq/foureyes.json\n"
    assert users in given  # the node has a password of its own by then: they are read once it is up
    more = given.replace(users, "") + (
        f"management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {management}\n"
        f"prometheus.tcp.ip = 127.0.0.1\nprometheus.tcp.port = {metrics}\n"
    )
    try:
        rabbitmq._program("rabbitmq-server")
    except FoureyesError as error:
        pytest.skip(str(error))
    with rabbitmq.server(home, plugins=tuple(plugins), more=more) as url:
        made = Node(url, home, management, metrics, secrets.token_hex(8))
        _read_users(made)
        yield made


def _read_users(node: Node) -> None:
    """Have the node read its users, as RabbitMQ does at its start."""
    content = broker_users(node.password, node.execution_password).encode()
    address = f"http://127.0.0.1:{node.management_port}/api/definitions"
    asked = urllib.request.Request(address, content, {"Content-Type": "application/json"})
    token = base64.b64encode(f"foureyes:{node.password}".encode()).decode()
    asked.add_header("Authorization", f"Basic {token}")
    with urllib.request.urlopen(asked, timeout=20) as answer:
        assert answer.status in (201, 204)


@pytest.fixture(scope="session")
def production(
    node: Node, postgres: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Production]:
    """Every service that has a command, started in the order that the file asks for."""
    folder = tmp_path_factory.mktemp("production")
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute("CREATE ROLE foureyes SUPERUSER LOGIN")
        server.execute("CREATE DATABASE production OWNER foureyes")
    values = compose.example() | {
        name: secrets.token_hex(8) for name in compose.example() if name.endswith("_PASSWORD")
    }
    values |= {
        "RABBITMQ_PASSWORD": node.password,
        "EXECUTION_RABBITMQ_PASSWORD": node.execution_password,
    }
    made = Production(
        node,
        postgres.replace("/postgres?", "/production?"),
        folder,
        flower_port=free_port(),
        web_port=free_port(),
        values=values,
    )
    owner = made.database_url.replace("postgres@", "foureyes@")
    for made_role in (
        run_reader_file(owner, values["READER_PASSWORD"]),
        run_execution_file(owner, values["EXECUTION_POSTGRES_PASSWORD"]),
    ):
        assert made_role.returncode == 0, made_role.stderr
    with ExitStack() as cleanup:
        cleanup.callback(end, made.processes)
        migrated = made.run("migrate")
        assert migrated.returncode == 0, migrated.stderr
        enqueue_sweep(made)
        for name in RUNNING:
            made.start(name)
        yield made
