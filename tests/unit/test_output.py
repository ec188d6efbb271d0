"""An output never destroys what is there, and comes to its name whole or not at all."""

import gzip
import json
import os
import resource
import signal
import stat
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from foureyes.evaluation.command import _output
from foureyes.evaluation.journal import Journal
from foureyes.models import output
from foureyes.models.errors import FoureyesError
from foureyes.models.output import RECORDING, REPORT, VERDICTS
from foureyes.producer.archive import format

VERDICT = {"task_id": "m/0", "index": 0, "key": "k", "outcome": "solved"}


def write(path: Path, content: bytes = b"new\n", *, force: bool = False) -> None:
    with output.writing(path, VERDICTS, force=force) as file:
        file.write(content)


def judged(path: Path, *, force: bool = False) -> list[dict[str, object]]:
    with Journal(path, force=force) as journal:
        if journal.get("k") is None:
            journal.add(dict(VERDICT))
        return journal.finish([("k", "m/0", 0)])


@contextmanager
def reading(pipe: Path) -> Iterator[list[bytes]]:
    """What somebody reads from a pipe meanwhile."""
    found: list[bytes] = []
    reader = threading.Thread(target=lambda: found.append(pipe.read_bytes()), daemon=True)
    reader.start()
    yield found
    reader.join(10)


@pytest.fixture
def device(tmp_path: Path) -> Path:
    """A device of our own like /dev/null."""
    path = tmp_path / "null"
    try:
        os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        path.open("wb").close()
    except PermissionError:
        pytest.skip("devices can be made by root alone")
    return path


@pytest.mark.parametrize("write", [write, judged])
def test_a_device_is_written_into_and_stays_one(
    device: Path, tmp_path: Path, write: Callable[[Path], None]
) -> None:
    """Else root's `--output /dev/null` breaks every program on the machine."""
    link = tmp_path / "link"
    link.symlink_to(device.name)
    for path in (device, link):
        write(path)
    assert stat.S_ISCHR(device.lstat().st_mode)
    assert {each.name for each in tmp_path.iterdir()} == {"null", "link"}


@pytest.mark.parametrize("write", [write, judged])
def test_a_pipe_is_written_into(tmp_path: Path, write: Callable[[Path], None]) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with reading(pipe) as found:
        write(pipe)
    assert found[0].count(b"\n") == 1
    assert pipe.is_fifo()
    assert [each.name for each in tmp_path.iterdir()] == ["pipe"]


def test_a_pipe_that_nobody_reads_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a command hangs for ever, without a word."""
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr(output, "_READER_SECONDS", 0.1)
    with pytest.raises(FoureyesError, match="nobody reads from this pipe"):
        write(tmp_path / "pipe")


def test_standard_output_keeps_what_was_printed_before(tmp_path: Path) -> None:
    """Redirected to a file, /dev/stdout must neither replace that file nor write over its start."""
    printed = tmp_path / "printed"
    before = os.dup(1)
    with printed.open("wb") as file:
        os.dup2(file.fileno(), 1)
        try:
            os.write(1, b"first\n")
            write(Path("/dev/stdout"))
            write(Path("/dev/fd/1"))
            os.write(1, b"last\n")
        finally:
            os.dup2(before, 1)
            os.close(before)
    assert printed.read_bytes() == b"first\nnew\nnew\nlast\n"


def test_links_are_followed_also_to_what_is_not_there_yet(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    link = tmp_path / "a" / "link"
    link.symlink_to("../b/target")
    for _ in range(2):
        judged(link)
        assert link.is_symlink()
        assert (tmp_path / "b" / "target").read_bytes().startswith(b'{"task_id"')
    assert len(list(tmp_path.rglob("*"))) == 4
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(FoureyesError, match=r"loop: cannot be written \(Too many levels"):
        write(tmp_path / "loop")
    with pytest.raises(FoureyesError, match=r"Too many levels"):
        write(tmp_path / "loop" / "file")
    for name in ("loop", "loop/folder"):
        with (
            pytest.raises(FoureyesError, match=r"already|Too many|no folder"),
            output.writing_folder(tmp_path / name),
        ):
            pass


def test_verdicts_stand_beside_the_name_that_was_given(tmp_path: Path) -> None:
    """Else they are in a folder of somebody else's, whose files are only linked to."""
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "s.jsonl").touch()
    (tmp_path / "mine.jsonl").symlink_to("theirs/s.jsonl")
    assert _output(None, tmp_path / "mine.jsonl", None) == tmp_path / "mine.verdicts.jsonl"


