"""What a program could leave behind on a machine: processes, files, shared memory, listeners."""

import os
from collections.abc import Iterator, Set
from pathlib import Path

#: Where any user may write.
FOLDERS = ("/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run/lock")
#: The column of the user's id, and of the state and its value for a listener.
_NET = ("tcp", "tcp6", "udp", "udp6")
_LISTENS = {"0A", "07"}


def descendants(pid: int) -> set[int]:
    """The processes below one, threads' children included."""
    found: set[int] = set()
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            ids = [int(child) for child in children.read_text().split()]
        except OSError:
            continue
        for child in ids:
            found |= {child} | descendants(child)
    return found


def left(users: Set[int], *folders: Path) -> set[str]:
    """What belongs to these users, in the places where something can be left, and in `folders`."""
    return {
        *(f"process {pid}" for pid in descendants(os.getpid())),
        *(f"file {path}" for path in _files(users, *map(Path, FOLDERS), *folders)),
        *(f"System V {name}" for name in _system_v(users)),
        *(f"listener {name}" for name in _listeners(users)),
    }


def _files(users: Set[int], *folders: Path) -> Iterator[Path]:
    for folder in folders:
        try:
            entries = list(folder.iterdir())
        except OSError:
            continue
        for path in entries:
            try:
                if path.lstat().st_uid in users:
                    yield path
            except OSError:
                continue


def _system_v(users: Set[int]) -> Iterator[str]:
    for kind in ("shm", "sem", "msg"):
        header, *rows = Path(f"/proc/sysvipc/{kind}").read_text().splitlines()
        for row in rows:
            told = dict(zip(header.split(), row.split(), strict=False))
            if int(told["uid"]) in users or int(told["cuid"]) in users:
                yield f"{kind} {told['key']}"


def _listeners(users: Set[int]) -> Iterator[str]:
    for kind in _NET:
        try:
            rows = Path(f"/proc/net/{kind}").read_text().splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            _, local, _, state, _, _, _, user, *_ = row.split()
            if state in _LISTENS and int(user) in users:
                yield f"{kind} {local}"
    for row in Path("/proc/net/unix").read_text().splitlines()[1:]:
        if "foureyes-left" in row:
            yield row.split()[-1]


def memory() -> int:
    """The most bytes that this process has held since `forget_memory`."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM"))


def forget_memory() -> None:
    """Count from what is held now."""
    Path("/proc/self/clear_refs").write_text("5")
