"""By which names pages may be asked for: others are somebody else's, who points them at this address.

A page elsewhere could otherwise have its own name lead here, and read what is here (DNS rebinding).
Such an attack needs a name: addresses as they are may always be used.
"""

import ipaddress
from collections.abc import Collection


def is_ours(host: str, names: Collection[str]) -> bool:
    """Whether a Host header's value, a port with it or not, is an address or one of the names."""
    name = _without_port(host.lower())
    if name == "localhost" or name in names:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
