"""What is said of an exception that nobody expected: one line, and a file with the details."""

import os
import platform
import sys
import tempfile
import traceback

from foureyes.models.redaction import redacted


def told(error: Exception) -> str:
    """One line about a bug, which names the file that holds its traceback."""
    said = " ".join(redacted(str(error)).split())[:200]  # half a secret would not be found
    line = f"this is a bug in foureyes: {type(error).__name__}{': ' if said else ''}{said}"
    try:
        place = f"details in {_write(error)}"
    except OSError as why:
        place = f"its details cannot be written ({why.strerror})"
    return redacted(f"{line}; {place}")


def _write(error: Exception) -> str:
    """Write the details where only this user can read them; the path."""
    details = [
        f"foureyes {' '.join(sys.argv[1:])}",
        f"Python {sys.version.split()[0]}, {platform.platform()}",
        *traceback.format_exception(error),
    ]
    handle, path = tempfile.mkstemp(prefix="foureyes-bug-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(redacted("\n".join(details)))
    return path
