"""Is the sandbox tight on this machine? Found out by attacking it, not by trusting flags.

`python -m worker.sandbox.probe` prints the report as JSON; `foureyes doctor` shows it.
"""

import json
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any

from models.errors import InfrastructureError
from worker.sandbox import wire
from worker.sandbox.judge import LEVEL
from worker.sandbox.sandbox import Limits, Sandbox

_SLOT = 99

#: What must fail inside, and what it would mean if it did not.
_ATTACKS = {
    "namespaces: host files are out of sight": "open('/etc/passwd')",
    "namespaces: host processes are out of sight": "open('/proc/1/status')",
    "read-only root: kernel settings cannot be written": (
        "open('/proc/sys/kernel/core_pattern', 'w')"
    ),
    "read-only root: the sandbox cannot be changed": "open('/sandbox/zygote.py', 'a')",
    "seccomp: no sockets": "__import__('socket').socket()",
    "seccomp: no processes": "__import__('os').fork()",
    "seccomp: no other programs": "__import__('os').execv('/bin/true', ['true'])",
    "capabilities: no mounts": "check(libc.mount(b'none', b'/tmp', b'tmpfs', 0, 0))",
    "limits: memory ends": "bytearray(1 << 42)",
}
_PROGRAM = """
import ctypes
libc = ctypes.CDLL(None)
def check(result):
    if result != 0:
        raise OSError("refused")
def f(attack):
    try:
        eval(attack, globals())
    except (OSError, MemoryError):
        return "held"
    return "open"
"""
_REMEDIES = (
    ("bubblewrap is missing", "apt install bubblewrap"),
    (
        "setting up uid map: Permission denied",
        "allow user namespaces for bwrap: on Ubuntu 24.04 an AppArmor profile for /usr/bin/bwrap "
        "with `userns,`",
    ),
    (
        "No permissions to create new namespace",
        "allow user namespaces: sysctl kernel.unprivileged_userns_clone=1; in Docker a seccomp "
        "profile that allows unshare, mount and clone with namespaces",
    ),
    ("a mount namespace", "run workers as an ordinary user, or as root with CAP_SYS_ADMIN"),
)


@dataclass(frozen=True)
class Layer:
    """One thing that must hold, and whether it did."""

    name: str
    holds: bool


@dataclass(frozen=True)
class Report:
    """What was found. `level` is None if programs cannot be judged here; then `remedy` says why."""

    level: str | None
    layers: list[Layer]
    remedy: str


def probe() -> Report:
    """Attack a sandbox of our own."""
    sandbox = Sandbox(_SLOT)
    job: dict[str, Any] = {
        "code": _PROGRAM,
        "entry_point": "f",
        "inputs": [[attack] for attack in _ATTACKS.values()],
        "reduce": "",
        "tests": None,
    }
    try:
        with closing(sandbox.run(job, Limits(), [5.0])) as frames:
            said = [wire.decode(frame.payload) for frame in frames if frame.kind == "V"]
    except InfrastructureError as error:
        remedies = [remedy for sign, remedy in _REMEDIES if sign in str(error)]
        return Report(None, [], "; ".join([str(error), *remedies]))
    finally:
        sandbox.close()
    said += ["no answer"] * (len(_ATTACKS) - len(said))
    layers = [Layer(name, word == "held") for name, word in zip(_ATTACKS, said, strict=True)]
    failed = [layer.name for layer in layers if not layer.holds]
    if failed:
        return Report(None, layers, f"the sandbox does not hold ({'; '.join(failed)})")
    return Report(LEVEL, layers, "")


def check() -> None:
    """Raises: InfrastructureError with the remedy unless programs are held safely here."""
    report = probe()
    if report.level is None:
        raise InfrastructureError(f"programs cannot be judged here: {report.remedy}")


if __name__ == "__main__":
    print(json.dumps(asdict(probe())))
