"""If one of these fails, verdicts are wrong, or the sandbox does not start, stop or hold."""

import gzip
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from foureyes.judging import profiles
from foureyes.judging.formats import verdicts
from foureyes.judging.formats.evalplus import expected, reference
from foureyes.judging.formats.evalplus.functions import FunctionTests
from foureyes.judging.formats.records import parse_record
from foureyes.judging.judge import Judge
from foureyes.judging.sandbox.attack import attack
from foureyes.judging.sandbox.inside import frames, landlock
from foureyes.judging.sandbox.probe import probe
from foureyes.judging.sandbox.process import ProgramRun
from foureyes.judging.sandbox.sandbox import Sandbox
from foureyes.models.enums import Level, Status
from foureyes.models.errors import InfrastructureError
from foureyes.models.problem import VisibleTest
from foureyes.models.settings import settings
from tests.problems import shows

REPOSITORY = Path(__file__).parents[2]
DATA = Path(os.environ.get("FOUREYES_DATA") or REPOSITORY.parent / "shared" / "data")
FILES = ("HumanEvalPlus-v0.1.10.jsonl.gz", "MbppPlus-v0.2.0.jsonl.gz")


def problem(
    reference: str, base: list[list[object]], plus: list[list[object]], **more: object
) -> FunctionTests:
    name = f"{abs(hash((reference, str(base), str(plus)))):064x}"
    fields = {"problem_id": "Test/0", "entry_point": "f", "atol": 0.0, "version": name, **more}
    return FunctionTests(reference=reference, base_inputs=base, plus_inputs=plus, **fields)


ADD = problem("def f(x):\n    return x + 1\n", [[1], [2]], [[3], [40]])


@pytest.fixture(scope="module", params=Level)
def judge(judging_home: Path, request: pytest.FixtureRequest) -> Iterator[Judge]:
    """Verdicts must not depend on the level, so each is asked of both."""
    judge = Judge(slot=5, levels=(request.param,))
    yield judge
    judge.close()


@pytest.mark.parametrize("level", Level)
def test_the_sandbox_withstands_its_own_attack(level: Level) -> None:
    """Else programs would run with less protection than every execution claims."""
    sandbox = Sandbox(5, level)
    layers = attack(sandbox)
    sandbox.close()
    assert [layer for layer in layers if not layer.ok] == []
    assert probe().level == "A"


@pytest.mark.parametrize(
    ("code", "base", "plus", "reason"),
    [
        ("def f(x): return 1 + x", Status.PASS, Status.PASS, ""),
        ("def f(x): return x + 1.0", Status.PASS, Status.PASS, ""),
        ("def f(x): return x + 1 if x < 9 else 0", Status.PASS, Status.FAIL, "wrong answer"),
        ("def f(x): return x", Status.FAIL, Status.FAIL, "wrong answer"),
        ("def f(x): return x + 'a'", Status.FAIL, Status.FAIL, "exception: TypeError"),
        ("def f(x: return", Status.FAIL, Status.FAIL, "syntax error"),
        ("def f(x):\n\treturn 1\n        return 2", Status.FAIL, Status.FAIL, "syntax error"),
        ("def g(x): return x + 1", Status.FAIL, Status.FAIL, "missing entry point"),
        ("f = 1 / 0", Status.FAIL, Status.FAIL, "exception: ZeroDivisionError"),
        ("f = 7", Status.FAIL, Status.FAIL, "exception: TypeError"),
        ("def f(x):\n    while True: pass", Status.FAIL, Status.FAIL, "timeout"),
        ("while True: pass", Status.TIMEOUT, Status.TIMEOUT, "timeout"),
        ("def f(x): return bytearray(1 << 40)", Status.FAIL, Status.FAIL, "memory"),
        ("def f(x): return list(range(200_000))", Status.FAIL, Status.FAIL, "output too large"),
        ("import os\ndef f(x): os._exit(0)", Status.TIMEOUT, Status.TIMEOUT, "killed"),
        ("\0", Status.FAIL, Status.FAIL, "syntax error"),
        ("import numpy\ndef f(x): return numpy.int64(x) + 1", Status.PASS, Status.PASS, ""),
        ("def f(x): return x + 1\nexit()", Status.PASS, Status.PASS, ""),
        ("def f(x): return x + 1\n__import__('sys').exit(1)", Status.PASS, Status.PASS, ""),
        ("exit()\ndef f(x): return x + 1", Status.FAIL, Status.FAIL, "exception: SystemExit"),
        ("def f(x): return x + 1\n1 / 0", Status.FAIL, Status.FAIL, "exception: ZeroDivision"),
        ("def f(x): exit()", Status.FAIL, Status.FAIL, "exception: SystemExit"),
        ("x = input()\ndef f(x): return x + 1", Status.FAIL, Status.FAIL, "exception: EOFError"),
    ],
)
def test_every_end_has_its_name(
    judge: Judge, code: str, base: Status, plus: Status, reason: str
) -> None:
    """A person who asks why a program failed reads this, and the reports count it."""
    judgement = judge.hidden(ADD, code)
    assert (judgement.base, judgement.plus) == (base, plus), judgement
    assert judgement.reason.startswith(reason) and bool(judgement.reason) == bool(reason)
    assert judgement.solved is (base is plus is Status.PASS)


