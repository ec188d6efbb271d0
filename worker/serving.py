"""What this worker process holds for its lifetime: a model's engine, or judges with their sandboxes.

Opened when the Celery worker starts, never at import: a model loads for seconds or minutes, and
llama.cpp and vLLM must start after any fork.
"""

import itertools
import logging
import os
import threading
from typing import Any, NoReturn

from sqlalchemy import Row
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import select

from models import llm, work
from models.digest import digest
from models.errors import FoureyesError
from models.session import session, transaction
from models.settings import settings
from models.tables import Completion, Execution, LanguageModel
from worker.claims import Holder
from worker.engines import Engine, load
from worker.sandbox.judge import Judge

log = logging.getLogger(__name__)


class Serving:
    """The engine, the judges and the claims of one worker process."""

    def __init__(self, node: str) -> None:
        self.holder = Holder(node)
        self.engine: Engine | None = None
        self.identity: str | None = None
        self._judges: list[Judge] = []
        self._thread = threading.local()
        self._slots = itertools.count()
        self._giving_up = threading.Lock()

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
        self.engine = load(llm.read(row.settings))
        self.identity = row.identity
        log.info("model %s is ready", name)

    def engine_for(self, completion: Row[Any]) -> Engine:
        """The engine, if it is the one that the completion was asked of.

        Raises: FoureyesError when this process serves another model, or the same name as it was
        before its definition changed.
        """
        wanted = digest(completion.request["model"])
        if self.engine is None or self.identity != wanted:
            raise FoureyesError(
                f"this worker serves {settings().model!r} as it was defined when the worker "
                "started; the completion wants another definition: restart the worker"
            )
        return self.engine

    def give_up(self, said: str) -> NoReturn:
        """End this process, whose engine has died: its messages and claims go back to be done anew.

        At once and without Celery: messages that it would refuse one by one would come straight
        back to it, and a connection that is cut returns all of them elsewhere.
        """
        with self._giving_up:  # every thread has a call that failed; the first one ends them all
            log.critical("%s; this worker ends, and its work goes back to the queue", said)
            try:
                with transaction() as db:
                    for table in (Completion, Execution):
                        work.release(db, table, self.holder.node)
            except SQLAlchemyError:  # their leases run out
                log.warning("could not give claims back", exc_info=True)
            os._exit(1)

    def judge(self) -> Judge:
        """The judge of the calling thread."""
        if not hasattr(self._thread, "judge"):
            self._thread.judge = Judge(slot=next(self._slots))
            self._judges.append(self._thread.judge)
        judge: Judge = self._thread.judge
        return judge

    def close(self) -> None:
        """End the engine and the sandboxes."""
        for judge in self._judges:
            judge.close()
        if self.engine is not None:
            self.engine.close()
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
