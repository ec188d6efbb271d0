"""Killed workers: what they had in hand is done by others, once."""

import time

from tests.faults.conftest import WORKERS, System


def test_a_killed_sandbox_costs_no_verdict(system: System) -> None:
    with system.in_the_middle_of_a_sweep(
        "a worker's child (the sandbox) killed, 6 times"
    ) as middle:
        killed = 0
        for _ in range(3):
            killed += sum(system.fleet.kill_children(name) for name in WORKERS)
            time.sleep(0.3)
        middle.fault_ended()
        assert killed > 0


def test_a_killed_worker_costs_nothing(system: System) -> None:
    with system.in_the_middle_of_a_sweep("a worker killed, and started again"):
        system.fleet.kill("one")
        system.fleet.start("one", wait=False)


def test_all_workers_killed_at_once_cost_nothing(system: System) -> None:
    with system.in_the_middle_of_a_sweep("all workers killed at once, and started again") as middle:
        system.fleet.kill(*WORKERS)
        system.fleet.start(*WORKERS, wait=False)
        middle.fault_ended()