def test_the_failing_input_is_shown(judge: Judge) -> None:
    judgement = judge.hidden(ADD, "def f(x): return x + 1 if x < 9 else -x")
    assert (judgement.failing_input, judgement.expected, judgement.got) == ("[40]", "41", "-40")
    assert judgement.seconds > 0 and judgement.cpu_seconds > 0
    assert judgement.profile == "default"


@pytest.mark.parametrize("level", Level)
def test_every_judgement_says_at_which_level_it_was_made(judging_home: Path, level: Level) -> None:
    judge = Judge(slot=4, levels=(level,))
    assert judge.hidden(ADD, ADD.reference).level == level
    judge.close()


def test_large_outputs_are_equal_as_python_has_it(judge: Judge) -> None:
    """Only their digests are compared: they must not tell 1.0 from 1, or a long one from a short."""
    count = 120_000  # integers that are sent as they are, and floats that are not
    ones = problem("def f(n):\n    return [1] * n\n", [[5]], [[count], [4 * count]])
    assert judge.hidden(ones, ones.reference).solved
    assert judge.hidden(ones, "def f(n): return [1.0] * n").solved
    assert judge.hidden(ones, "def f(n): return [True] * n").solved
    assert judge.hidden(ones, "import numpy\ndef f(n): return list(numpy.ones(n, int))").solved
    for wrong in ("[1.5] * n", "(1,) * n", "[1] * (n - 1) + [2]", "['1'] * n"):
        code = f"def f(n): return {wrong} if n > 5 else [1] * n"
        assert judge.hidden(ones, code).reason in ("wrong answer", "output too large"), wrong


def test_base_and_plus_tests_meet_a_fresh_program_each(judge: Judge) -> None:
    """EvalPlus runs them apart; a program that keeps state between calls must not differ here."""
    counting = problem(
        "def f(x, seen=[]):\n    seen.append(x)\n    return len(seen)\n", [[1], [2]], [[3]]
    )
    assert judge.hidden(counting, counting.reference).solved


def test_a_program_that_changes_its_arguments_is_judged_by_the_original_ones(judge: Judge) -> None:
    copying = problem("def f(xs):\n    return sorted(xs)\n", [[[2, 1]], [[3, 1]]], [])
    assert judge.hidden(copying, "def f(xs):\n    xs.sort()\n    return xs").solved
    judgement = judge.hidden(copying, "def f(xs):\n    xs.clear()\n    return xs")
    assert judgement.failing_input == "[[2, 1]]"


def test_the_order_of_a_set_does_not_matter(judge: Judge) -> None:
    similar = problem(
        "def similar_elements(a, b):\n    return tuple(set(a) & set(b))\n",
        [[[1, 2, 3], [3, 2]]],
        [],
        problem_id="Mbpp/2",
        entry_point="similar_elements",
        official=True,
    )
    shuffled = "def similar_elements(a, b): return [3, 2, 3]"
    assert judge.hidden(similar, shuffled).solved
    assert not judge.hidden(similar, shuffled.replace("2, 3]", "4]")).solved


