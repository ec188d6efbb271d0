"""If one of these fails, two models that share a card fill it both at once, or a sweep waits for ever.

Workers are processes of their own with real feeders and guards; vLLM is the stand-in of test_feeder,
which writes down when it wakes up and falls asleep, and the card is one that nvidia-smi tells of.
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from foureyes.models.errors import FoureyesError
from foureyes.models.llm import VLLM
from foureyes.worker.engines import Answer, EngineDied, Request, load, turns
from foureyes.worker.engines.turns import TakingTurns, Tally
from tests.programs import ROOT, wait_for
from tests.unit.test_feeder import card, fake, request
from tests.unit.test_guard import alive

assert fake  # used by every test here, too

#: Lines of input have it ask so many calls at once, or go on asking with so many at work; it prints a
#: letter for each answer.
_WORKER = """
import sys
from functools import partial
from foureyes.models import logs
from tests.unit.test_turns import model
from tests.unit.test_feeder import request
from foureyes.worker.engines import load, turns
logs.configure("text")
turns._SWITCH_SECONDS, turns._SHARE = 0.2, 0.2  # else a turn is many seconds
engine = load(model(sys.argv[1]))
print("up", flush=True)
for line in sys.stdin:
    what, number, seconds = line.split()
    def ask(again):
        asked = engine.begin(request(f"wait {seconds}"))
        asked.add_done_callback(partial(answered, again))
    def answered(again, asked):
        print("." if asked.exception() is None else f"failed: {asked.exception()}", flush=True)
        if again:
            ask(again)
    for _ in range(int(number)):
        ask(what == "always")
engine.close()
"""


def model(name: str, **more: Any) -> VLLM:
    return VLLM(engine="vllm", name=name.replace("/", "-"), model=name, share="sleep", **more)


@pytest.fixture(autouse=True)
def one_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card(tmp_path, 81920, monkeypatch)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the stand-ins for vLLM write: model, process of the engine core, and what happens."""
    path = tmp_path / "turns.log"
    path.touch()
    monkeypatch.setenv("FAKE_LOG", str(path))
    return path


