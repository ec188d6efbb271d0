"""A cgroup for each sandbox, where one can be had: its memory and its processes are counted together.

What a program takes beside its own addresses counts there too: its page tables, its /tmp, its pipes.
Both versions of cgroups will do, as root or where they were delegated to the worker's user. Nothing
depends on them: room.py says what holds where there is none.
"""

import contextlib
import errno
import itertools
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_NEEDED = ("memory", "pids")
_PREFIX = "foureyes-"
#: How long to wait for the end of what was killed.
_END_SECONDS = 2.0
_PEAK_AND_MOST = ("max_usage_in_bytes", "limit_in_bytes")
#: Bytes that count as none: memory is counted in lots.
_NEARLY = 4 << 20
_numbers = itertools.count()


@dataclass(frozen=True)
class Controller:
    """Where a controller's cgroups are: the top of what this process sees, and its own cgroup."""

    name: str
    version: int
    top: Path
    own: Path

    def limits(self) -> Iterator[int]:
        """Bytes that this process's own cgroup, and each above it, may take of memory."""
        name = "memory.max" if self.version == 2 else "memory.limit_in_bytes"
        for folder in (self.own, *self.own.parents):
            with contextlib.suppress(OSError, ValueError):  # "max", where there is none
                yield int((folder / name).read_text())
            if folder == self.top:
                return


class Cgroup:
    """The cgroup of one sandbox, made for so many bytes and processes. Raises: OSError."""

    def __init__(self, places: dict[Controller, Path], memory: int, tasks: int) -> None:
        name = f"{_PREFIX}{os.getpid()}-{_started(os.getpid())}-{next(_numbers)}"
        self._memory = next(each for each in places if each.name == "memory")
        self._folders = {each.name: place / name for each, place in places.items()}
        try:
            for folder in set(self._folders.values()):
                folder.mkdir()
            self._limit(memory, tasks)
        except OSError:
            self.close()
            raise

    def _limit(self, memory: int, tasks: int) -> None:
        folder = self._folders["memory"]
        (self._folders["pids"] / "pids.max").write_text(str(tasks))
        if self._memory.version == 2:
            (folder / "memory.max").write_text(str(memory))
            more, most = folder / "memory.swap.max", 0
        else:
            (folder / "memory.limit_in_bytes").write_text(str(memory))
            more, most = folder / "memory.memsw.limit_in_bytes", memory
        if more.exists():  # else no swap is counted
            more.write_text(str(most))

    @property
    def doors(self) -> list[str]:
        """The files into which a process writes 0 to join, and with it all that it starts."""
        return [str(folder / "cgroup.procs") for folder in set(self._folders.values())]

    def hits(self) -> int:
        """How many times the kernel killed a process because this cgroup's memory was full."""
        folder = self._folders["memory"]
        if self._memory.version == 2:
            return _count(folder / "memory.events", b"oom")
        kills = _count(folder / "memory.oom_control", b"oom_kill")
        if not kills:
            return 0
        # Kills for want of all the machine's memory are counted with them.
        peak, most = (int((folder / f"memory.{name}").read_text()) for name in _PEAK_AND_MOST)
        return kills if peak > most - _NEARLY else 0

    def close(self) -> None:
        """Remove it, once the last process in it has ended; at worst the next `sweep` does."""
        for folder in set(self._folders.values()):
            until = time.monotonic() + _END_SECONDS
            while not _removed(folder) and time.monotonic() < until:
                time.sleep(0.01)


def _count(file: Path, name: bytes) -> int:
    """A number in a file of names and numbers. Read for each program that is judged."""
    with open(file, "rb", buffering=0) as content:
        words = content.read().split()
    return int(words[words.index(name) + 1])


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except OSError as error:
        return error.errno != errno.EBUSY
    return True


def make(memory: int, tasks: int) -> Cgroup | None:
    """A cgroup of so many bytes and processes; None where none can be had."""
    places = _places()
    if places is None:
        return None
    try:
        return Cgroup(places, memory, tasks)
    except OSError:
        return None


def version() -> int | None:
    """Which version of cgroups counts a sandbox's memory here; None where none can be had."""
    places = _places()
    return None if places is None else next(c.version for c in places if c.name == "memory")


