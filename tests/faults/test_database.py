"""The database fails: tasks wait for it, and nobody's work is lost or ends in `error`."""

import time

from tests.faults.conftest import LEASES, WORKERS, System


def test_a_restarted_database_costs_nothing(system: System) -> None:
    with system.in_the_middle_of_a_sweep("Postgres restarted"):
        system.postgres.restart()


def test_a_killed_database_costs_nothing(system: System) -> None:
    with system.in_the_middle_of_a_sweep("Postgres killed, away for longer than a lease"):
        system.postgres.kill()
        time.sleep(float(LEASES["FOUREYES_LEASE"]) + 2)
        system.postgres.start()
    assert all(name in system.fleet.running() for name in WORKERS)


def test_a_bad_network_to_the_database_costs_nothing(system: System) -> None:
    with system.in_the_middle_of_a_sweep("the network to Postgres: slow, dead, half-closed, cut"):
        proxy = system.to_database
        proxy.delay = 0.05
        time.sleep(1)
        proxy.resume()
        for _ in range(3):
            assert proxy.connected().cut() > 0
            time.sleep(0.5)
        assert proxy.connected().half_close() > 0
        time.sleep(1)
        proxy.swallow()
        time.sleep(3)
        proxy.cut()
        proxy.resume()
