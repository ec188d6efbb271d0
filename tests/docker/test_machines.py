"""Workers on machines of their own, whose clocks differ, and a network between them that goes silent."""

import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.docker.stack import Stack
from tests.docker.test_faults import clock
from tests.faults import audit
from tests.programs import ROOT

#: Seconds that the clock of each machine is ahead of the database's.
AHEAD = {"coder": 3600, "reviewer": -3600}
_PARTITION = 60


@pytest.fixture(scope="module")
def machines(stack: Stack) -> Iterator[Stack]:
    """Workers of two models, each in a container of its own with a clock of its own."""
    lines = ["services:"]
    for name, ahead in AHEAD.items():
        words = f"tests.faults.skewed {ahead} -A foureyes.worker.app worker -n {name}@%h -Q model.{name}"
        command = ["python", "-m", *words.split(), "--pool=threads", "--concurrency=1", "--without-gossip", "--without-mingle", "--loglevel=INFO"]  # fmt: skip
        lines += [
            f"  {name}:",
            f"    command: {command}",
            f"    environment: {{FOUREYES_MODEL: {name}}}",
            f'    volumes: ["{ROOT}/tests:/app/tests:ro"]',
        ]
    (stack.folder / "clocks.yml").write_text("\n".join(lines) + "\n")
    with stack.with_file(stack.folder / "clocks.yml"):
        stack.compose("up", "--detach")
        yield stack
    stack.compose("up", "--detach")


def test_clocks_two_hours_apart_and_a_silent_network_cost_nothing(machines: Stack) -> None:
    """A partition drops what is sent, without a word to either side; the rows are taken over or waited for."""
    sweep_id = machines.enqueue("machines", audit.ATTEMPTS, seconds=150)
    audit.wait_until_ended(sweep_id, share=0.2, seconds=300)
    (coder,) = machines.containers("coder")
    _partition(machines, coder, "--append")
    time.sleep(_PARTITION)
    assert audit.counts(sweep_id)["open"] > 0, "the sweep is over already"
    _partition(machines, coder, "--delete")
    ended = clock()
    audit.wait_until_ended(sweep_id, seconds=300)
    audit.check(
        f"clocks two hours apart, and the coder's machine cut off for {_PARTITION} s",
        sweep_id,
        ended,
    )


def _partition(stack: Stack, container: str, how: str) -> None:
    """Drop all packets in and out of a container, or no more."""
    space = f"--net=/proc/{stack.pid(container)}/ns/net"
    for chain in ("INPUT", "OUTPUT"):
        subprocess.run(["nsenter", space, "iptables", how, chain, "--jump", "DROP"], check=True)
