"""A TCP proxy that can fail as networks do: connections are cut, half-closed, delayed, swallowed."""

import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress

_CHUNK = 65536
#: With this a close is a reset: the peer learns of it at its next read or write.
_RESET = struct.pack("ii", 1, 0)


class Proxy:
    """Forwards a free loopback port to a server's port, until told to misbehave."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._open = threading.Event()
        self._open.set()
        #: Seconds that every chunk takes longer.
        self.delay = 0.0
        #: What a server says is passed through this; for a server of another version.
        self.rewrite: Callable[[bytes], bytes] = lambda data: data
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def connected(self) -> "Proxy":
        """Itself, once somebody is connected; those who were cut off take their time to come back.

        Raises: TimeoutError after a minute.
        """
        end = time.monotonic() + 60
        while True:
            with self._lock:
                if self._pairs:
                    return self
            if time.monotonic() > end:
                raise TimeoutError("nobody has connected for a minute")
            time.sleep(0.01)

    def cut(self) -> int:
        """Reset every connection, as a firewall that forgot them; how many."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for end in pair:
                with suppress(OSError):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                    end.shutdown(socket.SHUT_RDWR)
        return len(pairs)

    def half_close(self) -> int:
        """End the direction towards the clients: they hear nothing more, and may still speak."""
        with self._lock:
            pairs = list(self._pairs)
        for client, _ in pairs:
            with suppress(OSError):
                client.shutdown(socket.SHUT_WR)
        return len(pairs)

    def swallow(self) -> None:
        """Pass nothing on, in either direction, and close nothing: a dead network."""
        self._open.clear()

    def resume(self) -> None:
        """Pass on what was held back, and all that comes."""
        self.delay = 0.0
        self._open.set()

    def close(self) -> None:
        """Stop listening, and end every connection."""
        self._listener.close()
        self.resume()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # closed
            try:
                server = socket.create_connection(("127.0.0.1", self._target), timeout=5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._pairs.append((client, server))
            for source, sink, told in ((client, server, False), (server, client, True)):
                threading.Thread(
                    target=self._forward, args=(source, sink, told), daemon=True
                ).start()

    def _forward(self, source: socket.socket, sink: socket.socket, told: bool) -> None:
        with suppress(OSError):
            while data := source.recv(_CHUNK):
                self._open.wait()
                if self.delay:
                    time.sleep(self.delay)
                sink.sendall(self.rewrite(data) if told else data)
        with self._lock:
            self._pairs = [pair for pair in self._pairs if source not in pair]
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        source.close()
