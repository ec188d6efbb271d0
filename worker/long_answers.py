"""Attempts whose answers are long go on in a process of the lowest priority, and hold up no others.

To read half a megabyte takes some seconds, and in one process every thread would wait for it. Nothing
is kept of what waits here but its number: should this process end, the reaper comes back to all of it.
`python -m foureyes.worker.long_answers` is that process; its input are attempts, a line each, and it answers each
when it has gone on.
"""

import logging
import os
import queue
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from foureyes.judging.sandbox.inside.kernel import die_with
from foureyes.models import children, logs
from foureyes.models import session as database
from foureyes.models.errors import FoureyesError
from foureyes.models.settings import settings
from foureyes.worker.attempt.advance import advance_patiently
from foureyes.worker.attempt.tries import TooLong

log = logging.getLogger(__name__)

#: Seconds that reading an answer could take for its attempt to go on at once: a program of a thousand
#: lines, or ten thousand characters.
_LONGEST = 0.25
#: Of the machine's cores, those that may read long answers at a time; at least one does.
_SHARE = 4
_LOWEST_PRIORITY = 19
#: Where Linux has a session's processes share time as one (autogroup), this session's priority: with
#: its processes' own alone, one of them would get as much as a whole worker.
_OF_SESSION = Path("/proc/self/autogroup")

_waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
_known: set[int] = set()
_readers: list["_Reader"] = []
_lock = threading.Lock()


def let_go_on(attempt_id: int) -> None:
    """Let an attempt go on: at once, or, if its answers are long, some time later elsewhere."""
    with _lock:
        if attempt_id in _known:  # whoever takes it sees all that is there then
            return
    try:
        for message in advance_patiently(attempt_id, _LONGEST):
            message.send()
    except TooLong:
        _hand_over(attempt_id)


def _hand_over(attempt_id: int) -> None:
    with _lock:
        if attempt_id not in _known:
            _known.add(attempt_id)
            _waiting.put(attempt_id)
        if len(_readers) < max(1, (os.cpu_count() or 1) // _SHARE):
            _readers.append(_Reader())


def stop() -> None:
    """End the processes; what they were at, and what waits for them, the reaper finds."""
    with _lock:
        while _readers:
            _readers.pop().stop()


class _Reader:
    """A thread that waits for its process, one attempt after the other."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._stopping = False
        threading.Thread(target=self._run, name="long answers", daemon=True).start()

    def stop(self) -> None:
        self._stopping = True
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _run(self) -> None:
        while not self._stopping:
            attempt_id = _waiting.get()
            if self._stopping:
                _waiting.put(attempt_id)  # it is for who comes after
                return
            with _lock:
                _known.discard(attempt_id)
            if not self._tell(attempt_id) and not self._stopping:
                log.warning(
                    "no process has read attempt %d to its end; it is read again", attempt_id
                )

    def _tell(self, attempt_id: int) -> bool:
        """Whether the process answered that the attempt has gone on."""
        try:
            if self._process is None or self._process.poll() is not None:
                self._process = _start()
            given, answers = self._process.stdin, self._process.stdout
            assert given is not None and answers is not None
            given.write(f"{attempt_id}\n")
            given.flush()
            return bool(answers.readline())
        except OSError:  # it has ended, or could not be started
            return False


def _start() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*children.PYTHON, "foureyes.worker.long_answers"],
        env=children.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C ends the worker, and that ends it
    )


def main() -> None:
    """Let attempts go on until the input ends."""
    os.nice(_LOWEST_PRIORITY)
    with suppress(OSError):  # no such file
        _OF_SESSION.write_text(str(_LOWEST_PRIORITY))
    die_with(os.getppid(), signal.SIGKILL)
    logs.configure(settings().log)
    database.reserve(1)
    for line in sys.stdin:
        with logs.within(attempts=[int(line)]):
            _go_on(int(line))
        print("done", flush=True)


def _go_on(attempt_id: int) -> None:
    try:
        for message in advance_patiently(attempt_id):
            message.send()
    except Exception as error:  # the reaper comes back to it
        known = isinstance(error, FoureyesError)
        log.warning("attempt %d could not go on: %s", attempt_id, error, exc_info=not known)


if __name__ == "__main__":
    main()
