"""A user for each sandbox of this machine, whichever process started it.

Two that share one could signal each other's programs where no namespace is between them, and share
what the kernel allows a user. Only root can give them users; for others it is but a number.
"""

import socket

from foureyes.models.errors import InfrastructureError

#: User ids that no account has.
FIRST_UID = 64000
#: Programs at work on one machine, and names that somebody else may have taken.
_MOST = 1000


def take(wanted: int) -> tuple[int, socket.socket]:
    """A user id for a slot: `wanted` after the first one, or the next that is free.

    It is taken until the socket is closed, or its process gone: the kernel knows the name no longer,
    so nothing has to be removed, and nobody needs a folder in common.
    """
    taken = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    for uid in range(FIRST_UID + wanted, FIRST_UID + wanted + _MOST):
        try:
            taken.bind(f"\0foureyes sandbox {uid}")
        except OSError:
            continue
        return uid, taken
    taken.close()
    raise InfrastructureError(f"no user id from {FIRST_UID + wanted} on is free for a sandbox")
