"""A broker, a database, and every service of the compose file that has a command."""

import re
import secrets
from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest

from models.errors import FoureyesError
from producer import rabbitmq
from producer.ports import free_port
from tests import compose
from tests.production import RUNNING, Node, Production, end, enqueue_sweep, run_reader_file
from tests.programs import ROOT

DEPLOY = ROOT / "deploy"


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    home = tmp_path_factory.mktemp("rabbitmq")
    management, metrics = free_port(), free_port()
    plugins = re.findall(r"\w+", (DEPLOY / "rabbitmq" / "enabled_plugins").read_text())
    more = (DEPLOY / "rabbitmq" / "rabbitmq.conf").read_text() + (
        f"management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {management}\n"
        f"prometheus.tcp.ip = 127.0.0.1\nprometheus.tcp.port = {metrics}\n"
    )
    try:
        rabbitmq._program("rabbitmq-server")
    except FoureyesError as error:
        pytest.skip(str(error))
    with rabbitmq.server(home, plugins=tuple(plugins), more=more) as url:
        yield Node(url, home, management, metrics)


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
    values["RABBITMQ_PASSWORD"] = node.password
    made = Production(
        node,
        postgres.replace("/postgres?", "/production?"),
        folder,
        flower_port=free_port(),
        web_port=free_port(),
        values=values,
    )
    owner = made.database_url.replace("postgres@", "foureyes@")
    made_reader = run_reader_file(owner, values["READER_PASSWORD"])
    assert made_reader.returncode == 0, made_reader.stderr
    with ExitStack() as cleanup:
        cleanup.callback(end, made.processes)
        migrated = made.run("migrate")
        assert migrated.returncode == 0, migrated.stderr
        enqueue_sweep(made)
        for name in RUNNING:
            made.start(name)
        yield made
