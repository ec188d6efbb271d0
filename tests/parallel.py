"""Several processes that test at once, as `make test` has them: who shares what, and who waits for whom."""

import fcntl
from pathlib import Path

#: Their tests share servers that take long to start: one process runs each folder whole.
_TOGETHER = ("browser", "deploy", "faults")
#: The group that takes the longest: it begins first, or the others would wait for it at the end.
LONGEST = "faults"


def group(file: Path) -> str:
    """The name of what one process tests whole: a file, or the folder of a file."""
    folder = file.parent.name
    return folder if folder in _TOGETHER else f"{folder}/{file.stem}"


class Turns:
    """Lets a test that is marked `alone` run while no other does; the rest run side by side.

    `folder` is one that all processes know. Who waits to be alone lets nobody begin meanwhile, so it
    waits only for the tests that run already.
    """

    def __init__(self, folder: Path) -> None:
        self._gate = (folder / "gate").open("w")
        self._machine = (folder / "machine").open("w")
        self._alone = False

    def begin(self, alone: bool) -> None:
        """Wait for a turn."""
        if self._alone and alone:
            return
        fcntl.flock(self._gate, fcntl.LOCK_EX)
        fcntl.flock(self._machine, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(self._gate, fcntl.LOCK_UN)
        self._alone = alone

    def end(self, next_alone: bool) -> None:
        """Let others go on, unless the next test here must be alone as well."""
        if not (self._alone and next_alone):
            fcntl.flock(self._machine, fcntl.LOCK_UN)
            self._alone = False

    def close(self) -> None:
        """Give up every turn."""
        self._gate.close()
        self._machine.close()
