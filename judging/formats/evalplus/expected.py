"""What the reference program returns, and how long it takes; or why it fails.

Kept in the encoding of inside/wire.py.
"""

from dataclasses import dataclass
from typing import Any

from foureyes.judging.kept import Kept
from foureyes.judging.sandbox.inside import wire

_LARGEST = 1 << 30


@dataclass(frozen=True)
class ReferenceAnswer:
    """The reference's answer to one input: its frame (see inside/frames.py), its CPU seconds.

    `numbers`: the frames of numbers that followed, without their tags and compressed by zlib.
    """

    frame: bytes
    seconds: float
    numbers: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Expected:
    """The reference's answers to the base inputs and to the plus inputs."""

    base: tuple[ReferenceAnswer, ...]
    plus: tuple[ReferenceAnswer, ...]


@dataclass(frozen=True)
class Failure:
    """Why there are no answers to compare with: the reference itself fails."""

    reason: str


def _encoded(found: Expected | Failure) -> bytes:
    if isinstance(found, Failure):
        return wire.encode((found.reason, [], []), _LARGEST)
    pairs = [
        [(answer.frame, answer.seconds, answer.numbers) for answer in answers]
        for answers in (found.base, found.plus)
    ]
    return wire.encode(("", *pairs), _LARGEST)


def _decoded(data: bytes) -> Expected | Failure:
    reason, base, plus = wire.decode(data)
    return Failure(reason) if reason else Expected(_answers(base), _answers(plus))


def _answers(pairs: list[Any]) -> tuple[ReferenceAnswer, ...]:
    return tuple(
        ReferenceAnswer(bytes(frame), float(seconds), tuple(map(bytes, numbers)))
        for frame, seconds, numbers in pairs
    )


#: By the version of a problem.
STORE = Kept("8", _encoded, _decoded)