def test_what_is_read_is_never_written_over(tmp_path: Path) -> None:
    samples = tmp_path / "s.jsonl"
    samples.touch()
    (tmp_path / "link").symlink_to("s.jsonl")
    for given in (samples, tmp_path / "link"):
        with pytest.raises(FoureyesError, match="is read from"):
            _output(given, samples, None)


@pytest.mark.parametrize(
    "there", ['name = "a sweep"\n', '{"task_id": "m/0", "solution": ""}\n', "x"]
)
def test_a_file_of_another_kind_is_replaced_only_by_force(tmp_path: Path, there: str) -> None:
    path = tmp_path / "file"
    path.write_text(there)
    for refused in (write, judged):
        with pytest.raises(FoureyesError, match=r"is there already.*--force"):
            refused(path)
        assert path.read_text() == there
    judged(path, force=True)
    assert b'"outcome": "solved"' in path.read_bytes()


def test_a_file_that_came_meanwhile_is_replaced_only_by_force(tmp_path: Path) -> None:
    """A report takes seconds, an evaluation hours: whoever wrote there meanwhile was not asked."""
    path = tmp_path / "out"

    def meanwhile(content: bytes, *, force: bool = False) -> None:
        path.unlink(missing_ok=True)
        with output.writing(path, VERDICTS, force=force) as file:
            file.write(b"new\n")
            path.write_bytes(content)

    for there in (b"", json.dumps(VERDICT).encode()):
        meanwhile(there)
        assert path.read_bytes() == b"new\n"
    with pytest.raises(FoureyesError, match="is there already"):
        meanwhile(b"mine\n")
    assert path.read_bytes() == b"mine\n"
    meanwhile(b"mine\n", force=True)
    assert path.read_bytes() == b"new\n"
    assert list(tmp_path.iterdir()) == [path]


