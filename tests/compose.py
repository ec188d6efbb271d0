"""Reading docker-compose.yml as Compose does, as far as the file needs it: anchors and variables."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import yaml

from tests.programs import ROOT

FILE = ROOT / "docker-compose.yml"
_VARIABLE = re.compile(r"\$(?:\$|\{(\w+)(?::([-?])([^}]*))?\})")


@cache
def raw() -> dict[str, Any]:
    """The file with its anchors merged and its variables as they are written."""
    loaded: dict[str, Any] = yaml.safe_load(FILE.read_text())
    return loaded


def variables() -> Iterator[tuple[str, str | None, str]]:
    """Each variable of the file: its name, `-` or `?` or None, and the default or message."""
    for text in _texts(raw()):
        for found in _VARIABLE.finditer(text):
            if found[1]:
                yield found[1], found[2], found[3] or ""


def example() -> dict[str, str]:
    """What .env.example sets."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def service(name: str, values: Mapping[str, str]) -> dict[str, Any]:
    """A service with its variables replaced.

    Raises: KeyError for a variable that must be set and is not.
    """
    replaced: dict[str, Any] = _replaced(raw()["services"][name], values)
    return replaced


def config(name: str, values: Mapping[str, str]) -> str:
    """A file that the compose file itself holds."""
    return str(_replaced(raw()["configs"][name]["content"], values))


def _replaced(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(each, values) for key, each in value.items()}
    if isinstance(value, list):
        return [_replaced(each, values) for each in value]
    return _VARIABLE.sub(lambda found: _one(found, values), value) if _is_text(value) else value


def _one(found: re.Match[str], values: Mapping[str, str]) -> str:
    name, kind, rest = found[1], found[2], found[3]
    if name is None:
        return "$"
    if values.get(name):
        return values[name]
    if kind == "?":
        raise KeyError(name)
    return rest or ""


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif _is_text(value):
        yield value


def _is_text(value: Any) -> bool:
    return isinstance(value, str)
