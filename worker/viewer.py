"""Flower, with a password and for its own names only: `python -m foureyes.worker.viewer [Flower's options]`.

Flower itself answers whatever name leads to it, and lets whoever reaches it end workers.
`--name NAME` adds a name to those of this machine; `FLOWER_BASIC_AUTH` is `user:password`.
"""

import os
import socket
import sys
from typing import Any, NoReturn

from foureyes.models.errors import FoureyesError
from foureyes.models.hosts import is_ours
from foureyes.models.later import importing

with importing():
    from flower import command  # type: ignore[import-untyped]
    from flower.app import Flower  # type: ignore[import-untyped]
    from tornado.httputil import HTTPServerRequest
    from tornado.web import RequestHandler

    from foureyes.models import broker

_NAME = "--name="


class _NotOurs(RequestHandler):
    """What a request by another's name gets, whatever it asks for."""

    def prepare(self) -> None:
        self.set_status(421)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish("foureyes: this name is not one of ours; --name=NAME adds one.\n")


class _Viewer(Flower):  # type: ignore[misc]
    """Flower, asked for by its own names."""

    names: frozenset[str] = frozenset()

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        """What answers a request."""
        given = request.headers.get_list("Host")
        if len(given) != 1 or not is_ours(given[0], self.names):
            return self.get_handler_delegate(request, _NotOurs)
        return super().find_handler(request, **kwargs)


def main() -> NoReturn:
    """Serve until the process is told to end; exit code 2 without a password."""
    if not os.environ.get("FLOWER_BASIC_AUTH"):
        print("viewer: set FLOWER_BASIC_AUTH to user:password", file=sys.stderr)
        sys.exit(2)
    names = {word.removeprefix(_NAME).lower() for word in sys.argv[1:] if word.startswith(_NAME)}
    _Viewer.names = frozenset({socket.gethostname().lower(), *names})
    command.Flower = _Viewer
    try:
        app = broker.app()  # a worker's would bring all that workers need
    except FoureyesError as error:
        print(f"viewer: {error}", file=sys.stderr)
        sys.exit(2)
    rest = [word for word in sys.argv[1:] if not word.startswith(_NAME)]
    if not any(word.startswith("--conf") for word in rest):
        rest.append(f"--conf={os.devnull}")  # else it runs a flowerconfig.py of the current folder
    sys.exit(app.start(["flower", *rest]))


if __name__ == "__main__":
    main()
