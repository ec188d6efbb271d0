"""What this worker process holds for its lifetime: a model's engine, or judges with their sandboxes.

Opened when the Celery worker starts, never at import: a model loads for seconds or minutes, and
llama.cpp and vLLM must start after any fork.
"""

import itertools
import logging
import os
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn

from cachetools import LRUCache, cachedmethod
from sqlalchemy import Row
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import select

from foureyes.judging.formats.problem import Problem
from foureyes.judging.formats.records import parse_record
from foureyes.models import lifecycle, llm, trouble
from foureyes.models.digest import digest
from foureyes.models.errors import FoureyesError, InfrastructureError, RequestRefused
from foureyes.models.later import Later
from foureyes.models.session import session, transaction
from foureyes.models.settings import settings
from foureyes.models.tables import Completion, Execution, LanguageModel
from foureyes.models.tables import Problem as ProblemRow
from foureyes.worker.claims import Holder
from foureyes.worker.engines import Answer, Concurrent, Engine, EngineDied, Request, load
from foureyes.worker.retrying import patiently

if TYPE_CHECKING:
    from foureyes.judging import judge as judging
    from foureyes.judging.judge import Judge
else:  # numpy and all: only who judges needs it
    judging = Later("foureyes.judging.judge")

log = logging.getLogger(__name__)

#: Of the time that a call takes, what it may wait for others: with an engine that has a quarter more
#: calls than it computes, and with others. Seconds of the longest such wait.
_PAUSE_WITH_SPARE, _PAUSE, _LONGEST_PAUSE = 0.05, 0.01, 0.05
#: Characters of problems that a process remembers.
_REMEMBERED = 16 << 20


