"""Every hostile program against one level of the sandbox, as the user who runs this.

Run as a program: `python siege.py LEVEL SLOT`. Writes one JSON object: what happened, by the
program's name. Slots SLOT and SLOT + 1 are used.
"""

import ctypes
import json
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from foureyes.judging.formats.evalplus.functions import FunctionTests
from foureyes.judging.judge import Judge
from foureyes.judging.profiles import Profile
from foureyes.judging.sandbox.users import FIRST_UID
from foureyes.models.enums import Level
from foureyes.models.errors import InfrastructureError
from tests.redteam import (
    hostile,
    hostile_ends,
    hostile_kernel,
    hostile_machine,
    hostile_neighbours,
    surroundings,
)

PROGRAMS = {
    **hostile.PROGRAMS,
    **hostile_kernel.PROGRAMS,
    **hostile_ends.PROGRAMS,
    **hostile_machine.PROGRAMS,
    **hostile_neighbours.PROGRAMS,
}
#: Run in two slots at once, each against the other.
MUTUAL = hostile_neighbours.PROGRAMS

PROBLEM = FunctionTests(
    problem_id="Redteam/0",
    entry_point="f",
    reference="def f(x):\n    return [x + 1]\n",
    base_inputs=[[1], [2]],
    plus_inputs=[[40], [41]],
    atol=0.0,
    version="0" * 64,
)
#: What the judge takes from every program for EvalPlus's sake (inside/manners.py) protects nothing:
#: any program gets it back like this, so these do.
TAKE_BACK = """
import builtins, io, os, posix, sys
builtins.open = io.open
vars(os).update({name: value for name, value in vars(posix).items() if name[0] != "_" and name != "environ"})
sys.modules.pop("resource", None)
"""
HONEST = "def f(x): return [1 + x]"
VICTIM = "import time\ndef f(x):\n    time.sleep(0.1)\n    return [1 + x]"
#: Short limits, for most of these programs do not end by themselves.
PROFILE = Profile("redteam", shortest=0.25)

_PR_SET_CHILD_SUBREAPER = 36


@dataclass
class Result:
    """What a hostile program achieved: everything but `reason` and the numbers should be empty."""

    solved: bool = False
    reason: str = ""
    #: The exception that the judge raised; a program must not be able to bring one about.
    error: str = ""
    left: tuple[str, ...] = ()
    canary: str = ""
    #: Whether the next honest program, and one judged beside it, failed.
    harmed: bool = False
    memory: int = 0
    seconds: float = 0.0


class Siege:
    """A judge under attack, and a second one beside it."""

    def __init__(self, level: Level, slot: int, folder: Path, port: int) -> None:
        self._judges = [Judge(slot + n, PROFILE, (level,)) for n in range(2)]
        slots = {FIRST_UID + slot, FIRST_UID + slot + 1}
        self._users = slots if os.geteuid() == 0 else {os.geteuid()}
        self._folder = folder
        self._canary = folder / "canary"
        self._port = port
        for judge in self._judges:
            assert judge.hidden(PROBLEM, HONEST).solved

    def close(self) -> None:
        for judge in self._judges:
            judge.close()

    def _zygotes(self) -> list[int]:
        return [box.pid for judge in self._judges for box in judge._sandboxes.values()]

    def _code(self, program: str, *victims: int) -> str:
        pids = str([os.getpid(), *self._zygotes(), *victims])
        for name, value in (("CANARY", self._canary), ("PORT", self._port), ("PIDS", pids)):
            program = program.replace(name, str(value))
        return TAKE_BACK + program

    @contextmanager
    def _watched(self, result: Result) -> Iterator[None]:
        """Note what happens meanwhile, and what is left of it afterwards."""
        self._canary.write_text("secret")
        self._canary.chmod(0o666)
        if os.geteuid() == 0:
            os.chown(self._canary, min(self._users), min(self._users))
        mode = self._canary.stat().st_mode
        before = surroundings.left(self._users, self._folder)
        surroundings.forget_memory()
        held = surroundings.memory()
        started = time.monotonic()
        try:
            yield
        except InfrastructureError as error:
            result.error = str(error)
        result.seconds = time.monotonic() - started
        result.memory = surroundings.memory() - held
        result.left = tuple(sorted(surroundings.left(self._users, self._folder) - before))
        if self._canary.stat().st_mode != mode or self._canary.read_text() != "secret":
            result.canary = "changed"
        result.harmed |= not all(judge.hidden(PROBLEM, HONEST).solved for judge in self._judges)

    def attack(self, program: str) -> Result:
        """Judge one program."""
        result = Result()
        with self._watched(result):
            judgement = self._judges[0].hidden(PROBLEM, self._code(program))
            result.solved, result.reason = judgement.solved, judgement.reason
        return result

    def attack_a_neighbour(self, program: str) -> Result:
        """Judge one program while an honest one runs in the other slot, and then as it attacks back."""
        result = Result()
        with self._watched(result):
            zygote = self._zygotes()[1]
            with Beside(self._judges[1], VICTIM) as victim:
                while victim.alive() and not (pids := surroundings.descendants(zygote)):
                    time.sleep(0.001)
                with Timers() as timers:
                    judgement = self._judges[0].hidden(PROBLEM, self._code(program, *pids))
                result.harmed |= timers.refused
            result.solved, result.reason = judgement.solved, judgement.reason
            result.harmed |= not victim.solved
            with Beside(self._judges[1], self._code(program)) as back:
                judgement = self._judges[0].hidden(PROBLEM, self._code(program))
            result.solved |= judgement.solved or back.solved
        return result


class Beside:
    """A program that another judge judges meanwhile, in a thread of its own."""

    def __init__(self, judge: Judge, code: str) -> None:
        self.solved = False
        self._thread = threading.Thread(target=self._judge, args=(judge, code))

    def _judge(self, judge: Judge, code: str) -> None:
        self.solved = judge.hidden(PROBLEM, code).solved

    def alive(self) -> bool:
        return self._thread.is_alive()

    def __enter__(self) -> "Beside":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()


class Timers:
    """Whether this process, of the same user as its programs perhaps, was once refused a timer."""

    def __init__(self) -> None:
        self.refused = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._make)

    def _make(self) -> None:
        libc, timer = ctypes.CDLL(None), ctypes.c_void_p()
        while not self._stop.wait(0.01):
            if libc.timer_create(time.CLOCK_MONOTONIC, None, ctypes.byref(timer)) != 0:
                self.refused = True
            else:
                libc.timer_delete(timer)

    def __enter__(self) -> "Timers":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def main(level: Level, slot: int) -> None:
    # Whoever loses its parent becomes a child of ours, and is found.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    results: dict[str, Result] = {}
    with tempfile.TemporaryDirectory() as name, socket.create_server(("127.0.0.1", 0)) as server:
        folder = Path(name)
        folder.chmod(0o777)
        siege = Siege(level, slot, folder, server.getsockname()[1])
        try:
            for title, program in PROGRAMS.items():
                results[title] = siege.attack(program)
            for title, program in MUTUAL.items():
                results[f"{title}, in another slot"] = siege.attack_a_neighbour(program)
        finally:
            siege.close()
    json.dump({title: asdict(result) for title, result in results.items()}, sys.stdout)


if __name__ == "__main__":
    main(Level(sys.argv[1]), int(sys.argv[2]))
