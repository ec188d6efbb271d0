"""The frames that a program's process and the supervisor exchange: a length, a tag, a body.

What comes from a program's process was possibly written by the candidate: it may say anything.
"""

import marshal
import os
import struct
from collections.abc import Iterator, Sequence
from typing import Any

LENGTH = struct.Struct(">I")

#: What is asked: call a function; call it without what EvalPlus takes away; run visible tests.
CALL, GUARDED, TEST = "call", "guarded", "test"
#: And of contests' programs (contest.py): run one as a whole; call a method of its Solution; call what
#: LiveCodeBench's own judge makes of it (wrapped.py).
SCRIPT, METHOD, WRAPPED = "script", "method", "wrapped"

#: Tags of what a program's process says.
CONFINED = b"C"  #: nothing was read or run yet, and nothing can do harm any more; no body
READY = b"R"  #: the program is loaded; no body
BROKEN = b"B"  #: it could not be loaded: the reason, as text
VALUE = b"V"  #: what a call returned: wire bytes
LIKE = b"W"  #: the same of a value whose type is no builtin one, but that can be read as one
NUMBERS = (
    b"D"  #: after a value too large to send, if asked for: wire bytes of a list of its numbers
)
REFUSED = b"L"  #: a call returned a value, but one too large or too deep to say anything of: the reason, as text
RAISED = b"E"  #: what a call raised: "TypeError: ..."
TESTED = b"T"  #: what a visible test gave: wire bytes of (TestOutcome, text)

VALUES = (VALUE, LIKE)
#: Characters of what is said of an exception.
_SHOWN = 300
#: Characters of what a visible test printed or raised.
MAX_TEXT = 6000

#: The kind of a visible test of which only a value is asked, and the bytes of one that is sent.
ASKED, MAX_ASKED = "asked", 1 << 16
#: Outcomes of a visible test. After GAVE follows a frame with the value that was asked for.
PRINTED, HELD, FAILED, THREW, GAVE = "printed", "held", "failed", "threw", "gave"


def send(fd: int, tag: bytes, body: bytes = b"") -> None:
    """Write one frame, all of it."""
    data = memoryview(LENGTH.pack(len(body) + 1) + tag + body)
    while data:
        data = data[os.write(fd, data) :]


def described(error: BaseException) -> bytes:
    """An exception's type and text, whatever its own `__str__` does."""
    try:
        text = str(error)
    except BaseException:
        text = ""
    name = type(error).__name__
    return encoded(f"{name}: {text}"[:_SHOWN] if text else name)


def encoded(text: str) -> bytes:
    """The body of a frame that holds a text."""
    return text.encode("utf-8", "replace")


def receive_request(fd: int) -> Any:
    """Read what the trusted side sends first: a length, and marshalled data."""
    (length,) = LENGTH.unpack(_read(fd, LENGTH.size))
    return marshal.loads(_read(fd, length))  # noqa: S302  # from the trusted side


def receive_inputs(fd: int) -> Iterator[tuple[list[Any], bool]]:
    """Read what `inputs` made: the arguments of each call, and whether near numbers would do."""
    (length,) = LENGTH.unpack(_read(fd, LENGTH.size))
    data = _read(fd, length)
    at = 0
    while at < length:
        (size,) = LENGTH.unpack_from(data, at)
        at += LENGTH.size + size
        yield marshal.loads(data[at - size : at])  # noqa: S302  # from the trusted side


def given(arguments: list[Any], near: bool) -> bytes:
    """One input, to be put into `inputs`."""
    body = marshal.dumps((arguments, near), 2)
    return LENGTH.pack(len(body)) + body


def inputs(parts: Sequence[bytes]) -> bytes:
    """The bytes that `receive_inputs` reads."""
    return LENGTH.pack(sum(map(len, parts))) + b"".join(parts)


def request(content: Any) -> bytes:
    """The bytes that `receive_request` reads; format 2, which every Python 3 has."""
    body = marshal.dumps(content, 2)
    return LENGTH.pack(len(body)) + body


def _read(fd: int, count: int) -> bytes:
    parts = []
    while count:
        part = os.read(fd, min(count, 1 << 20))
        if not part:
            raise EOFError("the supervisor is gone")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