class Worker:
    """A process like a model's worker."""

    def __init__(self, name: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _WORKER, name], cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": f"{ROOT}:{os.environ['PYTHONPATH']}"},
        )  # fmt: skip
        self.said: list[str] = []
        self.log: list[str] = []
        self._readers = [
            threading.Thread(target=lambda: self.said.extend(self.process.stdout or ())),
            threading.Thread(target=lambda: self.log.extend(self.process.stderr or ())),
        ]
        for each in self._readers:
            each.start()

    def ask(self, what: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()

    @property
    def answers(self) -> int:
        assert set(self.said) <= {"up\n", ".\n"}, self.said
        return self.said.count(".\n")

    def end(self) -> None:
        """Let it end as a worker does whose calls are done."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.wait(30) == 0
        for each in self._readers:
            each.join()


@contextmanager
def workers(*names: str) -> Iterator[list[Worker]]:
    started = [Worker(name) for name in names]
    try:
        wait_for(lambda: all("up\n" in each.said for each in started), 60)
        yield started
    finally:
        for each in started:
            each.process.kill()
            each.process.wait()


def events(log: Path) -> list[tuple[str, int, str]]:
    rows = (line.split(maxsplit=2) for line in log.read_text().splitlines())
    return [(name, int(core), what) for name, core, what in rows]


def check(log: Path) -> int:
    """That no two were awake at once, and none fell asleep over a call; how often one woke up."""
    awake: set[int] = set()
    wakings = 0
    for _, core, what in events(log):
        if what == "awake":
            awake.add(core)
            wakings += 1
            assert len(awake) == 1, log.read_text()
        elif what.startswith("falls-asleep"):
            assert what == "falls-asleep 0", log.read_text()
        else:
            awake.discard(core)
    return wakings


def test_two_take_turns_and_are_never_awake_at_once(log: Path) -> None:
    with workers("a/left", "a/right") as (left, right):
        for each in (left, right):
            each.ask("once 60 0.2")
        wait_for(lambda: left.answers == right.answers == 60, 60)
        for each in (left, right):  # and once more, when one sleeps
            each.ask("once 60 0.2")
        wait_for(lambda: left.answers == right.answers == 120, 60)
        said = [*left.log, *right.log]
        left.end()
        right.end()
    # two were loaded; each then worked twice, and for no lot of calls did one wake up twice
    assert 3 <= check(log) <= 6
    assert any("awake after 0." in line and "waited for its turn: 60" in line for line in said)
    for each in (left, right):
        (tally,) = [line for line in each.log if "falling asleep and waking up took" in line]
        assert "calls in them: 120," in tally


def test_one_that_always_has_work_starves_no_other(log: Path) -> None:
    with workers("a/busy", "a/rare") as (busy, rare):
        busy.ask("always 8 0.05")
        wait_for(lambda: busy.answers > 8, 30)
        for number in (1, 2):
            rare.ask("once 1 0")
            wait_for(lambda number=number: rare.answers == number, 60)  # type: ignore[misc]
            before = busy.answers
            wait_for(lambda before=before: busy.answers > before + 8, 60)  # type: ignore[misc]
        assert check(log) <= 2 + 1 + 2 * 2  # loading, and a switch there and one back for each


def test_one_that_waits_for_nothing_costs_no_switch(log: Path) -> None:
    with workers("a/busy", "a/idle") as (busy, _):
        busy.ask("once 8 0.1")
        wait_for(lambda: busy.answers == 8, 60)
        before = check(log)
        busy.ask("once 8 0.1")
        time.sleep(2.5)  # longer than an idle turn
        busy.ask("once 8 0.1")
        wait_for(lambda: busy.answers == 24, 60)
        assert check(log) == before


def test_the_next_wakes_up_when_nothing_of_a_killed_one_is_left(log: Path) -> None:
    with workers("a/killed", "a/next") as (killed, following):
        killed.ask("once 4 600")
        wait_for(lambda: "awake" in last(log, "a/killed"), 30)
        following.ask("once 2 0")
        time.sleep(1.5)  # the guard has looked
        (core,) = {core for name, core, _ in events(log) if name == "a/killed"}
        assert alive(core) and following.answers == 0
        killed.process.send_signal(signal.SIGKILL)
        there = len(events(log))
        wait_for(lambda: len(events(log)) > there, 30)
        assert not alive(core)
        assert events(log)[there][::2] == ("a/next", "awake")
        wait_for(lambda: following.answers == 2, 30)


def last(log: Path, name: str) -> str:
    """What a model did last."""
    return next((what for who, _, what in reversed(events(log)) if who == name), "")


class Stub:
    """An engine in this process; a call ends when the test says so."""

    def __init__(self) -> None:
        self.asked: list[Future[Answer]] = []
        self.is_asleep = False
        self.died: str | None = None
        self.closed = False

    def begin(self, _: Request) -> "Future[Answer]":
        assert not self.is_asleep
        self.asked.append(Future())
        return self.asked[-1]

    def complete(self, request: Request) -> Answer:
        return self.begin(request).result()

    def sleep(self, asleep: bool) -> None:
        assert all(each.done() for each in self.asked)
        self.is_asleep = asleep

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def take() -> Iterator[Callable[[str], tuple[TakingTurns, Stub]]]:
    """Makes one that takes turns."""
    made: list[TakingTurns] = []

    def make(name: str) -> tuple[TakingTurns, Stub]:
        stub = Stub()

        def loaded(held: Sequence[int]) -> Stub:
            assert held
            return stub

        made.append(TakingTurns(model(name), loaded))
        return made[-1], stub

    yield make
    for each in made:
        each.close()


def answer() -> Answer:
    return Answer("yes", "stop", 1, 0, 1, 0.1, "stub")


def test_a_turn_ends_when_its_calls_have(
    take: Callable[[str], tuple[TakingTurns, Stub]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No more are let through once others are more in want, and none is cut off."""
    monkeypatch.setattr(turns, "_SWITCH_SECONDS", 0.01)
    left, first = take("left")
    early = left.begin(request("x"))
    threading.Timer(0.2, lambda: first.asked[0].set_result(answer())).start()
    right, second = take("right")  # loads when that call has ended
    assert early.done() and first.is_asleep and not second.is_asleep
    mine = right.begin(request("x"))
    late = left.begin(request("x"))
    wait_for(lambda: not right._is_open, 10)  # it wants to end its turn, but for its call
    time.sleep(0.3)
    more = right.begin(request("x"))
    assert len(second.asked) == 1 and not second.is_asleep and first.is_asleep
    second.asked[0].set_result(answer())
    assert mine.result(10).text == "yes"
    wait_for(lambda: len(first.asked) == 2, 10)
    assert second.is_asleep and not more.done()
    first.asked[1].set_exception(EngineDied("as an engine says it"))
    with pytest.raises(EngineDied, match="as an engine says it"):
        late.result(10)
    wait_for(lambda: len(second.asked) == 2, 10)
    second.asked[1].set_result(answer())
    assert more.result(10).text == "yes"


def test_what_waits_for_a_turn_fails_with_the_engine(
    take: Callable[[str], tuple[TakingTurns, Stub]],
) -> None:
    """Else its claims would be renewed for ever, and nobody work on them."""
    left, first = take("left")
    right, second = take("right")
    assert first.is_asleep
    held = right.begin(request("x"))
    asked = [left.begin(request("x")) for _ in range(3)]
    first.died = "vllm: the front end's process 7 has ended (status -9)"
    wait(asked, 10)
    for each in (*asked, None):
        with pytest.raises(EngineDied, match="process 7 has ended"):
            (each or left.begin(request("x"))).result(0)
    assert not held.done()
    second.asked[0].set_result(answer())
    assert right.begin(request("x"))  # the other goes on


def test_an_engine_that_cannot_wake_up_is_dead_and_what_it_lacks_is_said(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = load(model("never/wakes"))
    assert isinstance(stuck, TakingTurns)
    other = load(model("a/b"))  # for which that one falls asleep
    holder = f"GPU-{tmp_path.name}, {os.getpid()}, 71680"
    card(tmp_path, 10240, monkeypatch, holder)
    with pytest.raises(EngineDied) as raised:
        stuck.begin(request("x")).result(30)
    stuck.close()
    other.close()
    assert last(log, "never/wakes") == "asleep"
    assert "CUDA out of memory. GPU 0: 10.0 of 80.0 GiB are free and 68.0 wanted" in str(
        raised.value
    )


def test_what_cannot_be_loaded_leaves_the_turn_to_others(log: Path) -> None:
    with pytest.raises(FoureyesError, match="no room for it"):
        load(model("too/large"))
    engine = load(model("a/b"))
    assert engine.complete(request("x")).text == "X"
    engine.close()


@pytest.mark.parametrize(("here", "there"), [(80, 80), (20, 80), (80, 20), (41, 80), (7, 5)])
def test_turns_are_long_enough_for_what_switching_costs(here: int, there: int) -> None:
    tally = Tally(turns=4, calls=400, awake=300, ending=6, switching=14)

    def length(mine: int, other: int) -> float:
        return tally.turn * min(turns._MOST, mine / other)

    cost = 2 * (6 + 14) / 4  # of a switch there and one back
    both = length(here, there) + length(there, here) + cost
    assert cost / both <= turns._SHARE + 1e-9
    assert "turns: 4, calls in them: 400, 320 s;" in str(tally) and "14.0 s (4.4%)" in str(tally)