@pytest.mark.parametrize(
    ("code", "by_default", "as_evalplus"),
    [
        ("import re\ndef check_str(s): return re.match('[aeiou]', s)", True, True),
        ("def check_str(s): return s[0] in 'aeiou'", True, True),
        ("def check_str(s): return s if s[0] in 'aeiou' else ''", True, False),
        ("def check_str(s): return 0 if s[0] in 'aeiou' else None", False, True),
        ("def check_str(s): return [] if s[0] in 'aeiou' else None", False, True),
    ],
)
def test_a_match_is_what_is_true(
    judging_home: Path, code: str, by_default: bool, as_evalplus: bool
) -> None:
    """As the problem's own tests ask for it; for EvalPlus what is not None is one."""
    found = problem(
        "import re\ndef check_str(s):\n    return re.search('^[aeiou]', s)\n",
        [["annie"], ["dawood"]],
        [["else"]],
        problem_id="Mbpp/737",
        entry_point="check_str",
        official=True,
    )
    for profile, solved in ((profiles.DEFAULT, by_default), (profiles.EVALPLUS, as_evalplus)):
        judge = Judge(4, profile)
        try:
            assert judge.hidden(found, code).solved is solved, profile.name
        finally:
            judge.close()


def test_a_large_right_output_passes_and_a_large_wrong_one_fails(judge: Judge) -> None:
    """Large outputs are compared by digest; Mbpp/255 has one of a gigabyte."""
    large = problem("def f(n):\n    return [(i, 'x' * 50) for i in range(n)]\n", [[60_000]], [])
    assert judge.hidden(large, large.reference).solved
    judgement = judge.hidden(large, large.reference.replace("range(n)", "range(n - 1)") + "#")
    assert judgement.reason == "wrong answer" and judgement.got is not None
    assert judgement.got.startswith("[(0, 'xxx")


@pytest.mark.parametrize(
    ("n", "reference", "right", "wrong"),
    [
        (
            120_000,
            "[i / 10 for i in range(n)]",
            "[i * 0.1 for i in range(n)]",
            "[i * 0.1 + (i == n - 1) for i in range(n)]",
        ),
        (
            40_000,
            "{i: {'a': i, 'b': [0.5]} for i in range(n)}",
            "{i: __import__('collections').Counter(b=[0.5], a=i) for i in reversed(range(n))}",
            "{i: {'a': i, 'b': [0.25]} for i in range(n)}",
        ),
        (
            160_000,
            "set(map(str, range(n)))",
            "frozenset(map(str, range(n)))",
            "set(map(str, range(1, n)))",
        ),
        (160_000, "(0.5, [float('nan')] * n)", "(0.5, [-float('nan')] * n)", "(0.5, [0.5] * n)"),
    ],
)
def test_the_same_is_right_however_large_it_is(
    judge: Judge, n: int, reference: str, right: str, wrong: str
) -> None:
    """HumanEval/100 with numpy's integers passed its base tests and failed its larger ones."""
    sizes = problem(f"def f(n):\n    return {reference}\n", [[3]], [[n], [4]])
    assert judge.hidden(sizes, f"def f(n): return {right}").solved
    judgement = judge.hidden(sizes, f"def f(n): return {wrong} if n > 9 else {right}", True)
    assert judgement.reason == "wrong answer" and judgement.failed_plus == (0,), judgement
    assert judgement.got and judgement.expected


def test_the_same_is_right_however_deep_it_is(judge: Judge) -> None:
    """Beyond what is sent, and beyond what Python itself compares; without an end it is no output."""
    deep = problem(
        "def f(n):\n    x = [n]\n    for _ in range(n): x = [x, n]\n    return x\n",
        [[3]],
        [[150], [5000]],
    )
    assert judge.hidden(deep, deep.reference).solved
    judgement = judge.hidden(deep, deep.reference.replace("[n]", "[n if n < 9 else 0]"))
    assert judgement.reason == "wrong answer" and judgement.failing_input == "[150]"
    endless = deep.reference.replace("return x", "x[0] = x if n > 9 else x[0]\n    return x")
    assert judge.hidden(deep, endless).reason == "output too large"


