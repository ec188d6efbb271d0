"""If one of these fails, a program that uses no time can hold its judge for minutes: by what it has
sent, which takes long to read. `evaluate --all-tests` reads on after a failure."""

from collections.abc import Iterator

import pytest

from foureyes.judging.formats.evalplus.functions import FunctionTests
from foureyes.judging.judge import Judge
from foureyes.judging.sandbox import allowance
from foureyes.judging.sandbox.inside import wire
from foureyes.models.enums import Status
from tests.redteam.siege import HONEST, PROBLEM

MANY = FunctionTests(
    problem_id="Reading/0",
    entry_point="f",
    reference="def f(x):\n    return x + 1\n",
    base_inputs=[[n] for n in range(150)],
    plus_inputs=[[n] for n in range(150)],
    atol=0.0,
    version="reading",
)

#: Answers every input by itself, with frames of the longest that are taken.
SENDS = """
import builtins, io, itertools, os, posix, struct, sys
vars(os).update({k: v for k, v in vars(posix).items() if k[0] != "_" and k != "environ"})

def number(n):
    data = n.to_bytes(n.bit_length() // 8 + 1, "big", signed=True)
    return b"i" + struct.pack(">I", len(data)) + data

BODY

def send(fd, *_, bodies=itertools.cycle(bodies)):
    body = next(bodies)
    view = memoryview(struct.pack(">I", len(body)) + body)
    while view:
        view = view[os.write(fd, view):]

def f(x):
    sys._getframe(1).f_globals["frames"].send = send
"""
SETS = 'bodies = [b"V" + b"l" + struct.pack(">I", 200000) + b"S\\0\\0\\0\\0" * 200000]'
FRACTIONS = """
many = b"".join(b"q" + number((1 << 32700) - n) + number((1 << 32690) - 2 * n - 1) for n in range(120))
one = b"q" + number((1 << 32700) - 1) + number((1 << 32699) - 19)
bodies = [
    b"VS" + struct.pack(">I", 120) + many,
    b"Vl" + struct.pack(">I", 120) + one * 120,
    b"VS" + struct.pack(">I", 1) + b"t\\0\\0\\0\\1" * 95
    + b"t" + struct.pack(">I", 190000) + b"i\\0\\0\\0\\0" * 190000,
]
"""
#: The right answer to each input, told in as many words as fit.
WIDE = """
wide = number((1 << 32700) - 1)
bodies = [b"Vl" + struct.pack(">I", 120) + (b"q" + wide + wide) * 120]
"""


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The bytes of each value that the judge reads."""
    found: list[int] = []
    decode = wire.decode

    def counting(data: bytes) -> object:
        found.append(len(data))
        return decode(data)

    monkeypatch.setattr(wire, "decode", counting)
    return found


@pytest.fixture
def judge() -> Iterator[Judge]:
    judge = Judge()
    yield judge
    judge.close()


@pytest.mark.parametrize("bodies", [SETS, FRACTIONS], ids=["sets", "fractions"])
def test_what_is_read_of_one_program_is_bounded(bodies: str, judge: Judge, read: list[int]) -> None:
    judge.hidden(MANY, MANY.reference)  # what is expected has been worked out
    read.clear()
    judgement = judge.hidden(MANY, SENDS.replace("BODY", bodies), all_tests=True)
    assert (judgement.base, judgement.plus) == (Status.FAIL, Status.FAIL)
    assert judgement.failed_base == judgement.failed_plus == tuple(range(150))
    sent = [size for size in read if size > 1000]
    assert 0 < sum(sent) <= 2 * (allowance._MOST_AFTER + 2 * wire.MAX_BYTES)
    assert judge.hidden(PROBLEM, HONEST).solved


def test_so_it_is_of_one_whose_answers_are_right(judge: Judge, read: list[int]) -> None:
    """Each is a list of ones, as fractions of the longest that are taken."""
    problem = FunctionTests(
        problem_id="Reading/1",
        entry_point="f",
        reference="def f(x):\n    return [1] * 120\n",
        base_inputs=[[n] for n in range(150)],
        plus_inputs=[],
        atol=0.0,
        version="reading ones",
    )
    judge.hidden(problem, problem.reference)
    read.clear()
    judgement = judge.hidden(problem, SENDS.replace("BODY", WIDE), all_tests=True)
    assert (judgement.base, judgement.reason) == (Status.FAIL, "output too large")
    assert sum(size for size in read if size > 1000) <= allowance._MOST + 2 * wire.MAX_BYTES


def test_answers_of_another_type_than_the_expected_ones_are_all_read(
    judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are: a right answer may take some times the bytes of the expected one."""
    monkeypatch.setattr(allowance, "_MOST", 1000)
    problem = FunctionTests(
        problem_id="Reading/2",
        entry_point="f",
        reference="def f(x):\n    return [1] * 2000\n",
        base_inputs=[[n] for n in range(20)],
        plus_inputs=[],
        atol=0.0,
        version="reading numbers",
    )
    code = "from fractions import Fraction\ndef f(x):\n    return [Fraction(3, 3)] * 2000\n"
    assert judge.hidden(problem, code, all_tests=True).solved
