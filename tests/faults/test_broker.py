"""The broker fails: what it had promised to keep it delivers, and what it forgot is sent again."""

import time

from tests.faults.conftest import System


def test_a_broker_stopped_and_started_costs_nothing(system: System) -> None:
    with system.in_the_middle_of_a_sweep("RabbitMQ stopped, and started again"):
        system.rabbitmq.stop()
        system.rabbitmq.start()


def test_a_killed_broker_costs_nothing(system: System) -> None:
    with system.in_the_middle_of_a_sweep("RabbitMQ killed, and started again"):
        system.rabbitmq.kill()
        system.rabbitmq.start()


def test_a_broker_that_forgot_everything_costs_nothing(system: System) -> None:
    with system.in_the_middle_of_a_sweep("RabbitMQ killed, its data wiped, started empty"):
        system.rabbitmq.kill()
        system.rabbitmq.wipe()
        system.rabbitmq.start()
    assert "foureyes.dead" in system.rabbitmq.control("list_queues", "name")  # made again, too


def test_a_bad_network_to_the_broker_costs_nothing(system: System) -> None:
    with system.in_the_middle_of_a_sweep("the network to RabbitMQ: slow, dead, half-closed, cut"):
        proxy = system.to_broker
        proxy.delay = 0.05
        time.sleep(0.5)
        proxy.resume()
        assert proxy.connected().half_close() > 0
        time.sleep(0.5)
        assert proxy.connected().cut() > 0
        time.sleep(0.5)
        proxy.swallow()
        time.sleep(2)
        proxy.cut()
        proxy.resume()
