"""Connections to a model server: one request over them, and why there was no answer."""

import email.utils
import errno
import json
import math
import os
import socket
import ssl
import time
import urllib.request
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import certifi
from aiohttp_socks import ProxyConnectionError, ProxyConnector, ProxyError, ProxyTimeoutError

from foureyes.models.errors import FoureyesError
from foureyes.models.llm import OpenAI
from foureyes.worker.engines import failures
from foureyes.worker.engines.failures import Context

#: The longest that a server can have us wait (Retry-After), in seconds.
LONGEST_WAIT = 60.0
#: Seconds to a connection: a machine that drops what is sent to it says nothing at all.
_CONNECT = 30.0
#: Seconds for which a connection is kept without a call: vLLM's server closes it after five, and a call
#: that is sent meanwhile is lost.
_IDLE = 4.0
#: Bytes of an answer. No answer has so many, and a server that never ends must not fill our memory.
_MOST_BYTES = 64 << 20
#: Characters of a key that is somebody's secret.
_SHORTEST_KEY = 12
#: What may pass, of what is no server error: it was busy, had not got all of the request, or what it
#: asks itself has failed (424, TGI's).
_PASSING = frozenset({408, 409, 424, 425, 429})
#: What is said of the server, the way there or the key, and not of what was asked.
_OF_THE_SERVER = frozenset({401, 402, 407, 502, 503, 504, 529})
#: A proxy does not let us through.
_AT_THE_PROXY = (
    aiohttp.ClientProxyConnectionError, aiohttp.ClientHttpProxyError, ProxyError,
    ProxyConnectionError, ProxyTimeoutError,
)  # fmt: skip
#: There was no connection, or it broke, or what came over it was not HTTP: it may be otherwise later.
_LOST = (
    aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, aiohttp.http.HttpProcessingError,
    aiohttp.ClientResponseError, *_AT_THE_PROXY,
)  # fmt: skip
#: Whatever a call over a connection can fail of, beside what is read of its answer.
FAILURES = (aiohttp.ClientError, *_AT_THE_PROXY)


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


class Client:
    """Connections to one server, kept alive, as the environment wants them (proxies, certificates).

    Made, used and closed in one event loop.
    """

    def __init__(self, model: OpenAI) -> None:
        """Raises: FoureyesError if the environment wants what cannot be had."""
        self._url = f"{model.base_url}/chat/completions"
        try:
            connector, self._proxy = _connector(_proxy(self._url))
        except (ValueError, OSError) as error:
            raise FoureyesError(
                f"models.{model.name}: the environment's proxy or certificates (HTTPS_PROXY, "
                f"ALL_PROXY, SSL_CERT_FILE) cannot be used: {error}"
            ) from None
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            # the time limit of a call is its caller's
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=min(_CONNECT, model.timeout)),
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def post(self, key: str, body: bytes) -> dict[str, Any]:
        """What the server returns for a chat. Raises: Declined, aiohttp.ClientError, ValueError."""
        headers = {
            "content-type": "application/json",
            "authorization": f"Bearer {key or 'none'}",  # local servers want none
        }
        content = bytearray()
        async with self._session.post(
            self._url, data=body, headers=headers, proxy=self._proxy
        ) as response:
            async for part in response.content.iter_any():
                content += part
                if len(content) > _MOST_BYTES:
                    raise ValueError(f"the answer is longer than {_MOST_BYTES:,} bytes")
        return _read(response, _without(key, content.decode("utf-8", "replace")))


def _connector(proxy: str) -> tuple[aiohttp.BaseConnector, str | None]:
    """Where connections come from, and the proxy that each request must name.

    Raises: ValueError, OSError if the proxy or the certificates cannot be used.
    """
    certificates = ssl.create_default_context(
        cafile=os.environ.get("SSL_CERT_FILE") or certifi.where(),
        capath=os.environ.get("SSL_CERT_DIR"),
    )
    usual: dict[str, Any] = {"limit": 0, "keepalive_timeout": _IDLE, "ssl": certificates}
    scheme = urlsplit(proxy).scheme
    if scheme in ("", "http", "https"):
        return aiohttp.TCPConnector(**usual), proxy or None
    # socks5h is curl's word for what is always done here: the proxy resolves names
    plain = scheme.removesuffix("h").removesuffix("a") + proxy.removeprefix(scheme)
    return ProxyConnector.from_url(plain, rdns=True, **usual), None


def _read(response: aiohttp.ClientResponse, text: str) -> dict[str, Any]:
    """The JSON object of a response's text. Raises: Declined, ValueError."""
    if not 200 <= response.status < 300:
        moved = f" (it redirects to {response.url})" if response.history else ""
        retry_after = response.headers.get("retry-after", "")
        raise Declined(response.status, text, retry_after, moved)
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
    return isinstance(error, _LOST) and not isinstance(error, aiohttp.TooManyRedirects)


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


def cause(error: Exception, url: str) -> str:
    """Why a connection was lost or never came about, in words that say what to look after."""
    below = list(_chain(error))
    said = str(below[-1]) or str(error) or type(error).__name__
    if not isinstance(error, _LOST):
        return said
    host = urlsplit(url).hostname or ""
    proxy = _proxy(url)
    if proxy:
        host = f"{host} by the proxy {_without_password(proxy)}"
    for each in below:
        if isinstance(each, socket.gaierror):
            return f"no connection: a name cannot be resolved, of {host} (DNS: {each.strerror})"
        if isinstance(each, ssl.SSLError):
            return f"no connection to {host}: TLS: {said}"
        if isinstance(each, OSError) and each.errno == errno.ECONNREFUSED:
            return f"no connection to {host}: it is refused, nothing listens there"
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return f"no connection to {host}: it does not answer"
    if isinstance(error, (aiohttp.ClientConnectorError, *_AT_THE_PROXY)):
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
    """The proxy that the environment names for a URL; empty if none."""
    parts = urlsplit(url)
    proxies = urllib.request.getproxies()
    named = proxies.get(parts.scheme) or proxies.get("all") or ""
    if not named or urllib.request.proxy_bypass(parts.hostname or ""):
        return ""
    return named if "://" in named else f"http://{named}"


def _without_password(proxy: str) -> str:
    found = urlsplit(proxy)
    return f"{found.scheme}://{found.hostname}:{found.port}"