def test_not_a_number_is_right_whatever_its_bits(judge: Judge) -> None:
    nothing = problem("def f(x):\n    return [float('nan'), {float('nan'): x}]\n", [[1]], [[2]])
    for nan in ("float('inf') - float('inf')", "-float('nan')", "__import__('math').nan"):
        assert judge.hidden(nothing, f"def f(x): return [{nan}, {{{nan}: x}}]").solved
    assert not judge.hidden(nothing, "def f(x): return [0.0, {0.0: x}]").solved


def test_a_busy_machine_makes_no_right_answer_wrong(judge: Judge) -> None:
    """0.7 s of CPU time, where 1 s is allowed, take over 1.4 s on a machine with twice the work."""
    slow = """
        import time
        def f(x):
            while time.process_time() < 0.7: pass
            return x + 1
    """
    one = problem("def f(x):\n    return x + 1\n", [[1]], [])
    assert judge.hidden(one, one.reference).solved
    spin = [sys.executable, "-c", "while True: pass"]
    spinners = [subprocess.Popen(spin) for _ in range(2 * (os.cpu_count() or 1))]
    try:
        judgement = judge.hidden(one, textwrap.dedent(slow))
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait()
    assert judgement.solved, judgement


def test_a_program_that_gets_no_processor_does_not_sleep(judging_home: Path) -> None:
    """With a hundredth of a processor it looks like one that waits of its own accord."""
    judge = Judge(slot=6, levels=(Level.A,))
    one = problem("def f(x):\n    return x + 1\n", [[1]], [])
    assert judge.hidden(one, one.reference).solved
    zygote = judge._sandboxes[""].pid
    os.setpriority(os.PRIO_PROCESS, zygote, 19)
    with suppress(OSError):  # where sessions have a priority of their own, as a sandbox of level A
        Path(f"/proc/{zygote}/autogroup").write_text("19")
    spin = [sys.executable, "-c", "while True: pass"]
    count = 4 * (os.cpu_count() or 1)
    spinners = [subprocess.Popen(spin, start_new_session=True) for _ in range(count)]
    slow = """
        import time
        def f(x):
            while time.process_time() < 0.02: pass
            return x + 1
    """
    try:
        judgement = judge.hidden(one, textwrap.dedent(slow))
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait()
        judge.close()
    assert judgement.solved, judgement
    assert judgement.cpu_seconds < 0.01 * judgement.seconds, "it was not starved"


@pytest.mark.parametrize("level", Level)
def test_a_timeout_for_all_sockets_makes_no_right_answer_wrong(
    judging_home: Path, level: Level
) -> None:
    """As Celery sets while a worker ends: a program may find its request not written yet."""
    judge = Judge(slot=6, levels=(level,))
    socket.setdefaulttimeout(5)
    try:
        statuses = {judge.hidden(ADD, "def f(x):\n    return x + 1\n").plus for _ in range(30)}
    finally:
        socket.setdefaulttimeout(None)
        judge.close()
    assert statuses == {Status.PASS}


def test_evalplus_profile_runs_plus_tests_in_any_case(judging_home: Path) -> None:
    """Its labels must be EvalPlus's, where plus is run even if base failed."""
    judge = Judge(slot=4, profile=profiles.EVALPLUS)
    try:
        judgement = judge.hidden(ADD, "def f(x): return x + 1 if x > 2 else 0")
    finally:
        judge.close()
    assert (judgement.base, judgement.plus) == (Status.FAIL, Status.PASS)
    assert not judgement.solved and judgement.profile == "evalplus-0.3.1"


def test_a_program_that_does_not_load_fails_a_set_of_no_tests(judging_home: Path) -> None:
    """Mbpp/793 has no plus tests, and EvalPlus fails what it cannot load."""
    judge = Judge(slot=4, profile=profiles.EVALPLUS)
    few = problem("def f(x):\n    return x + 1\n", [[1]], [])
    try:
        statuses = [judge.hidden(few, code).plus for code in ("def f(x): return 0", "def f(x: ")]
    finally:
        judge.close()
    assert statuses == [Status.PASS, Status.FAIL]


