"""The one place where the environment is read. `foureyes doctor` prints what was found."""

import os
from functools import cache
from pathlib import Path

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from foureyes.models.enums import Level, LogFormat
from foureyes.models.errors import FoureyesError


def cores_to_spare() -> int:
    """The cores that can judge while one does all else; at least one."""
    return max(1, min(64, len(os.sched_getaffinity(0)) - 1))


class Settings(BaseSettings):
    """Everything that may differ from one machine to the next. Each is `FOUREYES_<NAME>`; an empty
    one is as if it were not set."""

    model_config = SettingsConfigDict(
        env_prefix="FOUREYES_", env_file=".env", env_ignore_empty=True, extra="ignore"
    )

    #: Where the embedded stack, the reports and the sandbox's expected outputs live.
    home: Path = Path(".foureyes")
    #: Model weights; large, shared between clones.
    cache: Path = Path("~/.cache/foureyes")
    #: A folder with the official benchmark files; see docs/howto/offline.md.
    data: Path | None = None
    #: The Python that has EvalPlus, to compare verdicts with. Unset: that of `make evalplus`. Not
    #: read from `.env`.
    evalplus: Path | None = None
    #: Unset: the embedded PostgreSQL. Else e.g. postgresql://user:password@host/foureyes
    database_url: SecretStr | None = None
    #: What `foureyes sql` reads a server of your own with: a role that can only read. Unset: one is made.
    reader_url: SecretStr | None = None
    #: Unset: the embedded Valkey. Else e.g. amqp://user:password@host//
    broker_url: SecretStr | None = None
    #: Variables beside those that end in _API_KEY that sweep files may name as keys, by commas;
    #: NAME@HOST also lets that host have it, as `--trust-host` does. Not read from `.env`.
    keys: str = ""
    #: The model that a GPU or CPU model worker serves; set by whoever starts the worker.
    model: str | None = None
    #: How workers and the reaper write their logs: text, or json.
    log: LogFormat = LogFormat.TEXT
    #: Programs judged at the same time on this machine, by all workers together. Unset: one for each
    #: core but one, which is for all else.
    slots: int = Field(default_factory=cores_to_spare, ge=1, le=64)
    #: The least that must hold a program: A, or B where namespaces cannot be had. A is tried first.
    sandbox_level: Level = Level.A
    #: Seconds a claim on a completion or an execution lasts without being renewed.
    lease: float = Field(default=30.0, gt=0, le=86400)
    #: Seconds between two rounds of the reaper.
    reap_every: float = Field(default=5.0, gt=0, le=86400)
    #: Seconds a message is given to be delivered, before the reaper may send it again.
    grace: float = Field(default=20.0, gt=0, le=86400)
    #: Times a completion or an execution may fail before it ends in `error`; workers that are lost
    #: do not count.
    tries: int = Field(default=4, ge=1, le=1000)


#: What names a program, or whom a secret goes to: a `.env` comes with a folder, which may be anybody's.
_OF_THE_ENVIRONMENT = ("FOUREYES_EVALPLUS", "FOUREYES_KEYS")


@cache
def settings() -> Settings:
    """The settings of this process, read once.

    Raises: FoureyesError naming the variable, if one has a value that cannot be used.
    """
    try:
        found = Settings()
        _check_file()
    except ValidationError as error:
        first = error.errors()[0]
        name = f"FOUREYES_{str(first['loc'][0]).upper()}"
        raise FoureyesError(f"{name}: {first['msg']} (it is {first['input']!r})") from None
    except UnicodeDecodeError as error:
        raise FoureyesError(
            f".env: not UTF-8 text ({error.reason} at byte {error.start})"
        ) from None
    except OSError as error:
        raise FoureyesError(f".env: cannot be read ({error.strerror})") from None
    given = {name: getattr(found, name) for name in ("home", "cache", "data")}
    return found.model_copy(
        update={name: _folder(name, folder) for name, folder in given.items() if folder}
    )


def _check_file() -> None:
    for name, value in dotenv_values(".env").items():
        if value and name.upper() in _OF_THE_ENVIRONMENT:
            raise FoureyesError(
                f".env: {name.upper()} is not read from a file that a folder may come with; set it in "
                "the environment"
            )


def _folder(name: str, given: Path) -> Path:
    """The folder that a setting means, as an absolute path without `~` and links."""
    variable = f"FOUREYES_{name.upper()}"
    if not str(given).isprintable():  # servers' files of settings and states have lines
        raise FoureyesError(f"{variable}: {str(given)!r} holds a character that cannot be seen")
    try:
        return given.expanduser().resolve()
    except RuntimeError as error:
        raise FoureyesError(f"{variable}: {given}: {error}") from None
    except OSError as error:  # a relative path in a folder that was removed
        raise FoureyesError(f"{variable}: {given}: {error.strerror}") from None
