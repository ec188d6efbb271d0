"""A file in a zip, also one by a method that Python 3.13 and before have no reader for."""

import struct
import zipfile
import zlib
from typing import BinaryIO

from foureyes.results.strangers.reading.source import LARGEST, Source

_ZSTANDARD = 93
_LOCAL_HEADER = struct.Struct("<26xHH")


def member(source: Source, file: BinaryIO, packed: zipfile.ZipFile, name: str) -> bytes:
    """What is packed under a name in a file.

    Raises: FoureyesError if there is nothing, if it is too large, or cannot be unpacked.
    """
    try:
        found = packed.getinfo(name)
    except KeyError:
        raise source.mistake("", f"has no {name}: the log is of a run that has not ended") from None
    if found.file_size > LARGEST:
        raise source.mistake(name, f"unpacks to more than {LARGEST >> 20} MiB")
    if found.compress_type == _ZSTANDARD:
        content = _zstandard(source, file, found)
    else:
        try:
            with packed.open(found) as unpacked:
                content = unpacked.read(LARGEST + 1)
        except (NotImplementedError, RuntimeError, zlib.error) as error:
            raise source.mistake(name, f"cannot be unpacked ({error})") from None
    if len(content) != found.file_size:
        raise source.mistake(name, "is damaged")
    return content


def _zstandard(source: Source, file: BinaryIO, found: zipfile.ZipInfo) -> bytes:
    try:
        import pyarrow as arrow  # type: ignore[import-untyped]  # an extra
    except ModuleNotFoundError:
        raise source.mistake(
            found.filename,
            "is packed by zstandard, which needs pyarrow, from `pip install 'foureyes[report]'`",
        ) from None
    file.seek(found.header_offset)
    name, extra = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    file.seek(name + extra, 1)
    try:
        stream = arrow.CompressedInputStream(
            arrow.BufferReader(file.read(min(found.compress_size, LARGEST))), "zstd"
        )
        content = bytes(stream.read(found.file_size + 1))
    except OSError:
        raise source.mistake(found.filename, "is damaged") from None
    if zlib.crc32(content) != found.CRC:
        raise source.mistake(found.filename, "is damaged")
    return content
