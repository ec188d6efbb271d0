"""Logs: an event a line, with the ids by which Flower and SQL know what it is about.

For people, or with FOUREYES_LOG=json for programs. Lines of Celery and other libraries are the same.
"""

import json
import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from foureyes.models.enums import LogFormat
from foureyes.models.redaction import redacted

_ids: ContextVar[Mapping[str, Any]] = ContextVar("ids", default=MappingProxyType({}))


def configure(format: LogFormat, level: int | str = logging.INFO) -> None:
    """Write this process's log lines to standard error, and nowhere else."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_ForPrograms() if format is LogFormat.JSON else _ForPeople())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)


def about(**ids: Any) -> None:
    """Add these to every line of this thread from here on, in place of what was added before."""
    _ids.set(ids)


@contextmanager
def within(**ids: Any) -> Iterator[None]:
    """Add these to every line of this thread that is written in the block."""
    before = _ids.set({**_ids.get(), **ids})
    try:
        yield
    finally:
        _ids.reset(before)


class _Discreet(logging.Formatter):
    """Writes lines without secrets, whoever put them there: libraries quote URLs in what they raise."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds")
        at = moment.replace("+00:00", "Z")
        return redacted(self.written(record, at, self._traceback(record)))

    def written(self, record: logging.LogRecord, moment: str, traceback: str) -> str:
        """The line; `traceback` is empty if nothing failed."""
        raise NotImplementedError

    def _traceback(self, record: logging.LogRecord) -> str:
        """Never with the values of variables: they hold programs."""
        return self.formatException(record.exc_info) if record.exc_info else ""


class _ForPrograms(_Discreet):
    """A JSON object a line, in ASCII."""

    def written(self, record: logging.LogRecord, moment: str, traceback: str) -> str:
        said: dict[str, Any] = {
            **_ids.get(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "timestamp": moment,
            "message": record.getMessage(),
        }
        if traceback:
            said["exception"] = traceback
        return json.dumps(said, default=repr)


class _ForPeople(_Discreet):
    """`moment [level] what happened [logger] id=value`, and a traceback below it."""

    def written(self, record: logging.LogRecord, moment: str, traceback: str) -> str:
        ids = (f"{name}={_shown(value)}" for name, value in sorted(_ids.get().items()))
        said = (record.getMessage(), f"[{record.name}]", *ids)
        line = " ".join(each.translate(_CONTROLS) for each in said)
        below = f"\n{traceback.translate(_CONTROLS)}" if traceback else ""
        return f"{moment} [{record.levelname.lower():9}] {line}{below}"


def _shown(value: Any) -> str:
    """A value that can be told from what follows it."""
    return value if isinstance(value, str) and not re.search(r"[\s=]", value) else repr(value)


#: What moves a cursor, recolours or reorders: a server's or a program's words stand in lines.
_CONTROLS = {
    number: f"\\u{number:04x}"
    for number in (
        *range(9), *range(11, 32), *range(127, 160), 0x061C, *range(0x200B, 0x2010),
        *range(0x2028, 0x202F), *range(0x2066, 0x206A), 0xFEFF,
    )
}  # fmt: skip
