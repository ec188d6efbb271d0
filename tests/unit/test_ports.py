"""If this fails, two stacks that start at once give out one address, and a password to a stranger's server."""

import socket

from foureyes.producer.stack.ports import WellKnownPort, free_port


def test_of_two_that_start_at_once_only_one_gets_the_port_that_both_wish_for() -> None:
    wished = free_port()
    first, second = WellKnownPort(wished), WellKnownPort(wished)  # nobody listens yet
    assert first.number == wished != second.number
    first.close()
    third = WellKnownPort(wished)
    assert third.number == wished
    for each in (second, third):
        each.close()


def test_a_port_that_somebody_listens_at_is_nobody_elses() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = WellKnownPort(server.getsockname()[1])
        assert port.number != server.getsockname()[1]
        port.close()