def test_visible_tests_have_the_output_that_hidden_ones_have(judge: Judge) -> None:
    code = "import sys\ndef f(x):\n    sys.stdout.buffer.write(b'2')\n    print(chr(0xd800))"
    test = VisibleTest("doctest", ">>> f(1)\n2\\\\ud800", "f(1)", "2\\ud800")
    (result,) = judge.visible(shows(test), code).results
    assert result.passed, result


DOCTEST = VisibleTest("doctest", ">>> f(1)\n2", "f(1)", "2")
ASSERT = VisibleTest("assert", "assert f(2) == 3", "assert f(2) == 3")


@pytest.mark.parametrize(
    ("code", "passed", "shown"),
    [
        ("def f(x): return x + 1", (True, True), ("got: 2", "")),
        ("def f(x): return x", (False, False), ("got: 1", "got: 2")),
        ("def f(x): print(x + 1)", (True, False), ("got: 2", "got: 3\nNone")),
        ("def f(x): return x + 1.00000001", (True, False), ("got: 2.00000001", "got: 3.00000001")),
        (
            "def f(x): assert x > 1, 'no'; return x + 1",
            (False, True),
            ("raised: AssertionError: no", ""),
        ),
        (
            "def f(x): return x.y",
            (False, False),
            ("raised: AttributeError", "raised: AttributeError"),
        ),
        ("def f(x", (False, False), ("syntax error", "syntax error")),
        ("def g(x): return 2", (False, False), ("missing entry point", "missing entry point")),
        (
            "import os\ndef f(x): return 3 if x == 2 else os._exit(1)",
            (False, True),
            ("the process ended", ""),
        ),
        (
            "def f(x):\n    while x == 1: pass\n    return x + 1",
            (False, True),
            ("took more than", ""),
        ),
    ],
)
def test_a_trial_shows_a_model_what_its_program_did(
    judge: Judge, code: str, passed: tuple[bool, ...], shown: tuple[str, ...]
) -> None:
    """This is all that a reviewing or fixing model learns of running the program."""
    trial = judge.visible(shows(DOCTEST, ASSERT), code)
    assert [result.source for result in trial.results] == [DOCTEST.source, ASSERT.source]
    if "00000001" in code:  # a doctest's numbers may be as close as the hidden tests' floats
        passed = (False, False)
    assert tuple(result.passed for result in trial.results) == passed
    for result, text in zip(trial.results, shown, strict=True):
        assert result.shown.startswith(text), result


def test_a_trial_without_tests_has_not_passed(judge: Judge) -> None:
    nothing = judge.visible(shows(), "def f(x): return x")
    assert not nothing.failed and nothing.passes == 0


def test_expected_outputs_are_found_out_once(judging_home: Path) -> None:
    """Else every worker would run every reference again: minutes for a benchmark."""
    twice = problem("def f(x):\n    return 2 * x\n", [[1]], [[5]])
    for _ in range(2):
        judge = Judge(slot=6)
        assert judge.hidden(twice, "def f(x): return x + x").solved
        judge.close()
        (kept,) = (judging_home / "expected").glob(f"*/{twice.version}")
        written = kept.stat().st_mtime_ns
    assert kept.stat().st_mtime_ns == written
    kept.write_bytes(kept.read_bytes()[:-3])  # as after a crash of the machine
    judge = Judge(slot=6)
    assert judge.hidden(twice, "def f(x): return x + x").solved
    judge.close()


def test_a_broken_reference_is_nobodys_wrong_answer(judge: Judge) -> None:
    broken = problem("def f(x):\n    return x[0]\n", [[1]], [])
    with pytest.raises(InfrastructureError, match=r"Test/0: its reference .* TypeError"):
        judge.hidden(broken, "def f(x): return 1")


LATE = """
import time
def f(x):
    end = time.process_time() + 1.0
    while time.process_time() < end:
        pass
    {ends}
"""


