"""`foureyes benchmark check`: what it misses, a user learns from wrong scores."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from foureyes.evaluation import checking
from foureyes.judging.formats.evalplus import verdicts
from foureyes.models.settings import settings
from tests.programs import foureyes

EXAMPLES = 'def f(x):\n    """Do it.\n\n    >>> f(1)\n    2\n    >>> f(2)\n    5\n    """\n'
LATE = """import time
def f(x):
    end = time.process_time() + 0.6
    while time.process_time() < end: pass
    return x
"""


def record(name: str, reference: str, **more: Any) -> dict[str, Any]:
    fields = {
        "task_id": f"check/{name}", "prompt": "", "entry_point": "f", "atol": 0,
        "canonical_solution": reference, "base_input": [[1], [2]], "plus_input": [[3]],
    }  # fmt: skip
    return fields | more


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("FOUREYES_HOME", str(tmp_path / "home"))
    settings.cache_clear()
    yield
    settings.cache_clear()


#: By name: a reference, and what is to be said of it.
FOUND = {
    "fine": ("def f(x): return x + 1", ""),
    "digests": ("def f(x): return 'x' * 3_000_000", ""),
    "random": ("import random\ndef f(x): return random.random()", "random"),
    "hashes": ("def f(x): return list({'a', 'b', 'c', 'd', str(x)})", "order of a set"),
    "addresses": ("def f(x): return str(object())", "random"),
    "slow": (LATE, "slow: 2 s for all inputs"),
    "unsendable": ("def f(x): return object()", "a value of type object"),
    "failing": ("def f(x): return 6 / (3 - x)", "for [3]: ZeroDivisionError"),
    "nothing": ("def f(x): x + 1", "returns None for every input"),
    "unloadable": ("import nowhere\ndef f(x): return x", "No module named"),
    "elsewhere": ("from math import *", "missing entry point"),
}


def test_every_kind_of_unfit_problem_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdicts, "_SLOW", 1.5)
    records = [record(name, reference) for name, (reference, _) in FOUND.items()]
    records.append(record("examples", "    return x + 1\n", prompt=EXAMPLES))
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in records))
    console = Console(file=io.StringIO(), width=200)
    assert not checking.check(str(path), 2, console)
    assert isinstance(console.file, io.StringIO)
    printed = console.file.getvalue()
    rows = [line.split("│")[1:-1] for line in printed.splitlines() if line.count("│") == 7]
    told = {row[0].strip().removeprefix("check/"): [cell.strip() for cell in row] for row in rows}
    assert [name for name in told if name] == [*FOUND, "examples"]  # in the file's order
    for name, (_, says) in FOUND.items():
        assert says in told[name][5] and bool(says) == bool(told[name][5]), told[name]
        assert told[name][1:4] == ["0", "2", "1"]
    assert told["examples"][1] == "1 of 2"
    assert told["examples"][5] == "its own example fails: >>> f(2) 5 (got: 3)"
    assert f"12 problems: {len(FOUND) - 1} to mend; 11 without an example" in printed


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (json.dumps(record("0", "def f(x): return x")), 0, "1 problems: none to mend"),
        (json.dumps(record("0", "def f(x): return 1 / 0")), 1, "ZeroDivisionError"),
        ("{", 2, "line 1: not valid JSON"),
        (None, 2, "there is no such file"),
    ],
)
def test_the_exit_code_tells_a_script(
    tmp_path: Path, content: str | None, code: int, says: str
) -> None:
    path = tmp_path / "mine.jsonl"
    if content is not None:
        path.write_text(content)
    made = foureyes("benchmark", "check", str(path), home=tmp_path / "home", COLUMNS="200")
    assert made.returncode == code
    assert says in made.stdout + made.stderr
