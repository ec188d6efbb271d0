"""If one of these fails, LiveCodeBench's own judge cannot be compared with, or a sample uses it to reach out."""

import json
from pathlib import Path

import pytest

from foureyes.evaluation import evalplus_sandbox, livecodebench
from foureyes.evaluation.evalplus_sandbox import EVALPLUS
from foureyes.models.errors import FoureyesError, InfrastructureError
from foureyes.problems.contest_build import packed
from tests.contests import JOIN, record

RIGHT = "print(sum(map(int, input().split())))"


def records() -> list[str]:
    private = json.dumps([{"input": "8 9\n", "output": "17", "testtype": "stdin"}])
    functional = record(JOIN, "join", question_id="join")
    return [json.dumps(record(private_test_cases=packed(private))), json.dumps(functional)]


def test_it_judges_samples_in_their_order() -> None:
    """By the public and the private tests, in either form of these."""
    samples = [
        ("abc_1", RIGHT),
        ("join", "class Solution:\n    def join(self, a, b): return a + [b]"),
        ("abc_1", "print(3)"),
        ("join", "def join(a, b): return a"),
        ("abc_1", "1 / 0"),
    ]
    result = livecodebench.evaluate(records(), samples, patience=200)
    assert result.passed == (True, True, False, False, False)
    assert result.said[2:] == (
        "Wrong answer at output_line_idx=0: 3 != 17",
        "Wrong Answer",
        "Runtime Error",
    )
    assert result.seconds > 0 and result.cpu_seconds > 0


def test_a_sample_reaches_nothing_beyond_its_verdict(tmp_path: Path) -> None:
    """It confines no sample; without our sandbox one could read and change this machine."""
    secret = tmp_path / "secret"
    secret.write_text("secret")
    secret.chmod(0o666)
    attack = f"""
import io, posix, socket
def succeeds(action):
    try: action()
    except OSError: return False
    return True
reached = any(map(succeeds, (
    lambda: io.open({str(secret)!r}).read(),
    lambda: io.open({str(secret)!r}, "w"),
    lambda: posix.listdir({str(tmp_path)!r}),
    lambda: io.open("/evaluation/records.jsonl", "a"),
    lambda: socket.create_connection(("192.0.2.1", 80), 1),
)))
print(reached or posix.getuid() == 0)
"""
    line = json.dumps(record([("1\n", "False"), ("2\n", "False")]))
    assert livecodebench.evaluate([line], [("abc_1", attack)], patience=200).passed == (True,)
    assert secret.read_text() == "secret"


def test_one_that_is_not_here_is_told_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(livecodebench, "_PYTHON", tmp_path / "python")
    with pytest.raises(FoureyesError, match=r"is not here \(.*\): make livecodebench$"):
        livecodebench.evaluate(records(), [("abc_1", RIGHT)])
    python = Path(evalplus_sandbox.__file__).parents[1] / ".venv-livecodebench" / "bin" / "python"
    with pytest.raises(FoureyesError, match="has no EvalPlus: make evalplus"):
        evalplus_sandbox.examine(python, EVALPLUS)


def test_one_that_does_not_end_is_no_verdict() -> None:
    with pytest.raises(InfrastructureError, match="did not end within 2 s"):
        livecodebench.evaluate(records(), [("abc_1", "while True: pass")], patience=2)


def test_a_problem_without_samples_is_no_matter() -> None:
    assert livecodebench.evaluate(records(), [], patience=100).passed == ()
