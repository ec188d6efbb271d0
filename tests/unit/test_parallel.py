"""If one of these fails, tests that measure time fail now and then because of other tests."""

import fcntl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.parallel import Turns, group
from tests.programs import ROOT, wait_for


@pytest.fixture
def others(tmp_path: Path) -> Iterator[list[Turns]]:
    """Four processes that test, of which this one is all."""
    turns = [Turns(tmp_path) for _ in range(4)]
    yield turns
    for each in turns:
        each.close()


def begun(turns: Turns, alone: bool) -> tuple[threading.Thread, threading.Event]:
    """Begin a test elsewhere; the event tells when it has its turn."""
    has_turn = threading.Event()

    def begin() -> None:
        turns.begin(alone)
        has_turn.set()

    thread = threading.Thread(target=begin)
    thread.start()
    return thread, has_turn


def is_taken(lock: Path) -> bool:
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_who_is_alone_waits_for_the_others_and_lets_nobody_begin(
    others: list[Turns], tmp_path: Path
) -> None:
    one, two, timed, late = others
    one.begin(alone=False)
    two.begin(alone=False)  # side by side
    waits, is_alone = begun(timed, alone=True)
    wait_for(lambda: is_taken(tmp_path / "gate"))
    one.end(next_alone=False)
    assert not is_alone.wait(0.1)  # one of them is at work
    behind, has_turn = begun(late, alone=False)
    two.end(next_alone=False)
    waits.join(20)
    assert is_alone.is_set() and not has_turn.wait(0.1)
    timed.end(next_alone=True)
    timed.begin(alone=True)  # it has kept its turn
    assert not has_turn.wait(0.1)
    timed.end(next_alone=False)
    behind.join(20)
    assert has_turn.is_set()


def test_tests_that_share_servers_are_in_one_process() -> None:
    """Else each process starts a broker and eight services of its own."""
    assert group(ROOT / "tests/deploy/test_gate.py") == group(ROOT / "tests/deploy/test_reader.py")
    assert group(Path(__file__)) != group(ROOT / "tests/unit/test_wire.py")
