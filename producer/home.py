"""The folder where the embedded stack and the reports live."""

import tempfile
from pathlib import Path

from models.errors import FoureyesError
from models.settings import settings


def prepared() -> Path:
    """FOUREYES_HOME, made if it is missing.

    Only one that we make is hidden from git: in a folder of somebody's, everything would be.

    Raises: FoureyesError if it cannot be written.
    """
    home = settings().home
    try:
        if not home.exists():
            home.mkdir(parents=True, exist_ok=True)
            (home / ".gitignore").write_text("*\n")
        with tempfile.TemporaryFile(dir=home):  # a disk that can only be read says so here
            pass
    except OSError as error:
        raise FoureyesError(
            f"{home}: cannot be written ({error.strerror}); set FOUREYES_HOME to another folder"
        ) from None
    return home
