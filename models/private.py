"""Small files that only we may read and write: what they hold guards what is sent and believed."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from foureyes.models.errors import FoureyesError


def read(path: Path) -> bytes | None:
    """What such a file holds; None if there is none.

    Raises: FoureyesError if somebody else may have written it, or it cannot be read.
    """
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            if found.st_uid != os.geteuid() or found.st_mode & 0o077:
                raise FoureyesError(
                    f"{path}: others than you may have written it; look at it, then remove it or "
                    "`chmod 600` it"
                )
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise FoureyesError(f"{path}: cannot be read ({error.strerror})") from None


def write(path: Path, content: bytes, *, replace: bool = True) -> None:
    """Write such a file, whole or not at all; one that is there stays unless it may be replaced.

    Raises: FoureyesError if it cannot be written.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # of mode 0600
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        if replace:
            os.replace(name, path)
            return
        with suppress(FileExistsError):  # two begin at once: the first one's holds
            os.link(name, path)
        os.unlink(name)
    except OSError as error:
        raise FoureyesError(
            f"{path}: cannot be written ({error.strerror}); set FOUREYES_HOME to another folder"
        ) from None
