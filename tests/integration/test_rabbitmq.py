"""The production broker: the same workers and queues on RabbitMQ, a node of our own."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import col, func, select

from models import broker
from models.enums import Outcome, State
from models.session import session
from models.settings import settings
from models.tables import Attempt
from producer import enqueue, sweep
from tests.programs import ROOT, scripted_sweep, wait_for


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a private node on the loopback interface."""
    program = shutil.which("rabbitmq-server", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("needs rabbitmq-server: `apt install rabbitmq-server`")
    folder = tmp_path_factory.mktemp("rabbitmq")
    folder.chmod(0o777)  # as root Debian's script drops to the user rabbitmq
    folder.parent.chmod(0o755)
    folder.parent.parent.chmod(0o755)
    port = _free_port()
    (folder / "plugins").write_text("[].")
    # without Debian's wrapper, which is for the one node of the system
    real = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
    environment = {
        "PATH": f"{os.environ['PATH']}:/usr/sbin",
        "HOME": str(folder),
        "RABBITMQ_NODENAME": f"foureyes{secrets.token_hex(4)}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(_free_port()),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "ERL_EPMD_PORT": str(_free_port()),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
    }
    with (folder / "output").open("w") as output:
        server = subprocess.Popen(
            [str(real if real.exists() else program)],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_for(lambda: _answers(port) or server.poll() is not None, seconds=90)
        assert server.poll() is None, (folder / "output").read_text()
        yield f"amqp://guest:guest@127.0.0.1:{port}//"
    finally:
        os.killpg(server.pid, 15)
        server.wait(timeout=60)
        _stop_epmd(environment)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(2)
        try:
            probe.connect(("127.0.0.1", port))
            probe.send(b"AMQP\0\0\x09\x01")
            return probe.recv(1) != b""
        except OSError:
            return False


def _stop_epmd(environment: dict[str, str]) -> None:
    """The node's name server, a daemon of the private port, is ours to stop too."""
    for _ in range(20):
        made = subprocess.run(
            ["epmd", "-port", environment["ERL_EPMD_PORT"], "-kill"],
            capture_output=True,
            check=False,
        )
        if b"Killed" in made.stdout:
            return
        time.sleep(0.5)


def test_a_sweep_over_rabbitmq(
    rabbitmq: str, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOUREYES_BROKER_URL", rabbitmq)
    monkeypatch.setenv("FOUREYES_HOME", str(tmp_path / "home"))
    settings.cache_clear()
    broker.app.cache_clear()
    scripted_sweep(tmp_path, 6, 0.0, ["raw-coder", "review-then-fix"])
    row = enqueue.enqueue(sweep.load(tmp_path / "sweep.toml"))
    with session() as db:
        assert db.exec(select(func.count()).select_from(Attempt)).one() == 12
    enqueue.send_starts(row.id)
    assert broker.depth(broker.START) == 1  # twelve attempts, one message
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "worker.app", "worker", "-n", f"{name}@test", "-Q",
             queues, "--pool=threads", "--concurrency=2", "--without-gossip", "--without-mingle"],
            cwd=ROOT,
            env=os.environ | more,
            stdout=subprocess.DEVNULL,
            stderr=(tmp_path / f"{name}.log").open("w"),
        )
        for name, queues, more in (
            ("execution", "start,execution", {}),
            ("c", "model.c", {"FOUREYES_MODEL": "c"}),
            ("r", "model.r", {"FOUREYES_MODEL": "r"}),
        )
    ]  # fmt: skip
    try:
        wait_for(_all_ended, seconds=120)
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.wait(timeout=60)
        broker.app.cache_clear()
    with session() as db:
        outcomes = db.exec(select(Attempt.outcome).distinct()).all()
    assert outcomes == [Outcome.SOLVED], (tmp_path / "execution.log").read_text()[-3000:]


def _all_ended() -> bool:
    with session() as db:
        open_ones = col(Attempt.state).in_([State.QUEUED, State.RUNNING])
        return db.exec(select(func.count()).select_from(Attempt).where(open_ones)).one() == 0
