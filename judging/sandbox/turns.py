"""Who judges beside others, and who judges alone: all slots that share FOUREYES_HOME keep to it."""

import contextlib
import fcntl
import os
from collections.abc import Iterator

from foureyes.models.settings import settings


@contextlib.contextmanager
def beside_others() -> Iterator[None]:
    """Judge while others do, as long as nobody wants to be alone."""
    with contextlib.ExitStack() as held:
        with _held("next", fcntl.LOCK_EX):
            held.enter_context(_held("judging", fcntl.LOCK_SH))
        yield


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Judge while no other slot does; none begins anything more once this waits."""
    with _held("next", fcntl.LOCK_EX), _held("judging", fcntl.LOCK_EX):
        yield


@contextlib.contextmanager
def _held(name: str, how: int) -> Iterator[None]:
    place = f"{settings().home}/turns/{name}"
    try:
        file = _opened(place)
    except FileNotFoundError:  # the first time
        os.makedirs(os.path.dirname(place), exist_ok=True)
        file = _opened(place)
    try:
        fcntl.flock(file, how)
        yield
    finally:
        os.close(file)


def _opened(place: str) -> int:
    return os.open(place, os.O_RDWR | os.O_CREAT, 0o600)
