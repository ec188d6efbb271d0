"""`foureyes web`: serving the pages until Ctrl-C."""

import ipaddress
import signal
import socket
from collections.abc import Callable

import uvicorn

from foureyes.models.errors import FoureyesError
from foureyes.results.web import connections, database
from foureyes.results.web.app import create


def serve(
    host: str,
    port: int,
    names: list[str],
    flower_url: str | None,
    say: Callable[[str], None],
    *,
    with_notes: bool = False,
) -> None:
    """Serve the pages on this address until the process is told to end.

    Needs a database that can be reached. Raises: FoureyesError if the address cannot be had, or notes
    are wanted and cannot be written.
    """
    if with_notes:
        database.check_notes()
    with _listening(host, port) as listening:
        database.read_only()
        app = create(flower_url, [host, socket.gethostname(), *names], with_notes=with_notes)
        say(_told(host, listening.getsockname()[1], with_notes))
        config = uvicorn.Config(
            app,
            log_level="warning",
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=5,
            **connections.settings(),
        )
        # uvicorn hands SIGTERM on once it has ended; by then there is nothing left to do
        signal.signal(signal.SIGTERM, lambda *_: None)
        try:
            uvicorn.Server(config).run(sockets=[listening])
        except KeyboardInterrupt:
            say("stopped")


def _listening(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        reason = error.strerror or str(error)
        raise FoureyesError(
            f"cannot listen on {host}, port {port}: {reason}. `--port` and `--host` choose others."
        ) from None


def _told(host: str, port: int, with_notes: bool) -> str:
    what = "read every result, and write notes" if with_notes else "read every result"
    shown = f"[{host}]" if ":" in host else host
    if _is_loopback(host):
        return f"Pages: http://{shown}:{port} (this machine only; Ctrl-C stops)"
    return (
        f"Pages: http://{shown}:{port} (whoever reaches this address can {what}: there is no password; "
        "Ctrl-C stops)"
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
