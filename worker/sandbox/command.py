"""Which files the sandbox shows, and the command line that makes it."""

import importlib.util
import json
import os
import shutil
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from models.errors import InfrastructureError

INSTALL_BUBBLEWRAP = "install bubblewrap (Debian, Ubuntu: apt install bubblewrap)"

_INSIDE = Path(__file__).parent / "inside"
_LAUNCHER = Path(__file__).with_name("launcher.py")
_STAGE = "/tmp/foureyes"  # noqa: S108  # in a mount namespace of its own, see launcher.py
_START = "import sys; sys.path.insert(0, '/judge'); from inside.zygote import main; main({fd})"

#: Equal for every program: verdicts must not depend on who runs the worker, or on hash seeds.
_ENVIRONMENT = {
    "HOME": "/tmp",  # noqa: S108  # the program's own
    "LANG": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "OPENBLAS_NUM_THREADS": "1",  # a zygote must have one thread
    "OMP_NUM_THREADS": "1",
    "LD_LIBRARY_PATH": "/python/lib",
}


@dataclass(frozen=True)
class Bind:
    """A file or folder of this machine, and where the sandbox shows it, read-only."""

    source: Path
    target: str


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


def python_binds() -> list[Bind]:
    """This interpreter, its standard library, numpy if it has it, and our own part."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    binds = [
        Bind(Path(sys.executable).resolve(), f"/python/bin/{version}"),
        Bind(Path(sysconfig.get_path("stdlib")), f"/python/{sys.platlibdir}/{version}"),
        Bind(_INSIDE, "/judge/inside"),
    ]
    library = sysconfig.get_config_var("INSTSONAME")
    if sysconfig.get_config_var("Py_ENABLE_SHARED") and library:
        # First beside this interpreter: it may run elsewhere than it was built for.
        folders = (Path(sys.base_prefix, "lib"), Path(sysconfig.get_config_var("LIBDIR") or ""))
        found = [folder / library for folder in folders if os.access(folder / library, os.R_OK)]
        binds += [Bind(path, f"/python/lib/{library}") for path in found[:1]]
    numpy = importlib.util.find_spec("numpy")
    if numpy is not None and numpy.origin is not None:
        package = Path(numpy.origin).parent
        for folder in (package, package.with_name("numpy.libs")):
            if folder.exists():
                binds.append(Bind(folder, f"/python/packages/{folder.name}"))
    return binds


def launched(
    binds: list[Bind], uid: int, arguments_for: Callable[[list[Bind]], list[str]]
) -> list[str]:
    """The command that starts a sandbox, by launcher.py: as root, in the name of `uid`.

    `arguments_for` gives the bubblewrap command line for the files, which may have to be staged.
    """
    staged: list[list[str]] = []
    as_root = os.geteuid() == 0
    if as_root:
        staged = [[str(bind.source), _STAGE + bind.target] for bind in binds]
        binds = [Bind(Path(_STAGE + bind.target), bind.target) for bind in binds]
    request = {
        "uid": uid if as_root else None,
        "binds": staged,
        "command": arguments_for(binds),
    }
    return [sys.executable, "-I", str(_LAUNCHER), json.dumps(request)]


def arguments(binds: list[Bind], control_fd: int, info_fd: int) -> list[str]:
    """The bubblewrap command line; its process number 1 is the zygote, which serves `control_fd`."""
    command = [
        bubblewrap(),
        *("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"),
        *("--unshare-cgroup-try", "--new-session", "--hostname", "sandbox", "--as-pid-1"),
        # For cloning programs into namespaces of their own; they themselves keep no capability.
        *("--cap-drop", "ALL", "--cap-add", "CAP_SYS_ADMIN"),
        *("--info-fd", str(info_fd), "--clearenv"),
    ]
    for name, value in _ENVIRONMENT.items():
        command += ["--setenv", name, value]
    command += system_libraries()
    for bind in binds:
        command += ["--ro-bind", str(bind.source), bind.target]
    command += ["--dev-bind", "/dev/null", "/dev/null", "--dir", "/tmp", "--remount-ro", "/"]  # noqa: S108
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    command += ["--chdir", "/", f"/python/bin/{version}", "-s", "-S", "-B", "-X", "utf8"]
    script = "import sys; sys.path.append('/python/packages'); " + _START.format(fd=control_fd)
    return [*command, "-c", script]


def system_libraries() -> list[str]:
    """The folders of the C library and its like, without programs or configuration."""
    command: list[str] = []
    triplet = sysconfig.get_config_var("MULTIARCH") or ""
    folders = [Path("/usr/lib", triplet) if triplet else Path("/usr/lib"), Path("/usr/lib64")]
    for folder in folders:
        if folder.is_dir():
            command += ["--ro-bind", str(folder), str(folder)]
    for link in (Path("/lib"), Path("/lib64")):
        if link.is_symlink():
            command += ["--symlink", os.readlink(link), str(link)]
        elif link.is_dir():
            command += ["--ro-bind", str(link), str(link)]
    cache = Path("/etc/ld.so.cache")
    if cache.exists():
        command += ["--ro-bind", str(cache), str(cache)]
    return command
