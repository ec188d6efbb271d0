"""Text without secrets: passwords in URLs, and what variables hold that are named like keys."""

import json
import os
import re
import sys
from collections.abc import Iterator
from functools import cache
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


def redacted(text: str) -> str:
    """The text without passwords: those in URLs, and the values of variables that hold one."""
    secrets = {secret for secret in _secrets() if len(secret) >= _SHORTEST}
    secrets |= {json.dumps(secret)[1:-1] for secret in secrets}  # as a log for programs has them
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
    return _PASSWORD.sub(_HIDDEN, _USER_OF_URL.sub(_HIDDEN, text))


def _secrets() -> Iterator[str]:
    keys = _key_variables()
    for name, value in [*os.environ.items(), *_of_file(os.path.abspath(".env"))]:
        if _SECRET_NAME.search(name) or name in keys:
            yield value.strip()
        if name.upper().endswith("_URL"):
            if name.upper().startswith("FOUREYES_"):
                yield value  # in whatever way it is written
            for pattern in _PASSWORDS_OF_URL:
                for password in pattern.findall(value):
                    yield from (password, unquote(password))


@cache
def _of_file(path: str) -> list[tuple[str, str]]:
    """What `.env` sets, from which settings are read too, and once."""
    try:
        return [(name, value or "") for name, value in dotenv_values(path).items()]
    except (OSError, ValueError):  # it may be the reason for what is told
        return []


def _key_variables() -> set[str]:
    """Variables that hold a key, as far as models were read."""
    llm = sys.modules.get("models.llm")  # an import may be what failed
    return getattr(llm, "KEY_VARIABLES", set())
