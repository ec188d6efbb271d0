"""What BigCodeBench's own judge says of programs: run as it is, in an environment of its own, confined.

It runs programs beside itself, so it is held as EvalPlus is (evalplus_sandbox.py): no network, no file of
this machine's but what is shown, and nothing that it writes outlives it.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from foureyes.judging.sandbox import launch
from foureyes.judging.sandbox.launch import Bind
from foureyes.judging.sandbox.users import FIRST_UID
from foureyes.models.errors import FoureyesError

VERSION = "0.2.5"
_ENVIRONMENT = "bigcodebench"
_HOME = Path(__file__).resolve().parents[1] / ".venv-bigcodebench"
_PYTHON = f"python{sys.version_info.major}.{sys.version_info.minor}"
_PACKAGES = _HOME / "lib" / _PYTHON / "site-packages"
_DRIVER = Path(__file__).with_name("bigcodebench_driver.py")
_UID = FIRST_UID - 2
_DISK = 1 << 30

_VARIABLES = {
    "HOME": "/tmp",  # noqa: S108  # the sandbox's own
    "TMPDIR": "/tmp",  # noqa: S108
    "LANG": "C.UTF-8",
    "LD_LIBRARY_PATH": "/python/lib",
    "PYTHONPATH": "/python/packages:/python/judge",
    "PYTHONHASHSEED": "0",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MPLBACKEND": "Agg",
    "TZ": "UTC",
}


@dataclass(frozen=True)
class Pair:
    """A program, and the tests that judge it."""

    code: str
    test: str
    entry_point: str


@dataclass(frozen=True)
class BigCodeBenchVerdict:
    """`status` is pass, fail or timeout; `details` say of each test that failed why."""

    status: str
    details: dict[str, str]


def check() -> None:
    """Raises: FoureyesError if it is not here."""
    if not (_PACKAGES / f"bigcodebench-{VERSION}.dist-info").is_dir():
        raise FoureyesError(f"BigCodeBench is not here ({_HOME}): make bigcodebench")


def evaluate(pairs: Sequence[Pair], seconds: float) -> list[BigCodeBenchVerdict]:
    """Its verdicts, in order. A program may take `seconds`.

    Raises: FoureyesError if it is not here, or gave no verdicts.
    """
    check()
    with tempfile.TemporaryDirectory(prefix="foureyes-bigcodebench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        lines = [json.dumps(vars(pair)) for pair in pairs]
        (folder / "pairs.jsonl").write_text("\n".join(lines) + "\n")
        binds = [
            *launch.python_binds(_ENVIRONMENT),
            Bind(_PACKAGES, "/python/judge"),
            Bind(folder, "/evaluation"),
            Bind(_DRIVER, "/driver.py"),
        ]
        asked = subprocess.run(
            launch.launched(binds, _UID, lambda shown: _command(shown, seconds)),
            env=launch.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
    try:
        found = json.loads(asked.stdout)
        return [BigCodeBenchVerdict(str(status), dict(details)) for status, details in found]
    except (ValueError, TypeError):
        said = asked.stderr.strip().splitlines() or ["it said nothing"]
        raise FoureyesError(f"BigCodeBench's judge gave no verdicts: {said[-1]}") from None


def _command(shown: list[Bind], seconds: float) -> list[str]:
    line = [
        launch.bubblewrap(),
        *("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc"),
        *("--unshare-uts", "--unshare-cgroup-try", "--new-session", "--die-with-parent"),
        *("--cap-drop", "ALL", "--clearenv"),
    ]
    for name, value in _VARIABLES.items():
        line += ["--setenv", name, value]
    line += launch.system_libraries()
    for bind in shown:
        line += ["--ro-bind", str(bind.source), bind.target]
    line += ["--proc", "/proc", "--dev", "/dev", "--size", str(_DISK), "--tmpfs", "/tmp"]  # noqa: S108
    line += ["--remount-ro", "/", "--chdir", "/tmp"]  # noqa: S108
    return [*line, shown[0].target, "-s", "-S", "/driver.py", f"{seconds:g}"]
