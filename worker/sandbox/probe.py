"""Does the sandbox hold? Found out by attacking it from inside, not by reading settings."""

import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from models.errors import InfrastructureError
from worker.sandbox.command import INSTALL_BUBBLEWRAP
from worker.sandbox.inside import frames, wire
from worker.sandbox.running import BadFrames, Overtime
from worker.sandbox.sandbox import Sandbox

#: Namespaces, system call filter and limits, all of them. Nothing less is accepted.
LEVEL = "A"
_SECONDS = 10.0

_ATTACK = """
import ctypes, os, resource, socket


def succeeds(action):
    try:
        action()
    except (OSError, ValueError):
        return False
    return True


def read(path):
    with open(path) as file:
        file.read(1)


def write(path):
    with open(path, "w") as file:
        file.write("x")


def fork():
    if os.fork() == 0:
        os._exit(0)


def attack(canary):
    libc = ctypes.CDLL(None, use_errno=True)
    return {
        "private file system": any(
            succeeds(lambda path=path: read(path))
            for path in (canary, "/etc/passwd", "/proc/self/status", "/proc/self/mem")
        ),
        "read-only file system": any(
            succeeds(lambda path=path: write(path))
            for path in ("/x", "/python/x", "/judge/x", "/dev/x", "/proc/sys/kernel/core_pattern")
        ),
        "no network": succeeds(lambda: socket.socket().close()),
        "no new processes": succeeds(fork) or succeeds(lambda: os.execv("/python/bin/x", ["x"])),
        "no namespaces": libc.unshare(0x10000000) == 0,
        "no mounts": libc.mount(b"tmpfs", b"/tmp", b"tmpfs", 0, None) == 0,
        "fixed limits": succeeds(lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0))),
        "own process namespace": os.getpid() != 1,
        "no inherited files": sum(succeeds(lambda fd=fd: os.fstat(fd)) for fd in range(3, 1024)) != 1,
        "no privileges": os.getuid() == 0 or os.geteuid() == 0,
        "no tracing": libc.ptrace(0, 0, 0, 0) == 0,  # last: a traced process stops at any signal
    }
"""


@dataclass(frozen=True)
class Layer:
    """One thing that the sandbox must keep a program from doing; `remedy` if it does not."""

    name: str
    ok: bool
    remedy: str = ""


@dataclass(frozen=True)
class Report:
    """What was found; `level` is empty if programs must not be run here."""

    level: str
    layers: tuple[Layer, ...]


def probe() -> Report:
    """Start a sandbox and attack it. Never raises for what a machine lacks: the report says it."""
    try:
        sandbox = Sandbox()
    except InfrastructureError as error:
        return Report("", (Layer("sandbox starts", False, str(error)),))
    try:
        layers = _layers(sandbox)
    except InfrastructureError as error:
        return Report("", (Layer("sandbox runs programs", False, str(error)),))
    finally:
        sandbox.close()
    found = (Layer("sandbox starts", True), *layers)
    return Report(LEVEL if all(layer.ok for layer in found) else "", found)


def attack(sandbox: Sandbox) -> None:
    """Attack a sandbox that is about to be used.

    Raises: InfrastructureError if anything succeeds that must not.
    """
    broken = [layer.name for layer in _layers(sandbox) if not layer.ok]
    if broken:
        raise InfrastructureError(
            f"the sandbox does not hold ({', '.join(broken)}): no program is run; foureyes doctor"
        )


def _layers(sandbox: Sandbox) -> list[Layer]:
    """What the attack could do; every remedy is in the reach of whoever set the machine up."""
    with tempfile.NamedTemporaryFile(prefix="foureyes-canary-") as canary:
        Path(canary.name).chmod(0o644)
        request = frames.request((frames.CALL, _ATTACK, "attack", [[canary.name]], ""))
        with sandbox.run(request, int(_SECONDS)) as run:
            try:
                loaded = run.next(_SECONDS, judge_cpu=False)
                frame = run.next(_SECONDS, judge_cpu=False)
            except (Overtime, BadFrames):
                loaded, frame = None, None
    if loaded != frames.READY or frame is None or frame[:1] != frames.VALUE:
        raise InfrastructureError(f"the sandbox did not run its own check: {frame or loaded!r}")
    succeeded: dict[str, bool] = wire.decode(frame[1:])
    remedy = f"update the kernel (5.14 or later) and {INSTALL_BUBBLEWRAP}"
    return [Layer(name, not bad, remedy if bad else "") for name, bad in succeeded.items()]


def check() -> None:
    """Raises: InfrastructureError with the remedy unless programs are held safely here."""
    report = probe()
    if not report.level:
        said = [f"{layer.name}: {layer.remedy}" for layer in report.layers if not layer.ok]
        raise InfrastructureError(f"programs cannot be judged here: {'; '.join(said)}")


if __name__ == "__main__":  # `foureyes doctor` asks so: it imports nothing of a worker's
    print(json.dumps(asdict(probe())))
