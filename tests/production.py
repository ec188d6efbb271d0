"""The compose file's processes, without containers: what its commands need, on this machine."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from foureyes.producer.stack import postgres as embedded_postgres
from tests import compose
from tests.programs import ROOT, scripted_sweep


@dataclass
class Node:
    """A private RabbitMQ node with the compose file's settings and plugins."""

    url: str
    home: Path
    management_port: int
    metrics_port: int
    execution_password: str
    password: str = field(init=False)

    def __post_init__(self) -> None:
        self.password = urlsplit(self.url).password or ""


@dataclass
class Production:
    """The compose file with its hosts, ports and folders replaced by those of this machine."""

    node: Node
    database_url: str
    folder: Path
    flower_port: int
    web_port: int
    values: dict[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    healthy: set[str] = field(default_factory=set)

    def environment(self, name: str) -> dict[str, str]:
        """A container's environment: nothing else of this machine's gets in."""
        given = compose.service(name, self.values).get("environment", {})
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
            ("@gate:5432/foureyes", f"@{database}?host={quote(host, safe='')}"),
            ("@rabbitmq:5672", "@" + self.node.url.rsplit("@", 1)[1].rstrip("/")),
            ("@gate:5672", "@" + self.node.url.rsplit("@", 1)[1].rstrip("/")),
            ("rabbitmq:15672", f"127.0.0.1:{self.node.management_port}"),
            ("0.0.0.0", "127.0.0.1"),
            ("=5555", f"={self.flower_port}"),
            (":5555/", f":{self.flower_port}/"),
            ("=8765", f"={self.web_port}"),
            (":8765/", f":{self.web_port}/"),
            ("/var/lib/foureyes", str(self.folder / name)),
            ("/tmp/foureyes", str(self.folder / name)),
            ("--host=127.0.0.1", f"--host={host}"),  # last: it may lie in one of those folders
        ):
            text = text.replace(theirs, ours)
        return text


PSQL = str(embedded_postgres._package() / embedded_postgres._PROGRAMS / "psql")
READER = ROOT / "deploy" / "postgres" / "reader.sql"


EXECUTION = ROOT / "deploy" / "postgres" / "execution.sql"
EXECUTION_USER = "foureyes_execution"


def run_reader_file(url: str, password: str) -> subprocess.CompletedProcess[str]:
    """What makes the role `foureyes_reader`; the compose file's database runs it when it is made."""
    return _run_file(READER, url, READER_PASSWORD=password)


def run_execution_file(url: str, password: str) -> subprocess.CompletedProcess[str]:
    """The same for the role of execution workers, which a migration then grants what it needs."""
    return _run_file(EXECUTION, url, EXECUTION_POSTGRES_PASSWORD=password)


def _run_file(file: Path, url: str, **passwords: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PSQL, url, "--no-psqlrc", "--quiet", f"--file={file}"],
        env=os.environ | passwords,
        capture_output=True,
        text=True,
        check=False,
    )


def broker_users(password: str, execution_password: str) -> str:
    """What RabbitMQ reads of its users: a part of the compose file."""
    values = {"RABBITMQ_PASSWORD": password, "EXECUTION_RABBITMQ_PASSWORD": execution_password}
    return compose.config("broker-users", values)


#: The services that run until they are told to end, and have a command of ours.
RUNNING = [
    "reaper",
    "flower",
    "web",
    "start",
    "execution",
    "coder",
    "reviewer",
    "coder-cpu",
    "reviewer-cpu",
]
#: What the compose file's model workers are given to serve: the engine is scripted, for tests.
MODELS = {"coder": "reviewer", "qwen-500m": "qwen-1500m"}
#: What their engine fails at.
FAILING = "plus one (fails)"


def enqueue_sweep(made: Production) -> None:
    """A sweep for all four models: their workers start only once a sweep has named them."""
    scripted_sweep(made.folder, 3, 0.0, ["raw-coder", "review-then-fix"])
    script = made.folder / "script.toml"
    failing = f'[[rules]]\ncontains = ["{FAILING}"]\nfails = "no GPU here"\n'
    script.write_text(failing + script.read_text())
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


def end(processes: dict[str, subprocess.Popen[bytes]]) -> None:
    for process in processes.values():
        process.terminate()
    for process in processes.values():
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
