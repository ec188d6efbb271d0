"""Ports of the loopback interface for servers of ours."""

import secrets
import socket

#: Below what kernels hand out to clients (32768 on Linux, 49152 elsewhere): a server needs seconds to
#: start, and a connection of somebody else's must not take its port meanwhile.
_RANGE = range(10_000, 32_768)


def free_port(wished: int | None = None) -> int:
    """A free port: the wished one if it is free."""
    tried = [wished] if wished else []
    for port in [*tried, *secrets.SystemRandom().sample(_RANGE, 100)]:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    with socket.socket() as probe:  # a machine with no end of servers: whatever the kernel has
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
