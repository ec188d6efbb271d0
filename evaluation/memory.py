"""How much memory a tree of processes holds at most."""

import contextlib
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

#: Seconds between two looks, at least. A look walks page tables: so it takes 1/_SHARE of the time at most.
_PAUSE = 0.5
_SHARE = 20


class PeakMemory:
    """Watches a process and all below it, while in a `with` block. `bytes` is the most seen.

    Each process counts with its proportional set size (PSS): a page that several share counts
    once in all. What comes and goes between two looks is missed.
    """

    def __init__(self, pid: int) -> None:
        self.bytes = 0
        self._pid = pid
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="peak-memory", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        pause = 0.0
        while not self._done.wait(pause):
            began = time.thread_time()
            self.bytes = max(self.bytes, sum(map(_share, tree(self._pid))))
            pause = max(_PAUSE, _SHARE * (time.thread_time() - began))


def tree(pid: int) -> set[int]:
    """The process and all below it that live now."""
    found: set[int] = set()
    left = [pid]
    while left:
        one = left.pop()
        found.add(one)
        with contextlib.suppress(OSError):
            for listing in Path(f"/proc/{one}/task").glob("*/children"):
                left += [int(child) for child in listing.read_text().split()]
    return found


def _share(pid: int) -> int:
    """Bytes of memory that a process has to itself, and its share of what it shares."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
