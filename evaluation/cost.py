"""What something takes of a machine, all its processes together."""

import os
import resource
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from foureyes.evaluation.memory import PeakMemory


@dataclass
class JudgingCost(AbstractContextManager["JudgingCost"]):
    """What a `with` block takes, all processes below this one included.

    `seconds` of wall-clock time, `cpu_seconds` and `peak_bytes` (proportional set size).
    """

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_bytes: int = 0

    def __enter__(self) -> Self:
        self._memory = PeakMemory(os.getpid())
        self._memory.__enter__()
        self._began = time.monotonic(), _cpu_seconds()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        began, cpu = self._began
        self.seconds, self.cpu_seconds = time.monotonic() - began, _cpu_seconds() - cpu
        self._memory.__exit__(kind, error, trace)
        self.peak_bytes = self._memory.bytes


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
