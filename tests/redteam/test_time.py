"""If one of these fails, a program holds a slot for longer than it is given, or passes by the time of
other inputs than the one that it answers.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from foureyes.judging import replies
from foureyes.judging.formats.evalplus import suites
from foureyes.judging.formats.evalplus.functions import FunctionTests
from foureyes.judging.judge import Judge
from foureyes.judging.profiles import Profile
from foureyes.models.enums import Level, Status
from foureyes.models.shown import Judgement

pytestmark = pytest.mark.alone  # its bounds are seconds by the clock

#: Half a second for an input, two for a set of many and one more.
PROFILE = Profile("short", shortest=0.5, longest=2.0)
#: Seconds by the clock that judging may take where a limit is half a second; a busy machine takes some.
_SOON = 2.0


@pytest.fixture(scope="module", params=Level)
def judge(judging_home: Path, request: pytest.FixtureRequest) -> Iterator[Judge]:
    judge = Judge(9, PROFILE, (request.param,))
    for each in (FEW, MANY, HARD, SLOW, LONG):
        judge.hidden(each, each.reference)  # what is expected has been worked out
    yield judge
    judge.close()


def problem(name: str, inputs: list[list[object]]) -> FunctionTests:
    reference = "def f(x, *_):\n    return x + 1\n"
    return FunctionTests(name, "f", reference, inputs, [], 0.0, f"{name:0>64}")


FEW = problem("few", [[1], [2]])
MANY = problem("many", [[number] for number in range(40)])
#: The last one asks for much work of whoever does it as HONEST does.
HARD = problem("hard", [[number] for number in [*range(20), 1_000_000]])
SLOW = problem("slow", [[number] for number in [*range(20), 101, 102, 103, 104]])
LONG = problem("long", [[1, "x" * (4 << 20)], [2, "x"]])


def judged(judge: Judge, tests: FunctionTests, code: str, all_tests: bool = False) -> Judgement:
    judgement = judge.hidden(tests, code, all_tests)
    assert not judgement.solved
    assert judgement.reason == "timeout", judgement
    return judgement


#: What sleeps, and works a little in between, so that a glance may well find it at work.
DRIP = """
import time
def drip(seconds, work, rest):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        until = time.monotonic() + work
        while time.monotonic() < until: pass
        time.sleep(rest)
"""


@pytest.mark.parametrize(("work", "rest"), [(0.0012, 0.05), (0.006, 0.012), (0.02, 0.2)])
def test_who_sleeps_in_between_is_given_no_more(judge: Judge, work: float, rest: float) -> None:
    """Looked at for a moment it may seem to wait for a processor, for sixty times its limit."""
    began = time.monotonic()
    judged(judge, FEW, f"{DRIP}\ndef f(x):\n    drip(30, {work}, {rest})\n    return x + 1")
    assert time.monotonic() - began < _SOON


def test_who_is_ready_when_it_is_looked_at_is_given_no_more(judge: Judge) -> None:
    """Ready at half its limit and at its end, and asleep else."""
    code = """
import time
def f(x):
    began = time.monotonic()
    for look in [0.25 * n for n in range(1, 60)]:
        time.sleep(max(0, began + look - 0.003 - time.monotonic()))
        while time.monotonic() < began + look + 0.012: pass
    return x + 1
"""
    began = time.monotonic()
    judged(judge, FEW, code)
    assert time.monotonic() - began < _SOON


def test_who_sleeps_while_it_is_loaded_is_given_no_more(
    judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replies, "LOAD_SECONDS", 1)
    began = time.monotonic()
    judged(judge, FEW, f"{DRIP}\ndrip(30, 0.006, 0.012)\ndef f(x): return x + 1")
    assert time.monotonic() - began < 1 + _SOON


def test_many_threads_that_wait_for_each_other_do_not_wait_for_a_processor(judge: Judge) -> None:
    """Woken all at once they wait for long together, and hardly at all each."""
    code = """
import threading, time
def f(x):
    bell = threading.Event()
    def wait():
        for _ in range(1000): bell.wait(30); time.sleep(0.05)
    for _ in range(100): threading.Thread(target=wait, daemon=True).start()
    for _ in range(600): bell.set(); time.sleep(0.05)
    return x + 1
