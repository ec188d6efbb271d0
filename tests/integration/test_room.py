"""If one of these fails, programs that fill their limits bring a machine down, or a right one is called
wrong for what the machine lacks.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from foureyes.judging.formats.evalplus.functions import FunctionTests
from foureyes.judging.judge import Judge
from foureyes.judging.profiles import Profile
from foureyes.judging.sandbox import cgroups, room, turns
from foureyes.models.enums import Level, Status
from foureyes.models.errors import InfrastructureError
from foureyes.models.settings import settings
from foureyes.models.shown import Judgement

ROOT = Path(__file__).parents[2]
ADD = FunctionTests("Room/0", "f", "def f(x):\n    return x + 1\n", [[1]], [[2]], 0.0, f"{7:0>64}")
#: Right, once it has had 400 MiB in memory.
LARGE = """
import time
def f(x):
    held = b"x" * (400 << 20)
    time.sleep(0.2)
    return x + 1
"""
SHARE, FULL = 256 << 20, 1 << 30
#: Ample time: what is looked for here is memory.
PROFILE = Profile("ample", shortest=20.0)

needs_cgroups = pytest.mark.skipif(
    cgroups.version() is None, reason="no cgroup can be had here: as root, or delegated"
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("FOUREYES_HOME", str(tmp_path))
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


@pytest.fixture(params=["cgroup", "watched"])
def how(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What keeps slots to their share: a cgroup, or the judge's own looking."""
    if request.param == "watched":
        monkeypatch.setattr(cgroups, "_places", lambda: None)
    elif cgroups.version() is None:
        pytest.skip("no cgroup can be had here")
    return str(request.param)


def shares(monkeypatch: pytest.MonkeyPatch, share: int, alone: int, full: int = FULL) -> None:
    monkeypatch.setattr(room, "FULL", full)
    monkeypatch.setattr(room, "share", lambda slots: alone if slots == 1 else share)


def judged(code: str, level: Level = Level.B) -> Judgement:
    judge = Judge(8, PROFILE, (level,), slots=2)
    try:
        return judge.hidden(ADD, code)
    finally:
        judge.close()


@pytest.mark.parametrize("level", Level)
def test_a_right_program_that_needs_more_than_its_share_is_right(
    level: Level, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is judged again alone, with all memory that the machine has."""
    shares(monkeypatch, SHARE, FULL)
    asked: list[str] = []
    alone = turns.alone

    def noted() -> AbstractContextManager[None]:
        asked.append("alone")
        return alone()

    monkeypatch.setattr(turns, "alone", noted)
    assert judged(LARGE, level).solved
    assert asked == ["alone"]


def test_what_the_machine_has_not_makes_no_program_wrong(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares(monkeypatch, SHARE, SHARE)
    with pytest.raises(InfrastructureError, match="memory"):
        judged(LARGE)


@needs_cgroups
@pytest.mark.parametrize("level", Level)
def test_who_takes_more_than_any_program_may_has_failed(
    level: Level, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would take itself out of the score, and others' slots with it."""
    shares(monkeypatch, SHARE, SHARE, full=SHARE)
    for code in (LARGE, f"f = 1\n{LARGE}\nf(1)"):  # in a call, and while it is loaded
        judgement = judged(code, level)
        assert (judgement.base, judgement.reason) == (Status.FAIL, "memory")


def groups() -> set[Path]:
    places = (cgroups._places() or {}).values()
    return {folder for place in places for folder in place.glob(f"foureyes-{os.getpid()}-*")}


@needs_cgroups
def test_a_slot_that_is_closed_leaves_no_cgroup() -> None:
    before = groups()
    judge = Judge(8, levels=(Level.B,))
    try:
        assert judge.hidden(ADD, ADD.reference).solved
        assert len(groups() - before) == len(set((cgroups._places() or {}).values()))
    finally:
        judge.close()
    assert groups() == before


@needs_cgroups
@pytest.mark.parametrize("level", Level)
def test_a_worker_that_is_killed_leaves_no_process_and_its_cgroup_is_swept(level: Level) -> None:
    code = f"""
import sys
from foureyes.models.enums import Level
from foureyes.judging.judge import Judge
from tests.integration.test_room import ADD
judge = Judge(9, levels=(Level("{level}"),))
assert judge.hidden(ADD, ADD.reference).solved
print(judge._sandboxes[''].pid, flush=True)
judge.hidden(ADD, "import time\\ntime.sleep(60)")
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    worker = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert worker.stdout is not None
    zygote = int(worker.stdout.readline())
    folders = {
        folder
        for place in (cgroups._places() or {}).values()
        for folder in place.glob(f"foureyes-{worker.pid}-*")
    }
    assert folders
    time.sleep(0.5)  # the sleeping program is there
    worker.kill()
    worker.wait()
    worker.stdout.close()
    until = time.monotonic() + 20
    while Path(f"/proc/{zygote}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not Path(f"/proc/{zygote}").exists()
    while any(folder.exists() for folder in folders) and time.monotonic() < until:
        cgroups.sweep()  # as the next sandbox does
        time.sleep(0.05)
    assert not any(folder.exists() for folder in folders)


def test_who_judges_alone_waits_for_others_and_others_wait_for_it() -> None:
    seen: list[str] = []
    inside = threading.Event()

    def alone() -> None:
        inside.wait(10)
        with turns.alone():
            seen.append("alone")
            time.sleep(0.2)
            seen.append("no more")

    def beside() -> None:
        time.sleep(0.2)  # after the other has asked
        with turns.beside_others():
            seen.append("beside")

    threads = [threading.Thread(target=each) for each in (alone, beside)]
    with turns.beside_others():
        for thread in threads:
            thread.start()
        with turns.beside_others():  # several may
            inside.set()
        time.sleep(0.1)
        seen.append("first")
    for thread in threads:
        thread.join()
    assert seen[:1] == ["first"] and seen.index("no more") == seen.index("alone") + 1
