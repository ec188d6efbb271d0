"""Text without secrets: passwords in URLs, and what variables hold that are named like keys."""

import json
import os
import re
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any
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
    for secret in _known():
        text = text.replace(secret, _HIDDEN)
    return _PASSWORD.sub(_HIDDEN, _USER_OF_URL.sub(_HIDDEN, text))


#: What the secrets were found in, and the secrets, the longest first: every line of a log asks for
#: them, and the environment hardly ever changes.
_found: tuple[Any, list[str]] = (None, [])


def _known() -> list[str]:
    global _found
    keys = frozenset(_key_variables())
    # as it lies in memory: reading it name by name costs more than all else of a line
    environment = os.environ._data  # type: ignore[attr-defined]
    where = environment, os.path.abspath(".env"), keys
    known, secrets = _found
    if known != where:
        alone = {secret for secret in _secrets(keys) if len(secret) >= _SHORTEST}
        alone |= {json.dumps(secret)[1:-1] for secret in alone}  # as a log for programs has them
        secrets = sorted(alone, key=len, reverse=True)
        _found = (dict(environment), *where[1:]), secrets
    return secrets


def _secrets(keys: frozenset[str]) -> Iterator[str]:
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
    llm = sys.modules.get("foureyes.models.llm")  # an import may be what failed
    return getattr(llm, "KEY_VARIABLES", set())
