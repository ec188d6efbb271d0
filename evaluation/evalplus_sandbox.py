"""Where EvalPlus and other judges run: an environment of their own, confined, as they give hostile samples a
free hand.

Unlike our own sandbox this one holds an evaluator and all samples at once: it needs to start
processes, and a sample can forge the verdict of another. It cannot reach the machine, though: no
network, no file but what is shown, nothing it writes outlives it, and it is never root.
"""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from foureyes.judging.sandbox import launch
from foureyes.judging.sandbox.launch import Bind
from foureyes.judging.sandbox.users import FIRST_UID
from foureyes.models.errors import FoureyesError
from foureyes.models.settings import settings

#: A user id that no account has, and no slot of our own sandbox.
UID = FIRST_UID - 1
VERSION = "0.3.1"
_DISK = 4 << 30
#: Where EvalPlus keeps its ground truth: in a folder of its own below the user's caches.
_CACHE = "/cache/evalplus"
_DEFAULT = Path(__file__).resolve().parents[1] / ".venv-evalplus" / "bin" / "python"
_ASK_SECONDS = 60.0

_FACTS = """
import importlib.metadata, json, os, sys, sysconfig
folders = (os.path.join(sys.base_prefix, "lib"), sysconfig.get_config_var("LIBDIR") or "")
name = sysconfig.get_config_var("Py_ENABLE_SHARED") and sysconfig.get_config_var("INSTSONAME")
libraries = [os.path.join(folder, name) for folder in folders] if name else []
version = "python%d.%d" % sys.version_info[:2]
standard = sysconfig.get_path("stdlib")
installed = [os.path.join(standard, name) for name in ("site-packages", "dist-packages")]
print(json.dumps({
    "version": importlib.metadata.version(sys.argv[1]),
    "python": version,
    "files": {
        "/python/bin/" + version: os.path.realpath(sys.executable),
        "/python/%s/%s" % (sys.platlibdir, version): standard,
        "/python/packages": sysconfig.get_path("purelib"),
        **{"/python/lib/" + name: path for path in libraries if os.access(path, os.R_OK)},
    },
    "hidden": [
        "/python/%s/%s/%s" % (sys.platlibdir, version, os.path.basename(folder))
        for folder in installed if os.path.isdir(folder) and not os.path.islink(folder)
    ],
}))
"""

_ENVIRONMENT = {
    "HOME": "/tmp",  # noqa: S108  # the sandbox's own
    "TMPDIR": "/tmp",  # noqa: S108
    "LANG": "C.UTF-8",
    "LD_LIBRARY_PATH": "/python/lib",
    "PYTHONPATH": "/python/packages",
    "PYTHONHASHSEED": "0",  # as in our sandbox: some programs depend on it
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "HF_HUB_OFFLINE": "1",
    "HF_HOME": "/tmp/huggingface",  # noqa: S108
    "HUMANEVAL_OVERRIDE_PATH": "/evaluation/records.jsonl",
    "MBPP_OVERRIDE_PATH": "/evaluation/records.jsonl",
}


@dataclass(frozen=True)
class Package:
    """A judge that can be installed: as people call it and pip does, its version, and who makes it here."""

    name: str
    distribution: str
    version: str
    target: str


EVALPLUS = Package("EvalPlus", "evalplus", VERSION, "evalplus")


@dataclass(frozen=True)
class Environment:
    """A Python that has a judge of others: its name in the sandbox, and what has to be shown for it.

    `hidden` are folders of the standard library that hold what was installed for the base
    interpreter: it sees its own environment's libraries, and no others.
    """

    python: str
    binds: tuple[Bind, ...]
    hidden: tuple[str, ...]


def environment() -> Path:
    """The Python that has EvalPlus.

    Raises: FoureyesError if there is none.
    """
    found = settings().evalplus or _DEFAULT
    if not found.expanduser().is_file():
        raise FoureyesError(f"EvalPlus is not here ({found}): make evalplus")
    return found.expanduser()


def examine(python: Path, package: Package = EVALPLUS) -> Environment:
    """What a Python that has a judge of others consists of.

    Raises: FoureyesError if it does not have the one that our verdicts are compared with.
    """
    ask = [str(python), "-I", "-c", _FACTS, package.distribution]
    try:
        asked = subprocess.run(ask, capture_output=True, text=True, timeout=_ASK_SECONDS)
        facts = json.loads(asked.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        raise FoureyesError(f"{python} has no {package.name}: make {package.target}") from None
    if facts["version"] != package.version:
        raise FoureyesError(
            f"{python} has {package.name} {facts['version']}, not {package.version}"
        )
    binds = [Bind(Path(source), target) for target, source in facts["files"].items()]
    return Environment(facts["python"], tuple(binds), tuple(facts["hidden"]))


def launch_command(
    found: Environment, shown: list[Bind], cache: Path | None, script: list[str], fill: bool
) -> list[str]:
    """The command that runs a Python script in the sandbox.

    `cache` becomes EvalPlus's cache, which can only be written to if it is to be filled.
    """
    binds = [*found.binds, *shown]
    if cache is not None:
        binds.append(Bind(cache / "evalplus", _CACHE))
    writable = {_CACHE} if fill else set()

    def arguments(binds: list[Bind]) -> list[str]:
        line = [
            launch.bubblewrap(),
            *("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc"),
            *("--unshare-uts", "--unshare-cgroup-try", "--new-session", "--die-with-parent"),
            "--as-pid-1",  # so the driver inherits what EvalPlus leaves behind, and can count it
            *("--cap-drop", "ALL", "--clearenv"),
        ]
        places = {"XDG_CACHE_HOME": "/cache" if cache is not None else "/tmp/cache"}  # noqa: S108
        for name, value in (_ENVIRONMENT | places).items():
            line += ["--setenv", name, value]
        line += launch.system_libraries()
        for bind in binds:
            how = "--bind" if bind.target in writable else "--ro-bind"
            line += [how, str(bind.source), bind.target]
        for folder in found.hidden:
            line += ["--tmpfs", folder, "--remount-ro", folder]
        line += ["--proc", "/proc", "--dev", "/dev", "--size", str(_DISK), "--tmpfs", "/tmp"]  # noqa: S108
        line += ["--remount-ro", "/", "--chdir", "/tmp"]  # noqa: S108
        return [*line, f"/python/bin/{found.python}", "-s", *script]

    return launch.launched(binds, UID, arguments)
