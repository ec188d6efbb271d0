"""The folder where the embedded stack and the reports live."""

import os
import re
import tempfile
from pathlib import Path

from foureyes.models.errors import FoureyesError

#: What every server takes: their own shells, settings files and URLs stumble over other characters,
#: and the path of a socket may have 107 characters, `/.s.PGSQL.5432.lock` included.
_PLAIN = re.compile(r"[\w./-]{1,85}", re.ASCII)


def prepared() -> Path:
    """FOUREYES_HOME, made if it is missing.

    Only one that we make is hidden from git: in a folder of somebody's, everything would be.

    Raises: FoureyesError if it cannot be written.
    """
    from foureyes.models.settings import (
        settings,  # the process that keeps a database needs `plain` alone
    )

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


def plain(folder: Path) -> Path:
    """A path for files that a server only needs while it runs: this one, or another if it is odd."""
    if _PLAIN.fullmatch(str(folder)):
        return folder
    parent = folder.parent.stat()
    name = f"foureyes-{os.getuid()}-{parent.st_dev}-{parent.st_ino}-{folder.name}"
    return Path(tempfile.gettempdir()) / name
