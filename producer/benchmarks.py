"""Where benchmarks come from: the official files, the sets shipped here, and files of one's own.

The official files are found in this order, and checked against the hash of the release: the
override variable of EvalPlus, the folder FOUREYES_DATA, the cache of EvalPlus, our own cache, the
release on the web. An overriding file is used as it is; the versions of its problems, which are
hashes of their records, show that it differs.
"""

import difflib
import gzip
import hashlib
import os
import sys
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import httpx

from models.benchmark import Problem, check_reference, parse_record
from models.errors import FoureyesError
from models.settings import settings

RELEASES = "https://github.com/evalplus"
#: Seconds to wait for a connection, and for the next piece of a download.
PATIENCE = 15.0
_SHIPPED = Path(__file__).resolve().parent.parent / "problems"


@dataclass(frozen=True)
class _Official:
    """A file that EvalPlus released; `md5` is of the uncompressed file, as EvalPlus counts it."""

    name: str
    version: str
    md5: str
    override: str

    @property
    def file(self) -> str:
        return f"{self.name}-{self.version}.jsonl"

    @property
    def url(self) -> str:
        release = f"{self.name.lower()}_release/releases/download/{self.version}"
        return f"{RELEASES}/{release}/{self.name}.jsonl.gz"


_OFFICIAL = {
    "humaneval+": _Official(
        "HumanEvalPlus", "v0.1.10", "fe585eb4df8c88d844eeb463ea4d0302", "HUMANEVAL_OVERRIDE_PATH"
    ),
    "mbpp+": _Official(
        "MbppPlus", "v0.2.0", "ee43ecabebf20deef4bb776a405ac5b1", "MBPP_OVERRIDE_PATH"
    ),
}
#: Lines of a file that are named, if they cannot be used.
_MISTAKES_SHOWN = 20
_STARTER = ("starter-rich", "starter-lean")


def names() -> list[str]:
    """The benchmarks that `load` knows."""
    return [*_STARTER, *_OFFICIAL]


def load(name: str, limit: int | None = None) -> list[Problem]:
    """The problems of a benchmark in the order of its file, or its first `limit`.

    Raises: FoureyesError if there is no such benchmark, or its file cannot be had or is not whole.
    """
    if name in _STARTER:
        return load_file(_SHIPPED / f"{name}.jsonl", name, limit)
    if name not in _OFFICIAL:
        (near,) = difflib.get_close_matches(name, names(), n=1, cutoff=0.0)
        raise FoureyesError(f"there is no benchmark {name!r}; did you mean {near!r}?")
    official = _OFFICIAL[name]
    if override := os.environ.get(official.override):
        return load_file(Path(override).expanduser(), name, limit)
    path, content = _find(official) or _download(official)
    return _problems(name, path, content, limit)


def load_file(path: Path, name: str | None = None, limit: int | None = None) -> list[Problem]:
    """The problems of a file in EvalPlus's format (.jsonl or .jsonl.gz), as the benchmark `name`.

    Without a name, the file's. Raises: FoureyesError with the file and the line of each mistake:
    scores of the rest would be those of another benchmark.
    """
    own_name = path.name.removesuffix(".gz").removesuffix(".jsonl")
    return _problems(name or own_name, path, _read(path), limit)


def _problems(name: str, path: Path, content: bytes, limit: int | None) -> list[Problem]:
    if limit is not None and limit < 1:
        raise FoureyesError(f"{name}: the limit must be at least 1, not {limit}")
    found: dict[str, Problem] = {}
    mistakes = []
    for number, line in enumerate(_lines(content), start=1):
        if not line.strip(b" \t\r"):
            continue
        try:
            problem = _problem(name, line)
            if problem.problem_id in found:
                raise FoureyesError(f"the task_id {problem.problem_id!r} was already used above")
        except FoureyesError as error:
            mistakes.append(f"{path} line {number}: {error}")
            continue
        found[problem.problem_id] = problem
        if len(found) == limit:
            break
    if mistakes:
        raise FoureyesError(_listed(mistakes))
    if not found:
        raise FoureyesError(f"{path}: there is no problem in this file")
    return list(found.values())


