"""What the scripted engine plays: a TOML file of [[rules]]."""

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from foureyes.models.errors import FoureyesError
from foureyes.models.nearest import meant


class Rule(BaseModel):
    """Gives `answer` to a request whose messages contain all of `contains`, or `fails` instead.

    `turn` and `seed` say more of the requests that it fits: the how manieth answer an attempt draws to one
    question, from 0, and the seed that it is drawn with. At temperature 0 there is one answer, without a
    seed.
    """

    model_config = ConfigDict(extra="forbid")

    contains: list[str] = []
    turn: int | None = Field(default=None, ge=0)
    seed: int | None = Field(default=None, ge=0)
    answer: str = ""
    fails: str | None = None


class Script(BaseModel):
    """The rules; the first that fits a request answers it."""

    model_config = ConfigDict(extra="forbid")

    rules: list[Rule]


def read(path: Path) -> Script:
    """Read a script.

    Raises: FoureyesError naming the file, and of one that is no script the rule and the key.
    """
    try:
        return Script.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise FoureyesError(f"{path}: the script cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError) as error:  # ValidationError is one, too
        said = _mistake(error) if isinstance(error, ValidationError) else str(error)
        raise FoureyesError(f"{path}: not a script: {said}") from None


def _mistake(error: ValidationError) -> str:
    """The first mistake in one line: which rule, which key, and what is wrong with it."""
    first = error.errors()[0]
    match first["loc"]:
        case ("rules",) if first["type"] == "missing":
            return "it has no [[rules]]"
        case ("rules", int(number), *rest):
            place = f"rule {number + 1}: "
            valid: list[str] = list(Rule.model_fields)
        case rest:
            place, valid = "", list(Script.model_fields)
    key = ".".join(map(str, rest))
    if first["type"] == "extra_forbidden":
        return f"{place}unknown key {key!r}{meant(key, valid)}"
    return f"{place}{key}{': ' if key else ''}{first['msg']} (it is {first['input']!r:.60})"
