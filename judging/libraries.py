"""Libraries that programs of a format may use beside Python's own: made once, shown read-only to sandboxes.

An environment is named for the format that needs it, and its packages are pinned with hashes in that
format's `libraries.lock`. `foureyes benchmark prepare NAME` makes it, for the Python that runs us.
"""

import hashlib
import importlib.metadata
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path

from foureyes.judging.sandbox.inside import libraries as inside
from foureyes.models.errors import FoureyesError
from foureyes.models.settings import settings

_FORMATS = Path(__file__).parent / "formats"
#: Packages that are named with their versions; all others follow from the lock, whose hash is named too.
_NAMED = ("matplotlib", "pandas", "scikit-learn", "scipy", "seaborn")
#: Has matplotlib list the fonts that it brings, and none of this machine's, which no sandbox shows.
_FONTS = """
import sys
sys.path.append(sys.argv[1])
import matplotlib
from matplotlib import font_manager
find = font_manager.findSystemFonts
font_manager.findSystemFonts = lambda paths=None, **kind: find(paths, **kind) if paths else []
manager = font_manager.FontManager()
name = f"{matplotlib.get_cachedir()}/fontlist-v{manager.__version__}.json"
font_manager.json_dump(manager, name)
"""
#: Seconds between two looks at how much has been installed.
_LOOK_SECONDS = 0.3


class NotPrepared(FoureyesError):
    """The libraries that an environment's programs may use are not on this machine."""

    def __init__(self, environment: str) -> None:
        super().__init__(
            f"the libraries of {environment} are not on this machine: "
            f"foureyes benchmark prepare {environment}"
        )


@cache
def environments() -> tuple[str, ...]:
    """The environments that can be prepared."""
    return tuple(sorted(lock.parent.name for lock in _FORMATS.glob("*/libraries.lock")))


def environment_of(format_name: str) -> str:
    """The environment that a format's programs need; empty if numpy is all that they may use."""
    return format_name if format_name in environments() else ""


def folder(environment: str) -> Path:
    """Where the packages of an environment are. Raises: NotPrepared."""
    place = _place(environment)
    if not place.is_dir():
        raise NotPrepared(environment)
    return place


def identity(environment: str) -> str:
    """The versions that programs meet, numpy's apart. Raises: NotPrepared."""
    return _identity(environment, folder(environment))


def numpy_version(environment: str) -> str:
    """The version of numpy in an environment. Raises: NotPrepared."""
    return _versions(folder(environment)).get("numpy", "none")


def modules(environment: str) -> frozenset[str]:
    """The names of all that can be imported from an environment. Raises: NotPrepared."""
    return _modules(folder(environment))


@cache
def _modules(place: Path) -> frozenset[str]:
    found = set()
    for entry in place.iterdir():
        if entry.suffix in (".py", ".so") or (entry.is_dir() and entry.name.isidentifier()):
            found.add(entry.name.partition(".")[0])
    return frozenset(found)


def prepare(environment: str, progress: Callable[[int], None]) -> Path:
    """Install an environment's packages; where they are. Nothing is done if they are here already.

    `progress` is told how many bytes are installed. They are put together beside their place and moved
    there when they are whole. Raises: FoureyesError if they cannot be had.
    """
    if environment not in environments():
        known = ", ".join(environments())
        raise FoureyesError(f"{environment!r} needs no libraries; what can be prepared is: {known}")
    place = _place(environment)
    if place.is_dir():
        return place
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=place.parent) as name:
            made = Path(name, "packages")
            _install(_lock(environment), made, Path(name), progress)
            _list_fonts(made)
            made.chmod(0o755)
            if not place.is_dir():  # another one may have been quicker
                made.rename(place)
    except OSError as error:
        raise FoureyesError(
            f"{place.parent}: the libraries cannot be kept here ({error.strerror or error}); set "
            "FOUREYES_CACHE to a folder that can be written"
        ) from None
    return place


