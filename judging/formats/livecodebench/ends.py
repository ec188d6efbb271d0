"""What became of a program by one test."""

from dataclasses import dataclass

from foureyes.judging import replies
from foureyes.judging.sandbox.inside import frames
from foureyes.models.enums import Status

#: The reason of a program that ended as it should and gave something else.
WRONG_ANSWER = "wrong answer"


@dataclass(frozen=True)
class End:
    """`reason` is empty if the program passed; `got` is what it gave, as a person reads it."""

    status: Status
    reason: str = ""
    got: str | None = None


def raised(frame: bytes) -> str:
    """The reason of a program that says what it raised, or why it cannot be run; a line."""
    if frame[:1] == frames.BROKEN:
        return replies.why_broken(frame)
    text = replies.said(frame)
    return "memory" if text.startswith("MemoryError") else replies.first_line(f"exception: {text}")


def cut(text: str) -> str:
    """A text for a person to read, shortened."""
    return replies.shortened(text)
