"""What the reference program returns, and how long it takes: found out once per machine, kept.

Kept under FOUREYES_HOME/expected in the encoding of inside/wire.py: a folder for each environment
that programs are run in, a file for each version of a problem. Why a reference fails is kept, too.
Several workers may share the folders; any of them may be removed.
"""

import fcntl
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judging.sandbox import environment
from judging.sandbox.inside import wire
from models.settings import settings

_FORMAT = "8"
_LARGEST = 1 << 30


@dataclass(frozen=True)
class Answer:
    """The reference's answer to one input: its frame (see inside/frames.py), its CPU seconds.

    `numbers`: the frames of numbers that followed, without their tags and compressed by zlib.
    """

    frame: bytes
    seconds: float
    numbers: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Expected:
    """The reference's answers to the base inputs and to the plus inputs."""

    base: tuple[Answer, ...]
    plus: tuple[Answer, ...]


@dataclass(frozen=True)
class Failure:
    """Why there are no answers to compare with: the reference itself fails."""

    reason: str


def load(version: str, find_out: Callable[[], Expected | Failure]) -> Expected | Failure:
    """The answers for a version of a problem; `find_out` is called if they are not kept yet."""
    path = _folder() / version
    kept = _read(path)
    if kept is not None:
        return kept
    with _locked(path):
        kept = _read(path)  # another worker may have been at it
        if kept is None:
            kept = find_out()
            _write(path, kept)
    return kept


def forget(version: str) -> None:
    """Have a version's answers found out anew: their times may be those of a busy hour."""
    (_folder() / version).unlink(missing_ok=True)


def stamp(version: str) -> tuple[int, int] | None:
    """Something that is another once a version's answers are found out anew; None if none are kept."""
    try:
        kept = (_folder() / version).stat()
    except FileNotFoundError:
        return None
    return kept.st_ino, kept.st_mtime_ns


def _folder() -> Path:
    """Of what programs meet here: `8-CPython-3.11.7-numpy-2.4.1-linux-x86_64-glibc-2.36`."""
    name = re.sub(r"[^\w.]+", "-", f"{_FORMAT}, {environment.fingerprint()}")
    return settings().home / "expected" / name


def _read(path: Path) -> Expected | Failure | None:
    """What is kept; None if nothing is."""
    try:
        reason, base, plus = wire.decode(path.read_bytes())
        return Failure(reason) if reason else Expected(_answers(base), _answers(plus))
    except (FileNotFoundError, wire.WireError, TypeError, ValueError):
        return None


def _answers(pairs: list[Any]) -> tuple[Answer, ...]:
    return tuple(
        Answer(bytes(frame), float(seconds), tuple(map(bytes, numbers)))
        for frame, seconds, numbers in pairs
    )


def _write(path: Path, found: Expected | Failure) -> None:
    """Write it whole or not at all. Raises: OSError that names the file."""
    if isinstance(found, Failure):
        data = wire.encode((found.reason, [], []), _LARGEST)
    else:
        pairs = [
            [(answer.frame, answer.seconds, answer.numbers) for answer in answers]
            for answers in (found.base, found.plus)
        ]
        data = wire.encode(("", *pairs), _LARGEST)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except OSError as error:  # of a write it does not say where
        raise OSError(error.errno, error.strerror, str(path)) from None
    finally:
        Path(name).unlink(missing_ok=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one worker at a time find out; the reference of one problem needs over 1 GB."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with (path.parent / f".lock-{path.name[:2]}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