def test_without_links_a_file_system_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    write(tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"new\n"


def test_a_file_that_another_process_has_open_is_a_file(tmp_path: Path) -> None:
    """Else it is written over from its start, whatever it is."""
    mine = tmp_path / "mine"
    mine.write_text("notes of mine, longer than what is written\n")
    with mine.open("ab") as file, subprocess.Popen(
        ["sleep", "60"], stdout=file, stdin=subprocess.DEVNULL
    ) as other:  # fmt: skip
        try:
            with pytest.raises(FoureyesError, match="is there already"):
                write(Path(f"/proc/{other.pid}/fd/1"))
            assert mine.read_text().startswith("notes of mine")
            assert output.find(Path(f"/proc/{other.pid}/fd/0"), VERDICTS).is_stream
        finally:
            other.kill()


@pytest.mark.parametrize("name", ["abc", "9999"])
def test_an_open_file_that_is_none_is_told(name: str) -> None:
    with pytest.raises(FoureyesError, match="there is no such open file"):
        output.find(Path("/dev/fd") / name, VERDICTS)


def test_one_s_own_output_and_an_empty_file_are_replaced(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.touch(mode=0o640)
    os.chmod(path, 0o640)
    judged(path)
    write(path, b"second")
    assert path.read_bytes() == b"second"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    path.write_bytes(b'{"task_id": "a \\"b\\"", "index": 0, "base": "pass"}\n')
    assert not output.find(path, VERDICTS).is_stream
    recording = b'{"key": "%s", "text": "..."}\n' % (b"0a" * 32)
    for kind, content in (
        (RECORDING, recording),
        (REPORT, b'\n<!doctype html>\n<html lang="en">\n<head>\n<title>x - foureyes</title>'),
    ):
        path.write_bytes(content)
        assert not output.find(path, kind).is_stream
        path.write_bytes(gzip.compress(content))
        assert not output.find(path, kind).is_stream
        with pytest.raises(FoureyesError, match="no file of verdicts"):
            output.find(path, VERDICTS)
    others = b'{"benchmark": "humaneval", "problem_id": "1", "score": 3}\n'
    for content in (others, gzip.compress(others), b"\x1f\x8b and no more", b"\x1f\x8b"):
        path.write_bytes(content)
        with pytest.raises(FoureyesError, match="no recording"):
            output.find(path, RECORDING)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("folder", "is a folder"),
        ("no/file", "there is no folder"),
        ("file/below", "Not a directory"),
        ("n" * 300, "File name too long"),
        (".", "is a folder"),
    ],
)
def test_a_place_that_can_hold_no_file_is_told_before_any_work(
    tmp_path: Path, name: str, says: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    for start in (lambda path: output.find(path, VERDICTS), Journal):
        with pytest.raises(FoureyesError, match=says):
            start(tmp_path / name)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    user = os.geteuid()
    try:
        if user == 0:
            os.seteuid(65534)
        for start in (write, judged):
            with pytest.raises(FoureyesError, match="Permission denied"):
                start(tmp_path / "out")
    finally:
        os.seteuid(user)
        tmp_path.chmod(0o700)
    assert list(tmp_path.iterdir()) == []


def test_what_fails_half_way_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "out"
    judged(path)
    before = path.read_bytes()

    def interrupted() -> None:
        with output.writing(path, VERDICTS) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with small_disk(), pytest.raises(FoureyesError, match=f"{path}: the disk is full"):
        write(path, b"x" * 100_000)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(FoureyesError, match="/dev/full: the disk is full"):
        write(Path("/dev/full"))


@contextmanager
def small_disk() -> Iterator[None]:
    """A limit on file sizes: the kernel refuses in the same way."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_folder_that_is_removed_meanwhile_is_told_at_the_next_verdict(tmp_path: Path) -> None:
    """Else a night is spent on verdicts that nobody will see."""
    folder = tmp_path / "folder"
    folder.mkdir()
    with Journal(folder / "out") as journal:
        journal.add(dict(VERDICT))
        for each in folder.iterdir():
            each.unlink()
        folder.rmdir()
        with pytest.raises(FoureyesError, match="somebody removed it"):
            journal.add(dict(VERDICT))
    with pytest.raises(FoureyesError, match="out: its folder is gone"), output.writing(tmp_path / "out", None):  # fmt: skip
        next(tmp_path.glob(".foureyes-*")).unlink()


def test_what_an_interrupted_evaluation_left_is_taken_up(tmp_path: Path) -> None:
    with Journal(tmp_path / "out") as journal:
        journal.add(dict(VERDICT))
    with Journal(tmp_path / "out") as journal:
        assert journal.get("k") == VERDICT
        journal.finish([("k", "m/0", 0)])
    assert [each.name for each in tmp_path.iterdir()] == ["out"]
    os.mkfifo(tmp_path / "out.part")
    with pytest.raises(FoureyesError, match=r"out\.part: is no file"):
        Journal(tmp_path / "out")


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize(
    "there",
    ["notes of somebody's", "notes\n", '{"task_id": "m/0", "solution": ""}', '{"task_id": 1', "\n"],
)
def test_a_part_file_of_somebody_s_is_never_emptied(
    tmp_path: Path, there: str, force: bool
) -> None:
    """Nobody named it: what is forced is another file."""
    part = tmp_path / "out.part"
    part.write_text(there)
    with pytest.raises(FoureyesError, match=r"out\.part line 1: not written by"):
        judged(tmp_path / "out", force=force)
    assert part.read_text() == there


@pytest.mark.parametrize("length", [1, 12, 16, 25, 30, 60, 66])
def test_a_first_verdict_that_was_cut_is_judged_again(tmp_path: Path, length: int) -> None:
    part = tmp_path / "out.part"
    part.write_text(json.dumps(VERDICT)[:length])
    assert len(judged(tmp_path / "out")) == 1
    assert not part.exists()


def test_a_folder_of_files_comes_whole_and_never_over_another(tmp_path: Path) -> None:
    path = tmp_path / "made"
    path.mkdir()  # an empty one may be where it goes, and somebody's current one
    before = path.stat().st_ino
    with output.writing_folder(path) as part:
        (part / "a").touch()
        assert all(each.name.startswith(".foureyes-") for each in path.iterdir())
    assert [each.name for each in path.iterdir()] == ["a"]
    assert path.stat().st_ino == before
    (path / "a").unlink()

    def meanwhile() -> None:
        with output.writing_folder(path) as part:
            (part / "a").write_text("ours")
            (path / "a").write_text("theirs")

    with pytest.raises(FoureyesError, match="no empty folder any more"):
        meanwhile()
    assert (path / "a").read_text() == "theirs"
    for given in (path, path / "a"):
        with pytest.raises(FoureyesError, match="is there already"), output.writing_folder(given):
            pass
    with (
        pytest.raises(FoureyesError, match="no folder"),
        output.writing_folder(tmp_path / "x" / "y"),
    ):
        pass
    with pytest.raises(ValueError, match="half"), output.writing_folder(tmp_path / "other"):
        raise ValueError("half")
    assert [each.name for each in tmp_path.iterdir()] == ["made"]


def test_an_archive_goes_into_a_pipe_too(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with reading(pipe) as found, output.writing(pipe, None) as file, format.writing(file, "0009"):
        pass
    assert found[0].startswith(b"\x1f\x8b")
