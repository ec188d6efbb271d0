"""Which variables hold keys, and to which hosts a key may be sent.

A sweep file names both, and files come from anywhere: it must not be able to have any variable sent
to anybody. So a variable must be one for keys, and a key goes to a new host only when a person said so
(`foureyes sweep --trust-host`), which is remembered in FOUREYES_HOME.
"""

import ipaddress
import json
from pathlib import Path
from urllib.parse import urlsplit

from foureyes.models import private
from foureyes.models.errors import FoureyesError
from foureyes.models.settings import settings

#: How the name of a variable ends that may hold a key.
_ENDING = "_API_KEY"
_OURS = "FOUREYES_"


def mistake_in(variable: str) -> str | None:
    """Why this variable is not sent to servers; None if it may hold a key."""
    if variable.upper().startswith(_OURS):
        return f"{variable} is a setting of foureyes, and never sent"
    if variable.endswith(_ENDING) or variable in (name for name, _ in _listed()):
        return None
    return f"only variables that end in {_ENDING}, or that FOUREYES_KEYS lists, are sent as keys"


def host_of(base_url: str) -> str:
    """The host of a server, as it is written in `--trust-host`."""
    return (urlsplit(base_url).hostname or "").rstrip(".")


def may_have(variable: str, host: str) -> bool:
    """Whether a host may be sent the key in this variable: this machine, or one that was named."""
    return _is_this_machine(host) or (variable, host) in _listed() or host in _bound(variable)


def variables() -> set[str]:
    """The variables that somebody has said hold keys, by FOUREYES_KEYS or by `--trust-host`."""
    return {name for name, _ in _listed()} | _read(settings().home).keys()


def bind(variable: str, host: str, home: Path) -> None:
    """Remember in `home` that a host may be sent the key in this variable."""
    known = _read(home)
    known[variable] = sorted({*known.get(variable, []), host})
    private.write(_file(home), json.dumps(known, indent=1).encode() + b"\n")


def check(model: str, variable: str, base_url: str) -> None:
    """Raises: FoureyesError if a model's server may not be sent the key in this variable."""
    if said := mistake_in(variable):
        raise FoureyesError(f"models.{model}.api_key_env: {said}")
    host = host_of(base_url)
    if not may_have(variable, host):
        raise FoureyesError(
            f"models.{model}: nobody has said that the key in {variable} may be sent to {host}; "
            f"`--trust-host {host}` says so, or FOUREYES_KEYS={variable}@{host}"
        )


def _listed() -> list[tuple[str, str]]:
    """What FOUREYES_KEYS says: variables, each with the host that it is for, if one is said."""
    parts = [part.strip().partition("@") for part in settings().keys.split(",")]
    return [(name, host.lower()) for name, _, host in parts if name]


def _bound(variable: str) -> list[str]:
    return _read(settings().home).get(variable, [])


def _read(home: Path) -> dict[str, list[str]]:
    content = private.read(_file(home))
    try:
        known: dict[str, list[str]] = json.loads(content) if content else {}
        return {str(name): list(map(str, hosts)) for name, hosts in known.items()}
    except (ValueError, AttributeError, TypeError):
        raise FoureyesError(f"{_file(home)}: cannot be understood; remove it") from None


def _file(home: Path) -> Path:
    return home / "trusted-hosts.json"


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
