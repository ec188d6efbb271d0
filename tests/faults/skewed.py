"""A worker whose clock is wrong: `python -m tests.faults.skewed SECONDS` and Celery's words."""

import sys
import time
from datetime import datetime, timedelta, tzinfo

from celery.__main__ import main

from foureyes.models import tables

_ahead = timedelta(seconds=float(sys.argv.pop(1)))
_true_time = time.time


class _Skewed(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + _ahead


if __name__ == "__main__":
    tables.datetime = _Skewed  # type: ignore[misc]  # every moment that our code asks for
    time.time = lambda: _true_time() + _ahead.total_seconds()
    sys.exit(main())
