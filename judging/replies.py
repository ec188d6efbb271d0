"""What a program's process says, read by who judges it: was it loaded, how did it end, what did it answer.

All of it may have been written by the program: it is bounded, and never more than data.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from foureyes.judging.sandbox.connection import BadFrames
from foureyes.judging.sandbox.inside import frames, wire
from foureyes.judging.sandbox.inside.values import Large, Other
from foureyes.judging.sandbox.process import Overtime, ProgramRun
from foureyes.models.enums import Status

#: CPU seconds that a program's own top level may take.
LOAD_SECONDS = 10
#: Characters of an input or output that are kept for a person to read.
SHOWN = 2000
#: The reason of a process that ended without an answer.
KILLED = "killed"
#: The reason of a program that spoke in the judge's place.
FORGED = "forged"
#: How what is said of a program that could not be loaded begins, by whoever loads it.
_BROKEN = ("syntax error: ", "exception: ", "missing entry point")
#: How long to wait for how a process ended.
END_SECONDS = 1.0


@dataclass(frozen=True)
class SuiteOutcome:
    """What one set of tests said. The last four as in models.shown.Judgement.

    `failed` holds the numbers of the inputs that failed, from 0: the first, or all if all were run.
    """

    status: Status
    cpu_seconds: float = 0.0
    failed: tuple[int, ...] = ()
    reason: str = ""
    failing_input: str | None = None
    expected: str | None = None
    got: str | None = None


def loading_problem(run: ProgramRun) -> SuiteOutcome | None:
    """Wait until the program is loaded; what went wrong, if it cannot be."""
    try:
        frame = run.next(LOAD_SECONDS)
    except Overtime:
        return SuiteOutcome(Status.TIMEOUT, reason="timeout")
    except BadFrames:
        return SuiteOutcome(Status.FAIL, reason=FORGED)
    if frame is None:
        run.await_end(END_SECONDS)
        status, why = why_ended(run)
        return SuiteOutcome(status, reason=why)
    if frame[:1] == frames.READY:
        return None
    return SuiteOutcome(Status.FAIL, reason=why_broken(frame))


def why_broken(frame: bytes) -> str:
    """The reason of a program that could not be loaded; no words that it put into the judge's mouth."""
    reason = first_line(said(frame))
    is_ours = frame[:1] == frames.BROKEN and reason.startswith(_BROKEN)
    return reason if is_ours else FORGED


def why_ended(run: ProgramRun) -> tuple[Status, str]:
    """What is said of a program that ended without an answer, once its end was waited for."""
    return (Status.FAIL, "memory") if run.out_of_memory else (Status.TIMEOUT, KILLED)


def value(frame: bytes, numbers: Iterable[list[Any]] = ()) -> Any:
    """The value of a frame; `numbers` are those of what is too large in it. Raises: WireError."""
    found = wire.decode(frame[1:])
    if isinstance(found, Large):
        return replace(found, numbers=numbers)
    if isinstance(found, Other) and isinstance(found.content, Large):
        return replace(found, content=replace(found.content, numbers=numbers))
    if isinstance(found, tuple) and found and isinstance(found[-1], Large):
        return (*found[:-1], replace(found[-1], numbers=numbers))
    return found


def numbers_of(data: bytes) -> list[Any]:
    """A part of the numbers of a large value. Raises: WireError."""
    found = wire.decode(data)
    if not isinstance(found, list):
        raise wire.WireError("no list of numbers")
    return found


def said(frame: bytes) -> str:
    """The text of a frame that holds one."""
    return frame[1:].decode("utf-8", "replace")[:SHOWN]


def first_line(text: str) -> str:
    """The first line of a text."""
    return text.partition("\n")[0]


def shown(value: Any) -> str:
    """A value for a person to read, shortened."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # an integer of more digits than Python writes
        return "<a number too long to write>"
    return shortened(text)


def shortened(text: str, most: int = SHOWN) -> str:
    """A text for a person to read, which says so where it is cut."""
    return text if len(text) <= most else text[: most - 4] + " ..."
