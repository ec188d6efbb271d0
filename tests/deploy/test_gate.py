"""The gate between judges and servers: what is sent arrives, what ends ends, and nothing else gets through."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from foureyes.producer.stack.ports import free_port
from tests import compose
from tests.programs import ROOT, wait_for

GATE = [sys.executable, "-P", "-m", "foureyes.worker.gate"]


def _is_there(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(20)
        yield listening


@pytest.fixture
def gate(server: socket.socket) -> Iterator[int]:
    """The port of a gate to the server."""
    port = free_port()
    way = f"{port}=127.0.0.1:{server.getsockname()[1]}"
    running = subprocess.Popen([*GATE, way], cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
    try:
        wait_for(lambda: _is_there(port))
        server.accept()[0].close()  # that was the question
        yield port
    finally:
        running.terminate()
        running.wait(20)


def test_what_is_sent_arrives_in_both_directions(server: socket.socket, gate: int) -> None:
    sent = bytes(range(256)) * 40_000
    with socket.create_connection(("127.0.0.1", gate)) as client:
        there, _ = server.accept()
        with there:
            for one, other in ((client, there), (there, client)):
                one.settimeout(30)
                other.settimeout(30)
                sending = threading.Thread(target=one.sendall, args=(sent,))
                sending.start()
                got = b""
                while len(got) < len(sent):
                    got += other.recv(1 << 20)
                sending.join()
                assert got == sent


def test_an_end_is_handed_on(server: socket.socket, gate: int) -> None:
    """Else a worker would take a server that is gone for one that thinks."""
    with socket.create_connection(("127.0.0.1", gate), timeout=20) as client:
        there, _ = server.accept()
        client.shutdown(socket.SHUT_WR)
        assert there.recv(10) == b""
        last = b"the last word" * 20_000
        threading.Thread(target=lambda: (there.sendall(last), there.close())).start()
        got = b""
        while piece := client.recv(1 << 20):
            got += piece
        assert got == last


def test_a_server_that_is_away_ends_the_connection(server: socket.socket, gate: int) -> None:
    server.close()
    client = socket.create_connection(("127.0.0.1", gate), timeout=20)
    with client, suppress(ConnectionResetError):
        assert client.recv(10) == b""


@pytest.mark.parametrize("words", [[], ["5672"], ["x=y:z"], ["1=:2"]])
def test_words_that_name_no_way_are_a_mistake(words: list[str]) -> None:
    made = subprocess.run([*GATE, *words], cwd=ROOT, env={"PYTHONPATH": str(ROOT)},
                          capture_output=True, text=True, check=False, timeout=60)  # fmt: skip
    assert made.returncode == 2
    assert len(made.stderr.splitlines()) == 1


def test_judges_reach_two_ports_and_nothing_beside_them() -> None:
    """No management of the broker, no metrics, no Erlang, no other service."""
    services = compose.raw()["services"]
    assert services["execution"]["networks"] == ["judging"]
    assert {name for name, each in services.items() if "judging" in each["networks"]} == {
        "execution",
        "gate",
    }
    _, *ways = services["gate"]["command"][2:]
    assert ways == ["5672=rabbitmq:5672", "5432=postgres:5432"]
    for variable in ("FOUREYES_DATABASE_URL", "FOUREYES_BROKER_URL"):
        url = services["execution"]["environment"][variable]
        assert "://foureyes_execution:${EXECUTION_" in url and "@gate:" in url