"""
    began = time.monotonic()
    judged(judge, FEW, code)
    assert time.monotonic() - began < 2 * _SOON


def test_a_set_takes_no_longer_than_it_is_given(judge: Judge) -> None:
    """Each input in time, and all of them together in thirteen seconds."""
    began = time.monotonic()
    code = f"{DRIP}\ndef f(x):\n    drip(0.3, 0.001, 0.05)\n    return x + 1"
    assert judged(judge, MANY, code).base is Status.TIMEOUT
    assert time.monotonic() - began < 3 + _SOON


def test_what_a_set_takes_is_bounded_however_many_processes_it_takes(judge: Judge) -> None:
    """With all tests a new process follows each that ended: forty times a second of loading."""
    code = """
import os, time
while time.process_time() < 1: pass
def f(x): os._exit(0)
"""
    judgement = judge.hidden(MANY, code, all_tests=True)
    assert judgement.reason == "killed" and judgement.failed_base == tuple(range(40))
    assert judgement.cpu_seconds < 2 * 5


#: All inputs that can be found in this process: in the callers, and in all that Python knows of.
LOOK = """
import gc, marshal, sys
def found():
    numbers = []
    def look(value, depth):
        if type(value) is int: numbers.append(value)
        elif type(value) in (list, tuple) and depth < 4 and len(value) < 1000:
            for each in value: look(each, depth + 1)
        elif type(value) is bytes and len(value) < 1 << 20:
            at = value.find(b"i\\x40\\x42\\x0f\\x00")  # 1,000,000, as it is sent
            if at >= 0: numbers.append(1_000_000)
    frame = sys._getframe()
    while frame is not None:
        for value in list(frame.f_locals.values()): look(value, 0)
        frame = frame.f_back
    for thing in gc.get_objects():
        inside = getattr(thing, "gi_frame", None)
        if inside is not None:
            for value in list(inside.f_locals.values()): look(value, 0)
    return max(numbers, default=0)
"""
#: 1,000,000 takes it two seconds.
WORK = """
import time
done = {}
def work(n, seconds):
    until = time.process_time() + seconds
    while done.get(n, 0.0) < 2.0 * n / 1_000_000 and time.process_time() < until:
        began = time.process_time()
        while time.process_time() < began + 0.01: pass
        done[n] = done.get(n, 0.0) + 0.01
"""


def test_no_input_is_there_before_its_turn(judge: Judge) -> None:
    """Found while it is loaded, a hard one could be worked out in time that is no input's."""
    code = (
        LOOK + WORK + "hard = found()\nwork(hard, 5)\ndef f(x):\n    work(x, 9)\n    return x + 1\n"
    )
    judged(judge, HARD, code)


@pytest.mark.parametrize("seconds", [0.05, 0.15, 0.4])
def test_no_input_is_worked_on_in_the_time_of_others(judge: Judge, seconds: float) -> None:
    """Some are sent together: whoever spends one's time on another is asked again, one by one."""
    code = (
        LOOK + WORK + "def f(x):\n"
        "    hard = found()\n"
        f"    if x < hard == 1_000_000: work(hard, {seconds})\n"
        "    work(x, 9)\n"
        "    return x + 1\n"
    )
    judged(judge, HARD, code)


def test_right_answers_that_each_take_most_of_their_time_pass(judge: Judge) -> None:
    """Sent together, after many that were quick, they take longer than any of them may."""
    code = (
        "import time\ndef f(x):\n    end = time.process_time() + (0.25 if x > 100 else 0)\n"
        "    while time.process_time() < end: pass\n    return x + 1\n"
    )
    assert judge.hidden(SLOW, code).solved


def test_what_one_call_leaves_to_the_next_is_kept(judge: Judge) -> None:
    """However they are sent, all inputs of a set meet one process."""
    code = (
        "seen = []\ndef f(x):\n    seen.append(x)\n    return x + 1 if len(seen) == x + 1 else 0\n"
    )
    assert judge.hidden(MANY, code).solved


def test_who_does_not_read_its_inputs_has_failed_and_not_the_judge(judge: Judge) -> None:
    code = (
        "import sys, time\nsys.modules['inside.frames'].receive_inputs = lambda fd: time.sleep(60)\n"
        "def f(x, *_): return x + 1\n"
    )
    assert judge.hidden(LONG, "def f(x, *_): return x + 1").solved
    judged(judge, LONG, code)


def test_what_the_judge_itself_takes_is_not_the_programs_time(
    judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy machine it reads and compares slowly, and a program sleeps until it is asked again."""
    parts = suites._parts

    def slow(tests: suites.SentTests, index: int, frame: bytes) -> int:
        time.sleep(0.1)
        return parts(tests, index, frame)

    monkeypatch.setattr(suites, "_parts", slow)
    code = "import time\ndef f(x):\n    time.sleep(0.03)\n    return x + 1"
    assert judge.hidden(MANY, code).solved
