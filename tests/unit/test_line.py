"""If one of these fails, two models use a card at once, or one waits for a turn that never comes."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from foureyes.models.errors import FoureyesError
from foureyes.worker.engines.cards import Card
from foureyes.worker.engines.line import Line
from tests.programs import ROOT, wait_for

_CARDS = {name: Card(name, f"GPU-{name}", 80, 80) for name in "012"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path / "foureyes-turns"


def line(cards: str = "0") -> Line:
    return Line([_CARDS[name] for name in cards])


def wanting(cards: str = "0", waiting: int = 1) -> Line:
    made = line(cards)
    made.want(waiting)
    return made


def test_one_alone_has_a_turn_and_the_one_that_has_waited_for_longest_is_next() -> None:
    first, second, third = wanting(), wanting(waiting=3), wanting(waiting=300)
    assert [each.take() for each in (third, second, first)] == [False, False, True]
    assert (first.most_waiting(), second.most_waiting()) == (300, 300)
    assert not second.take()
    first.want(9)  # for its next turn
    first.give_on()
    assert [each.take() for each in (first, third, second)] == [False, False, True]
    second.give_on()
    assert [each.take() for each in (first, third)] == [False, True]


def test_only_those_that_use_the_same_card_wait_for_each_other() -> None:
    left, right = wanting("0"), wanting("1")
    assert left.take() and right.take()
    both, late = wanting("01"), wanting("0")
    assert not both.take() and left.most_waiting() == right.most_waiting() == 1
    left.give_on()
    assert not both.take()  # of one card alone it makes nothing
    assert not late.take()  # else it might never find both free
    right.give_on()
    assert both.take() and not late.take()
    assert wanting("2").take()


def test_more_calls_do_not_change_since_when_something_waits() -> None:
    first, second = wanting(), wanting()
    first.want(50)
    assert not second.take() and first.take()
    assert second.most_waiting() == 0  # who has the turn waits for nothing


_WAITING = """
import sys
from tests.unit.test_line import line
made = line(); made.want(7); print(made.take(), flush=True); sys.stdin.read()
"""


@pytest.fixture
def killed() -> Iterator["subprocess.Popen[str]"]:
    """A process in the line, to be killed."""
    with subprocess.Popen(
        [sys.executable, "-c", _WAITING], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True, env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as process:  # fmt: skip
        yield process
        process.kill()


def said(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_killed_worker_holds_no_turn_and_no_place(
    killed: "subprocess.Popen[str]", folder: Path
) -> None:
    assert said(killed) == "True"
    mine = wanting()
    assert not mine.take()
    killed.send_signal(signal.SIGKILL)
    wait_for(mine.take, 10)
    assert len(list(folder.glob("*.note"))) == 1  # its own: nothing piles up


def test_the_note_of_a_killed_worker_is_nobodys(killed: "subprocess.Popen[str]") -> None:
    holder = wanting()
    assert holder.take()
    assert said(killed) == "False"
    assert holder.most_waiting() == 7
    killed.send_signal(signal.SIGKILL)
    wait_for(lambda: holder.most_waiting() == 0, 10)
    late = wanting()
    holder.give_on()
    assert late.take()


def test_what_others_leave_in_the_folder_stops_nobody(folder: Path) -> None:
    mine = wanting()
    said = (b"", b"\xff", b"[" * 60_000, b"{}", b'{"cards": 1}', b'{"cards": ["GPU-0"]}',
            b'{"cards": ["GPU-0"], "waiting": Infinity, "since": 0.1}')  # fmt: skip
    held = [wanting() for _ in said]
    for each, text in zip(held, said, strict=True):
        os.ftruncate(each._note, 0)
        os.pwrite(each._note, text, 0)
    os.mkfifo(folder / "pipe.note")
    (folder / "loop.note").symlink_to("loop.note")
    began = time.monotonic()
    assert mine.most_waiting() == 0 and mine.take()
    assert time.monotonic() - began < 5


def test_a_turn_is_held_by_who_has_inherited_it() -> None:
    """Else the next model would wake up while a killed worker's engine still fills the card."""
    first = wanting()
    assert first.take()
    with subprocess.Popen(["sleep", "600"], pass_fds=first.held) as core:
        first.close()  # as the end of its worker does
        second = wanting()
        assert not second.take()
        core.kill()
        core.wait()
        assert second.take()


def test_without_a_card_or_a_folder_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FoureyesError, match="nvidia-smi shows no GPU"):
        Line([])
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(FoureyesError, match=r"missing/foureyes-turns: No such file.*\(TMPDIR\)"):
        line()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "foureyes-turns").symlink_to(tmp_path)
    with pytest.raises(FoureyesError, match="foureyes-turns: is no folder"):
        line()
