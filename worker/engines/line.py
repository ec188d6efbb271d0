"""The line of a machine's models before its GPUs: whose turn it is on a card that one alone can use.

A turn is a lock on a file for each card: it ends with the processes that hold it, however they end.
How many calls wait for a model stands in a note, a file of its own that its worker keeps locked: a note
that nobody has locked is of a worker that is gone. All lie in one folder of the machine, where others'
workers can read them; who only plants notes there can delay models, and nothing else.
"""

import fcntl
import json
import os
import stat
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from foureyes.models.errors import FoureyesError
from foureyes.worker.engines.cards import Card, opened

#: Bytes of a note that are read.
_LONGEST = 1 << 16
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True)
class LineNote:
    """What a model's worker tells the others: the cards that it uses, calls that wait for its turn on
    them, and since when, by the machine's monotonic clock."""

    cards: tuple[str, ...]
    waiting: int
    since: float


class Line:
    """A worker's place in the line for its cards; the first takes all of them at once.

    Whoever has waited for longest is first: so none waits for more than a turn of each other.
    """

    def __init__(self, cards: Sequence[Card]) -> None:
        """Raises: FoureyesError if no other's turn could be waited for."""
        if not cards:
            raise FoureyesError(
                'share = "sleep": nvidia-smi shows no GPU that this worker may use, so there is no '
                "telling who else does"
            )
        self._cards = tuple(sorted(card.uuid for card in cards))
        self._told = LineNote(self._cards, 0, 0.0)
        folder = Path(tempfile.gettempdir()) / "foureyes-turns"
        try:
            _make(folder)
            self._folder = folder
            self._locks = [opened(folder / f"{uuid}.lock") for uuid in self._cards]
            self._note, self._path = _own_note(folder)
        except OSError as error:
            raise FoureyesError(
                f'share = "sleep": {error.filename or folder}: {error.strerror}; models that take '
                "turns need a folder for temporary files that all of them can use (TMPDIR)"
            ) from None

    @property
    def held(self) -> list[int]:
        """The locks' files: a process that has inherited them holds a turn as this one does."""
        return [*self._locks]

    def want(self, waiting: int) -> None:
        """Tell the others how many calls wait for a turn."""
        if waiting != self._told.waiting:
            since = self._told.since if self._told.waiting else time.monotonic()
            self._told = LineNote(self._cards, waiting, since)
            line = json.dumps(asdict(self._told)).encode() + b"\n"
            os.pwrite(self._note, line, 0)  # what a longer one leaves is behind this one's end

    def most_waiting(self) -> int:
        """How many calls wait for the one of the others on these cards for which most do."""
        return max((each.waiting for each in self._others()), default=0)

    def take(self) -> bool:
        """Take the turn if it is ours and nobody has it; whether it was."""
        if any(0 < each.since < self._told.since for each in self._others()):
            return False
        for number, lock in enumerate(self._locks):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                for taken in self._locks[:number]:
                    fcntl.flock(taken, fcntl.LOCK_UN)
                return False
        self.want(0)
        return True

    def give_on(self) -> None:
        """End the turn."""
        for lock in self._locks:
            fcntl.flock(lock, fcntl.LOCK_UN)

    def close(self) -> None:
        """Leave the line. A turn that processes below this one still hold ends with them."""
        with suppress(OSError):
            os.unlink(self._path)
        for file in (*self._locks, self._note):
            os.close(file)

    def _others(self) -> Iterator[LineNote]:
        """What waits for others on our cards."""
        for path in self._folder.glob("*.note"):
            if path == self._path:
                continue
            note = _read(path)
            if note is not None and note.waiting > 0 and set(note.cards) & set(self._cards):
                yield note


def _make(folder: Path) -> None:
    with suppress(FileExistsError):
        folder.mkdir()
        folder.chmod(0o1777)  # as the folder of temporary files itself
    if not stat.S_ISDIR(folder.lstat().st_mode):
        raise NotADirectoryError(20, "is no folder", str(folder))


def _own_note(folder: Path) -> tuple[int, Path]:
    """A new note, locked before others can see it."""
    file, name = tempfile.mkstemp(dir=folder, suffix=".new")
    fcntl.flock(file, fcntl.LOCK_EX)
    os.fchmod(file, 0o644)
    path = Path(name).with_suffix(".note")
    os.rename(name, path)
    return file, path


def _read(path: Path) -> LineNote | None:
    """A note; None of a worker that is gone, or if it is none."""
    try:
        file = os.open(path, _READ)
    except OSError:
        return None
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            told = json.loads(os.pread(file, _LONGEST, 0).partition(b"\n")[0])
            return LineNote(
                tuple(map(str, told["cards"])), int(told["waiting"]), float(told["since"])
            )
        with suppress(OSError):  # another user's
            os.unlink(path)
        return None
    except (ValueError, TypeError, KeyError, ArithmeticError, RecursionError, OSError):
        return None
    finally:
        os.close(file)
