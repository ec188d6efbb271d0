"""If one of these fails, a cgroup is made with other limits than a program has, or nobody learns that a
machine's memory is too small for its slots.
"""

import errno
from pathlib import Path

import pytest

from foureyes.judging.sandbox import cgroups, room
from foureyes.judging.sandbox.cgroups import Cgroup, Controller


def controllers(version: int, folder: Path) -> dict[Controller, Path]:
    return {Controller(name, version, folder, folder): folder for name in ("memory", "pids")}


def test_a_slot_gets_all_that_a_program_may_take_or_its_share(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "here", lambda: 8 << 30)
    assert room.share(1) == room.FULL
    assert room.share(2) * 2 < 8 << 30 and room.share(2) > 3 << 30


def test_a_limit_of_a_container_is_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroups, "memory_limits", lambda: [1 << 62, 1 << 30])
    assert room.here() == 1 << 30


@pytest.mark.parametrize(
    ("version", "slots", "said"),
    [
        (2, 1, "memory: a cgroup (version 2) for each slot; 1 at once may take 4.4 GiB of 8.0"),
        (None, 1, "memory: no cgroup can be had; 1 at once may take 4.4 GiB of 8.0"),
        (1, 2, "7.2 GiB of 8.0, 3.6 each: a program that needs more of its 4.4 is judged again"),
        (None, 2, "3.6 each, which the judge looks after itself: a program"),
    ],
)
def test_what_keeps_slots_from_taking_all_memory_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, version: int | None, slots: int, said: str
) -> None:
    monkeypatch.setattr(room, "here", lambda: 8 << 30)
    monkeypatch.setattr(cgroups, "version", lambda: version)
    told = room.told(slots)
    assert said in told and "\n" not in told


def test_a_cgroup_of_version_2_gets_its_limits_and_no_swap(tmp_path: Path) -> None:
    """Its files are the kernel's; here they are plain ones."""
    group = Cgroup(controllers(2, tmp_path), 1 << 30, 99)
    (folder,) = tmp_path.iterdir()
    assert (folder / "memory.max").read_text() == str(1 << 30)
    assert (folder / "pids.max").read_text() == "99"
    assert group.doors == [str(folder / "cgroup.procs")]
    (folder / "memory.events").write_text("low 0\nhigh 0\nmax 7\noom 2\noom_kill 3\n")
    assert group.hits() == 2  # the third was killed for want of all the machine's memory


def test_who_cannot_make_cgroups_does_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cgroups, "_places", lambda: None)
    assert cgroups.make(1 << 30, 9) is None
    assert room.Room().doors == []
    assert not room.Room().is_watched  # its programs' own limits suffice
    assert room.Room(1 << 30).is_watched


@pytest.mark.parametrize(
    ("mounts", "ours", "found"),
    [
        (  # version 2, in a unit that systemd has delegated
            "30 1 0:26 / {top} rw - cgroup2 cgroup2 rw",
            "0::/user.slice/unit",
            [("memory", 2, "user.slice/unit"), ("pids", 2, "user.slice/unit")],
        ),
        (  # in a container, where the mount begins at its own cgroup
            "30 1 0:26 /docker/1 {top} rw - cgroup2 cgroup2 rw",
            "0::/docker/1",
            [("memory", 2, ""), ("pids", 2, "")],
        ),
        (  # in a namespace, the cgroup lies outside what can be seen
            "30 1 0:26 / {top} rw - cgroup2 cgroup2 rw",
            "0::/../elsewhere",
            [("memory", 2, ""), ("pids", 2, "")],
        ),
        (  # version 1
            "30 1 0:26 / {top}/m rw - cgroup cgroup rw,memory\n"
            "31 1 0:27 / {top}/p rw - cgroup cgroup rw,pids",
            "2:memory:/a\n1:pids:/",
            [("memory", 1, "m/a"), ("pids", 1, "p")],
        ),
        ("30 1 0:26 / {top} rw - tmpfs tmpfs rw", "0::/", []),
    ],
    ids=["unit", "container", "namespace", "version 1", "none"],
)
def test_where_cgroups_are_is_read_from_the_kernel(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mounts: str,
    ours: str,
    found: list[tuple[str, int, str]],
) -> None:
    for name in ("user.slice/unit", "m/a", "p"):
        (tmp_path / name).mkdir(parents=True)
    for folder in (tmp_path, tmp_path / "user.slice/unit"):
        (folder / "cgroup.controllers").write_text("cpu memory pids\n")
    told = {"/proc/self/mountinfo": mounts.format(top=tmp_path), "/proc/self/cgroup": ours}
    read = Path.read_text
    monkeypatch.setattr(Path, "read_text", lambda path: told.get(str(path)) or read(path))
    assert [
        (each.name, each.version, str(each.own.relative_to(tmp_path)).removeprefix("."))
        for each in cgroups._controllers()
    ] == found


def test_a_cgroup_that_ends_slowly_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = Cgroup(controllers(2, tmp_path), 1 << 30, 9)
    (folder,) = tmp_path.iterdir()
    for file in folder.iterdir():
        file.unlink()
    busy, rmdir = [OSError(errno.EBUSY, "busy")] * 3, Path.rmdir

    def slowly(path: Path) -> None:
        if busy:
            raise busy.pop()
        rmdir(path)

    monkeypatch.setattr(Path, "rmdir", slowly)
    group.close()
    assert not folder.exists()
