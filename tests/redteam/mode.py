"""Running one level of the sandbox as one user: root, or an ordinary user that root becomes.

Run as a program by root, `python mode.py UID '["/a", "/b"]' command...` becomes that user and then the
command. It can enter the folders /a and /b even where they lie below one that is closed to it, like
root's home: they are shown in a mount namespace of its own, and nothing on the machine is changed.
"""

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path

from foureyes.judging.sandbox import launcher

ROOT = Path(__file__).parents[2]


def can_become_a_user() -> bool:
    """Whether root may do here what this program does."""
    folders = json.dumps([str(ROOT), sys.prefix, sys.base_prefix])
    tried = [sys.executable, __file__, "65534", folders, sys.executable, "-c", ""]
    made = subprocess.run(tried, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    return made.returncode == 0


def closed_ancestor(path: Path) -> Path | None:
    """The first folder on the way to `path` that not every user may pass."""
    above = [*reversed(path.parents), path]
    return next((folder for folder in above if not folder.stat().st_mode & 0o001), None)


def open_up(folders: list[Path]) -> None:
    """Show `folders` to every user; to this process and its children only."""
    if launcher.libc.unshare(launcher.CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare(CLONE_NEWNS)")
    launcher.mount("none", "/", None, launcher.MS_REC | launcher.MS_PRIVATE)
    hidden = [(folder, os.open(folder, os.O_PATH)) for folder in folders if closed_ancestor(folder)]
    for folder, _ in hidden:
        closed = closed_ancestor(folder)
        if closed is not None:
            launcher.mount("tmpfs", str(closed), "tmpfs", 0)
            closed.chmod(0o755)
    for folder, place in hidden:
        folder.mkdir(parents=True, exist_ok=True)
        source = f"/proc/self/fd/{place}"
        launcher.mount(source, str(folder), None, launcher.MS_BIND | launcher.MS_REC)
        os.close(place)


def main() -> None:
    uid, folders, *command = sys.argv[1:]
    os.umask(0o022)
    open_up([Path(folder) for folder in json.loads(folders)])
    os.chdir("/")
    os.setgroups([])
    os.setresgid(*[int(uid)] * 3)
    os.setresuid(*[int(uid)] * 3)
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
