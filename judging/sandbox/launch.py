"""Which files a sandbox shows, and the command that makes it: bubblewrap's, or Python's own."""

import importlib.util
import json
import os
import shutil
import sys
import sysconfig
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from foureyes.judging import libraries
from foureyes.models.enums import Level
from foureyes.models.errors import InfrastructureError

INSTALL_BUBBLEWRAP = "install bubblewrap (Debian, Ubuntu: apt install bubblewrap)"

_INSIDE = Path(__file__).parent / "inside"
_LAUNCHER = Path(__file__).with_name("launcher.py")
_STAGE = "/tmp/foureyes"  # noqa: S108  # in a mount namespace of its own, see launcher.py

#: Equal for every program: verdicts must not depend on who runs the worker, or on hash seeds.
_ENVIRONMENT = {
    "HOME": "/tmp",  # noqa: S108  # the program's own
    "LANG": "C.UTF-8",
    "OPENBLAS_NUM_THREADS": "1",  # a zygote must have one thread
    "OMP_NUM_THREADS": "1",
    "LD_BIND_NOW": "1",  # once in the zygote, in place of in every program
}
_OPTIONS = ("-s", "-S", "-B", "-X", "utf8")
_VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"
#: Where level A shows packages.
_PACKAGES = "/python/packages"
#: What programs that have libraries find in their environment beside that: no display, and no folder of
#: settings that matplotlib would look for.
_OF_LIBRARIES = {"MPLBACKEND": "Agg", "TZ": "UTC"}
#: What bubblewrap is found by, and what it or Python may need to find libraries. All else stays with
#: the worker: its environment holds keys and passwords.
_NEEDED = ("PATH", "LD_LIBRARY_PATH")
#: Folders of the standard library for what was installed later; a benchmark may be among that.
_INSTALLED = ("site-packages", "dist-packages")


@dataclass(frozen=True)
class Bind:
    """A file or folder of this machine, and where level A shows it, read-only."""

    source: Path
    target: str


def launch(
    level: Level,
    user: int,
    control_fd: int,
    info_fd: int,
    hash_seed: int = 0,
    doors: Sequence[str] = (),
    packages: str = "",
) -> list[str]:
    """The command line of the launcher for a sandbox whose zygote serves `control_fd`.

    `user` is whom it runs as, if we are root. Verdicts are given under hash seed 0; another one shows
    what depends on it. `doors` are those of its cgroup (cgroups.py). `packages`: the environment whose
    libraries programs may use (libraries.py), in place of numpy alone.

    Raises: InfrastructureError if bubblewrap is needed and not installed, NotPrepared.
    """
    binds = python_binds(packages)
    uid = user if os.geteuid() == 0 else None
    staged: list[Bind] = []
    if uid is not None and (level is Level.A or not all(map(_open_to_all, binds))):
        staged = binds
        binds = [Bind(Path(_STAGE + bind.target), bind.target) for bind in binds]
    inside = _ENVIRONMENT | {"PYTHONHASHSEED": str(hash_seed)}
    if packages:
        inside |= _OF_LIBRARIES
    if level is Level.A:
        command = _with_namespaces(binds, inside, control_fd, info_fd, bool(packages))
        outside = environment()
    else:
        command, outside = _with_landlock(binds, inside, control_fd, bool(packages))
    return _launcher(uid, staged, outside, command, doors)


def environment() -> dict[str, str]:
    """What a launcher is started with. Whoever starts one must name it, or it gets everything."""
    return {name: os.environ[name] for name in _NEEDED if name in os.environ}


def launched(
    binds: list[Bind], uid: int, arguments_for: Callable[[list[Bind]], list[str]]
) -> list[str]:
    """The command line of the launcher for another command than ours: as root in the name of `uid`.

    `arguments_for` gives the bubblewrap command line for the files, which may have to be staged.
    """
    if os.geteuid() != 0:
        return _launcher(None, [], environment(), arguments_for(binds))
    shown = [Bind(Path(_STAGE + bind.target), bind.target) for bind in binds]
    return _launcher(uid, binds, environment(), arguments_for(shown))


def _launcher(
    uid: int | None,
    staged: list[Bind],
    outside: dict[str, str],
    command: list[str],
    doors: Sequence[str] = (),
) -> list[str]:
    """Every user of the machine can read a command line: nothing in it is anybody's secret."""
    request = {
        "uid": uid,
        "binds": [[str(bind.source), _STAGE + bind.target] for bind in staged],
        "environment": outside,
        "command": command,
        "doors": list(doors),
    }
    return [sys.executable, "-I", str(_LAUNCHER), json.dumps(request)]


def bubblewrap() -> str:
    """The path of bubblewrap.

    Raises: InfrastructureError if it is not installed.
    """
    path = shutil.which("bwrap")
    if path is None:
        raise InfrastructureError(
            f"the sandbox needs bwrap, which is not here: {INSTALL_BUBBLEWRAP}"
        )
    return path


