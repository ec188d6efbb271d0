"""The one way out of the network of judges: `python -m foureyes.worker.gate 5672=rabbitmq:5672 5432=postgres:5432`.

A network of containers lets every port of a server through. Judges run what models wrote: they get to
the broker's and the database's own port, and to no management, metrics or Erlang beside it.
"""

import asyncio
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass

_CONNECT_SECONDS = 10.0
_BYTES = 65536
#: How a machine or a network that is gone is noticed, on either side: in half a minute.
_ALIVE = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 30_000),
)


@dataclass(frozen=True)
class Way:
    """A port of ours, and the server's port that it leads to."""

    port: int
    host: str
    to: int

    @classmethod
    def parse(cls, word: str) -> "Way":
        """`5672=rabbitmq:5672`. Raises: ValueError."""
        port, _, target = word.partition("=")
        host, _, to = target.rpartition(":")
        if not host:
            raise ValueError
        return cls(int(port), host, int(to))


async def serve(ways: list[Way], address: str) -> None:
    """Let through until the process is told to end."""
    async with asyncio.TaskGroup() as group:
        for way in ways:
            group.create_task(_listen(way, address))


async def _listen(way: Way, address: str) -> None:
    async def let_through(client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        try:
            server = await asyncio.wait_for(
                asyncio.open_connection(way.host, way.to), _CONNECT_SECONDS
            )
        except (OSError, TimeoutError) as error:
            print(f"gate: {way.host}:{way.to}: {error or 'no answer'}", file=sys.stderr)
            back.transport.abort()
            return
        answers, forth = server
        for writer in (back, forth):
            for option in _ALIVE:
                writer.get_extra_info("socket").setsockopt(*option)
        await asyncio.gather(_pump(client, forth), _pump(answers, back))
        for writer in (back, forth):
            writer.close()  # what is still to be handed on goes first

    listening = await asyncio.start_server(let_through, address, way.port, backlog=256)
    await listening.serve_forever()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Hand on what comes, and then its end."""
    with suppress(OSError):
        while piece := await source.read(_BYTES):
            sink.write(piece)
            await sink.drain()
        sink.write_eof()
        return
    sink.transport.abort()  # a reset is one for the other side, too


def main() -> None:
    """Exit code 2 for words that name no way."""
    try:
        ways = [Way.parse(word) for word in sys.argv[1:]]
    except ValueError:
        ways = []
    if not ways:
        print("gate: say which ways there are, as in 5672=rabbitmq:5672", file=sys.stderr)
        sys.exit(2)
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(ways, "0.0.0.0"))  # noqa: S104 - it is what a container has it for


if __name__ == "__main__":
    main()
