"""How much memory a sandbox may take, and what keeps it to that.

A program's own limits bound it; with what the kernel keeps for it that is FULL. Where a machine has
not so much for each of its slots, a slot may take its share of what there is. A program that takes
more than the share, though less than its own limits, is not wrong: it is judged again alone.
"""

import os
from pathlib import Path

from foureyes.judging.sandbox import cgroups
from foureyes.judging.sandbox.inside.confine import DISK, MEMORY, TASKS
from foureyes.judging.sandbox.inside.seccomp import TABLES

#: Bytes beside a program's memory: its files, its tables, a zygote, what the kernel keeps for both.
_BESIDE = DISK + TABLES + (256 << 20)
#: What one program may take at most, all counted.
FULL = MEMORY + _BESIDE
#: The zygote, and what starts it.
_OWN_TASKS = 8
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Room:
    """The memory of one sandbox: `most` bytes, held by a cgroup where one can be had."""

    def __init__(self, most: int = FULL) -> None:
        self.most = most
        self.is_full = most >= FULL
        cgroups.sweep()
        self._group = cgroups.make(most, TASKS + _OWN_TASKS)

    @property
    def doors(self) -> list[str]:
        """As cgroups.Group.doors; none without a cgroup."""
        return self._group.doors if self._group is not None else []

    @property
    def is_watched(self) -> bool:
        """Whether nothing keeps a program to its share but its supervisor."""
        return self._group is None and not self.is_full

    def hits(self) -> int:
        """How many times a cgroup stood in a program's way; it kills what it cannot make room for."""
        return self._group.hits() if self._group is not None else 0

    def is_over(self, program: int) -> bool:
        """Whether a program has more than the share in memory; looked at where it `is_watched`."""
        try:
            pages = int(Path(f"/proc/{program}/statm").read_text().split()[1])
        except (OSError, ValueError, IndexError):
            return False
        return pages * _PAGE > max(self.most - _BESIDE, self.most // 2)

    def close(self) -> None:
        """Give the cgroup back; the sandbox in it has ended."""
        if self._group is not None:
            self._group.close()


def here() -> int:
    """Bytes of memory that this machine has, or this container."""
    physical = os.sysconf("SC_PHYS_PAGES") * _PAGE
    return min(physical, *cgroups.memory_limits(), physical)


def share(slots: int) -> int:
    """Bytes for each of so many slots, which leave a tenth of the memory to all else."""
    return min(FULL, here() // 10 * 9 // slots)


def told(slots: int) -> str:
    """What keeps so many slots from taking all memory, for a person to read."""
    most, version = share(slots), cgroups.version()
    held = f"a cgroup (version {version}) for each slot" if version else "no cgroup can be had"
    line = (
        f"memory: {held}; {slots} at once may take {slots * most / 2**30:.1f} GiB of "
        f"{here() / 2**30:.1f}"
    )
    if most >= FULL:
        return line
    by = "" if version else ", which the judge looks after itself"
    return (
        f"{line}, {most / 2**30:.1f} each{by}: a program that needs more of its "
        f"{FULL / 2**30:.1f} is judged again alone; with more memory or fewer FOUREYES_SLOTS none is"
    )
