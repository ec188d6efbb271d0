"""Connections to a model server: one request over them, and why there was no answer."""

import email.utils
import importlib.util
import json
import math
import socket
import ssl
import sys
import time
import urllib.request
from collections.abc import Iterator
from http import HTTPStatus
from types import ModuleType
from typing import Any, cast
from urllib.parse import urlsplit

import httpx

from models.errors import FoureyesError
from models.llm import OpenAI
from worker.engines import failures
from worker.engines.failures import Context

#: The longest that a server can have us wait (Retry-After), in seconds.
LONGEST_WAIT = 60.0
#: Seconds to a connection: a machine that drops what is sent to it says nothing at all.
_CONNECT = 30.0
#: Connections of one pool: whenever a call begins or ends, httpx looks through all of its pool. With
#: 320 in one, a call took 26 ms of CPU for that.
_POOL = 4
#: Bytes of an answer. No answer has so many, and a server that never ends must not fill our memory.
_MOST_BYTES = 64 << 20
#: Characters of a key that is somebody's secret.
_SHORTEST_KEY = 12
#: httpcore asks for this several times a call, and where it is not installed, Python looks through all
#: of its path each time: it is told here that it is not.
_ASKED_FOR = "sniffio"
#: What may pass, of what is no server error: it was busy, had not got all of the request, or what it
#: asks itself has failed (424, TGI's).
_PASSING = frozenset({408, 409, 424, 425, 429})
#: What is said of the server, the way there or the key, and not of what was asked.
_OF_THE_SERVER = frozenset({401, 402, 407, 502, 503, 504, 529})


if importlib.util.find_spec(_ASKED_FOR) is None:
    sys.modules.setdefault(_ASKED_FOR, cast(ModuleType, None))


class Declined(Exception):
    """A server answered that it does not: with a status that says so, or an error in place of one."""

    def __init__(self, status: int, body: str, retry_after: str = "", moved: str = "") -> None:
        self.status = status
        self.words = failures.words(body) or "(it says nothing)"
        self.retry_after = retry_after
        # a server that is busy, or does not know the key, may count tokens or name policies too
        about_the_call = status not in _PASSING and status not in _OF_THE_SERVER
        self.is_refusal = about_the_call and failures.is_refusal(body)
        self.context = failures.context(body) if about_the_call else Context.FITS
        super().__init__(f"HTTP {status}{_phrase(status)}: {self.words}{moved}")

    @property
    def passes(self) -> bool:
        """Worth another try: the server was busy, or restarting."""
        settled = self.is_refusal or self.context is not Context.FITS
        odd = self.status < 300 or self.status >= 500  # the former with an error for an answer
        return not settled and (odd or self.status in _PASSING)


def clients(model: OpenAI) -> list[httpx.AsyncClient]:
    """Connections as the environment wants them (proxies, certificates), in pools.

    Raises: FoureyesError if it wants what cannot be had.
    """
    try:
        certificates = httpx.create_ssl_context()
        return [
            httpx.AsyncClient(
                base_url=model.base_url,
                verify=certificates,
                timeout=httpx.Timeout(None, connect=min(_CONNECT, model.timeout)),
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=_POOL),
                follow_redirects=True,
            )
            for _ in range(-(-model.in_flight // _POOL))
        ]
    except (ValueError, OSError, ImportError, httpx.InvalidURL) as error:
        raise FoureyesError(
            f"models.{model.name}: the environment's proxy or certificates (HTTPS_PROXY, ALL_PROXY, "
            f"SSL_CERT_FILE) cannot be used: {error}"
        ) from None


async def post(client: httpx.AsyncClient, key: str, body: bytes) -> dict[str, Any]:
    """What a server returns for a chat. Raises: Declined, httpx.HTTPError, ValueError."""
    headers = {
        "content-type": "application/json",
        "authorization": f"Bearer {key or 'none'}",  # local servers want none
    }
    content = bytearray()
    async with client.stream("POST", "chat/completions", content=body, headers=headers) as response:
        async for part in response.aiter_bytes():
            content += part
            if len(content) > _MOST_BYTES:
                raise ValueError(f"the answer is longer than {_MOST_BYTES:,} bytes")
    text = _without(key, content.decode("utf-8", "replace"))
    if not response.is_success:
        moved = f" (it redirects to {response.url})" if response.history else ""
        retry_after = response.headers.get("retry-after", "")
        raise Declined(response.status_code, text, retry_after, moved)
    try:
        made = json.loads(text)
    except (ValueError, RecursionError):
        made = None
    if not isinstance(made, dict):
        said = failures.words(text) or "nothing"
        raise ValueError(f"what it returned is no chat completion, but: {said}")
    if not made.get("choices") and ("error" in made or failures.is_refusal(text)):
        raise Declined(_status(made.get("error")) or 200, text)
    return made


def _without(key: str, text: str) -> str:
    """What a server says, and not the key that it was told: answers and errors end in rows, archives
    and pages. What is shorter guards nothing, and stands in ordinary words ("none", "EMPTY")."""
    return text.replace(key, "***") if len(key) >= _SHORTEST_KEY else text


def _status(error: Any) -> int | None:
    """What an error in the place of an answer says that its status should have been."""
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, int) and 400 <= code < 600 else None