class Serving:
    """The engine, the judges and the claims of one worker process."""

    def __init__(self, node: str) -> None:
        self.holder = Holder(node)
        self.engine: Engine | None = None
        #: The model's row as it was when the engine was loaded.
        self.loaded: LanguageModel | None = None
        self._model: llm.AnyModel | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._judges: list[Judge] = []
        self._thread = threading.local()
        self._slots = itertools.count()
        self._giving_up = threading.Lock()
        self._problems: LRUCache[Any, Problem] = LRUCache(
            _REMEMBERED, lambda each: len(each.record)
        )
        self._reading = threading.Lock()

    def load_model(self) -> None:
        """Load the model that FOUREYES_MODEL names, if it does."""
        name = settings().model
        if name is None:
            return
        with session() as db:
            row = db.exec(select(LanguageModel).where(LanguageModel.name == name)).one_or_none()
        if row is None:
            raise FoureyesError(
                f"FOUREYES_MODEL: no sweep has defined a model named {name!r} in this database"
            )
        log.info("loading model %s", name)
        trouble.note(name, None)
        try:
            self._model = llm.read(row.settings)
            self.engine = load(self._model)
        except Exception as error:
            trouble.note(name, str(error) or repr(error))
            raise
        self.loaded = row
        log.info("model %s is ready", name)

    def complete(self, completion: Row[Any]) -> Answer:
        """Ask the engine, if it is the one that the completion was asked of.

        A model that was defined anew since this process started fails no call: this process ends,
        and the next one has it as it is now.

        Raises: InfrastructureError if there is no answer; RequestRefused if there never will be.
        """
        try:
            engine = self._engine_for(completion)
            request = Request.from_json(completion.key, completion.request)
            with self.holder.telling(Completion, completion.id):
                return engine.complete(request)
        except Exception as error:
            self.end_if_useless(error)
            raise

    def begin(self, completion: Row[Any]) -> "Future[Answer]":
        """The same some time later: whoever asks looks after the claim, and what the call fails of."""
        engine = self._engine_for(completion)
        request = Request.from_json(completion.key, completion.request)
        with self.holder.noting(Completion, completion.id):
            if isinstance(engine, Concurrent):
                return engine.begin(request)
            return self._callers().submit(copy_context().run, engine.complete, request)

    def pause(self, seconds: float) -> float:
        """Seconds that a call may wait for others, so that they go on together; one takes `seconds`.

        With an engine that has calls to spare it costs nothing to wait; with others, what it costs
        is a hundredth of the time.
        """
        if self._model is None:
            return 0.0
        spare = self._model.in_flight > self._model.threads
        return min(_LONGEST_PAUSE, seconds * (_PAUSE_WITH_SPARE if spare else _PAUSE))

    def end_if_useless(self, error: Exception) -> None:
        """End this process if a call failed because its engine is dead, or its model another's now."""
        if isinstance(error, EngineDied):
            self.end(str(error))
        if patiently(self._is_outdated):
            self.end(f"the model {settings().model!r} was defined anew")

    def _callers(self) -> ThreadPoolExecutor:
        """Threads for an engine that answers one call at a time in each."""
        with self._giving_up:
            if self._threads is None:
                most = 1 if self._model is None else self._model.in_flight
                self._threads = ThreadPoolExecutor(most, thread_name_prefix="calls")
            return self._threads

    def _engine_for(self, completion: Row[Any]) -> Engine:
        if self.engine is None or self.loaded is None:
            raise InfrastructureError("this worker serves no model: FOUREYES_MODEL is not set")
        assert self._model is not None
        if self._model.answers_from != completion.origin:
            raise RequestRefused(
                f"the name {self.loaded.name!r} is that of {completion.origin or 'a model'} in this "
                "call, and another's now: enqueue this sweep again"
            )
        if self.loaded.identity != digest(completion.request["model"]):
            raise RequestRefused(
                f"a later sweep has given the name {self.loaded.name!r} to another model since this "
                "was asked; enqueue this sweep again with another name for its own"
            )
        return self.engine

    def _is_outdated(self) -> bool:
        """Whether the model's definition is another than when it was loaded."""
        if self.loaded is None:
            return False
        wanted = select(LanguageModel.settings).where(LanguageModel.name == self.loaded.name)
        with session() as db:
            return db.exec(wanted).one_or_none() != self.loaded.settings

    def end(self, said: str) -> NoReturn:
        """End this process, whose engine is of no use: its messages and claims go back to be done anew.

        At once and without Celery: messages that it would refuse one by one would come straight
        back to it, and a connection that is cut returns all of them elsewhere.
        """
        with self._giving_up:  # every thread has a call that failed; the first one ends them all
            log.critical("%s; this worker ends, and its work goes back to the queue", said)
            try:
                with transaction() as db:
                    for table in (Completion, Execution):
                        lifecycle.release(db, table, self.holder.node)
            except SQLAlchemyError:  # their leases run out
                log.warning("could not give claims back", exc_info=True)
            os._exit(1)

    def judge(self) -> "Judge":
        """The judge of the calling thread."""
        if not hasattr(self._thread, "judge"):
            self._thread.judge = judging.Judge(slot=next(self._slots))
            self._judges.append(self._thread.judge)
        judge: Judge = self._thread.judge
        return judge

    @cachedmethod(attrgetter("_problems"), lock=attrgetter("_reading"))
    def problem(self, problem_id: int) -> Problem:
        """The problem of a row, fetched once: a row's problem is never another."""
        with session() as db:
            row = db.get_one(ProblemRow, problem_id)
        return parse_record(row.benchmark, row.record)

    def close(self) -> None:
        """End the engine and the sandboxes."""
        for judge in self._judges:
            judge.close()
        if self.engine is not None:
            self.engine.close()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
        self.holder.close()


_serving: Serving | None = None


def open_serving(node: str) -> Serving:
    """Open what this process serves; `node` is the Celery worker's name."""
    global _serving
    _serving = Serving(node)
    return _serving


def serving() -> Serving:
    """What this process serves."""
    assert _serving is not None, "the Celery worker has not started"
    return _serving
