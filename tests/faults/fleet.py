"""The workers of a fault test: real Celery processes that may be killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.programs import ROOT, wait_for

#: Everything that a sweep of one model needs, in one process.
QUEUES = "start,execution,model.c"
THREADS = 3


class Fleet:
    """Worker processes by their names; each has its log."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self._workers: dict[str, subprocess.Popen[bytes]] = {}

    def start(
        self,
        *names: str,
        queues: str = QUEUES,
        model: str = "c",
        program: tuple[str, ...] = ("-m", "celery"),
        threads: int = THREADS,
        wait: bool = True,
        **more: str,
    ) -> None:
        """Start workers of these names; ready when this returns, unless told not to wait."""
        before = {name: self.log(name).count(" ready.") for name in names}
        for name in names:
            with self._log(name).open("ab") as log:
                self._workers[name] = subprocess.Popen(
                    _command(name, queues, threads, program),
                    cwd=ROOT,
                    env=self._environment | {"FOUREYES_MODEL": model} | more,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
        if wait:
            wait_for(
                lambda: all(self.log(name).count(" ready.") > before[name] for name in names), 180
            )

    def log(self, name: str) -> str:
        path = self._log(name)
        return path.read_text(errors="replace") if path.exists() else ""

    def kill(self, *names: str) -> None:
        """SIGKILL to the workers, as quickly as can be."""
        for name in names:
            self._workers[name].kill()
        for name in names:
            self._workers.pop(name).wait()

    def stop(self, name: str) -> int:
        """Ask a worker to end, as whoever deploys a new version does; its exit code."""
        worker = self._workers.pop(name)
        worker.terminate()
        return worker.wait(timeout=60)

    def refused(self, name: str, **more: str) -> str:
        """Start a worker that must end by itself, with the exit code for a mistake; what it said."""
        made = subprocess.run(
            _command(name, QUEUES, THREADS, ("-m", "celery")),
            cwd=ROOT,
            env=self._environment | {"FOUREYES_MODEL": "c"} | more,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert made.returncode == 2, made.stderr
        return made.stderr

    def kill_children(self, name: str) -> int:
        """SIGKILL to the programs that a worker has started (its sandboxes); how many."""
        killed = 0
        for pid in _children(self._workers[name].pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            killed += 1
        return killed

    def pids(self) -> list[int]:
        return [worker.pid for worker in self._workers.values()]

    def running(self) -> list[str]:
        return [name for name, worker in self._workers.items() if worker.poll() is None]

    def close(self) -> None:
        for worker in self._workers.values():
            worker.terminate()
        for worker in self._workers.values():
            try:
                worker.wait(timeout=45)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
        self._workers.clear()

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"


def _command(name: str, queues: str, threads: int, program: tuple[str, ...]) -> list[str]:
    return [
        sys.executable, *program, "-A", "foureyes.worker.app", "worker", "-n", f"{name}@faults",
        "-Q", queues, "--pool=threads", f"--concurrency={threads}",
        "--without-gossip", "--without-mingle", "--loglevel=INFO",
    ]  # fmt: skip


def _children(parent: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{parent}/task").glob("*/children"):
        found += [int(word) for word in task.read_text().split()]
    return found