@pytest.mark.parametrize(
    ("ends", "says"),
    [
        ("raise ValueError('late')", "ValueError: late"),
        ("return object()", "type object"),
        ("return __import__('os')._exit(3)", "its process ended"),
        ("return __import__('ctypes').string_at(0)", "its process ended"),
    ],
)
def test_why_a_reference_fails_is_found_out_once(
    judging_home: Path, monkeypatch: pytest.MonkeyPatch, ends: str, says: str
) -> None:
    """Else every sample of its problem runs it anew, and again on each rerun."""
    broken = problem(LATE.replace("{ends}", ends), [[1]], [])
    runs: list[str] = []
    run = reference.run
    monkeypatch.setattr(reference, "run", lambda *given: runs.append("") or run(*given))
    for _ in range(2):
        judge = Judge(slot=6)
        for sample in range(2):
            with pytest.raises(verdicts.ReferenceFails, match=f"Test/0: its .*{says}") as raised:
                judge.hidden(broken, f"def f(x): return {sample}")
            assert str(raised.value).endswith(verdicts.KEPT)
        judge.close()
    assert len(runs) == 1


def test_a_reference_that_the_machine_kills_is_tried_again(judging_home: Path) -> None:
    """For want of memory, or because the sandbox fails: that is kept for nobody."""
    slow = problem(LATE.replace("{ends}", "return x").replace("1.0", "60.0"), [[1]], [])
    sandbox = Sandbox(6, Level.A)

    def kill() -> None:
        deadline = time.monotonic() + 20
        while not children(sandbox.pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)  # it is loaded
        for process in children(sandbox.pid):
            os.kill(process, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(InfrastructureError, match="was killed") as raised:
        expected.STORE.load(slow.version, lambda: reference.run(sandbox, slow))
    killer.join()
    sandbox.close()
    assert not isinstance(raised.value, verdicts.ReferenceFails)
    assert not list((judging_home / "expected").glob(f"*/{slow.version}"))


@pytest.mark.parametrize("when", ["", "def f(x):\n    "])
def test_a_reference_that_is_gone_and_nobody_says_how_is_tried_again(
    judging_home: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """A machine that is short of memory is slow to say that it killed."""
    gone = problem(f"import os\n{when}os._exit(0)", [[1]], [])
    monkeypatch.setattr(ProgramRun, "await_end", lambda *_: None)
    sandbox = Sandbox(6, Level.A)
    with pytest.raises(InfrastructureError, match="was killed") as raised:
        expected.STORE.load(gone.version, lambda: reference.run(sandbox, gone))
    sandbox.close()
    assert not isinstance(raised.value, verdicts.ReferenceFails)
    assert not list((judging_home / "expected").glob(f"*/{gone.version}"))


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("def f(x: return", "syntax error"),
        ("def g(x): return x", "missing entry point"),
        ("raise SystemExit", "exception: SystemExit"),
        ("import os\nos._exit(0)", "killed"),
        ("while True: pass", "timeout"),
    ],
)
def test_a_reference_that_does_not_load_fails_for_good(
    judging_home: Path, code: str, says: str
) -> None:
    broken = problem(code, [[1]], [])
    sandbox = Sandbox(6, Level.A)
    found = expected.STORE.load(broken.version, lambda: reference.run(sandbox, broken))
    sandbox.close()
    assert isinstance(found, expected.Failure)
    assert found.reason.startswith(says)


@pytest.mark.parametrize(
    ("right", "wrong", "name"),
    [
        ("iter([x])", "iter([x, 9])", "list_iterator"),
        ("[__import__('numpy').arange(3)]", "[__import__('numpy').arange(4)]", "ndarray"),
        ("{x: [object()]}", "{x: [object()]}", "object"),
    ],
)
def test_what_cannot_be_compared_is_no_right_answer(
    judge: Judge, right: str, wrong: str, name: str
) -> None:
    """All objects of a type look alike from outside: a wrong program would pass."""
    unfit = problem(f"def f(x):\n    return {right}\n", [[1]], [])
    with pytest.raises(InfrastructureError, match=rf"Test/0: its reference .* type {name} is in"):
        judge.hidden(unfit, f"def f(x): return {wrong}")


