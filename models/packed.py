"""Files that may be gzip, whatever they are called."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import IO, BinaryIO, cast

from foureyes.models.errors import FoureyesError

#: What reading a damaged one may raise.
DAMAGES = (gzip.BadGzipFile, EOFError, zlib.error)
_BEGINS = b"\x1f\x8b"
#: To zlib: with gzip's header.
_GZIP = 16 + zlib.MAX_WBITS


def opened(path: Path) -> IO[bytes]:
    """A file's content, uncompressed. Raises: OSError; reading it may raise one of DAMAGES."""
    return unpacked(path.open("rb"))


def unpacked(raw: BufferedReader) -> IO[bytes]:
    """What comes from an open file, uncompressed. Raises: as `opened`."""
    return cast(IO[bytes], gzip.open(raw)) if raw.peek(2).startswith(_BEGINS) else raw


def head(raw: BinaryIO, size: int) -> bytes:
    """At most so many of the first bytes of an open file's content; none of a damaged one's."""
    begins = raw.read(size)
    if not begins.startswith(_BEGINS):
        return begins
    try:
        return zlib.decompressobj(_GZIP).decompress(begins, size)
    except zlib.error:
        return b""


@contextmanager
def packing(path: Path, file: BinaryIO) -> Iterator[BinaryIO]:
    """What to write to: gzip if that is what the file is called. The same content makes the same bytes."""
    if path.suffix != ".gz":
        yield file
        return
    with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
        yield cast(BinaryIO, packed)


def damaged(path: Path | str, error: Exception) -> FoureyesError:
    """What to say of a file that cannot be read to its end."""
    return FoureyesError(f"{path}: the gzip file is damaged ({error}); get it again")
