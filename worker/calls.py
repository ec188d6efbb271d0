"""The way of model calls through a worker: from messages to claims, to the engine, to results.

A thread for each call, two transactions and two log lines cost more of one processor than a GPU's
batch has time for. So a message becomes a `Call` in Celery's own thread; one thread claims all that
came meanwhile and hands them to the engine; another writes all that ended meanwhile, sends one message
for the attempts that go on, and acknowledges. What holds for one holds for many: rows before messages,
messages before acknowledgements. Whatever is told to Celery is told in its own thread: two that use one
connection to a broker cut it. What a batch leaves out, or fails of, is done one by one as other work is
(`worker/claims.py`).
"""

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from billiard.einfo import ExceptionInfo
from celery.exceptions import Reject
from celery.worker import state
from sqlalchemy import Row

from foureyes.models import batches, broker, caps, logs
from foureyes.models.session import is_passing, transaction
from foureyes.models.tables import Completion
from foureyes.worker import answers, claims
from foureyes.worker.engines import Answer
from foureyes.worker.process import Serving
from foureyes.worker.retrying import patiently

log = logging.getLogger(__name__)

#: Calls of one transaction.
_MOST = 100
#: Attempts that one message lets go on: several workers share what ended together.
_ATTEMPTS = 8
#: Of the mean time of a call, how much the latest counts.
_LATEST = 0.1
#: Between two looks whether all is done, when a worker is to end.
_LOOK_SECONDS = 0.05


class ModelCall:
    """A message in hand, and the completion that it names."""

    def __init__(self, request: Any, completion_id: int) -> None:
        self.request = request
        self.completion_id = completion_id
        self.began = time.monotonic()
        self.row: Row[Any] | None = None
        #: What came of it: columns of the completion, or what it failed of.
        self.result: dict[str, Any] = {}
        self.error: Exception | None = None
        #: Attempts that can go on.
        self.attempts: list[int] = []


class Calls:
    """All calls in hand of one worker process."""

    def __init__(self, serving: Serving, soon: Callable[[Callable[[], None]], object]) -> None:
        """`soon` has a function called by Celery's own thread."""
        self._serving = serving
        self._soon = soon
        self._asked: SimpleQueue[ModelCall] = SimpleQueue()
        self._answered: SimpleQueue[tuple[ModelCall, Future[Answer] | Exception]] = SimpleQueue()
        self._in_hand: set[ModelCall] = set()
        self._lock = threading.Lock()
        #: Mean seconds that the engine takes for a call.
        self._seconds = 0.0
        for part in (self._claim, self._finish):
            name = part.__name__.strip("_")
            threading.Thread(target=self._forever, args=(part,), name=name, daemon=True).start()

    def take(self, request: Any, completion_id: int) -> None:
        """Take a message in hand; returns at once."""
        call = ModelCall(request, completion_id)
        with self._lock:
            self._in_hand.add(call)
        self._asked.put(call)

    def wait(self) -> None:
        """Wait until nothing is in hand, or this process is to end at once."""
        while self._in_hand and state.should_terminate in (None, False):  # 0 is an exit code
            time.sleep(_LOOK_SECONDS)

    def _forever(self, part: Callable[[], None]) -> None:
        while True:
            try:
                part()
            except Exception as error:  # else its claims would be renewed, and nobody work on them
                log.critical("a batch of calls failed as a whole", exc_info=True)
                self._serving.end(f"model calls cannot be gone on with: {error!r}")

    def _together(self, queue: "SimpleQueue[Any]") -> list[Any]:
        """What is in a queue, and what comes in the time that a call may wait for others."""
        found = [queue.get()]
        if (pause := self._serving.pause(self._seconds)) > 0:
            time.sleep(pause)
        while len(found) < _MOST:
            try:
                found.append(queue.get_nowait())
            except Empty:
                break
        return found

    def _claim(self) -> None:
        """Claim what was asked, and hand it to the engine."""
        calls: list[ModelCall] = self._together(self._asked)
        first = {call.completion_id: call for call in reversed(calls)}
        try:
            tasks = {row_id: call.request.id for row_id, call in first.items()}
            rows = patiently(partial(self._claim_all, tasks))
        except Exception as error:
            self._settle(calls, error)
            return
        self._serving.holder.keep(Completion, rows)
        mine: list[ModelCall] = []
        others: list[ModelCall] = []
        for call in calls:
            call.row = rows.get(call.completion_id) if first[call.completion_id] is call else None
            (others if call.row is None else mine).append(call)
        self._ask(mine)
        for call in others:
            self._claim_one(call)

    def _claim_all(self, tasks: dict[int, str]) -> dict[int, Row[Any]]:
        with transaction() as db:
            return batches.claim(db, tasks, self._serving.holder.name, tasks)

    def _claim_one(self, call: ModelCall) -> None:
        """Claim what the batch left out: it is done, taken, not wanted, or somebody just asks for it."""
        holder = self._serving.holder
        try:
            call.row = claims.take(holder, Completion, call.completion_id, task_id=call.request.id)
            if call.row is None:
                call.attempts = claims.waiting(Completion, call.completion_id)
        except Exception as error:
            self._settle([call], error)
            return
        if call.row is None:
            self._settle([call])
        else:
            holder.keep(Completion, [call.completion_id])
            self._ask([call])

    def _ask(self, calls: Sequence[ModelCall]) -> None:
        self._tell(partial(_tell_begun, calls))
        for call in calls:
            assert call.row is not None
            try:
                self._serving.begin(call.row).add_done_callback(partial(self._note, call))
            except Exception as error:
                self._answered.put((call, error))

    def _note(self, call: ModelCall, asked: "Future[Answer]") -> None:
        self._answered.put((call, asked))

    def _finish(self) -> None:
        """Write what was answered, and let every attempt go on that waits for it."""
        ended: list[ModelCall] = []
        for call, asked in self._together(self._answered):
            try:
                if isinstance(asked, Exception):
                    raise asked
                answer = asked.result()
                self._seconds += _LATEST * (answer.seconds - self._seconds)
                call.result = answers.columns(answer)
            except Exception as error:
                call.error = error
            ended.append(call)
        made = [call for call in ended if call.error is None]
        left = self._store_all(made) if made else []
        for call in left:
            self._store_one(call)
        for call in ended:
            if call.error is not None:
                self._fail(call)
        self._serving.holder.drop(Completion, [call.completion_id for call in ended])
        self._settle([call for call in ended if call.error is None])
        for call in ended:
            if call.error is not None:
                self._settle([call], call.error)

    def _store_all(self, calls: Sequence[ModelCall]) -> list[ModelCall]:
        """Write results in one transaction; the calls of which that was not done."""
        results = {call.completion_id: call.result for call in calls}
        try:
            waiting = patiently(partial(self._write, results))
        except Exception as error:
            if not is_passing(error):  # one of them cannot be stored
                return [*calls]
            for call in calls:
                call.error = error
            return []
        for call in calls:
            call.attempts = waiting.get(call.completion_id, [])
        return [call for call in calls if call.completion_id not in waiting]

    def _write(self, results: dict[int, dict[str, Any]]) -> dict[int, list[int]]:
        with transaction() as db:
            done = batches.finish(db, results, self._serving.holder.name)
            caps.have_ended(db, done)
            # who asks from here on waits for our commit, and finds the rows done
            return batches.waiting_attempts(db, done)

    def _store_one(self, call: ModelCall) -> None:
        try:
            call.attempts = claims.store(
                self._serving.holder, Completion, call.completion_id, call.result
            )
        except Exception as error:
            call.error = error

    def _fail(self, call: ModelCall) -> None:
        """Write what a call failed of; the attempts that end of it go on, too."""
        assert call.row is not None and call.error is not None
        if is_passing(call.error):  # the message comes again
            return
        try:
            if not call.result:
                self._serving.end_if_useless(call.error)
            claims.note_failure(
                self._serving.holder, Completion, call.row, call.error, bool(call.result)
            )
            call.attempts = claims.waiting(Completion, call.completion_id)
        except Exception as error:
            call.error = error

    def _settle(self, calls: Sequence[ModelCall], error: Exception | None = None) -> None:
        """Let attempts go on, and then be done with the messages."""
        try:
            _go_on(calls)
        except Exception as lost:
            error = lost
        with self._lock:
            self._in_hand.difference_update(calls)
        self._tell(partial(_tell_ended, calls, error))

    def _tell(self, told: Callable[[], None]) -> None:
        try:
            self._soon(told)
        except Exception:  # Celery has ended, and the messages come again
            log.warning("the broker could not be told of calls", exc_info=True)