def _place(environment: str) -> Path:
    return settings().cache / "libraries" / f"{environment}-{_digest(environment)[:12]}"


def _lock(environment: str) -> Path:
    return _FORMATS / environment / "libraries.lock"


@cache
def _digest(environment: str) -> str:
    """Of all that decides what is installed: the lock, and the Python."""
    python = f"{sys.implementation.cache_tag} {sysconfig.get_platform()}\n"
    return hashlib.sha256(python.encode() + _lock(environment).read_bytes()).hexdigest()


@cache
def _identity(environment: str, place: Path) -> str:
    versions = _versions(place)
    named = ", ".join(f"{name} {versions[name]}" for name in _NAMED if name in versions)
    return f"{environment} {_digest(environment)[:12]}: {named}"


@cache
def _versions(place: Path) -> dict[str, str]:
    found = importlib.metadata.distributions(path=[str(place)])
    return {each.metadata["Name"].lower(): each.version for each in found}


def _install(lock: Path, target: Path, beside: Path, progress: Callable[[int], None]) -> None:
    """Install what a lock pins into a folder, with uv if it is there, else with pip."""
    wanted = ("--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:")
    asked = (*wanted, "--target", str(target), "--requirement", str(lock))
    failed = ""
    for command in _installers(beside):
        shutil.rmtree(target, ignore_errors=True)
        failed = _run([*command, *asked], beside, progress)
        if not failed:
            return
    raise FoureyesError(f"the libraries cannot be installed: {failed}")


def _list_fonts(made: Path) -> None:
    """Have matplotlib list its own fonts, which takes it a second and a place to write otherwise."""
    folder = made / inside.FONTS
    if not (made / "matplotlib").is_dir():
        return
    folder.mkdir()
    place = {"MPLCONFIGDIR": str(folder), "MPLBACKEND": "Agg", "HOME": str(folder)}
    listed = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", _FONTS, str(made)],
        env=place,
        capture_output=True,
        text=True,
    )
    if listed.returncode != 0:
        said = listed.stderr.strip().splitlines() or ["it said nothing"]
        raise FoureyesError(f"the libraries are installed and do not work: {said[-1]}")


def _installers(beside: Path) -> list[list[str]]:
    """The commands that can install for this Python, the quickest first."""
    commands = []
    if uv := shutil.which("uv"):
        commands.append(
            [uv, "pip", "install", "--compile-bytecode", "--no-config", "--python", sys.executable]
        )
    pip = beside / "pip"
    commands.append(
        [
            sys.executable,
            "-c",
            "import subprocess, sys, venv\n"
            f"venv.create({str(pip)!r}, with_pip=True, symlinks=True)\n"
            f"sys.exit(subprocess.call([{str(pip / 'bin' / 'python')!r}, '-m', 'pip', *sys.argv[1:]]))",
            "install",
        ]
    )
    return commands


def _run(command: list[str], beside: Path, progress: Callable[[int], None]) -> str:
    """Run a command while progress is told; why it failed, empty if it did not."""
    said = beside / "said"
    with said.open("wb") as out:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
        )
        ended = threading.Event()
        watch = threading.Thread(target=_watch, args=(beside, ended, progress))
        watch.start()
        try:
            status = process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            ended.set()
            watch.join()
    if status == 0:
        return ""
    lines = re.sub(r"\x1b\[[0-9;]*m", "", said.read_text("utf-8", "replace")).strip().splitlines()
    return lines[-1].strip() if lines else f"{command[0]} ended with status {status}"


def _watch(beside: Path, ended: threading.Event, progress: Callable[[int], None]) -> None:
    while not ended.wait(_LOOK_SECONDS):
        progress(_size(beside))


def _size(top: Path) -> int:
    """Bytes of the files below a folder that somebody is still filling."""
    total = 0
    for path in top.rglob("*"):
        try:
            total += path.lstat().st_size
        except OSError:
            continue
    return total
