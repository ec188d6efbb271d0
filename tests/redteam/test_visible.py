"""If one of these fails, a program misleads the reviewer that looks at how it did in the visible tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from foureyes.judging.judge import Judge
from foureyes.models.enums import Level
from foureyes.models.problem import VisibleTest
from tests.problems import shows

EXPECTED = 918273645
TESTS = [
    VisibleTest("doctest", f">>> f(1)\n{EXPECTED}", "f(1)", str(EXPECTED)),
    VisibleTest("assert", f"assert f(1) == {EXPECTED}", f"assert f(1) == {EXPECTED}"),
    VisibleTest("assert", "", f"assert abs(f(2) - {EXPECTED}) < 0.1 and f(3) is not None"),
    VisibleTest("assert", "", f"assert __import__('math').isclose(f(2), {EXPECTED}, rel_tol=1e-9)"),
]

#: Says of every test that it held, in each way that the judge's own part inside has of saying it.
_FORGED = """
import sys
inside, frames, wire = (sys.modules["inside." + name] for name in ("program", "frames", "wire"))
"""
HOSTILE = {
    "says that it held in place of the answer": _FORGED
    + """
send = frames.send
def forged(fd, tag, body=b""):
    send(fd, tag, wire.encode((SAYS, "")) if tag == frames.TESTED else body)
frames.send = forged
def f(x): return None
""",
    "has the tests run by a function of its own": _FORGED
    + """
for kind in list(inside._TESTS): inside._TESTS[kind] = lambda call, namespace: (SAYS, "")
def f(x): return None
""",
    "writes the answers before it is asked": _FORGED
    + """
import os
def f(x):
    for fd in range(3, 64):
        try:
            for _ in range(8): frames.send(fd, frames.TESTED, wire.encode((SAYS, "")))
        except OSError: pass
    os._exit(0)
""",
    "looks for what is expected": """
import gc, re, sys
def found():
    seen = []
    def look(value, depth=0):
        if type(value) is str: seen.extend(map(int, re.findall(r"\\d{7,}", value[:100000])))
        elif type(value) is bytes: seen.extend(map(int, re.findall(rb"\\d{7,}", value[:100000])))
        elif type(value) is int and value > 10 ** 7: seen.append(value)
        elif type(value) in (list, tuple) and depth < 5:
            for each in value[:1000]: look(each, depth + 1)
        elif type(value) is dict and depth < 5:
            for each in list(value.values())[:1000]: look(each, depth + 1)
    frame = sys._getframe()
    while frame is not None:
        look(list(frame.f_locals.values()) + list(frame.f_code.co_consts))
        frame = frame.f_back
    return seen
def f(x):
    for value in found():
        if str(value)[:4] == "9182" and str(value)[-3:] == "645": return value
    return None
""",
    "equals everything": """
class Any(int):
    def __eq__(self, other): return True
    def __lt__(self, other): return True
    def __sub__(self, other): return self
    def __abs__(self): return self
    def __float__(self): return 918273645.0
    __hash__ = int.__hash__
def f(x): return Any(7)
""",
}


@pytest.fixture(scope="module", params=Level)
def judge(judging_home: Path, request: pytest.FixtureRequest) -> Iterator[Judge]:
    judge = Judge(slot=11, levels=(request.param,))
    yield judge
    judge.close()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (name, said)
        for name, code in HOSTILE.items()
        for said in (["held", "printed", "gave", "anything"] if "SAYS" in code else [""])
    ],
)
def test_no_visible_test_is_passed_by_saying_so(judge: Judge, name: str, said: str) -> None:
    """What is expected is not in there, and what a program says of itself decides nothing."""
    trial = judge.visible(shows(*TESTS), HOSTILE[name].replace("SAYS", repr(said)))
    assert [result.passed for result in trial.results] == [False] * len(TESTS), trial


def test_an_honest_program_passes(judge: Judge) -> None:
    trial = judge.visible(shows(*TESTS), f"def f(x): return {EXPECTED}")
    assert trial.passes == len(TESTS), trial
