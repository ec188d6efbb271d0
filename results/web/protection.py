"""What keeps other sites away from these pages, and what a page may do, whatever stands in it."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from foureyes.models.hosts import is_ours

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
_App = Callable[[_Message, _Receive, _Send], Awaitable[None]]

#: Scripts and styles come from here alone, and none stands in a page: markup that a model wrote
#: would run nothing even if it got into one.
_POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_POLICY_HEADER = (b"content-security-policy", _POLICY.encode())
_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]


class Protected:
    """An application that answers to its own names only, and sends every answer with the headers.

    An answer may have a policy of its own in place of the usual one.
    """

    def __init__(self, app: _App, names: Iterable[str]) -> None:
        self._app = app
        self._names = {name.lower() for name in names}

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        """Answer a request."""

        async def send_protected(message: _Message) -> None:
            if message["type"] == "http.response.start":
                own = list(message.get("headers", ()))
                usual = (
                    [] if any(name == _POLICY_HEADER[0] for name, _ in own) else [_POLICY_HEADER]
                )
                message["headers"] = [*own, *usual, *_HEADERS]
            await send(message)

        if scope["type"] == "http" and not is_ours(_host(scope), self._names):
            await _refuse(send_protected)
        else:
            await self._app(scope, receive, send_protected)


def _host(scope: _Message) -> str:
    """A request's Host header; empty if it has none, or several."""
    given: list[bytes] = [value for name, value in scope["headers"] if name == b"host"]
    return given[0].decode("latin-1") if len(given) == 1 else ""


async def _refuse(send: _Send) -> None:
    body = b"foureyes: this name is not one of ours; `foureyes web --name NAME` adds one.\n"
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 421, "headers": headers})
    await send({"type": "http.response.body", "body": body})
