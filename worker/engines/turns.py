"""A model that shares its GPUs in turns: it sleeps until it is its turn, and its calls wait meanwhile.

For models that do not fit on a card together. A turn ends when nothing is left to do here and something
waits for another model; or, where both have work, once it has been many times as long as a switch
takes: a turn of T while as much waits there as is at work here, shorter or longer by the ratio of both.
Of two models one's ratio is the other's inverse, so that two turns take at least 2 T together, and
switching its stated share of them. No more calls are handed on then, those at work end, the engine
sleeps, and the next in line wakes up (worker/engines/line.py).
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from foureyes.models.llm import VLLM
from foureyes.worker.engines import cards
from foureyes.worker.engines.base import Answer, Concurrent, EngineDied, Request
from foureyes.worker.engines.line import Line

log = logging.getLogger(__name__)

#: Of the time, what switching may take where both have work without end.
_SHARE = 0.05
#: A turn is at most so many times T, however little waits for another, and so many seconds: a broker
#: waits two hours for what was taken from it.
_MOST, _MOST_SECONDS = 4.0, 1200.0
#: Seconds that a switch is taken to need until one was seen.
_SWITCH_SECONDS = 5.0
#: Seconds that a turn goes on without a call: what has ended here is often followed by more.
_IDLE_SECONDS = 1.0
#: Between two looks at what waits for others.
_LOOK_SECONDS = 0.1
#: Seconds that a switch under way is waited for when the worker ends.
_END_SECONDS = 5.0


class Sleeper(Concurrent, Protocol):
    """An engine that can let go of its cards for a while."""

    def sleep(self, asleep: bool) -> None:
        """Have it sleep, or wake up, while it has no calls. Raises: EngineDied if it does not."""
        ...

    @property
    def died(self) -> str | None:
        """Why nothing can be asked of it any more; None if it can."""
        ...


@dataclass
class Tally:
    """What turns brought and what they cost; times are in seconds.

    `awake` is from waking up to the end of a turn, `ending` until its last calls have ended, and
    `switching` is falling asleep and waking up. A model that was not called often is awake for long.
    """

    turns: int = 0
    calls: int = 0
    awake: float = 0.0
    ending: float = 0.0
    switching: float = 0.0

    @property
    def turn(self) -> float:
        """Seconds of a turn, T, that a switch is worth."""
        mean = (self.ending + self.switching) / self.turns if self.turns else _SWITCH_SECONDS
        return mean * (1 - _SHARE) / _SHARE

    def __str__(self) -> str:
        whole = self.awake + self.ending + self.switching
        share = self.switching / whole if whole else 0.0
        return (
            f"turns: {self.turns}, calls in them: {self.calls}, {whole:.0f} s; of these, falling asleep "
            f"and waking up took {self.switching:.1f} s ({share:.1%}), last calls {self.ending:.1f} s"
        )


class _Closed(Exception):
    """This process ends; nothing went wrong."""


class TakingTurns:
    """An engine that answers when it is its turn. Calls may come from any number of threads."""

    def __init__(self, model: VLLM, load: Callable[[Sequence[int]], Sleeper]) -> None:
        """`load` loads the model; its processes hold the files that it is given."""
        self._name = model.name
        self._line = Line(cards.visible(model.gpus))
        #: Guards all below, and is told when there is less or more to do.
        self._changed = threading.Condition()
        self._waiting: list[tuple[Future[Answer], Request]] = []
        self._is_open = True
        self._at_work = 0
        #: When its turn began, and calls since; when the last of them had ended.
        self._began = self._idle_since = time.monotonic()
        self._calls = 0
        self._tally = Tally()
        self._dead: str | None = None
        self._closing = False
        try:
            self._engine = self._loaded(model, load)
        except BaseException:
            self._line.close()
            raise
        self._began = self._idle_since = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="turns", daemon=True)
        self._thread.start()

    def _loaded(self, model: VLLM, load: Callable[[Sequence[int]], Sleeper]) -> Sleeper:
        """Load the model in a turn: it counts as much as a full batch that waits."""
        self._line.want(model.in_flight)
        if not self._line.take():
            log.info("model %s: another has its turn; this one loads after it", self._name)
            while not self._line.take():
                time.sleep(_LOOK_SECONDS)
        return load(self._line.held)

    def complete(self, request: Request) -> Answer:
        """Answer in the shape of the model's own chat template."""
        return self.begin(request).result()

    def begin(self, request: Request) -> "Future[Answer]":
        """The same, without waiting for it."""
        asked: Future[Answer] = Future()
        with self._changed:
            if self._dead is not None:
                raise EngineDied(self._dead)
            if self._is_open:
                self._hand_on(asked, request)
            else:
                self._waiting.append((asked, request))
                self._changed.notify()
        return asked

    def close(self) -> None:
        """End the engine's processes, and the turn with them."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(_END_SECONDS)
        if self._is_open:
            self._count(time.monotonic())
        self._die("vllm: the engine was closed")
        self._engine.close()
        self._line.close()
        log.info("model %s: %s", self._name, self._tally)

    def _run(self) -> None:
        try:
            with suppress(_Closed):
                while True:
                    self._spend_turn()
                    self._end_turn()
                    self._await_turn()
                    self._wake_up()
        except EngineDied as error:
            self._die(str(error))
        except Exception as error:  # else its calls would wait for ever
            log.critical("model %s: turns cannot be taken", self._name, exc_info=True)
            self._die(f"vllm: turns cannot be taken: {error!r}")

    def _pause(self) -> None:
        """Wait for a change, or a moment, with the lock held."""
        self._changed.wait(_LOOK_SECONDS)
        if self._closing:
            raise _Closed
        if self._engine.died is not None:
            raise EngineDied(self._engine.died)

    def _spend_turn(self) -> None:
        """Let calls through until others are more in want of the cards."""
        while True:
            with self._changed:
                self._pause()
                here, idle_since = self._at_work, self._idle_since
            there = self._line.most_waiting()
            now = time.monotonic()
            if not there or (not here and now - idle_since < _IDLE_SECONDS):
                continue
            turn = self._tally.turn * min(_MOST, here / there)
            if now - self._began >= min(turn, _MOST_SECONDS):
                return

    def _end_turn(self) -> None:
        """Let what is at work end, and the engine sleep."""
        ended = time.monotonic()
        with self._changed:
            self._is_open = False
            while self._at_work:
                self._pause()
        finished = time.monotonic()
        self._engine.sleep(True)
        self._line.give_on()
        asleep = time.monotonic()
        self._count(ended)
        self._tally.ending += finished - ended
        self._tally.switching += asleep - finished
        log.info(
            "model %s: asleep after %.1f s, its last calls took %.1f s; calls in a turn of %.1f s: %d",
            self._name, asleep - finished, finished - ended, finished - self._began, self._calls,
        )  # fmt: skip

    def _count(self, ended: float) -> None:
        self._tally.turns += 1
        self._tally.calls += self._calls
        self._tally.awake += ended - self._began

    def _await_turn(self) -> None:
        """Wait until there are calls, and it is their turn."""
        with self._changed:
            while True:
                self._line.want(len(self._waiting))
                if self._waiting and self._line.take():
                    return
                self._pause()

    def _wake_up(self) -> None:
        """Let the engine wake up, and hand on what has waited for it."""
        began = time.monotonic()
        self._engine.sleep(False)
        with self._changed:
            self._began = self._idle_since = time.monotonic()
            self._calls = 0
            waited = len(self._waiting)
            self._is_open = True
            while self._waiting:
                self._hand_on(*self._waiting[0])
                del self._waiting[0]  # one that is not handed on fails with the others
        self._tally.switching += self._began - began
        log.info(
            "model %s: awake after %.1f s; calls that waited for its turn: %d",
            self._name, self._began - began, waited,
        )  # fmt: skip

    def _hand_on(self, asked: "Future[Answer]", request: Request) -> None:
        """Ask the engine, with the lock held. Raises: EngineDied if it can be asked nothing."""
        given = self._engine.begin(request)
        self._at_work += 1
        self._calls += 1
        given.add_done_callback(partial(self._hand_out, asked))

    def _hand_out(self, asked: "Future[Answer]", given: "Future[Answer]") -> None:
        with self._changed:
            self._at_work -= 1
            if not self._at_work:
                self._idle_since = time.monotonic()
                self._changed.notify()
        error = given.exception()
        if error is None:
            asked.set_result(given.result())
        else:
            asked.set_exception(error)

    def _die(self, said: str) -> None:
        """Nothing is answered any more: what waits fails of it."""
        with self._changed:
            self._dead = self._dead or said
            left, self._waiting = self._waiting, []
        for asked, _ in left:
            asked.set_exception(EngineDied(said))
