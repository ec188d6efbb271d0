"""What running the tests of a problem gave, as its process told it: read as nobody's word."""

from collections.abc import Iterator
from dataclasses import dataclass

from foureyes.judging import replies
from foureyes.judging.profiles import Profile
from foureyes.judging.sandbox.connection import BadFrames
from foureyes.judging.sandbox.inside import frames, unittests, wire
from foureyes.judging.sandbox.process import Overtime, ProgramRun
from foureyes.models.enums import Status

#: CPU seconds that loading a program may take, and the least that one of its tests may.
LOAD_SECONDS, TEST_SECONDS = 10.0, 5.0
#: Seconds that all tests of a program may take, if the reference does not take long.
TOTAL_SECONDS = 60.0
#: How long to wait for how a process ended.
_END_SECONDS = 1.0
#: Bytes of what a process tells of a test.
_MOST = 16 << 10


@dataclass(frozen=True)
class Told:
    """What is told of a test: one of the outcomes of inside/unittests.py, and why."""

    name: str
    outcome: str
    said: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class ToldAll:
    """Why a process tells no more; `status` is PASS if all tests were run."""

    status: Status
    reason: str = ""
    #: The name of a type of the program's own that its function returned.
    foreign: str = ""


@dataclass(frozen=True)
class Limits:
    """Seconds that each test may take, by its name, and all of them together."""

    each: dict[str, float]
    total: float

    @classmethod
    def of(cls, profile: Profile, taken: dict[str, float]) -> "Limits":
        """As the reference takes: `taken` are its seconds, by test.

        A function that sets up a figure takes long the first time, so no test has less than
        TEST_SECONDS.
        """
        each = {name: max(TEST_SECONDS, profile.limit(own)) for name, own in taken.items()}
        most = max(TOTAL_SECONDS, profile.factor * sum(taken.values()))
        return cls(each, min(most, sum(each.values())) + LOAD_SECONDS)


def loading(run: ProgramRun) -> ToldAll | None:
    """Wait until a program is loaded; what went wrong, if it cannot be."""
    frame, ended = following(run, LOAD_SECONDS)
    if ended is not None:
        return ended
    if frame == frames.READY:
        return None
    return ToldAll(Status.FAIL, replies.why_broken(frame)[:500])


def told(
    run: ProgramRun, limits: Limits, names: tuple[str, ...]
) -> Iterator[Told | ToldAll | bytes]:
    """What a process tells of its tests, and last why it tells no more.

    Bytes are a call that a test asks for.
    """
    left = list(names)
    while True:
        limit = limits.each.get(left[0], TEST_SECONDS) if left else TEST_SECONDS
        frame, ended = following(run, limit)
        if ended is not None:
            yield ended
            return
        tag, body = frame[:1], frame[1:]
        if tag == unittests.TESTED and (found := _test(body)) is not None:
            if found.name in left:
                left.remove(found.name)
            yield found
        elif tag == unittests.ASKED:
            yield body
        elif tag == unittests.ENDED:
            yield ToldAll(Status.PASS, foreign=body[:200].decode("utf-8", "replace"))
            return
        else:
            yield ToldAll(Status.FAIL, "forged")
            return


def following(run: ProgramRun, limit: float) -> tuple[bytes, ToldAll | None]:
    """The next frame, or why there is none."""
    try:
        frame = run.next(limit)
    except Overtime:
        return b"", ToldAll(Status.TIMEOUT, "timeout")
    except BadFrames:
        return b"", ToldAll(Status.FAIL, "forged")
    if frame is None:
        run.await_end(_END_SECONDS)
        memory = run.out_of_memory
        return b"", ToldAll(
            Status.FAIL if memory else Status.TIMEOUT, "memory" if memory else "killed"
        )
    return frame, None


def _test(body: bytes) -> Told | None:
    """What a frame tells of a test; None if it is no such frame."""
    if len(body) > _MOST:
        return None
    try:
        name, outcome, said, seconds = wire.decode(body)
    except (wire.WireError, TypeError, ValueError):
        return None
    if not (type(name) is type(outcome) is type(said) is str and type(seconds) is float):
        return None
    return Told(name, outcome, said, seconds)