def _go_on(calls: Iterable[ModelCall]) -> None:
    """Send the attempts on that waited for calls: some at a time, each once."""
    after: dict[int, Any] = {}
    for call in calls:
        for attempt in call.attempts:
            after.setdefault(attempt, call.request)
    waiting = deque(sorted(after))
    while waiting:
        some = [waiting.popleft() for _ in range(min(_ATTEMPTS, len(waiting)))]
        shown = ", ".join(f"attempt {each}" for each in some)
        # names the sweeps, for Flower's filter
        told = "; ".join(dict.fromkeys(after[each].argsrepr or "" for each in some))
        first = after[some[0]]
        broker.send(
            broker.START, broker.START, *some, shown=f"{shown} after {told}",
            asked_by=broker.AskedBy(first.id, first.root_id or first.id),
        )  # fmt: skip


def _tell_begun(calls: Sequence[ModelCall]) -> None:
    now = time.monotonic()
    for call in calls:
        call.request.on_accepted(os.getpid(), now)


def _tell_ended(calls: Sequence[ModelCall], error: Exception | None) -> None:
    for call in calls:
        _tell(call, error)
    logs.about()


def _tell(call: ModelCall, error: Exception | None) -> None:
    """Tell Celery, and with it Flower and the broker, how a message's work has ended."""
    request, seconds = call.request, time.monotonic() - call.began
    logs.about(task=request.name, task_id=request.id, completion=call.completion_id)
    try:
        if error is None:
            log.info("Task %s[%s] succeeded in %.3f s", request.name, request.id, seconds)
            request.on_success((0, None, seconds))
            return
        back = is_passing(error) or isinstance(error, broker.BrokerLost)
        if back:
            log.warning("Task %s[%s] goes back to its queue: %s", request.name, request.id, error)
        else:
            log.error("Task %s[%s] failed", request.name, request.id, exc_info=error)
        try:
            raise Reject(error, requeue=True) if back else error
        except Exception as raised:
            told = ExceptionInfo()
            told.exception = (
                raised  # as Flower shows it; it stands wrapped there, for other processes
            )
        request.on_success((1, told, seconds))
    except Exception:  # the connection is gone: the message comes again
        log.warning("Task %s[%s] could not be told of", request.name, request.id, exc_info=True)
