"""vLLM, below this process: its front end in a feeder or several, its engine below them.

The worker keeps Celery, the database and nothing of vLLM: what stands between is a socket for each
feeder, on which requests go out and answers come back (worker/engines/feeder.py has the other end).
"""

import itertools
import json
import select
import socket
import subprocess
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any

from foureyes.models import children
from foureyes.models.errors import FoureyesError, InfrastructureError, RequestRefused
from foureyes.models.llm import VLLM
from foureyes.worker.engines import cards
from foureyes.worker.engines.base import Answer, EngineDied, Request
from foureyes.worker.engines.feeder import line
from foureyes.worker.engines.guard import Guard
from foureyes.worker.engines.turns import TakingTurns

#: Seconds beyond a call's own time after which a feeder that says nothing of it is taken for dead.
_GRACE = 60.0
#: Seconds that an engine may take to fall asleep or to wake up.
_SWITCH_SECONDS = 600.0
#: Seconds between two looks whether one is.
_LOOK_SECONDS = 5.0
#: Seconds that the engine gets to end by itself.
_END_SECONDS = 30.0
_BYTES = 1 << 18
_ERRORS = {kind.__name__: kind for kind in (EngineDied, InfrastructureError, RequestRefused)}


class VLLMEngine:
    """A loaded model. Calls may come from any number of threads."""

    def __init__(self, model: VLLM, held: Sequence[int] = ()) -> None:
        """`held`: files that its processes are to hold, and so their locks, as long as there are any."""
        self._model = model
        self._guard = Guard(held)
        pairs = [socket.socketpair() for _ in range(model.feeders)]
        self._process = _start([theirs.fileno() for _, theirs in pairs], held)
        self._guard.note(self._process.pid)
        for _, theirs in pairs:
            theirs.close()
        self._feeders = [_Feeder(ours, self._process, model.timeout) for ours, _ in pairs]
        try:
            self._load()
        except BaseException as error:
            self._end(_END_SECONDS if isinstance(error, Exception) else 0.0)
            raise

    def _load(self) -> None:
        """Wait until the feeders have loaded the model. It may take minutes."""
        self._feeders[0].send(self._model.model_dump(mode="json"))
        for feeder in self._feeders:
            told = feeder.loaded()
            if "missing" in told:
                raise ModuleNotFoundError(name=told["missing"])
            if "ready" not in told:
                said = told.get("failed") or (
                    f"vLLM cannot load {self._model.model}: its process ended with status "
                    f"{self._process.wait()} (the log above has the cause)"
                )
                raise FoureyesError(said)
        for feeder in self._feeders:
            feeder.listen()

    def complete(self, request: Request) -> Answer:
        """Answer in the shape of the model's own chat template."""
        return self.begin(request).result()

    def begin(self, request: Request) -> "Future[Answer]":
        """The same, without waiting for it."""
        return min(self._feeders, key=_Feeder.calls).begin(request)

    def sleep(self, asleep: bool) -> None:
        """Have the engine sleep, or wake up, while it has no calls.

        Raises: EngineDied if it does not; what it can do after that is not known.
        """
        try:
            self._feeders[0].ask({"asleep": asleep}, _SWITCH_SECONDS).result()
        except InfrastructureError as error:
            told = str(error)
            if not asleep and (short := cards.shortage(self._model.memory_share, self._model.gpus)):
                told = f"{told}. {short}"
            raise EngineDied(told) from error

    @property
    def died(self) -> str | None:
        """Why nothing can be asked any more; None if it can."""
        return next((feeder.dead for feeder in self._feeders if feeder.dead), None)

    def close(self) -> None:
        """End the engine's processes."""
        self._end(_END_SECONDS)

    def _end(self, seconds: float) -> None:
        for feeder in self._feeders:
            feeder.dismiss()
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:  # it does not listen
            self._process.kill()
        self._guard.close()
        self._process.wait()


