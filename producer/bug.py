"""What is said of an exception that nobody expected: one line, and a file with the details."""

import os
import platform
import re
import sys
import tempfile
import traceback
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH", re.IGNORECASE)
#: What stands before the @ of a URL.
_USER_OF_URL = re.compile(r"(?<=//)[^/\s@'\"]+(?=@)")
#: Shorter values stand in ordinary words, and guard nothing.
_SHORTEST = 6
_HIDDEN = "***"


def told(error: Exception) -> str:
    """One line about a bug, which names the file that holds its traceback."""
    said = " ".join(str(error).split())[:200]
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


def redacted(text: str) -> str:
    """The text without passwords: those in URLs, and the values of variables that hold one."""
    text = _USER_OF_URL.sub(_HIDDEN, text)
    for secret in sorted(set(_secrets()), key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
    return text


def _secrets() -> Iterator[str]:
    for name, value in os.environ.items():
        if _SECRET_NAME.search(name) and len(value) >= _SHORTEST:
            yield value
        if name.endswith("_URL"):
            try:
                password = urlsplit(value).password
            except ValueError:
                continue
            if password and len(password) >= _SHORTEST:
                yield from (password, unquote(password))
