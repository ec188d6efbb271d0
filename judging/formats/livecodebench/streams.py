"""Programs that are run as a whole: a fresh process for each test, with real standard input and output.

Both are files in memory that the judge opened. What a program wrote is read when its process is gone:
nothing else that it says or does in there counts, but the status with which it ended.
"""

import contextlib
import os
from collections.abc import Iterator

from foureyes.judging import replies
from foureyes.judging.formats.livecodebench import comparison
from foureyes.judging.formats.livecodebench.ends import WRONG_ANSWER, End, cut, raised
from foureyes.judging.sandbox.connection import BadFrames
from foureyes.judging.sandbox.inside import frames
from foureyes.judging.sandbox.process import Overtime, ProgramRun
from foureyes.judging.sandbox.sandbox import Sandbox
from foureyes.models.enums import Status

#: Bytes of output that are read beyond four times those of the expected one: numbers may be written
#: with more digits, and lines with more space around them.
_MOST = 1 << 20
#: How long to wait for how a process ended, which a busy machine may take a while to say.
_END_SECONDS = 10.0


def run(sandbox: Sandbox, code: str, given: str, expected: str, limit: float) -> tuple[End, float]:
    """Run a program on one standard input, for `limit` seconds; how it ended, and its CPU seconds.

    Raises: InfrastructureError.
    """
    most = _MOST + 4 * len(expected)
    end, written, cpu_seconds = output(sandbox, code, given, most, limit)
    if not end.reason and not comparison.same_text(expected, written):
        end = End(Status.FAIL, WRONG_ANSWER)
    got = end.got or cut(written)
    return End(end.status, end.reason, got if end.reason else None), cpu_seconds


def output(
    sandbox: Sandbox, code: str, given: str, most: int, limit: float
) -> tuple[End, str, float]:
    """Run it on one input; how it ended, at most so many bytes of what it wrote, and its CPU seconds.

    Raises: InfrastructureError.
    """
    with _file(given.encode()) as stdin, _file() as stdout:
        request = frames.request((frames.SCRIPT, code, ""))
        with sandbox.run(request, int(limit) + 2, (stdin, stdout)) as process:
            process.allow(limit)
            end = _end(process, limit)
        assert process.ended is not None
        size = os.fstat(stdout).st_size
        written = os.pread(stdout, min(size, most), 0).decode("utf-8", "replace")
    if size > most:
        end = End(Status.FAIL, "output too large")
    return end, written, process.ended.cpu_seconds


def _end(run: ProgramRun, limit: float) -> End:
    """Wait until the program has ended; whether that was as a program should end.

    A status other than 0 is a failure, whatever was written before.
    """
    said = b""
    try:
        frame = run.next(limit)
        if frame is not None:
            if frame[:1] not in (frames.RAISED, frames.BROKEN) or run.next(limit) is not None:
                return End(Status.FAIL, "forged")
            said = frame
    except Overtime:
        return End(Status.TIMEOUT, "timeout")
    except BadFrames:
        return End(Status.FAIL, "forged")
    ended = run.await_end(_END_SECONDS)
    if run.out_of_memory:
        return End(Status.FAIL, "memory")
    if ended is None:  # it has closed what it could be heard by, and goes on
        return End(Status.TIMEOUT, "timeout")
    if ended.signal:
        return End(Status.TIMEOUT, replies.KILLED)
    if said:
        return End(Status.FAIL, raised(said), replies.said(said))
    if ended.status:
        return End(Status.FAIL, f"exit status {ended.status}")
    return End(Status.PASS)


@contextlib.contextmanager
def _file(content: bytes = b"") -> Iterator[int]:
    """A file in memory, at its beginning; the descriptor."""
    fd = os.memfd_create("stream")
    try:
        left = memoryview(content)
        while left:
            left = left[os.write(fd, left) :]
        os.lseek(fd, 0, os.SEEK_SET)
        yield fd
    finally:
        os.close(fd)