class _Feeder:
    """A feeder, seen from the worker: its socket, and the calls that it has."""

    def __init__(
        self, ours: socket.socket, process: "subprocess.Popen[bytes]", timeout: float
    ) -> None:
        """`process` is the feeder's, or that of all of them; `timeout`: seconds of a call."""
        self._socket = ours
        self._process = process
        self._timeout = timeout
        self._numbers = itertools.count()
        #: What was asked, and when each is overdue.
        self._asked: dict[int, tuple[Future[Any], float]] = {}
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        #: Why nothing can be asked any more.
        self.dead: str | None = None

    def calls(self) -> int:
        """How many calls it has; none can be given to one that is dead, and all are to know."""
        return -1 if self.dead else len(self._asked)

    def loaded(self) -> dict[str, Any]:
        """Wait for what came of loading the model; nothing if the feeder has ended."""
        with self._socket.makefile("rb", buffering=0) as file:  # reads not a byte too much
            told: dict[str, Any] = json.loads(file.readline() or "{}")
        return told

    def listen(self) -> None:
        """Hand out answers from here on."""
        threading.Thread(target=self._read, name="vllm", daemon=True).start()

    def begin(self, request: Request) -> "Future[Answer]":
        """Ask for an answer."""
        return self.ask({"key": request.key, "request": request.to_json()}, self._timeout)

    def ask(self, message: dict[str, Any], seconds: float) -> "Future[Any]":
        """Ask for something that the feeder does within some seconds."""
        asked: Future[Any] = Future()
        number = next(self._numbers)
        with self._lock:
            if self.dead is not None:
                raise EngineDied(self.dead)
            self._asked[number] = asked, time.monotonic() + seconds + _GRACE
        try:
            self.send({"number": number} | message)
        except OSError:
            self._die(self._ended())
        return asked

    def send(self, message: dict[str, Any]) -> None:
        """Raises: OSError if the feeder has ended."""
        told = line(message)
        with self._sending:
            self._socket.sendall(told)

    def dismiss(self) -> None:
        """Say that nothing more is asked, which ends it."""
        with self._lock:
            self.dead = self.dead or "vllm: the engine was closed"
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:  # it is gone
            return

    def _read(self) -> None:
        """Hand out what it says, until it says no more."""
        rest: list[bytes] = []
        look = select.poll()
        look.register(self._socket, select.POLLIN)
        while True:
            if not look.poll(_LOOK_SECONDS * 1000):
                if self._is_overdue():
                    self._die("vllm: the front end's process does not answer")
                    return
                continue
            try:
                came = self._socket.recv(_BYTES)
            except OSError:
                came = b""
            if not came:
                self._die(self._ended())
                return
            if b"\n" not in came:
                rest.append(came)
                continue
            *lines, after = b"".join((*rest, came)).split(b"\n")
            rest = [after]
            for told in map(json.loads, lines):
                self._hand_out(told)

    def _hand_out(self, told: dict[str, Any]) -> None:
        with self._lock:
            asked, _ = self._asked.pop(told["number"])
        if "answer" in told:
            asked.set_result(Answer(**told["answer"]))
        elif "done" in told:
            asked.set_result(None)
        else:
            kind = _ERRORS.get(told["error"])
            said = told["said"] if kind else f"vllm: {told['error']}: {told['said']}"
            asked.set_exception((kind or InfrastructureError)(said))

    def _is_overdue(self) -> bool:
        with self._lock:
            return any(due < time.monotonic() for _, due in self._asked.values())

    def _ended(self) -> str:
        try:
            how = f"status {self._process.wait(_LOOK_SECONDS)}"
        except subprocess.TimeoutExpired:
            how = "status unknown"
        return f"vllm: the front end's process {self._process.pid} has ended ({how})"

    def _die(self, said: str) -> None:
        """Nothing is answered any more: whatever was asked fails of it."""
        with self._lock:
            self.dead = self.dead or said
            left, self._asked = self._asked, {}
        for asked, _ in left.values():
            asked.set_exception(EngineDied(said))


def _start(sockets: Sequence[int], held: Sequence[int]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [*children.PYTHON, "foureyes.worker.engines.feeder", *map(str, sockets)],
        env=children.environment(),
        stdin=subprocess.DEVNULL,
        pass_fds=[*sockets, *held],
        start_new_session=True,  # a terminal's Ctrl-C is the worker's, which lets its calls end first
    )


def load(model: VLLM) -> VLLMEngine | TakingTurns:
    """Load a model onto the GPUs, if they are not its own when it is its turn there.

    Raises: FoureyesError if vLLM cannot load it; ModuleNotFoundError without vLLM.
    """
    if model.share == "sleep":
        return TakingTurns(model, partial(VLLMEngine, model))
    return VLLMEngine(model)
