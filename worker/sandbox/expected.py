"""What the reference program returns, and how long it takes: found out once per machine, kept.

Kept under FOUREYES_HOME/expected, one file for each version of a problem, in the encoding of
inside/wire.py. Several workers may share the folder.
"""

import fcntl
import os
import platform
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.settings import settings
from worker.sandbox.inside import wire

_FORMAT = f"6 {'.'.join(platform.python_version_tuple()[:2])}"
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


def load(version: str, find_out: Callable[[], Expected]) -> Expected:
    """The answers for a version of a problem; `find_out` is called if they are not kept yet."""
    path = settings().home / "expected" / version
    kept = _read(path)
    if kept is not None:
        return kept
    with _locked(path):
        kept = _read(path)  # another worker may have been at it
        if kept is None:
            kept = find_out()
            _write(path, kept)
    return kept


def _read(path: Path) -> Expected | None:
    """What is kept; None if nothing is, or nothing that this Python's verdicts may rest on."""
    try:
        stated, base, plus = wire.decode(path.read_bytes())
        if stated != _FORMAT:
            return None
        return Expected(_answers(base), _answers(plus))
    except (FileNotFoundError, wire.WireError, TypeError, ValueError):
        return None


def _answers(pairs: list[Any]) -> tuple[Answer, ...]:
    return tuple(
        Answer(bytes(frame), float(seconds), tuple(map(bytes, numbers)))
        for frame, seconds, numbers in pairs
    )


def _write(path: Path, expected: Expected) -> None:
    pairs = [
        [(answer.frame, answer.seconds, answer.numbers) for answer in answers]
        for answers in (expected.base, expected.plus)
    ]
    data = wire.encode((_FORMAT, *pairs), _LARGEST)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    Path(name).replace(path)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one worker at a time find out; the reference of one problem needs over 1 GB."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with (path.parent / f".lock-{path.name[:2]}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
