"""What a program's time went into, by the kernel's own account, read from outside.

A program is charged for what it used of processors and for what it slept, and not for what it was
ready and waited for a processor: that is the machine's doing. The kernel adds a wait up when it ends,
thread by thread (`schedstat`), so nothing depends on the moment at which somebody looks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Thread:
    """One thread: seconds that it has waited for a processor, and whether it runs or waits now.

    `ran` changes whenever it has run.
    """

    waited: float
    ready: bool
    ran: tuple[int, int]


@dataclass(frozen=True)
class Moment:
    """A program's account at a time of its supervisor's: seconds of CPU, and its threads by id.

    `threads` is None where the kernel does not say. Threads that have ended stay as last seen.
    """

    at: float
    cpu: float = 0.0
    threads: Mapping[int, Thread] | None = field(default_factory=dict)


def charge(start: Moment, now: Moment) -> float:
    """Seconds that a program is charged with since `start`.

    Of several threads the longest wait counts: the sum would let a program that wakes many at once
    for a moment sleep through the rest. Where the kernel does not say, CPU time alone is charged.
    """
    cpu = now.cpu - start.cpu
    if now.threads is None:
        return cpu
    before = start.threads or {}
    waits = (
        thread.waited - (before[number].waited if number in before else 0.0)
        for number, thread in now.threads.items()
    )
    return max(cpu, now.at - start.at - max(waits, default=0.0))


def between(last: Moment, at: float, now: Moment) -> Moment:
    """The account at a time at which nobody looked, after `last` and before `now`.

    In doubt for the program: what it used and waited in between, as far as one thread could have,
    it used before `at` and waited after it.
    """
    before = last.threads or {}
    threads = {
        number: Thread(
            max(
                before[number].waited if number in before else 0.0,
                thread.waited - (now.at - at),
            ),
            False,
            thread.ran,
        )
        for number, thread in (now.threads or {}).items()
    }
    return Moment(at, min(last.cpu + at - last.at, now.cpu), threads)


def waits(first: Moment, second: Moment) -> bool:
    """Whether a thread waits for a processor since before `first`: ready twice, and never ran."""
    later = second.threads or {}
    return any(
        thread.ready and number in later and later[number].ready and later[number].ran == thread.ran
        for number, thread in (first.threads or {}).items()
    )


def program_of(zygote: int) -> int | None:
    """The zygote's one child; None where the kernel does not say, or once it has ended."""
    try:
        children = Path(f"/proc/{zygote}/task/{zygote}/children").read_text().split()
        return int(children[0])
    except (OSError, IndexError, ValueError):
        return None


def threads_of(program: int) -> dict[int, Thread] | None:
    """How a process's threads fare; None where the kernel does not say, or once it has ended."""
    found = {}
    try:
        for place in Path(f"/proc/{program}/task").iterdir():
            try:
                state = (place / "stat").read_text().rpartition(") ")[2][:1]
                ran, waited, times = map(int, (place / "schedstat").read_text().split())
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has just ended, or this kernel keeps no account
            found[int(place.name)] = Thread(waited / 1e9, state == "R", (ran, times))
    except (OSError, ValueError):
        return None
    return found or None


def own_waits() -> float:
    """Seconds that the calling thread has waited for a processor; 0 where the kernel does not say."""
    try:
        with open("/proc/thread-self/schedstat", "rb", buffering=0) as account:  # for each program
            return int(account.read().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0
