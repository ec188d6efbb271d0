"""Writing what a person asked for, so that nothing that is there is destroyed.

Every command's output goes through here. A file comes to its name whole or not at all; a device, a
pipe or /dev/stdout is written into; a link is followed to what it means.
"""

import errno
import os
import re
import secrets
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from foureyes.models import packed
from foureyes.models.errors import FoureyesError

#: The disk, a quota, or a limit on the size of files.
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
#: Seconds that somebody is given to open the other end of a pipe.
_READER_SECONDS = 10.0
#: Bytes by which a file is known.
_HEAD = 4096
#: Following links from /dev/stdout leads here, to what may have no name of its own.
_DESCRIPTORS = re.compile(r"/proc/\d+/fd")
_MOST_LINKS = 40


@dataclass(frozen=True)
class FileKind:
    """What a command writes, and how a file shows that it is one: that may be replaced."""

    name: str
    begins: re.Pattern[bytes]


#: A JSON string.
_STRING = rb'"(?:[^"\\\n]|\\.)*"'
VERDICTS = FileKind(
    "file of verdicts", re.compile(rb'\{"task_id": ' + _STRING + rb', "index": \d+, ')
)
RECORDING = FileKind(
    "recording",
    re.compile(
        rb'\{"key": "[0-9a-f]{64}", "text": |\{"benchmark": '
        + _STRING + rb', "problem_id": ' + _STRING + rb', "version": ' + _STRING + rb', "code": '
    ),
)  # fmt: skip
REPORT = FileKind(
    "report",
    re.compile(rb'\s*<!doctype html>\n<html lang="en">(?s:.){,400}?<title>[^<]* - foureyes<'),
)


@dataclass(frozen=True)
class Target:
    """Where an output goes: the file that a path means in the end, or something to write into."""

    path: Path
    is_stream: bool


def find(path: Path, kind: FileKind | None, *, force: bool = False) -> Target:
    """Where an output to `path` would go. Nothing is opened: ask before work is done.

    A file may be replaced if it is empty, or one of this kind, or if that is forced.

    Raises: FoureyesError if it cannot go there.
    """
    place = path
    try:
        for _ in range(_MOST_LINKS):
            if _is_descriptor(place) and _is_written_into(place):
                return Target(place, is_stream=True)
            if not place.is_symlink():
                break
            place = place.parent / place.readlink()
        else:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        there = _mode(place)
        if there is None:
            if not place.parent.is_dir():
                raise FoureyesError(f"{path}: there is no folder {place.parent}")
        elif stat.S_ISDIR(there):
            raise FoureyesError(f"{path}: is a folder; name a file in it")
        elif stat.S_ISCHR(there) or stat.S_ISFIFO(there):
            return Target(place, is_stream=True)
        elif not stat.S_ISREG(there):
            raise FoureyesError(f"{path}: is a disk or a socket; name a file")
        elif not (force or _may_go(place, kind)):
            raise _refusal(path, kind)
    except OSError as error:
        raise failure(path, error) from None
    return Target(place, is_stream=False)


@contextmanager
def writing(path: Path, kind: FileKind | None, *, force: bool = False) -> Iterator[BinaryIO]:
    """A file to write an output to, which is at `path` when the block has ended well.

    Raises: FoureyesError if it cannot go there, or the disk or the folder ends meanwhile.
    """
    target = find(path, kind, force=force)
    try:
        if target.is_stream:
            with _into(target.path) as file:
                yield file
        else:
            with _replacing(target.path, kind, force) as file:
                yield file
    except OSError as error:
        raise failure(path, error) from None


