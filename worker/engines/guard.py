"""Ends an engine's processes when the worker that started them is gone, however it went.

vLLM's engine core waits for its front end for ever, and keeps the card's memory: a worker that is
killed (SIGKILL, out of memory) cannot end it, and the next worker finds no room. So a worker has a
guard: this file, run by itself. It is told of each process that the worker starts for its engine, notes
those below them every second, and does not forget those whose parent has ended meanwhile, as an engine
core's front end may; the end of its input is the worker's, and then it kills what is left of them, and
waits until they are gone: files that it has inherited stay locked while they hold a card's memory.
"""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

_LOOK_SECONDS = 1.0
_LOOK_WHILE_THEY_END = 0.02
_END_SECONDS = 10.0

#: A process, and when it was started: the kernel gives numbers anew.
Process = tuple[int, str]


class Guard:
    """The guard of what this process tells it of."""

    def __init__(self, held: Collection[int] = ()) -> None:
        """`held`: files whose locks are to hold until the engine has ended."""
        # away from a terminal's Ctrl-C; nothing but the standard library is needed
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=held,
            start_new_session=True,
        )

    def note(self, pid: int) -> None:
        """Tell it of a process that was just started."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{pid}\n".encode())
        self._process.stdin.flush()

    def close(self) -> None:
        """Have it end what is left of them and below them, and itself."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):  # something takes long to go: it waits for that
            self._process.wait(_END_SECONDS)


def below(*ancestors: int) -> set[Process]:
    """The processes that these have started, and those below them."""
    children: dict[int, list[Process]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, _, after = stat.read_text().partition(" (")
        except OSError:  # it has ended
            continue
        fields = after.rpartition(") ")[2].split()
        children.setdefault(int(fields[1]), []).append((int(pid), fields[19]))
    found: set[Process] = set()
    parents = [*ancestors]
    while parents:
        for process in children.get(parents.pop(), ()):
            if process not in found:
                found.add(process)
                parents.append(process[0])
    return found


def _known(pid: int) -> set[Process]:
    """The process of this number; none if there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return set()
    return {(pid, stat.rpartition(") ")[2].split()[19])}


def _is_there(process: Process) -> bool:
    return process in _known(process[0])


def _has_ended(process: Process) -> bool:
    """Whether it holds nothing any more, although nobody may have asked yet how it ended."""
    try:
        stat = Path(f"/proc/{process[0]}/stat").read_text()
    except OSError:
        return True
    state, *fields = stat.rpartition(") ")[2].split()
    is_another = fields[18] != process[1]
    return is_another or (state == "Z" and int(fields[16]) <= 1)  # no thread of it is left


def end(process: Process) -> None:
    """Kill a process, if it is still that one."""
    with suppress(OSError):  # it has ended
        if _is_there(process):
            os.kill(process[0], signal.SIGKILL)


def main() -> None:
    """Guard the processes that whoever started this one tells of, and those below them."""
    noted: set[Process] = set()

    def look() -> None:
        nonlocal noted
        noted = set(filter(_is_there, noted))
        noted |= below(*(pid for pid, _ in noted))

    while True:
        if select.select([0], [], [], _LOOK_SECONDS)[0]:
            told = os.read(0, 4096)  # as whole lines: they are short
            if not told:
                break
            noted.update(*map(_known, map(int, told.split())))
        look()
    look()
    for process in noted:
        end(process)
    while not all(map(_has_ended, noted)):
        time.sleep(_LOOK_WHILE_THEY_END)


if __name__ == "__main__":
    main()
