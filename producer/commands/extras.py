"""What comes with an extra, and may be missing."""

from collections.abc import Iterator
from contextlib import contextmanager

from foureyes.models.errors import FoureyesError


@contextmanager
def needs_web() -> Iterator[None]:
    """Import the web pages inside the block. Raises: FoureyesError if what they need is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise FoureyesError(
            f"the web pages need the extra `web` ({error.name} is missing): `make install`, or "
            "`pip install --editable '.[web]'`"
        ) from None