@contextmanager
def writing_folder(path: Path) -> Iterator[Path]:
    """A folder to write files to, which is at `path` when the block has ended well.

    Raises: FoureyesError if something is there that is no empty folder, or it cannot be written.
    """
    try:
        place = Path(os.path.realpath(path))
        there = _mode(place)
        if there is not None and not (stat.S_ISDIR(there) and not any(place.iterdir())):
            raise FoureyesError(f"{path}: is there already; choose another --output")
        if not place.parent.is_dir():
            raise FoureyesError(f"{path}: there is no folder {place.parent}")
        folder = place.parent if there is None else place
        with tempfile.TemporaryDirectory(prefix=".foureyes-", dir=folder) as hidden:
            part = Path(hidden) / "part"
            part.mkdir()
            yield part
            if there is None:
                part.rename(place)
            elif list(place.iterdir()) != [Path(hidden)]:
                raise FoureyesError(f"{path}: is no empty folder any more; choose another --output")
            else:  # it may be where somebody stands: it stays the same folder
                for file in part.iterdir():
                    file.rename(place / file.name)
    except OSError as error:
        raise failure(path, error) from None


def failure(path: Path, error: OSError) -> FoureyesError:
    """What a person is told when an output cannot be written."""
    if error.errno in NO_ROOM:
        return FoureyesError(f"{path}: the disk is full; make room and run it again")
    if error.errno == errno.ENOENT:
        return FoureyesError(f"{path}: its folder is gone")
    if error.errno == errno.EPIPE:
        return FoureyesError(f"{path}: whoever read it is gone")
    return FoureyesError(f"{path}: cannot be written ({error.strerror or error})")


def _mode(path: Path) -> int | None:
    try:
        return path.lstat().st_mode
    except FileNotFoundError:
        return None


def _is_descriptor(path: Path) -> bool:
    """Whether it is an open file of a process, as /dev/stdout is."""
    return _DESCRIPTORS.fullmatch(os.path.realpath(path.parent)) is not None


def _is_ours(path: Path) -> bool:
    return os.path.realpath(path.parent) == f"/proc/{os.getpid()}/fd"


def _is_written_into(path: Path) -> bool:
    """Whether an open file is a stream for us: each of our own, and another process's pipe or device.

    A file that another process has open is a file: it has a name, and may be one of somebody's.
    """
    try:
        there = path.stat().st_mode
    except FileNotFoundError:
        raise FoureyesError(f"{path}: there is no such open file") from None
    return _is_ours(path) or stat.S_ISCHR(there) or stat.S_ISFIFO(there)


def _refusal(path: Path, kind: FileKind | None) -> FoureyesError:
    what = f"no {kind.name} of foureyes" if kind else "not written over"
    return FoureyesError(
        f"{path}: is there already, and {what}; choose another path, or --force replaces it"
    )


def _may_go(path: Path, kind: FileKind | None) -> bool:
    if path.lstat().st_size == 0:
        return True
    with path.open("rb") as file:
        return kind is not None and kind.begins.match(packed.head(file, _HEAD)) is not None


@contextmanager
def _into(path: Path) -> Iterator[BinaryIO]:
    """What is there, opened to be written into."""
    # one of our own: the same open file, so that what is printed besides comes before or after
    handle = os.dup(int(path.name)) if _is_ours(path) else _open(path)
    with os.fdopen(handle, "wb") as file:
        yield file


def _open(path: Path) -> int:
    """Open a device, or a pipe as soon as somebody reads from it."""
    deadline = time.monotonic() + _READER_SECONDS
    while True:
        try:
            handle = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            if time.monotonic() > deadline:
                raise FoureyesError(f"{path}: nobody reads from this pipe") from None
            time.sleep(0.05)
        else:
            os.set_blocking(handle, True)
            return handle


@contextmanager
def _replacing(path: Path, kind: FileKind | None, force: bool) -> Iterator[BinaryIO]:
    """A new file beside `path` that takes its place, its permissions and its owner.

    What has come there meanwhile is asked the same as what was there before.
    """
    making = path.with_name(f".foureyes-{secrets.token_hex(8)}")
    try:
        with making.open("xb") as file:
            with suppress(FileNotFoundError):
                before = path.stat()
                os.fchmod(file.fileno(), stat.S_IMODE(before.st_mode))
                with suppress(PermissionError):
                    os.fchown(file.fileno(), before.st_uid, before.st_gid)
            yield file
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(making, path)  # never over another
        except OSError:  # there is one, or the file system has no links
            if not (force or _mode(path) is None or _may_go(path, kind)):
                raise _refusal(path, kind) from None
            making.replace(path)
    finally:
        making.unlink(missing_ok=True)
