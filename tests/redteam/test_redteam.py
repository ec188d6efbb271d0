"""If one of these fails, a model's program can score without solving, or harm the machine."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hostile import PROGRAMS

from models.problem import HiddenTests
from models.settings import settings
from worker.sandbox.judge import Judge

PROBLEM = HiddenTests(
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
vars(os).update({name: value for name, value in vars(posix).items() if name[0] != "_"})
sys.modules.pop("resource", None)
"""
HONEST = "def f(x): return [1 + x]"


def descendants(pid: int) -> set[int]:
    """The processes below one, threads' children included."""
    found: set[int] = set()
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            ids = [int(child) for child in children.read_text().split()]
        except OSError:
            continue
        for child in ids:
            found |= {child} | descendants(child)
    return found


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FOUREYES_HOME", str(tmp_path_factory.mktemp("home")))
        settings.cache_clear()
        judge = Judge(slot=7)
        assert judge.hidden(PROBLEM, HONEST).solved
        yield judge
        judge.close()
        settings.cache_clear()


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    path = tmp_path / "canary"
    path.write_text("secret")
    path.chmod(0o666)
    return path


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_hostile_program_gains_nothing(name: str, judge: Judge, canary: Path) -> None:
    """It scores nothing, leaves nothing running, and the next honest program still passes."""
    before = descendants(os.getpid())
    judgement = judge.hidden(PROBLEM, TAKE_BACK + PROGRAMS[name].replace("CANARY", str(canary)))
    assert not judgement.solved
    assert judgement.reason
    assert descendants(os.getpid()) == before
    assert judge.hidden(PROBLEM, HONEST).solved
    assert canary.read_text() == "secret"


def test_a_program_cannot_leave_anything_for_the_next(judge: Judge) -> None:
    """Else a wrong program could pass on what an earlier one had stored, or break later ones."""
    leave = """
import builtins, json, os, sys
for folder, _, _ in os.walk("/"):
    try: open(folder + "/left", "w").write("left")
    except OSError: pass
builtins.left = json.left = sys.left = True
def f(x): return [x + 1]
"""
    look = """
import builtins, json, os, sys
def f(x):
    found = any("left" in files for _, _, files in os.walk("/"))
    found = found or any(hasattr(module, "left") for module in (builtins, json, sys))
    return [x + 1] if found else []
"""
    assert judge.hidden(PROBLEM, TAKE_BACK + leave).solved  # it does nothing wrong by itself
    assert not judge.hidden(PROBLEM, look).solved


def test_slots_do_not_see_each_other(judge: Judge) -> None:
    """Else a program could read, stop or answer for one that is judged at the same time."""
    other = Judge(slot=8)
    try:
        assert other.hidden(PROBLEM, HONEST).solved
        alone = (
            "import os\ndef f(x):\n    return [x + 1] if os.getppid() or os.getpid() > 9 else []"
        )
        assert not judge.hidden(PROBLEM, alone).solved
        assert other.hidden(PROBLEM, HONEST).solved
    finally:
        other.close()
