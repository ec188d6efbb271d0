"""Who takes the processors: the CPU time of each kind of process below one, while it runs."""

import os
import threading
import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from foureyes.worker.engines.guard import below

_TICKS = os.sysconf("SC_CLK_TCK")
_LOOK_SECONDS = 0.25
#: What a command line says of what a process is; those below are of the same kind, if they say nothing.
_KINDS = {
    "foureyes.worker.engines.feeder": "feeder",
    "EngineCore": "engine",
    "VLLM::": "engine",
    "guard.py": "guard",
    "-Q model.": "model's worker",
    "-Q start": "start",
    "-Q execution": "execution",
    "foureyes.worker.viewer": "Flower",
    "postgres": "PostgreSQL",
    "valkey": "Valkey",
}


class Watch:
    """Some processes and those below them, from here on until it is closed."""

    def __init__(self, roots: Mapping[int, str]) -> None:
        """`roots`: what each is, and those below that say nothing else."""
        self._roots = roots
        #: Kind and CPU seconds of each process, those that have ended among them.
        self._spent: dict[tuple[int, str], tuple[str, float]] = {}
        self._moments: list[float] = []
        self._sums: list[dict[str, float]] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._ended.set()
        self._thread.join()

    def between(self, since: float, until: float) -> dict[str, float]:
        """CPU seconds of each kind between two moments, by the clock on the wall."""
        early, late = (
            self._sums[max(0, bisect_right(self._moments, moment) - 1)] for moment in (since, until)
        )
        return {kind: seconds - early.get(kind, 0) for kind, seconds in late.items()}

    def _run(self) -> None:
        while not self._ended.wait(_LOOK_SECONDS):
            self._look()
            spent: defaultdict[str, float] = defaultdict(float)
            for kind, seconds in self._spent.values():
                spent[kind] += seconds
            self._moments.append(time.time())
            self._sums.append(spent)

    def _look(self) -> None:
        found = dict(below(*self._roots)) | dict.fromkeys(self._roots, "")
        kinds = dict(self._roots)
        read = {}
        for pid in found:
            try:
                said = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            except OSError:  # it has ended
                continue
            read[pid] = int(fields[1]), said, sum(map(int, fields[11:13])) / _TICKS
        for pid, (_, _, seconds) in read.items():
            kind = _kind(pid, read, kinds)
            self._spent[pid, found[pid]] = kind, seconds


def _kind(pid: int, read: dict[int, tuple[int, str, float]], kinds: dict[int, str]) -> str:
    """A process's kind: its own, or that of who has started it."""
    if pid not in kinds:
        parent, said, _ = read.get(pid, (0, "", 0.0))
        own = next((kind for part, kind in _KINDS.items() if part in said), None)
        kinds[pid] = own or (
            _kind(parent, read, kinds) if parent in read or parent in kinds else ""
        )
    return kinds[pid]


def parent(pid: int) -> int:
    """Who has started a process."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
