"""What judges can reach and do, and what is reachable of the stack: tried, not read."""

import json
import socket
import subprocess
from pathlib import Path

import pytest

from tests import compose
from tests.docker.stack import RUNNING, Stack, docker, inspected

SERVICES = compose.raw()["services"]
OURS = [name for name in RUNNING if "build" in SERVICES[name]]
#: Every port that a service of the file listens on, and those of SSH and of the engine.
PORTS = (22, 25, 53, 80, 443, 2375, 4369, 5432, 5555, 5672, 8765, 15672, 15692, 25672)
#: Prints which of some addresses take a connection.
REACHED = """
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor
def reached(address):
    try:
        socket.create_connection(tuple(address), 3).close()
    except OSError:
        return False
    return True
asked = {asked}
with ThreadPoolExecutor(64) as pool:
    print(json.dumps([each for each, yes in zip(asked, pool.map(reached, asked)) if yes]))
"""


def reached(stack: Stack, container: str, asked: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Those of some addresses that take a connection from a container."""
    told = json.loads(stack.python(container, REACHED.format(asked=json.dumps(asked))))
    return [tuple(each) for each in told]


def gateways(network: str) -> list[str]:
    """The addresses that a network's bridge has, or would have, on the machine itself."""
    (found,) = json.loads(docker("network", "inspect", f"foureyes_{network}"))
    return [each["Gateway"] for each in found["IPAM"]["Config"]]


def test_a_judge_reaches_two_ports_of_the_gate_and_nothing_else(stack: Stack) -> None:
    stack.await_health()
    judge, other = stack.containers("execution")
    hosts = {name: stack.address(stack.containers(name)[0], "backend") for name in RUNNING if name != "execution"}  # fmt: skip
    away = [*hosts, *hosts.values(), *gateways("backend"), *gateways("judging")]
    away += [stack.address(other, "judging"), _own_address(), "deb.debian.org"]
    asked = [(host, port) for host in away if host != "gate" for port in PORTS]
    assert reached(stack, judge, asked) == []
    gate = [("gate", port) for port in PORTS]
    assert reached(stack, judge, gate) == [("gate", 5432), ("gate", 5672)]
    # what nobody listens on proves nothing: where there is a way, the same program finds it
    assert ("postgres", 5432) in reached(stack, stack.containers("start")[0], asked)


def test_a_judge_cannot_ask_for_names_outside(stack: Stack) -> None:
    """A name that is asked for is a message, too, to whoever answers for it."""
    judge = stack.containers("execution")[0]
    resolve = (
        "import socket\ntry: print(socket.gethostbyname({name!r}))\nexcept OSError: print('none')"
    )
    assert stack.python(judge, resolve.format(name="deb.debian.org")).strip() == "none"
    assert stack.python(judge, resolve.format(name="gate")).strip() != "none"


def test_only_the_ports_of_the_file_are_open_and_only_on_loopback(stack: Stack) -> None:
    published = {
        int(port.split(":")[1]) for name in RUNNING for port in SERVICES[name].get("ports", [])
    }
    assert len(published) == 5
    listening = subprocess.run(["ss", "-Hltn"], capture_output=True, text=True, check=True).stdout
    here = {line.split()[3] for line in listening.splitlines()}
    assert here == {f"127.0.0.1:{port}" for port in published}
    for port in published:
        socket.create_connection(("127.0.0.1", port), 5).close()
        with pytest.raises(OSError, match="refused"):
            socket.create_connection((_own_address(), port), 5)


@pytest.mark.parametrize("name", OURS)
def test_a_process_of_ours_is_nobody_and_can_write_nowhere(stack: Stack, name: str) -> None:
    for container in stack.containers(name):
        status = docker("exec", container, "cat", "/proc/1/status")
        told = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert set(told["Uid"].split()) == {"10001"}
        assert {int(told[each], 16) for each in ("CapEff", "CapPrm", "CapBnd", "CapAmb")} == {0}
        assert (told["NoNewPrivs"], told["Seccomp"]) == ("1", "2")
        made = docker(
            "exec", container, "sh", "-c", "touch /app/x /opt/foureyes/x /usr/x 2>&1 || true"
        )
        assert made.count("Read-only file system") == 3, made


def test_the_sandbox_holds_with_the_files_filter_and_not_with_dockers(stack: Stack) -> None:
    (profile,) = (each for each in SERVICES["execution"]["security_opt"] if "seccomp" in each)
    profile = profile.replace("seccomp=", f"seccomp={compose.FILE.parent}/")
    assert _level(f"--security-opt={profile}") == "A"
    assert _level() == ""
    assert _level(f"--security-opt={profile}", "--user=0") == ""  # root without capabilities


def _level(*options: str) -> str:
    """The level at which the sandbox holds in a container as the file has it, but for `options`."""
    made = subprocess.run(
        ["docker", "run", "--rm", "--network=none", "--cap-drop=ALL", "--read-only", "--tmpfs=/tmp",
         "--security-opt=no-new-privileges", "--security-opt=apparmor=unconfined", *options,
         "foureyes:execution", "python", "-P", "-m", "foureyes.judging.sandbox.probe"],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    (line,) = (line for line in made.stdout.splitlines() if line.startswith("{"))
    return str(json.loads(line)["level"])


def test_no_password_is_told(stack: Stack) -> None:
    """What anybody sees who may not look into a container's environment."""
    secrets = [value for name, value in stack.values.items() if name.endswith("_PASSWORD")]
    assert len(secrets) == 7
    told = {"logs": stack.compose("logs", "--no-color")}
    for name in RUNNING:
        for container in stack.containers(name):
            found = inspected(container)
            shown = [found["Path"], found["Args"], found["Config"]["Labels"], found["State"]]
            told[container] = json.dumps([*shown, found["Config"].get("Healthcheck")])
    for process in Path("/proc").glob("[0-9]*/cmdline"):  # the engine's are among those seen here
        try:
            told[str(process)] = process.read_text(errors="replace")
        except OSError:
            continue
    assert [name for name, text in told.items() if any(each in text for each in secrets)] == []


def _own_address() -> str:
    """The address at which this machine reaches others."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing
        return str(probe.getsockname()[0])
