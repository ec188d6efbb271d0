"""What is said of an exception that nobody expected: one line, and a file with the details."""

import os
import platform
import re
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from dotenv import dotenv_values

_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH", re.IGNORECASE)
#: What stands before the @ of a URL; a password may hold a slash or another @.
_USER_OF_URL = re.compile(r"(?<=//)(?:[^/\s:@'\"]*:[^\s'\"]*|[^/\s@'\"]+)(?=@)")
_PASSWORD = re.compile(r"(?<=password=)(?:'[^']*'|[^&\s'\"]+)", re.IGNORECASE)
_PASSWORDS_OF_URL = (re.compile(r"//[^/:@]*:(.+)@"), re.compile(r"password=([^&\s]+)", re.I))
#: Shorter values stand in ordinary words, and guard nothing.
_SHORTEST = 6
_HIDDEN = "***"


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


def redacted(text: str) -> str:
    """The text without passwords: those in URLs, and the values of variables that hold one."""
    secrets = {secret for secret in _secrets() if len(secret) >= _SHORTEST}
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
    return _PASSWORD.sub(_HIDDEN, _USER_OF_URL.sub(_HIDDEN, text))


def _secrets() -> Iterator[str]:
    keys = _key_variables()
    for name, value in [*os.environ.items(), *_of_file()]:
        if _SECRET_NAME.search(name) or name in keys:
            yield value.strip()
        if name.upper().endswith("_URL"):
            if name.upper().startswith("FOUREYES_"):
                yield value  # in whatever way it is written
            for pattern in _PASSWORDS_OF_URL:
                for password in pattern.findall(value):
                    yield from (password, unquote(password))


def _of_file() -> list[tuple[str, str]]:
    """What `.env` sets, from which settings are read too."""
    try:
        return [(name, value or "") for name, value in dotenv_values(Path(".env")).items()]
    except (OSError, ValueError):  # it may be the reason for what is told
        return []


def _key_variables() -> set[str]:
    """Variables that hold a key, as far as models were read."""
    llm = sys.modules.get("models.llm")  # an import may be what failed
    return getattr(llm, "KEY_VARIABLES", set())
