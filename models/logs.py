"""Logs: an event a line, with the ids by which Flower and SQL know what it is about.

For people, or with FOUREYES_LOG=json for programs. Lines of Celery and other libraries are the same.
"""

import logging
import sys
from collections.abc import MutableMapping
from enum import StrEnum
from typing import Any

import structlog

from models.redaction import redacted


class LogFormat(StrEnum):
    """How a line is written."""

    TEXT = "text"
    JSON = "json"


def configure(format: LogFormat, level: int | str = logging.INFO) -> None:
    """Write this process's log lines to standard error, and nowhere else."""
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *_written(format),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Discreet(formatter))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)


class _Discreet(logging.Formatter):
    """Writes lines without secrets, whoever put them there: libraries quote URLs in what they raise."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        return redacted(self._inner.format(record))


def _written(format: LogFormat) -> list[Any]:
    if format is LogFormat.JSON:
        return [
            structlog.processors.format_exc_info,
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(ensure_ascii=True),
        ]
    return [
        structlog.processors.format_exc_info,  # never the values of variables: they hold programs
        _harmless,
        structlog.dev.ConsoleRenderer(
            colors=False, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
        ),
    ]


#: What moves a cursor, recolours or reorders: a server's or a program's words stand in lines.
_CONTROLS = {
    number: f"\\u{number:04x}"
    for number in (
        *range(9), *range(11, 32), *range(127, 160), 0x061C, *range(0x200B, 0x2010),
        *range(0x2028, 0x202F), *range(0x2066, 0x206A), 0xFEFF,
    )
}  # fmt: skip


def _harmless(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = value.translate(_CONTROLS)
    return event


def about(**ids: Any) -> None:
    """Add these to every line of this thread from here on, in place of what was added before."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(**ids)