def sweep() -> None:
    """Remove the cgroups that workers left that were killed: their processes end by themselves."""
    for place in set((_places() or {}).values()):
        for folder in place.glob(f"{_PREFIX}*-*-*"):
            pid, started, _ = folder.name.removeprefix(_PREFIX).split("-")
            if _started(int(pid)) != started:
                with contextlib.suppress(OSError):  # somebody else's, or in use
                    folder.rmdir()


def memory_limits() -> list[int]:
    """Bytes of memory that this process may take with all that share its cgroups."""
    try:
        return [most for each in _controllers() if each.name == "memory" for most in each.limits()]
    except OSError:
        return []


@cache
def _places() -> dict[Controller, Path] | None:
    """The folder for each controller in which cgroups can be made, and joined: found by trying."""
    try:
        found = _controllers()
    except OSError:
        return None
    if [each.name for each in found] != [*_NEEDED]:
        return None
    together = len({each.own for each in found}) == 1
    for above in range(2):  # in our own cgroup, else beside it, where processes may hinder
        places = {each: each.own if not above else _parent(each) for each in found}
        if together and not _hand_down(next(iter(places.values()))):
            continue
        if _works(places):
            return places
    return None


def _parent(controller: Controller) -> Path:
    return controller.own if controller.own == controller.top else controller.own.parent


def _hand_down(place: Path) -> bool:
    """Have the cgroups made in a folder count what we need (version 2); whether they do.

    A cgroup with processes of its own cannot, but the kernel's topmost.
    """
    control = place / "cgroup.subtree_control"
    try:
        if not set(_NEEDED) <= set(control.read_text().split()):
            control.write_text(" ".join(f"+{name}" for name in _NEEDED))
    except OSError as error:
        return error.errno == errno.EBUSY and place.parent != place and _make_way(place, control)
    return True


def _make_way(place: Path, control: Path) -> bool:
    """In a container that owns its cgroups: move what runs in the topmost one into one below it."""
    if (place.parent / "cgroup.procs").exists():
        return False  # no container's topmost: others may count on where things are
    try:
        below = place / f"{_PREFIX}rest"
        below.mkdir(exist_ok=True)
        for pid in (place / "cgroup.procs").read_text().split():
            with contextlib.suppress(ProcessLookupError):
                (below / "cgroup.procs").write_text(pid)
        control.write_text(" ".join(f"+{name}" for name in _NEEDED))
    except OSError:
        return False
    return True


def _works(places: dict[Controller, Path]) -> bool:
    """Whether a process can be put into a cgroup made there."""
    try:
        group = Cgroup(places, 1 << 30, 16)
    except OSError:
        return False
    code = "import sys\nfor door in sys.argv[1:]: open(door, 'w').write('0')"
    try:
        tried = [sys.executable, "-I", "-S", "-c", code, *group.doors]
        return subprocess.run(tried, env={}, capture_output=True, check=False).returncode == 0
    except OSError:
        return False
    finally:
        group.close()


def _controllers() -> list[Controller]:
    """What counts memory and processes here, in that order. Raises: OSError."""
    mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    ours = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines()]
    found = []
    for name in _NEEDED:
        for _, controllers, path in ours:
            kind = "cgroup" if controllers else "cgroup2"
            if controllers and name not in controllers.split(","):
                continue
            for mount in mounts:
                fields = mount[mount.index("-") + 1 :]
                if fields[0] != kind or (controllers and name not in fields[2].split(",")):
                    continue
                top = Path(mount[4])
                own = top / os.path.relpath(path, mount[3])
                if ".." in own.parts or not own.is_dir():
                    own = top
                if controllers or name in _offered(own):
                    found.append(Controller(name, 1 if controllers else 2, top, own))
                    break
            if found and found[-1].name == name:
                break
    return found


def _offered(own: Path) -> list[str]:
    with contextlib.suppress(OSError):
        return (own / "cgroup.controllers").read_text().split()
    return []


def _started(pid: int) -> str:
    """When a process began, in the kernel's ticks: its number may be given anew. Empty if it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[19]
    except OSError:
        return ""
