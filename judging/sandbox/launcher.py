"""Becomes the sandbox: without root's identity, and as the first to die if memory runs out.

Run as a program of its own: `python launcher.py '{"uid": ..., "binds": [[source, staged]...],
"environment": {...}, "command": [...], "doors": [...]}'`, with uid null when not started by root. It
joins the cgroups behind the doors first. bubblewrap must
never run as root (its sandbox could then write to the kernel's settings), nor must programs, so
root first takes the user id of the slot. That user may not be able to reach the interpreter (say,
under root's home): with `binds` it is shown to it under /tmp in a mount namespace of its own, so
nothing is changed or left behind on the machine.
"""

import ctypes
import json
import os
import resource
import sys
from pathlib import Path

CLONE_NEWNS = 0x00020000
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18

libc = ctypes.CDLL(None, use_errno=True)


def mount(source: str, target: str, kind: str | None, flags: int) -> None:
    """Mount, and say what could not be mounted."""
    kind_bytes = kind.encode() if kind else None
    if libc.mount(source.encode(), target.encode(), kind_bytes, flags, None) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"mount {source} on {target}: {os.strerror(number)}")


def _show(binds: list[list[str]]) -> None:
    """Show the sources at their staged places under /tmp, to this process and its children only."""
    if libc.unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare(CLONE_NEWNS): root without CAP_SYS_ADMIN")
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    # Opened first: a source may lie under /tmp itself.
    opened = [(os.open(source, os.O_PATH), staged) for source, staged in binds]
    mount("tmpfs", "/tmp", "tmpfs", 0)  # noqa: S108
    Path("/tmp").chmod(0o755)  # noqa: S108
    for fd, staged in opened:
        place = Path(staged)
        place.parent.mkdir(parents=True, exist_ok=True)
        source = f"/proc/self/fd/{fd}"
        if Path(source).is_dir():
            place.mkdir()
        else:
            place.touch()
        mount(source, staged, None, MS_BIND | MS_REC)
        os.close(fd)


def main() -> None:
    """Do what the first argument says, and become its command."""
    request = json.loads(sys.argv[1])
    for door in request["doors"]:
        Path(door).write_text("0")
    Path("/proc/self/oom_score_adj").write_text("1000")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(0o022)
    if request["binds"]:
        _show(request["binds"])
    os.chdir("/")
    if request["uid"] is not None:
        os.setgroups([])
        os.setresgid(*[request["uid"]] * 3)
        os.setresuid(*[request["uid"]] * 3)
    os.execve(request["command"][0], request["command"], request["environment"])  # noqa: S606


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        sys.exit(str(error))
