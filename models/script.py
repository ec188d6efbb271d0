"""What the scripted engine plays: a TOML file of [[rules]]."""

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from foureyes.models.errors import FoureyesError


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

    Raises: FoureyesError naming the file, if it is not there or none.
    """
    try:
        return Script.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise FoureyesError(f"{path}: the script cannot be read ({error.strerror})") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise FoureyesError(f"{path}: not a script: {str(error).splitlines()[0]}") from None