def wait_as_told(error: Exception) -> bool | float:
    """Whether to try again, and after how many seconds if the server said (Retry-After)."""
    if isinstance(error, Declined):
        told = _seconds(error.retry_after) if error.passes else None
        return error.passes if told is None else min(max(told, 0.0), LONGEST_WAIT)
    return isinstance(error, httpx.TransportError) and not isinstance(
        error, httpx.UnsupportedProtocol
    )


def _seconds(retry_after: str) -> float | None:
    """What the header says: a number of seconds, or a date."""
    try:
        told = float(retry_after)
    except ValueError:
        try:
            told = email.utils.parsedate_to_datetime(retry_after).timestamp() - time.time()
        except (ValueError, TypeError, OverflowError):
            return None
    return told if math.isfinite(told) else None


def _phrase(status: int) -> str:
    try:
        return f" {HTTPStatus(status).phrase}"
    except ValueError:
        return ""


def cause(error: httpx.HTTPError, url: str) -> str:
    """Why a connection was lost or never came about, in words that say what to look after."""
    below = list(_chain(error))
    said = str(below[-1]) or str(error) or type(error).__name__
    if not isinstance(error, httpx.TransportError):
        return said
    host = urlsplit(url).hostname or ""
    proxy = _proxy(url)
    if proxy:
        host = f"{host} by the proxy {proxy}"
    for each in below:
        if isinstance(each, socket.gaierror):
            return f"no connection: a name cannot be resolved, of {host} (DNS: {each.strerror})"
        if isinstance(each, ssl.SSLError):
            return f"no connection to {host}: TLS: {said}"
        if isinstance(each, ConnectionRefusedError):
            return f"no connection to {host}: it is refused, nothing listens there"
    if isinstance(error, httpx.ConnectTimeout):
        return f"no connection to {host}: it does not answer"
    if isinstance(error, httpx.ConnectError | httpx.ProxyError):
        return f"no connection to {host}: {said}"
    return f"the connection to {host} was lost: {said}"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and what it came of, the innermost last."""
    at: BaseException | None = error
    seen: set[int] = set()
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        yield at
        inner = at.exceptions[0] if isinstance(at, BaseExceptionGroup) else None
        at = inner or at.__cause__ or at.__context__


def _proxy(url: str) -> str:
    """The proxy that the environment names for a URL, without a password; empty if none."""
    parts = urlsplit(url)
    proxies = urllib.request.getproxies()
    named = proxies.get(parts.scheme) or proxies.get("all") or ""
    if not named or urllib.request.proxy_bypass(parts.hostname or ""):
        return ""
    found = urlsplit(named if "://" in named else f"http://{named}")
    return f"{found.scheme}://{found.hostname}:{found.port}"
