"""If one of these fails, any user of a worker's machine reads its passwords and keys."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from foureyes.evaluation import evalplus_sandbox
from foureyes.evaluation.evalplus_sandbox import Environment
from foureyes.judging.sandbox import launch
from foureyes.judging.sandbox.launch import python_binds
from foureyes.judging.sandbox.sandbox import Sandbox
from foureyes.models.enums import Level
from tests.redteam.surroundings import descendants

SECRET = "a-secret-that-nobody-may-see"


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOUREYES_DATABASE_URL", f"postgresql://foureyes:{SECRET}@host/db")
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)


@contextmanager
def watched() -> Iterator[set[str]]:
    """What the command lines of all processes below this one, and their environments, say meanwhile."""
    seen: set[str] = set()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            for pid in descendants(os.getpid()):
                for name in ("cmdline", "environ"):
                    with suppress(OSError):
                        seen.add(
                            Path(f"/proc/{pid}/{name}").read_bytes().decode("utf-8", "replace")
                        )

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


@pytest.mark.parametrize("level", Level)
def test_a_sandbox_is_told_no_secret(level: Level) -> None:
    """Command lines are open to all; an environment to the user's other processes."""
    with watched() as seen:
        Sandbox(8, level).close()
    assert any("zygote.main" in text for text in seen), "nothing was seen"
    assert not any(SECRET in text for text in seen)


def test_the_sandbox_of_evalplus_is_told_no_secret() -> None:
    line = evalplus_sandbox.launch_command(
        Environment("python3", tuple(python_binds()), ()), [], None, ["-c", "pass"], fill=False
    )
    assert not any(SECRET in part for part in line)


def test_what_programs_and_libraries_are_found_by_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a Python that needs it, or a bubblewrap of the user's own, would start no sandbox."""
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/python/lib")
    monkeypatch.setenv("PATH", "/opt/python/bin:/usr/bin")
    assert launch.environment() == {
        "PATH": "/opt/python/bin:/usr/bin",
        "LD_LIBRARY_PATH": "/opt/python/lib",
    }
