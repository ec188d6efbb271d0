"""What goes to one program's process, and the frames that it writes. No time is looked at here."""

import select
import socket
from collections import deque

from foureyes.judging.sandbox.inside import frames, wire

_MAX_FRAME = wire.MAX_BYTES + 4096


class BadFrames(Exception):
    """The program wrote bytes that are no frames."""


class Connection:
    """Our end of a program's socket. `arrived` are the frames that nobody has taken yet, tag first."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._buffer = bytearray()
        self._outgoing = bytearray()
        self.arrived: deque[bytes] = deque()
        #: Whether the program has closed its end.
        self.is_closed = False
        #: Whether something arrived that is no frame: said once those before it are taken.
        self._is_broken = False

    @property
    def has_news(self) -> bool:
        """Whether `take` has something to say."""
        return bool(self.arrived) or self.is_closed or self._is_broken

    def take(self) -> bytes | None:
        """The next frame; None if there is none, and the program has closed its end. Raises: BadFrames."""
        if self.arrived:
            return self.arrived.popleft()
        if self._is_broken:
            raise BadFrames
        return None

    def put(self, data: bytes) -> None:
        """Have this sent: as much as it takes now, the rest while `receive` waits."""
        self._outgoing += data
        self._send()

    def flush(self, seconds: float) -> None:
        """Send the rest. Raises: OSError if it takes longer, or nobody reads any more."""
        if self._outgoing:  # else the program may have ended already
            self._end.settimeout(seconds)
            self._end.sendall(self._outgoing)
            self._outgoing.clear()

    def receive(self, seconds: float) -> int:
        """Receive what comes within so many seconds, and send what can be meanwhile; how many frames."""
        writes = [self._end] if self._outgoing else []
        readable, writable, _ = select.select([self._end], writes, [], seconds)
        if writable:
            self._send()
        if not readable:
            return 0
        try:
            part = self._end.recv(1 << 18)
        except ConnectionError:
            part = b""
        self.is_closed = not part
        self._buffer += part
        return self._cut()

    def _send(self) -> None:
        try:
            sent = self._end.send(self._outgoing, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return  # it does not read: that is its own time
        except OSError:
            sent = len(self._outgoing)  # it has closed its end, as reading will tell
        del self._outgoing[:sent]

    def _cut(self) -> int:
        """Move whole frames out of the buffer; how many."""
        at, size, before = 0, len(self._buffer), len(self.arrived)
        with memoryview(self._buffer) as view:
            while size - at >= frames.LENGTH.size:
                (length,) = frames.LENGTH.unpack_from(view, at)
                if not 1 <= length <= _MAX_FRAME:
                    self._is_broken = True
                    break
                begin = at + frames.LENGTH.size
                if size - begin < length:
                    break
                at = begin + length
                self.arrived.append(bytes(view[begin:at]))
        del self._buffer[:at]
        return len(self.arrived) - before
