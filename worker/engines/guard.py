"""Ends an engine's processes when the worker that started them is gone, however it went.

vLLM's engine core waits for its front end for ever, and keeps the card's memory: a worker that is
killed (SIGKILL, out of memory) cannot end it, and the next worker finds no room. So a worker has a
guard: this file, run by itself. It notes the worker's processes and those below them every second; the
end of its input is the worker's, and then it kills what is left of them.
"""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

_LOOK_SECONDS = 1.0
_END_SECONDS = 10.0

#: A process, and when it was started: the kernel gives numbers anew.
Process = tuple[int, str]


class Guard:
    """The guard of this process, from here on."""

    def __init__(self) -> None:
        # away from a terminal's Ctrl-C; nothing but the standard library is needed
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def close(self) -> None:
        """Have it end what is left below this process, and itself."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(_END_SECONDS)


def below(ancestor: int) -> set[Process]:
    """The processes that a process has started, and those below them."""
    children: dict[int, list[Process]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, _, after = stat.read_text().partition(" (")
        except OSError:  # it has ended
            continue
        fields = after.rpartition(") ")[2].split()
        children.setdefault(int(fields[1]), []).append((int(pid), fields[19]))
    found: set[Process] = set()
    parents = [ancestor]
    while parents:
        for process in children.get(parents.pop(), ()):
            if process not in found:
                found.add(process)
                parents.append(process[0])
    return found


def _end(process: Process) -> None:
    pid, started = process
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        if stat.rpartition(") ")[2].split()[19] == started:
            os.kill(pid, signal.SIGKILL)
    except OSError:  # it has ended
        return


def main() -> None:
    """Guard whoever started this process."""
    worker, me = os.getppid(), os.getpid()
    noted: set[Process] = set()
    while not select.select([sys.stdin], [], [], _LOOK_SECONDS)[0]:
        if os.getppid() == worker:
            noted = {process for process in below(worker) if process[0] != me}
    if os.getppid() == worker:
        noted |= {process for process in below(worker) if process[0] != me}
    for process in noted | {each for pid, _ in noted for each in below(pid)}:
        _end(process)


if __name__ == "__main__":
    main()
