"""`foureyes up --broker rabbitmq`, as `make up` calls it: one command, one folder of logs, one end."""

import os
import signal
from pathlib import Path

import pytest

from foureyes.models.errors import FoureyesError
from foureyes.producer.home import plain
from foureyes.producer.stack import rabbitmq
from tests.programs import foureyes, kill, processes, scripted_sweep, started, wait_for

UP = ("up", "--broker", "rabbitmq")


@pytest.fixture
def _installed() -> None:
    try:
        rabbitmq._program("rabbitmq-server")
    except FoureyesError as error:
        pytest.skip(str(error))


def listening(pids: set[int]) -> set[str]:
    """The local addresses, as the kernel writes them, on which these processes listen for TCP."""
    inodes = set()
    for pid in pids:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            inodes.add(os.readlink(link))
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and f"socket:[{words[9]}]" in inodes:
                found.add(words[1].split(":")[0])
    return found


@pytest.mark.usefixtures("_installed")
def test_a_sweep_from_another_terminal_and_ctrl_c_ends_everything(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with started(*UP, home=home) as up:
        wait_for(lambda: "The stack is up" in (home / "output").read_text() or up.poll())
        made = foureyes(*scripted_sweep(tmp_path, 2, 0.0, ["review-then-fix"]), home=home)
        assert made.returncode == 0, made.stderr + (home / "output").read_text()
        logs = {path.name for path in (home / "logs").iterdir()}
        assert {"rabbitmq.log", "epmd.log", "flower.log", "execution-worker.log", "c.log"} <= logs
        brokers = {pid for pid, words in processes(home).items() if "beam" in words}
        names = {pid for pid, words in processes(home).items() if "epmd" in words}
        loopback = {"0100007F", "00000000000000000000000001000000"}
        assert listening(brokers | names) <= loopback  # the Erlang side runs anything it is sent
        node = plain(home / "rabbitmq")  # elsewhere, if the tests' own folders have long names
        assert oct((node / "rabbitmq.conf").stat().st_mode)[-3:] == "600"
        up.send_signal(signal.SIGINT)
        assert up.wait(timeout=60) == 0
    assert processes(home) == {}
    assert not node.exists()  # with the password in it


@pytest.mark.usefixtures("_installed")
def test_a_killed_stack_leaves_no_broker(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with started(*UP, home=home) as up:
        wait_for(lambda: any("beam.smp" in words for words in processes(home).values()))
        kill(up.pid)
        up.wait()
        wait_for(lambda: processes(home) == {})


def test_without_rabbitmq_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rabbitmq, "_path", lambda: str(tmp_path))
    with pytest.raises(FoureyesError, match="apt-get install rabbitmq-server"):
        rabbitmq.server(tmp_path).__enter__()
    assert list(tmp_path.iterdir()) == []
