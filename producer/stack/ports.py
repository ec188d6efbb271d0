"""Ports of the loopback interface for servers of ours."""

import secrets
import socket

#: Below what kernels hand out to clients (32768 on Linux, 49152 elsewhere): a server needs seconds to
#: start, and a connection of somebody else's must not take its port meanwhile.
_RANGE = range(10_000, 32_768)


class WellKnownPort:
    """A port that everybody wishes for, kept from the other stacks of this machine until closed.

    A server takes a second to listen, and another stack that starts meanwhile finds its port free. So
    who means to use it takes the same number for UDP first, which nothing here speaks: at once, by
    one process only, and let go when that process ends, however it does.
    """

    def __init__(self, wished: int) -> None:
        self._claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._claim.bind(("127.0.0.1", wished))
        except OSError:
            self.number = free_port()
        else:
            self.number = wished if _is_free(wished) else free_port()

    def close(self) -> None:
        """Let others have it."""
        self._claim.close()


def free_port() -> int:
    """A free port."""
    for port in secrets.SystemRandom().sample(_RANGE, 100):
        if _is_free(port):
            return port
    with socket.socket() as probe:  # a machine with no end of servers: whatever the kernel has
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