def python_binds(packages: str = "") -> list[Bind]:
    """This interpreter, its standard library, our own part, and libpython and numpy if they exist.

    The libraries of the environment `packages` stand in for numpy. Raises: NotPrepared.
    """
    binds = [
        Bind(Path(sys.executable).resolve(), f"/python/bin/{_VERSION}"),
        _library(),
        Bind(_INSIDE, "/judge/inside"),
    ]
    library = sysconfig.get_config_var("INSTSONAME")
    if sysconfig.get_config_var("Py_ENABLE_SHARED") and library:
        # First beside this interpreter: it may run elsewhere than it was built for.
        folders = (Path(sys.base_prefix, "lib"), Path(sysconfig.get_config_var("LIBDIR") or ""))
        found = [folder / library for folder in folders if os.access(folder / library, os.R_OK)]
        binds += [Bind(path, f"/python/lib/{library}") for path in found[:1]]
    if packages:
        return [*binds, Bind(libraries.folder(packages), _PACKAGES)]
    numpy = importlib.util.find_spec("numpy")
    if numpy is not None and numpy.origin is not None:
        package = Path(numpy.origin).parent
        for folder in (package, package.with_name("numpy.libs")):
            if folder.exists():
                binds.append(Bind(folder, f"{_PACKAGES}/{folder.name}"))
    return binds


def _library() -> Bind:
    """The standard library, and in it perhaps what was installed later."""
    folder = Path(sysconfig.get_path("stdlib")).resolve()
    return Bind(folder, f"/python/{sys.platlibdir}/{_VERSION}")


def _installed() -> list[Path]:
    """The folders of the standard library that are not shown."""
    folders = [_library().source / name for name in _INSTALLED]
    return [folder for folder in folders if folder.is_dir()]


def _open_to_all(bind: Bind) -> bool:
    """Whether every user of this machine can read what is bound."""
    path = bind.source.resolve()
    needed = 0o005 if path.is_dir() else 0o004
    return path.stat().st_mode & needed == needed and all(
        parent.stat().st_mode & 0o001 for parent in path.parents
    )


def _script(judge: str, packages: str, start: str) -> str:
    """What the zygote's Python is given to run; `judge` is the folder that holds `inside`."""
    return (
        f"import sys; sys.path.append({packages!r}); sys.path.insert(0, {judge!r}); "
        f"from inside import {start}"
    )


def _with_namespaces(
    binds: list[Bind],
    inside: dict[str, str],
    control_fd: int,
    info_fd: int,
    with_libraries: bool,
) -> list[str]:
    """Level A: bubblewrap's command line; its process number 1 is the zygote."""
    command = [
        bubblewrap(),
        *("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"),
        *("--unshare-cgroup-try", "--new-session", "--hostname", "sandbox", "--as-pid-1"),
        # For cloning programs into namespaces of their own; they themselves keep no capability.
        *("--cap-drop", "ALL", "--cap-add", "CAP_SYS_ADMIN"),
        *("--info-fd", str(info_fd), "--clearenv"),
    ]
    for name, value in {**inside, "LD_LIBRARY_PATH": "/python/lib"}.items():
        command += ["--setenv", name, value]
    command += system_libraries()
    for bind in binds:
        command += ["--ro-bind", str(bind.source), bind.target]
    for folder in _installed():
        if not folder.is_symlink():  # such a one leads nowhere in there
            place = f"{_library().target}/{folder.name}"
            command += ["--tmpfs", place, "--remount-ro", place]
    command += ["--dev-bind", "/dev/null", "/dev/null", "--dir", "/tmp", "--remount-ro", "/"]  # noqa: S108
    enclosure = "namespaces.Namespaces()"
    start = f"namespaces, zygote; zygote.main({control_fd}, {enclosure}, {with_libraries})"
    script = _script("/judge", _PACKAGES, start)
    return [*command, "--chdir", "/", binds[0].target, *_OPTIONS, "-c", script]


def _with_landlock(
    binds: list[Bind], inside: dict[str, str], control_fd: int, with_libraries: bool
) -> tuple[list[str], dict[str, str]]:
    """Level B: the zygote's own command line, and its environment."""
    places = {bind.target: str(bind.source) for bind in binds}
    readable = [*places.values(), *map(str, _system_folders())]
    library = next((path for path in places.values() if "libpython" in Path(path).name), None)
    if library is not None:
        inside = inside | {"LD_LIBRARY_PATH": str(Path(library).parent)}
    numpy = places.get(f"{_PACKAGES}/numpy", f"{_PACKAGES}/numpy")
    packages = places.get(_PACKAGES, str(Path(numpy).parent))
    hidden = [f"{places[_library().target]}/{folder.name}" for folder in _installed()]
    landlock = f"landlock.Landlock({readable!r}, {hidden!r})"
    start = f"landlock, zygote; zygote.main({control_fd}, {landlock}, {with_libraries})"
    script = _script(str(Path(places["/judge/inside"]).parent), packages, start)
    return [str(binds[0].source), *_OPTIONS, "-P", "-c", script], inside


def system_libraries() -> list[str]:
    """bubblewrap's arguments that show the C library and its like."""
    arguments = []
    for folder in _system_folders():
        arguments += ["--ro-bind", str(folder), str(folder)]
    for link in (Path("/lib"), Path("/lib64")):
        if link.is_symlink():
            arguments += ["--symlink", os.readlink(link), str(link)]
    return arguments


def _system_folders() -> list[Path]:
    """The C library and its like, without programs or configuration; time zones and a locale."""
    triplet = sysconfig.get_config_var("MULTIARCH") or ""
    places = [Path("/usr/lib", triplet) if triplet else Path("/usr/lib"), Path("/usr/lib64")]
    places += [folder for folder in (Path("/lib"), Path("/lib64")) if not folder.is_symlink()]
    places += [
        Path("/etc/ld.so.cache"),
        Path("/usr/share/zoneinfo"),
        Path("/usr/lib/locale/C.utf8"),
    ]
    return [place for place in places if place.exists()]
