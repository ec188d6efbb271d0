"""Whether a program waits for a processor or of its own accord: the kernel's word, from outside."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Queueing:
    """A program at one moment: whether it is ready to go on, and the seconds that it has been ready,
    until it last got a processor, and had none."""

    ready: bool
    seconds: float


def queueing(zygote: int) -> Queueing | None:
    """How the zygote's one child fares; None where the kernel does not say."""
    try:
        children = Path(f"/proc/{zygote}/task/{zygote}/children").read_text().split()
        program = Path("/proc", children[0])
        state = (program / "stat").read_text().rpartition(") ")[2][:1]
        _, nanoseconds, _ = (program / "schedstat").read_text().split()
    except (OSError, IndexError, ValueError):
        return None
    return Queueing(state == "R", int(nanoseconds) / 1e9)
