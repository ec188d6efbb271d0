"""What references show of problems: found out once per machine, and kept.

Under FOUREYES_HOME/expected: a folder for each environment that programs are run in, a file for each
version of a problem. Several workers may share the folders; any of them may be removed.
"""

import fcntl
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

from foureyes.judging.sandbox import environment
from foureyes.models.settings import settings

Found = TypeVar("Found")


class Kept(Generic[Found]):
    """What one format keeps of the versions of its problems."""

    def __init__(
        self,
        form: str,
        encode: Callable[[Found], bytes],
        decode: Callable[[bytes], Found],
        libraries: str = "",
    ) -> None:
        """`form` names the encoding, and changes with it; `libraries` those of its programs (libraries.py).

        `decode` raises ValueError, TypeError or KeyError for what cannot be read: it is then found out anew.
        """
        self._form = form
        self._encode = encode
        self._decode = decode
        self._libraries = libraries

    def load(self, version: str, find_out: Callable[[], Found]) -> Found:
        """What is known of a version of a problem; `find_out` is called if nothing is yet.

        One worker at a time finds out: the reference of one problem needs over 1 GB.
        """
        path = self._path(version)
        kept = self._read(path)
        if kept is not None:
            return kept
        with _locked(path):
            kept = self._read(path)  # another worker may have been at it
            if kept is None:
                kept = find_out()
                _write(path, self._encode(kept))
        return kept

    def forget(self, version: str) -> None:
        """Have it found out anew: times may be those of a busy hour."""
        self._path(version).unlink(missing_ok=True)

    def stamp(self, version: str) -> tuple[int, int] | None:
        """Something that is another once a version is found out anew; None if nothing is kept."""
        try:
            kept = self._path(version).stat()
        except FileNotFoundError:
            return None
        return kept.st_ino, kept.st_mtime_ns

    def _path(self, version: str) -> Path:
        """By what programs meet here: `8-CPython-3.11.7-numpy-2.4.1-linux-x86_64-glibc-2.36`."""
        said = f"{self._form}, {environment.fingerprint(self._libraries)}"
        return settings().home / "expected" / re.sub(r"[^\w.]+", "-", said) / version

    def _read(self, path: Path) -> Found | None:
        try:
            return self._decode(path.read_bytes())
        except (FileNotFoundError, ValueError, TypeError, KeyError):
            return None


def _write(path: Path, data: bytes) -> None:
    """Write it whole or not at all. Raises: OSError that names the file."""
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
    path.parent.mkdir(parents=True, exist_ok=True)
    with (path.parent / f".lock-{path.name[:2]}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
