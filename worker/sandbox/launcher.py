"""Becomes bubblewrap. Run as a program of its own, with a JSON description of what to do.

bubblewrap must never run as root: /proc/sys/kernel/core_pattern would open for writing inside. So
as root, the folders that the sandbox shows are first mounted where anybody can reach them (an
interpreter often lives under a home that nobody else may enter), in a mount namespace of our own;
then this process becomes the slot's own user. Standard library only.
"""

import ctypes
import json
import os
import sys

_CLONE_NEWNS = 0x20000
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x40000
_STAGE = "/mnt"  # exists everywhere, and what we mount there nobody else sees

_libc = ctypes.CDLL(None, use_errno=True)


def _mount(source, target, kind, flags):  # type: ignore[no-untyped-def]
    encoded = [part.encode() if part else None for part in (source, target, kind)]
    if _libc.mount(*encoded, flags, None) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"mounting {source} on {target}: {os.strerror(code)}")


def _stage(binds):  # type: ignore[no-untyped-def]
    """Mount the folders where the slot's user can reach them; where each is now."""
    if _libc.unshare(_CLONE_NEWNS) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"a mount namespace: {os.strerror(code)}")
    _mount(None, "/", None, _MS_REC | _MS_PRIVATE)
    _mount("none", _STAGE, "tmpfs", 0)
    os.chmod(_STAGE, 0o755)
    staged = []
    for number, (source, target) in enumerate(binds):
        place = f"{_STAGE}/{number}"
        if os.path.isdir(source):
            os.mkdir(place)
        else:
            open(place, "w").close()
        _mount(source, place, None, _MS_BIND | _MS_REC)
        staged.append((place, target))
    return staged


def main():  # type: ignore[no-untyped-def]
    """Stage, become the slot's user, become bubblewrap."""
    task = json.loads(sys.argv[1])
    binds = task["binds"]
    if os.geteuid() == 0:
        binds = _stage(binds)
        os.setgroups([])
        os.setresgid(task["uid"], task["uid"], task["uid"])
        os.setresuid(task["uid"], task["uid"], task["uid"])
    shown = [word for source, target in binds for word in ("--ro-bind", source, target)]
    command = [task["bwrap"], *task["before"], *shown, *task["after"]]
    os.execv(command[0], command)


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        sys.exit(f"cannot prepare the sandbox: {error}")
