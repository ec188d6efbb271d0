"""Pages that are written to a folder: what needs a server, or is of another sweep, is left out of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Copy:
    """What the pages are a copy of: this sweep, as it was at one moment."""

    sweep_id: int
    made_at: datetime
    version: str


_COPY: ContextVar[Copy | None] = ContextVar("copy", default=None)


def copy() -> Copy | None:
    """What the page that is made is a copy of; None if a server shows it. Templates ask."""
    return _COPY.get()


@contextmanager
def copying(made: Copy) -> Iterator[None]:
    """Have the pages that are made inside the block made for a folder."""
    token = _COPY.set(made)
    try:
        yield
    finally:
        _COPY.reset(token)
