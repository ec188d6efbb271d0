"""The compose file's processes, without containers: a broker, a database, and every command."""

import json
import os
import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import psycopg
import pytest

from models.errors import FoureyesError
from producer import rabbitmq
from producer.valkey import free_port
from tests import compose
from tests.programs import ROOT, scripted_sweep

DEPLOY = ROOT / "deploy"


@dataclass
class Node:
    """A private RabbitMQ node with the compose file's settings and plugins."""

    url: str
    home: Path
    management_port: int
    metrics_port: int
    password: str = field(init=False)

    def __post_init__(self) -> None:
        self.password = urlsplit(self.url).password or ""


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


@dataclass
class Production:
    """The compose file with its hosts, ports and folders replaced by those of this machine."""

    node: Node
    database_url: str
    folder: Path
    flower_port: int
    values: dict[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    healthy: set[str] = field(default_factory=set)

    def environment(self, name: str) -> dict[str, str]:
        """A container's environment: nothing else of this machine's gets in."""
        given = compose.service(name, self.values)["environment"]
        return {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}:/usr/sbin",
            "HOME": str(self.folder),
            "HOSTNAME": socket.gethostname(),
        } | {key: self._here(str(value), name) for key, value in given.items()}

    def command(self, name: str, *other: str) -> list[str]:
        words = list(other) or compose.service(name, self.values)["command"]
        return [self._here(word, name) for word in words]

    def start(self, name: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                self.command(name),
                cwd=ROOT,
                env=self.environment(name),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def run(self, name: str, *other: str) -> subprocess.CompletedProcess[str]:
        """A command to its end: `docker compose run --rm`."""
        return subprocess.run(
            self.command(name, *other),
            cwd=ROOT,
            env=self.environment(name),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def is_healthy(self, name: str, **more: str) -> bool:
        """What the service's own health check says."""
        kind, *words = compose.service(name, self.values)["healthcheck"]["test"]
        words = [self._here(word, name) for word in words]
        made = subprocess.run(
            ["sh", "-c", *words] if kind == "CMD-SHELL" else words,
            cwd=ROOT,
            env=self.environment(name) | more,
            capture_output=True,
            check=False,
        )
        return made.returncode == 0

    def await_health(self, name: str, seconds: float = 120) -> None:
        deadline = time.monotonic() + seconds
        while name not in self.healthy and time.monotonic() < deadline:
            assert self.processes[name].poll() is None, self.log(name)
            if self.is_healthy(name):
                self.healthy.add(name)
                return
            time.sleep(0.5)
        assert name in self.healthy, f"{name} does not become healthy: {self.log(name)}"

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()[-3000:]

    def progress(self) -> list[dict[str, Any]]:
        """The default command of `cli`, for programs."""
        made = self.run("cli", *self.command("cli"), "--format", "json")
        assert made.returncode == 0, made.stderr
        rows: list[dict[str, Any]] = json.loads(made.stdout.splitlines()[-1])
        return rows

    def _here(self, text: str, name: str) -> str:
        host = unquote(urlsplit(self.database_url).query.removeprefix("host="))
        database = urlsplit(self.database_url).path
        for theirs, ours in (
            ("@postgres:5432/foureyes", f"@{database}?host={quote(host, safe='')}"),
            ("@rabbitmq:5672", "@" + self.node.url.rsplit("@", 1)[1].rstrip("/")),
            ("rabbitmq:15672", f"127.0.0.1:{self.node.management_port}"),
            ("0.0.0.0", "127.0.0.1"),
            ("=5555", f"={self.flower_port}"),
            (":5555/", f":{self.flower_port}/"),
            ("/var/lib/foureyes", str(self.folder / name)),
            ("/tmp/foureyes", str(self.folder / name)),
        ):
            text = text.replace(theirs, ours)
        return text


#: What the compose file's model workers are given to serve: the engine is scripted, for tests.
MODELS = {"coder": "reviewer", "qwen-500m": "qwen-1500m"}


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
        node, postgres.replace("/postgres?", "/production?"), folder, free_port(), values
    )
    with ExitStack() as cleanup:
        cleanup.callback(_end, made.processes)
        migrated = made.run("migrate")
        assert migrated.returncode == 0, migrated.stderr
        _enqueue(made)
        for name in ("reaper", "flower", "execution", "coder", "reviewer"):
            made.start(name)
        for name in ("coder-cpu", "reviewer-cpu"):
            made.start(name)
        yield made


def _enqueue(made: Production) -> None:
    """A sweep for all four models: their workers start only once a sweep has named them."""
    scripted_sweep(made.folder, 3, 0.0, ["raw-coder", "review-then-fix"])
    text = (made.folder / "sweep.toml").read_text()
    model = re.search(r"^c = (.*)$", text, re.MULTILINE)
    assert model is not None
    text = text[: text.index("[models]")] + "[models]\n"
    for coder, reviewer in MODELS.items():
        text += f"{coder} = {model[1]}\n{reviewer} = {model[1]}\n"
    for coder, reviewer in MODELS.items():
        text += f'[[pairings]]\ncoder = "{coder}"\nreviewer = "{reviewer}"\n'
    (made.folder / "sweep.toml").write_text(text)
    sent = made.run("cli", "foureyes", "sweep", str(made.folder / "sweep.toml"))
    assert sent.returncode == 0, sent.stderr


def _end(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    for process in processes.values():
        process.terminate()
    for process in processes.values():
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