def _problem(name: str, line: bytes) -> Problem:
    """The problem of a line, checked. Raises: FoureyesError saying what is wrong with it."""
    try:
        record = line.decode("utf-8").strip(" \t\r")
    except UnicodeDecodeError as error:
        raise FoureyesError(f"not UTF-8 text ({error.reason} at byte {error.start + 1})") from None
    problem = parse_record(name, record)
    check_reference(problem)
    return problem


def _listed(mistakes: list[str]) -> str:
    """All that is wrong with a file, so that it can be mended in one go."""
    lines = mistakes[:_MISTAKES_SHOWN]
    if more := len(mistakes) - len(lines):
        lines.append(f"... and {more} more lines that cannot be used")
    return "\n".join(lines)


def _lines(content: bytes) -> list[bytes]:
    """Only \\n ends a line: JSON may hold U+2028 as it is."""
    return content.removeprefix(b"\xef\xbb\xbf").split(b"\n")


def _read(path: Path) -> bytes:
    """A file's content, uncompressed if it is gzip, whatever it is called."""
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
    except FileNotFoundError:
        raise FoureyesError(f"{path}: there is no such file") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise FoureyesError(f"{path}: the gzip file is damaged ({error}); get it again") from None
    except OSError as error:
        raise FoureyesError(f"{path}: cannot be read ({error.strerror or error})") from None


def _find(official: _Official) -> tuple[Path, bytes] | None:
    """The official file where it may lie on this machine, checked; None if it is nowhere."""
    data = settings().data
    folders = [_evalplus_cache(), _our_cache()]
    if data is not None:
        if not data.expanduser().is_dir():
            raise FoureyesError(f"FOUREYES_DATA: {data} is not a folder")
        folders.insert(0, data.expanduser())
    for folder in folders:
        for path in (folder / official.file, folder / f"{official.file}.gz"):
            if path.is_file():
                content = _read(path)
                found = hashlib.md5(content, usedforsecurity=False).hexdigest()
                if found != official.md5:
                    raise FoureyesError(
                        f"{path}: not the released file (md5 {found}, should be {official.md5}); "
                        f"get it from {official.url}, or to use it as it is set {official.override}"
                    )
                return path, content
    return None


def _evalplus_cache() -> Path:
    """Where EvalPlus 0.3.1 keeps its files (appdirs' user cache folder)."""
    if sys.platform == "darwin":
        return Path("~/Library/Caches/evalplus").expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "evalplus"


def _our_cache() -> Path:
    return settings().cache / "benchmarks"


def _download(official: _Official) -> tuple[Path, bytes]:
    """Fetch the official file from its release, check it, and keep it in our cache."""
    try:
        answer = httpx.get(official.url, follow_redirects=True, timeout=PATIENCE)
        answer.raise_for_status()
        content = gzip.decompress(answer.content)
    except httpx.HTTPStatusError as error:
        raise _unavailable(official, f"the server says {error.response.status_code}") from None
    except httpx.HTTPError as error:
        raise _unavailable(official, str(error) or type(error).__name__) from None
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise _unavailable(official, "what came is not a gzip file") from None
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != official.md5:
        raise _unavailable(official, f"what came has md5 {found}, not {official.md5}")
    path = _our_cache() / official.file
    _keep(path, content)
    return path, content


def _keep(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: another process may be reading it, or writing it too."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            whole = Path(folder) / path.name
            whole.write_bytes(content)
            whole.replace(path)
    except OSError as error:
        raise FoureyesError(
            f"{path.parent}: cannot keep {path.name} here ({error.strerror or error}); "
            "set FOUREYES_CACHE to a folder that can be written"
        ) from None


def _unavailable(official: _Official, reason: str) -> FoureyesError:
    return FoureyesError(
        f"{official.file} is not on this machine and cannot be downloaded ({reason}): "
        f"get {official.url} elsewhere, save it as {official.file}.gz in a folder and set "
        f"FOUREYES_DATA to that folder, or set {official.override} to the file"
    )
