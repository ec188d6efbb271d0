"""If this fails, a worker that was killed leaves its engine behind, which keeps a card's memory for ever."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from foureyes.worker.engines.guard import below
from tests.programs import ROOT, wait_for

#: A worker whose engine has a process of its own, in a session of its own, which ignores requests.
_ENGINE = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
_CORE = f"""
import subprocess, sys, time
print(subprocess.Popen([sys.executable, '-S', '-c', {_ENGINE!r}]).pid, flush=True)
time.sleep(600)
"""
_WORKER = f"""
import os, subprocess, sys
from foureyes.worker.engines.guard import Guard
guard = Guard()
core = subprocess.Popen(
    [sys.executable, '-S', '-c', {_CORE!r}], stdout=subprocess.PIPE, text=True,
    start_new_session=True,
)
guard.note(core.pid)
print(core.pid, core.stdout.readline().strip(), guard._process.pid, flush=True)
if sys.stdin.readline() == 'close\\n':
    guard.close()
else:
    os._exit(1)
"""


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("end", ["kill", "close", "exit", "orphan"])
def test_a_worker_that_ends_however_it_ends_leaves_no_engine(end: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _WORKER],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as worker:
        assert worker.stdin is not None and worker.stdout is not None
        pids = [int(word) for word in worker.stdout.readline().split()]
        assert {pid for pid, _ in below(worker.pid)} == set(pids)
        time.sleep(2.5)  # the guard has looked
        assert all(map(alive, pids))
        if end == "orphan":  # as a feeder that is killed leaves its engine core
            os.kill(pids[0], signal.SIGKILL)
            time.sleep(2.5)  # and the worker sees to its calls first
            assert alive(pids[1])
        if end in ("kill", "orphan"):
            os.kill(worker.pid, signal.SIGKILL)
        else:
            worker.stdin.write(f"{end}\n")
            worker.stdin.flush()
        wait_for(lambda: not any(map(alive, pids)), 30)
        worker.wait(30)


_HOLDER = """
import os, subprocess, sys
from foureyes.worker.engines.guard import Guard
lock = os.open(sys.argv[1], os.O_RDONLY | os.O_CREAT)
import fcntl; fcntl.flock(lock, fcntl.LOCK_EX)
guard = Guard([lock])
core = subprocess.Popen(['sleep', '600'], start_new_session=True)
guard.note(core.pid)
print(core.pid, guard._process.pid, flush=True)
sys.stdin.read()
"""


def test_a_lock_holds_until_what_a_killed_worker_leaves_is_gone(tmp_path: Path) -> None:
    """Else another model would wake up on a card that is still full."""
    path = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(path)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as worker:  # fmt: skip
        assert worker.stdout is not None
        core, guard = map(int, worker.stdout.readline().split())
        time.sleep(1.5)  # the guard has looked
        os.kill(guard, signal.SIGSTOP)
        worker.kill()
        worker.wait()
        with path.open() as file:
            with pytest.raises(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.kill(guard, signal.SIGCONT)
            fcntl.flock(file, fcntl.LOCK_EX)
            assert not alive(core)
