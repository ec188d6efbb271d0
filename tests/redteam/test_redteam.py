"""If one of these fails, a model's program can score without solving, or harm the machine.

Every hostile program is judged at both levels, as root and as an ordinary user: four sieges, each a
process of its own, all at the same time.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from foureyes.judging.judge import Judge
from foureyes.models.enums import Level
from tests.redteam.mode import can_become_a_user
from tests.redteam.siege import HONEST, MUTUAL, PROBLEM, PROGRAMS, TAKE_BACK

pytestmark = pytest.mark.alone  # what others leave in /tmp would be taken for a program's

ROOT = Path(__file__).parents[2]
#: Ids that no account has, for the ordinary users that root becomes; a pair of slots for each siege.
_USER, _SLOT = 65530, 40
_SECONDS = 280
#: Bytes that the judging process may take for a while, whatever a program sends.
_MEMORY = 64 << 20

MODES = [(user, level) for user in ("root", "user") for level in Level]
#: By mode and by the program's name: the fields of siege.Result.
Results = dict[tuple[str, Level], dict[str, dict[str, object]]]
NAMES = [*PROGRAMS, *(f"{name}, in another slot" for name in MUTUAL)]


def started(user: str, level: Level, home: Path) -> "subprocess.Popen[bytes]":
    """A siege as one kind of user."""
    number = MODES.index((user, level))
    siege = Path(__file__).with_name("siege.py")
    command = [sys.executable, "-B", str(siege), level, str(_SLOT + 2 * number)]
    home.mkdir()
    if os.geteuid() == 0 and user == "user":
        os.chown(home, _USER + number, _USER + number)
        folders = {str(ROOT), sys.base_prefix, sys.prefix}
        mode = Path(__file__).with_name("mode.py")
        become = [sys.executable, str(mode), str(_USER + number), json.dumps(sorted(folders))]
        command = [*become, *command]
    environment = {
        **os.environ,
        "FOUREYES_HOME": str(home),
        "FOUREYES_DATABASE_URL": "postgresql://a-secret-that-no-program-may-see",
        "TMPDIR": str(home),
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


@pytest.fixture(scope="session")
def sieges() -> Results:
    """What happened to each program in each mode that can be had here."""
    users = ["user"] if os.geteuid() != 0 else ["root", *(["user"] if can_become_a_user() else [])]
    told: Results = {}
    # Not pytest's own folder, which is closed to others.
    with tempfile.TemporaryDirectory(prefix="foureyes-siege-") as name:
        Path(name).chmod(0o755)
        running = {
            (user, level): started(user, level, Path(name, f"{user}-{level}"))
            for user, level in MODES
            if user in users
        }
        try:
            for mode, process in running.items():
                output, errors = process.communicate(timeout=_SECONDS)
                assert process.returncode == 0, f"{mode}: {errors.decode()}"
                told[mode] = json.loads(output)
        finally:
            for process in running.values():
                process.kill()
                process.wait()
    return told


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("user", "level"), MODES, ids=lambda part: str(part))
def test_a_hostile_program_gains_nothing(
    name: str,
    user: str,
    level: Level,
    sieges: Results,
) -> None:
    """It scores nothing, leaves nothing behind, harms nobody; the next honest program passes."""
    if (user, level) not in sieges:
        why = "run by an ordinary user" if user == "root" else "root without CAP_SYS_ADMIN"
        pytest.skip(f"{why}: what a program could do to {user} was not tried")
    result = sieges[user, level][name]
    assert not result["error"]
    assert not result["solved"]
    assert result["reason"]
    assert result["left"] == []
    assert not result["canary"]
    assert not result["harmed"]
    assert isinstance(result["memory"], int) and result["memory"] < _MEMORY


@pytest.fixture(scope="module", params=Level)
def judge(judging_home: Path, request: pytest.FixtureRequest) -> Iterator[Judge]:
    judge = Judge(slot=7, levels=(request.param,))
    assert judge.hidden(PROBLEM, HONEST).solved
    yield judge
    judge.close()


def test_a_program_cannot_leave_anything_for_the_next(judge: Judge) -> None:
    """Else a wrong program could pass on what an earlier one had stored, or break later ones."""
    leave = """
import builtins, fcntl, json, os, sys
for folder, _, _ in os.walk("/"):
    try: open(folder + "/left", "w").write("left")
    except OSError: pass
builtins.left = json.left = sys.left = True
os.umask(0o111)
for fd in (0, 1, 2): fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_APPEND | os.O_NONBLOCK)
def f(x): return [x + 1]
"""
    look = """
import builtins, fcntl, json, os, sys
def f(x):
    found = any("left" in files for _, _, files in os.walk("/"))
    found = found or any(hasattr(module, "left") for module in (builtins, json, sys))
    found = found or any(fcntl.fcntl(fd, fcntl.F_GETFL) & (os.O_APPEND | os.O_NONBLOCK) for fd in (0, 1, 2))
    return [x + 1] if found or os.umask(0o022) != 0o022 else []
"""
    assert judge.hidden(PROBLEM, TAKE_BACK + leave).solved  # it does nothing wrong by itself
    assert not judge.hidden(PROBLEM, look).solved


@pytest.mark.parametrize("tag", ["B", "T"])
def test_no_program_says_in_the_judges_place_why_it_failed(judge: Judge, tag: str) -> None:
    """Else a forger is counted as one that ran out of time, or as the machine's victim."""
    forge = f"""
import os
words = b"{tag}the sandbox is gone: it was killed"
for fd in range(3, 64):
    try: os.write(fd, len(words).to_bytes(4, "big") + words)
    except OSError: pass
def f(x): return []
"""
    found = judge.hidden(PROBLEM, forge)
    assert not found.solved and found.reason == "forged"


def test_an_honest_program_may_start_threads(judge: Judge) -> None:
    """Else the limit that stops a bomb would make right answers wrong."""
    threads = """
from concurrent.futures import ThreadPoolExecutor
def f(x):
    with ThreadPoolExecutor(16) as pool:
        return [sum(pool.map(int, [x] * 16)) // 16 + 1]
"""
    assert judge.hidden(PROBLEM, threads).solved
