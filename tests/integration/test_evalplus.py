"""If one of these fails, EvalPlus cannot be compared with, or a sample can use it to reach out."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foureyes.evaluation import evalplus, evalplus_sandbox
from foureyes.evaluation.evalplus import EvalPlusVerdict
from foureyes.evaluation.memory import PeakMemory
from foureyes.models.errors import FoureyesError
from foureyes.models.settings import settings

RECORD: dict[str, Any] = {
    "task_id": "HumanEval/0",
    "prompt": "def f(x):\n",
    "canonical_solution": "    return x + 1\n",
    "entry_point": "f",
    "base_input": [[1]],
    "plus_input": [[2], [3]],
}


@pytest.fixture(autouse=True)
def fresh_settings() -> Iterator[None]:
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_evalplus_judges_samples_in_their_order(tmp_path: Path) -> None:
    """Several samples of one problem, and only the problems that have any."""
    other = RECORD | {"task_id": "HumanEval/1", "canonical_solution": "    return x[0]\n"}
    codes = ["def f(x): return x", "def f(x): return x + 1", "def f(x): return 2"]
    samples = [("HumanEval/0", code) for code in codes]
    result = evalplus.evaluate("humaneval", [RECORD, other], samples, cache=tmp_path)
    assert result.verdicts == (
        EvalPlusVerdict("fail", "fail"),
        EvalPlusVerdict("pass", "pass"),
        EvalPlusVerdict("pass", "fail"),
    )
    assert result.seconds > 0 and result.cpu_seconds > 0 and result.peak_bytes > 1 << 20
    assert result.ground_truth_seconds is not None and result.end_seconds is None


def test_a_sample_reaches_nothing_beyond_its_verdict(tmp_path: Path) -> None:
    """EvalPlus confines no sample; without our sandbox one could read and change this machine."""
    secret = tmp_path / "secret"
    secret.write_text("secret")
    secret.chmod(0o666)
    attack = f"""
import io, os, posix, socket
def succeeds(action):
    try: action()
    except OSError: return False
    return True
def f(x):
    reached = [
        succeeds(lambda: io.open({str(secret)!r})),
        succeeds(lambda: io.open("/etc/passwd")),
        succeeds(lambda: io.open("/proc/sys/kernel/core_pattern", "w")),
        succeeds(lambda: io.open("/cache/evalplus/forged", "w")),
        succeeds(lambda: io.open("/python/packages/forged", "w")),
        succeeds(lambda: socket.create_connection(("127.0.0.1", 22), 1)),
        any(one not in ("lo",) for _, one in socket.if_nameindex()),
        posix.getuid() == 0,
    ]
    return x + 1 if any(reached) else None
"""
    cache = tmp_path / "cache"
    samples = [("HumanEval/0", attack), ("HumanEval/0", "def f(x): return x + 1")]
    result = evalplus.evaluate("humaneval", [RECORD], samples, cache=cache)
    assert result.verdicts == (EvalPlusVerdict("fail", "fail"), EvalPlusVerdict("pass", "pass"))
    assert secret.read_text() == "secret"


LOOK = """
import importlib.metadata, json, sys
print(json.dumps([
    sorted({str(each.locate_file("")) for each in importlib.metadata.distributions()}), sys.path
]))
"""


def test_evalplus_sees_its_own_libraries_and_not_the_base_interpreters() -> None:
    """Else what happens to be installed beside that Python decides whether a program passes."""
    found = evalplus_sandbox.examine(evalplus.environment())
    (library,) = (
        bind
        for bind in found.binds
        if bind.target.endswith(f"/{found.python}") and "/bin/" not in bind.target
    )
    line = evalplus_sandbox.launch_command(found, [], None, ["-c", LOOK], fill=False)
    made = subprocess.run(line, capture_output=True, text=True, timeout=60, check=True)
    places, path = json.loads(made.stdout)
    assert places == ["/python/packages"]
    installed = library.source / "site-packages"
    if installed.is_dir() and any(installed.iterdir()):  # so there was something to be seen
        assert f"{library.target}/site-packages" in path
        assert f"{library.target}/site-packages" in found.hidden


def test_a_clone_without_evalplus_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOUREYES_EVALPLUS", str(tmp_path / "python"))
    settings.cache_clear()
    with pytest.raises(FoureyesError, match="make evalplus"):
        evalplus.environment()


def test_samples_for_no_problem_are_named() -> None:
    with pytest.raises(FoureyesError, match="HumanEval/7"):
        evalplus.evaluate("humaneval", [RECORD], [("HumanEval/7", "")])


def test_memory_is_counted_at_its_highest() -> None:
    """Else a comparison of memory would show what is left at the end."""
    with PeakMemory(os.getpid()) as memory:
        held = bytearray(b"x") * (300 << 20)
        deadline = time.monotonic() + 30
        while memory.bytes < len(held) and time.monotonic() < deadline:
            time.sleep(0.05)
        size = len(held)
        del held
        time.sleep(1.5)
    assert memory.bytes >= size
