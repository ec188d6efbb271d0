"""If one of these fails, judging costs more than it must, or saves at the cost of what a program is owed.

Costs are counted, not timed: a page of memory that a process has to copy is so on a busy machine too.
"""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from foureyes.judging.judge import Judge
from foureyes.judging.sandbox.inside import frames
from foureyes.judging.sandbox.process import ProgramRun
from foureyes.judging.sandbox.sandbox import Sandbox
from foureyes.models.enums import Level, Status
from tests.integration.test_sandbox import problem

#: Pages that a program which does nothing may take or copy, and its zygote for it, with some room for
#: other Pythons: 325 and 110 were counted; with os.fork and without a rehearsal 540 and 120.
MOST_PAGES, MOST_PAGES_OF_ZYGOTE = 420, 160


@pytest.fixture(scope="module", params=Level)
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    usual = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as with `&` in a script
    sandbox = Sandbox(6, request.param)
    signal.signal(signal.SIGINT, usual)
    yield sandbox
    sandbox.close()


def answered(sandbox: Sandbox, code: str) -> bytes:
    """The frame with which a program answers the input 1."""
    request = frames.request((frames.CALL, code, "f", 1, ""))
    with sandbox.run(request, 10) as run:
        assert run.next(10.0) == frames.READY
        run.ask(frames.inputs([frames.given([1], False)]), 1)
        answer = run.next(10.0)
    assert answer is not None
    return answer


def pages(zygote: int) -> tuple[int, int]:
    """Page faults of a zygote and of its children that have ended."""
    fields = Path(f"/proc/{zygote}/stat").read_text().rpartition(")")[2].split()
    return int(fields[7]), int(fields[8])


def test_a_process_for_one_program_is_cheap(sandbox: Sandbox) -> None:
    times = 20
    answered(sandbox, "def f(x): return x")
    before = pages(sandbox.pid)
    for _ in range(times):
        answered(sandbox, "def f(x): return x")
    own, its_programs = (
        (after - count) / times for count, after in zip(before, pages(sandbox.pid), strict=True)
    )
    assert its_programs < MOST_PAGES
    assert own < MOST_PAGES_OF_ZYGOTE


def test_programs_have_random_numbers_of_their_own(sandbox: Sandbox) -> None:
    """Cloned from one process, they would all have its numbers."""
    code = "import random\nfirst = random.random()\ndef f(x): return first"
    assert len({answered(sandbox, code) for _ in range(3)}) == 3


def test_programs_find_nothing_of_the_zygotes_rehearsal(sandbox: Sandbox) -> None:
    """A module `solution` that is no program's, or its source, would be somebody else's."""
    code = (
        "import sys, linecache\n"
        "found = sys.modules['solution'].__dict__ is globals(), len(linecache.getlines('<program>'))\n"
        "def f(x): return found"
    )
    assert answered(sandbox, code) == answered(
        sandbox, "import sys\nx = 1\ndef f(x): return (True, 3)"
    )


def test_signals_do_what_they_do_in_an_ordinary_python(sandbox: Sandbox) -> None:
    """The zygote ignores them all."""
    code = (
        "import signal\n"
        "found = [signal.getsignal(n) for n in (1, 2, 13, 15, 25, 40)]\n"
        "usual = [0, signal.default_int_handler, 1, 0, 1, 0]\n"
        "def f(x): return found == usual"
    )
    assert answered(sandbox, code) == answered(sandbox, "def f(x): return True")


def test_no_process_is_made_for_a_set_of_no_tests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a program that has passed the base tests it is known that it loads."""
    monkeypatch.setenv("FOUREYES_HOME", str(tmp_path))
    only_base = problem("def f(x):\n    return x + 1\n", [[1], [2]], [])
    judge = Judge(slot=6)
    assert judge.hidden(only_base, "def f(x): return x + 1").solved
    runs = []
    run = Sandbox.run
    monkeypatch.setattr(Sandbox, "run", lambda *given: runs.append(1) or run(*given))
    right = judge.hidden(only_base, "def f(x): return 1 + x", all_tests=True)
    assert (right.base, right.plus, right.failed_plus) == (Status.PASS, Status.PASS, ())
    assert len(runs) == 1
    wrong = judge.hidden(only_base, "def f(x): return x")
    assert (wrong.base, wrong.plus) == (Status.FAIL, Status.FAIL)
    judge.close()


@pytest.mark.parametrize("code", ["import os; os._exit(0)", "x = 'a' * 10**11", "def f(x:"])
def test_a_program_that_ends_at_once_costs_no_sandbox(sandbox: Sandbox, code: str) -> None:
    """It may be gone before anybody has read that it was confined."""
    request = frames.request((frames.CALL, code, "f", 1, ""))
    for _ in range(5):
        with sandbox.run(request, 10) as run:
            assert run.next(10.0) != frames.READY
    assert answered(sandbox, "def f(x): return x") == answered(sandbox, "def f(x): return 1")


def test_programs_see_no_variable_that_is_the_zygotes(sandbox: Sandbox) -> None:
    code = "import os\nfound = 'LD_BIND_NOW' in os.environ\ndef f(x): return found"
    assert answered(sandbox, code) == answered(sandbox, "def f(x): return False")


def test_quick_answers_are_not_waited_for_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To look at the time for each of hundreds of answers was most of what a real problem cost."""
    monkeypatch.setenv("FOUREYES_HOME", str(tmp_path))
    many = problem("def f(x):\n    return x + 1\n", [[1]], [[number] for number in range(600)])
    judge = Judge(slot=6)
    assert judge.hidden(many, "def f(x): return x + 1").solved
    waits = []
    following = ProgramRun.next
    monkeypatch.setattr(ProgramRun, "next", lambda *a, **b: waits.append(1) or following(*a, **b))
    assert judge.hidden(many, "def f(x): return 1 + x").solved
    assert len(waits) < 200  # one for each: 605
    wrong = judge.hidden(many, "def f(x): return x + (x != 333)", all_tests=True)
    assert (wrong.plus, wrong.failed_plus) == (Status.FAIL, (333,))
    judge.close()
