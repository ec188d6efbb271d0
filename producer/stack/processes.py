"""The processes of the embedded stack, and the thread that starts them and keeps them running."""

import hashlib
import json
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from foureyes.models import broker, children, llm, trouble
from foureyes.models.errors import FoureyesError
from foureyes.models.session import session
from foureyes.models.settings import settings
from foureyes.models.tables import LanguageModel
from foureyes.producer.commands.terminal import Say
from foureyes.producer.stack import celery_worker
from foureyes.producer.stack.child import Child
from foureyes.producer.stack.ports import WellKnownPort
from foureyes.producer.stack.valkey import private

_FLOWER, _START, _EXECUTION = "flower", "start worker", "execution worker"
_FLOWER_PORT = 5555
#: A child that dies this often within a minute is not started again.
_DEATHS_PER_MINUTE = 5
#: Seconds a worker gets to finish what it does. What it cannot finish is claimed anew another time.
_STOP_SECONDS = 8.0
#: Attempts that go on at a time: each waits for the database now and then.
_STARTS = 4
#: Programs that one process looks after: more, and its one interpreter would be what they wait for.
_SLOTS_OF_A_PROCESS = 2
#: The judge and the viewer do one thing at a time; an engine decides about its threads itself.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Stack:
    """Flower, a worker that lets attempts go on, judges, and a worker for each model that is in demand."""

    def __init__(self, say: Say, models_in_demand: Callable[[], list[str]]) -> None:
        self._say = say
        self._models_in_demand = models_in_demand
        self._children: dict[str, Child] = {}
        self._loaded: dict[
            str, dict[str, Any]
        ] = {}  # each model's settings, as its worker read them
        self._given_up: set[str] = set()
        self._stopping = threading.Event()
        self._failure: str | None = None
        self._flower_port: WellKnownPort | None = None
        self._thread = threading.Thread(target=self._run, name="stack")
        self._home = settings().home
        self._name = hashlib.sha256(str(self._home).encode()).hexdigest()[:6]

    def start(self) -> None:
        """Start what is needed, now and whenever more is needed."""
        self._thread.start()

    def check(self) -> None:
        """Raises: FoureyesError if what all sweeps need does not stay up."""
        if self._failure is not None:
            raise FoureyesError(self._failure)

    def stop(self) -> None:
        """End every process: a worker may finish what it does, but not for long."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        """Look after the processes; they are this thread's children and end with it."""
        try:
            self._start_flower()
            while not self._stopping.wait(0.5):
                # while the database is away, whoever waits for the sweep says so
                with suppress(SQLAlchemyError):
                    self._start_workers()
                with suppress(SQLAlchemyError):
                    for name, child in self._children.items():
                        self._restart_if_dead(name, child)
        except Exception as error:  # a thread's exception would reach nobody
            self._failure = f"the stack cannot start its processes: {error}"
            self._stopping.wait()
        finally:
            for child in self._children.values():
                child.ask_to_stop()
            for child in self._children.values():
                child.stop(_STOP_SECONDS)
            if self._flower_port is not None:
                self._flower_port.close()

    def _start_flower(self) -> None:
        self._flower_port = WellKnownPort(_FLOWER_PORT)
        port = self._flower_port.number
        password = secrets.token_urlsafe(18)
        command = celery_worker.viewer("--address=127.0.0.1", f"--port={port}")
        self._add(_FLOWER, command, _ONE_THREAD | {"FLOWER_BASIC_AUTH": f"foureyes:{password}"})
        url = settings().broker_url
        assert url is not None
        flower_url = f"http://127.0.0.1:{port}"
        write_running(
            self._home,
            broker_url=url.get_secret_value(),
            flower_url=flower_url,
            flower_password=password,
        )
        self._say(f"Flower: {flower_url} (user foureyes, password {password})")

    def _start_workers(self) -> None:
        if _START not in self._children:
            self._start_judging()
        names = self._models_in_demand()
        if not names:
            return
        with session() as db:
            rows = db.exec(select(LanguageModel).where(col(LanguageModel.name).in_(names))).all()
        for row in rows:
            self._start_model_worker(row)

    def _start_judging(self) -> None:
        """The worker of attempts, and as many others as it takes for all slots.

        They have capitals in their names, and models have none: no two are called the same.
        """
        slots = settings().slots
        self._say(f"starting the workers that judge ({slots} at a time)")
        self._add(_START, self._worker("Start", broker.START, _STARTS), _ONE_THREAD)
        for number, first in enumerate(range(0, slots, _SLOTS_OF_A_PROCESS), 1):
            some = min(_SLOTS_OF_A_PROCESS, slots - first)
            which = "" if number == 1 else f" {number}"
            command = self._worker(f"Execution{which.strip()}", broker.EXECUTION, some)
            self._add(_EXECUTION + which, command, _ONE_THREAD)

    def _start_model_worker(self, row: LanguageModel) -> None:
        """Start a model's worker, or another one: the model was defined anew, or somebody has
        enqueued it once more since it was given up."""
        asked_anew = row.name in self._given_up and row.trouble is None
        if self._loaded.get(row.name) == row.settings and not asked_anew:
            return
        again = self._children.pop(row.name, None)
        if again is not None:
            again.stop(_STOP_SECONDS)
        self._loaded[row.name] = row.settings
        self._given_up.discard(row.name)
        try:
            model = llm.read(row.settings)
        except ValidationError as error:  # of another version of foureyes
            self._give_up(row.name, f"its settings cannot be read: {error.errors()[0]['msg']}")
            return
        what = "loads its model" if model.answers_from is None else "reads a recording"
        self._say(f"starting the worker of {row.name} (it {what})")
        command = self._worker(row.name, broker.model_queue(row.name), model.in_flight)
        self._add(row.name, command, {"FOUREYES_MODEL": row.name})

    def _give_up(self, name: str, why: str) -> None:
        """Try a model's worker no more until somebody asks for it anew; other models' sweeps go on."""
        self._given_up.add(name)
        trouble.note(name, why)
        waiting = trouble.waiting(name)
        cancel = " or ".join(f"`foureyes cancel id={sweep_id}`" for sweep_id in waiting)
        self._say(
            f"nothing works at {name}: {why}. Mend it and enqueue its sweep again, or give that up"
            + (f": {cancel}" if cancel else "")
        )

    def _worker(self, name: str, queues: str, threads: int) -> list[str]:
        return celery_worker.worker(f"{name}@foureyes-{self._name}", queues, threads)

    def _add(self, name: str, command: list[str], more: dict[str, str]) -> None:
        log = self._home / "logs" / f"{name.replace(' ', '-')}.log"
        child = Child(command, children.environment(**more), log)
        child.start()
        self._children[name] = child

    def _restart_if_dead(self, name: str, child: Child) -> None:
        if child.is_alive() or self._stopping.is_set() or name in self._given_up:
            return
        deaths = child.note_death()
        if deaths >= _DEATHS_PER_MINUTE or child.gave_up():
            told = f"does not stay up: {child.last_words()} (log: {child.log})"
            if name == _FLOWER:
                self._given_up.add(name)
                self._say(f"{name} {told}. It only shows the work: that goes on without it.")
            elif name == _START or name.startswith(_EXECUTION):
                self._given_up.add(name)
                self._failure = f"{name} {told}"
            else:
                self._give_up(name, f"its worker {told}")
            return
        self._say(f"{name} died; starting it again (log: {child.log})")
        self._stopping.wait(min(deaths - 1, 5))
        child.start()


def write_running(home: Path, **values: str) -> None:
    """Tell other terminals where this home's stack is. It holds passwords."""
    making = home / "stack.json.part"
    making.unlink(missing_ok=True)
    with open(making, "w", opener=private) as file:
        json.dump(values, file)
    making.replace(home / "stack.json")