@pytest.mark.parametrize("level", Level)
def test_a_sandbox_that_dies_is_replaced(judging_home: Path, level: Level) -> None:
    """Else one out-of-memory kill would turn every later attempt of the worker into an error."""
    judge = Judge(slot=6, levels=(level,))
    try:
        assert judge.hidden(ADD, ADD.reference).solved
        for pid in children(os.getpid()):
            os.kill(pid, signal.SIGKILL)
        assert judge.hidden(ADD, ADD.reference).solved
    finally:
        judge.close()


@pytest.fixture
def ends_its_sandbox(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Programs with this text end their sandbox, as none can; each time it is noted."""
    ends: list[str] = []
    usual = Sandbox.run

    @contextmanager
    def run(sandbox: Sandbox, request: bytes, cpu_seconds: int) -> Iterator[ProgramRun]:
        with usual(sandbox, request, cpu_seconds) as running:
            if b"ends its sandbox" in request:
                ends.append(sandbox.level)
                sandbox._control.shutdown(socket.SHUT_RDWR)
            yield running

    monkeypatch.setattr(Sandbox, "run", run)
    return ends


def test_an_end_of_the_sandbox_is_the_failure_of_the_program_that_caused_it(
    judge: Judge, ends_its_sandbox: list[str]
) -> None:
    """As an error it is in no figure: a wrong program would take itself out of the score."""
    assert judge.hidden(ADD, ADD.reference).solved
    judgement = judge.hidden(ADD, "def f(x): return 'ends its sandbox'")
    assert (judgement.base, judgement.reason) == (Status.TIMEOUT, "killed")
    assert len(ends_its_sandbox) == 2, "tried again by itself"
    everything = judge.hidden(ADD, "def f(x): return 'ends its sandbox'", all_tests=True)
    assert (everything.failed_base, everything.failed_plus) == ((0, 1), (0, 1))
    trial = judge.visible(shows(DOCTEST), "# ends its sandbox\ndef f(x): return x + 1")
    assert trial.results[0].shown == "the process ended"
    assert judge.hidden(ADD, ADD.reference).solved


def test_a_sandbox_that_was_killed_says_nothing_of_its_program(judging_home: Path) -> None:
    """No program can do it: the machine is short of memory, or a person was at it."""
    judge = Judge(slot=6, levels=(Level.A,))
    assert judge.hidden(ADD, ADD.reference).solved
    stop = threading.Event()

    def kill() -> None:
        while not stop.wait(0.05):
            sandbox = judge._sandboxes.get("")
            zygote = sandbox.pid if sandbox is not None else 0
            if zygote and children(zygote):
                with suppress(ProcessLookupError):
                    os.kill(zygote, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        with pytest.raises(InfrastructureError, match="was killed; is this machine short"):
            judge.hidden(ADD, "import time\ndef f(x):\n    time.sleep(0.9)\n    return x + 1")
    finally:
        stop.set()
        killer.join()
        judge.close()


@pytest.mark.parametrize("times", [1, 99])
def test_a_program_that_the_machine_killed_is_not_wrong(judge: Judge, times: int) -> None:
    """Memory may run out by what others hold: a right program would fail for it."""
    assert judge.hidden(ADD, ADD.reference).solved
    stop = threading.Event()
    killed: list[int] = []

    def kill() -> None:
        while not stop.wait(0.02) and len(killed) < times:
            sandbox = judge._sandboxes.get("")
            zygote = sandbox.pid if sandbox is not None else 0
            for program in children(zygote) - set(killed) if zygote else ():
                with suppress(ProcessLookupError):
                    os.kill(program, signal.SIGKILL)
                    killed.append(program)

    code = "import time\ntime.sleep(0.3)\ndef f(x): return x + 1"
    killer = threading.Thread(target=kill)
    killer.start()
    try:
        if times == 1:
            assert judge.hidden(ADD, code).solved
        else:
            with pytest.raises(InfrastructureError, match=r"was killed|not confine"):
                judge.hidden(ADD, code)
            with pytest.raises(InfrastructureError, match=r"was killed|not confine"):
                judge.visible(shows(DOCTEST), code)
    finally:
        stop.set()
        killer.join()
    assert judge.hidden(ADD, code).solved


def test_a_zygote_that_dies_takes_its_program_along(judging_home: Path) -> None:
    """At level B there is no namespace that would end with it."""
    sandbox = Sandbox(6, Level.B)
    with pytest.raises(InfrastructureError, match="the sandbox is gone"):
        _kill_a_zygote_at_work(sandbox)
    sandbox.close()


def _kill_a_zygote_at_work(sandbox: Sandbox) -> None:
    request = frames.request((frames.CALL, "def f():\n    while True: pass", "f", 1, ""))
    with sandbox.run(request, 60) as run:
        assert run.next(30) == frames.READY
        run.ask(frames.inputs([frames.given([], False)]), 1)
        (program,) = children(sandbox.pid)
        os.kill(sandbox.pid, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while Path(f"/proc/{program}").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not Path(f"/proc/{program}").exists()


@pytest.mark.parametrize("level", Level)
def test_nothing_is_left_when_the_worker_is_killed(tmp_path: Path, level: Level) -> None:
    """Else a machine would fill up with the endless loops of dead workers."""
    script = """
        import sys
        from foureyes.models.enums import Level
        from foureyes.models.problem import VisibleTest
        from tests.problems import shows
        from foureyes.judging.judge import Judge
        test = VisibleTest("doctest", "", "f()", "1")
        judge = Judge(slot=3, levels=(Level(sys.argv[1]),))
        judge.visible(shows(test), "def f(): return 1")
        print("ready", flush=True)
        judge.visible(shows(test), "while True: pass")
    """
    environment = {**os.environ, "FOUREYES_HOME": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), level],
        cwd=REPOSITORY,
        env=environment,
        stdout=subprocess.PIPE,
    ) as worker:
        assert worker.stdout is not None and worker.stdout.readline() == b"ready\n"
        time.sleep(0.5)  # the loop runs
        below = children(worker.pid)
        family = below | {grandchild for pid in below for grandchild in children(pid)}
        assert len(family) >= 2
        worker.kill()
    deadline = time.monotonic() + 10
    while (alive := [pid for pid in family if Path(f"/proc/{pid}").exists()]) and (
        time.monotonic() < deadline
    ):
        time.sleep(0.05)
    assert not alive


def test_a_machine_without_bubblewrap_is_told_what_to_install(
    judging_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And judges at level B only if it was told that this is enough."""
    monkeypatch.setenv("PATH", "")
    report = probe()
    assert report.level == "" and "apt install bubblewrap" in str(report.tried[0])
    with pytest.raises(InfrastructureError, match=r"apt install bubblewrap.*SANDBOX_LEVEL=B"):
        Judge().hidden(ADD, ADD.reference)
    monkeypatch.setattr(settings(), "sandbox_level", Level.B)
    assert probe().level == "B"
    judge = Judge(slot=4)
    assert judge.hidden(ADD, ADD.reference).level == "B"
    judge.close()


def test_an_older_landlock_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would let a program signal and trace the worker, where they share a user."""
    monkeypatch.setattr(landlock, "LEAST_ABI", 99)
    with pytest.raises(OSError, match=r"Landlock \d+ here, 99 needed: use Linux"):
        landlock.check_version()


@pytest.mark.skipif(
    not all((DATA / name).exists() for name in FILES),
    reason=f"needs {' and '.join(FILES)}: put them into a folder and set FOUREYES_DATA to it",
)
@pytest.mark.parametrize("name", FILES)
def test_canonical_solutions_pass(judge: Judge, name: str) -> None:
    """Every ninth of them here, for time; a judge that fails one fails every model's as well."""
    with gzip.open(DATA / name, "rt", encoding="utf-8") as file:
        problems = [parse_record("", line.rstrip("\n")) for line in file]
    tests = [one.hidden_tests() for one in problems[::9]]
    failed = [one.problem_id for one in tests if not judge.hidden(one, one.reference).solved]
    assert failed == []


def children(pid: int) -> set[int]:
    """The processes that a process has started and that live."""
    found: set[int] = set()
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        found |= {int(child) for child in listing.read_text().split()}
    return found
