"""Addresses of servers: how they are shown, and whether one can be of a server with OpenAI's protocol."""

import ipaddress
import re
from urllib.parse import urlsplit

_NAME = re.compile(r"[\w-]+(\.[\w-]+)*\.?")
_EXAMPLE = "it is written like http://127.0.0.1:8000/v1"


def shown(url: str) -> str:
    """The address of a server as people may see it: without names, passwords, and what follows `?`.

    Of several, with `;` between them as kombu has it, each. One that is written so that a part of the
    password may be taken for something else is not shown.
    """
    return ";".join(map(_shown, re.split(r";(?=\w+://)", url)))


def _shown(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        if "@" in parts.path:
            raise ValueError
    except ValueError:
        return "an address that cannot be read"
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}{f':{port}' if port else ''}{parts.path}"


def mistake_in(url: str) -> str | None:
    """What is wrong with a `base_url`, without repeating what may be secret; None if nothing is."""
    if not url.isprintable() or re.search(r"\s", url):
        return f"it has blanks or unprintable characters in it; {_EXAMPLE}"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        return f"{error}; {_EXAMPLE}"
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return f"it must begin with http:// or https:// and a host; {_EXAMPLE}"
    if "@" in parts.netloc:
        return "a name or password does not belong there; `api_key_env` names the key's variable"
    if not _is_host(host) or port == 0 or parts.netloc.endswith(":"):
        return f"{parts.netloc!r} is no host with a port or without; {_EXAMPLE}"
    if "?" in url or "#" in url:
        return "it ends with the path: nothing after ? or # would arrive"
    if "//" in parts.path.rstrip("/"):
        return f"its path {parts.path!r} has // in it; {_EXAMPLE}"
    for end in ("/chat/completions", "/completions", "/chat", "/models"):
        if parts.path.rstrip("/").endswith(end):
            return f"it ends before {end}, which is added to it; {_EXAMPLE}"
    return None


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        # the last part of a name is no number: 127.0.0 and 300.1.1.1 are addresses that are none
        return bool(_NAME.fullmatch(host)) and not host.rstrip(".").rpartition(".")[2].isdigit()
    return True
