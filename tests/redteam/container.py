"""Running a command as a default container would: without the calls and capabilities that it lacks.

Run as a program by root, `python container.py UID '["/a", "/b"]' command...`; as mode.py, and then as
Docker's default profile does it refuses namespaces and mounts, and keeps root fourteen capabilities.
"""

import ctypes
import json
import os
import platform
import struct
import sys
from pathlib import Path

import mode

#: mount, umount2, pivot_root, unshare, setns, open_tree, move_mount, fsopen on x86_64 and aarch64.
_REFUSED = {
    "x86_64": (165, 166, 155, 272, 308, 428, 429, 430),
    "aarch64": (40, 39, 41, 97, 268, 428, 429, 430),
}
_CLONE = {"x86_64": 56, "aarch64": 220}
_NAMESPACES = 0x7E020000
_CAPABILITIES = 0xA80425FB
_PR_CAPBSET_DROP, _PR_SET_SECCOMP = 24, 22
_EPERM, _ENOSYS, _ALLOW = 0x00050001, 0x00050026, 0x7FFF0000

libc = ctypes.CDLL(None, use_errno=True)


def refuse_calls() -> None:
    """Refuse namespaces, mounts and clone3, as a filter that outlives exec."""
    machine = platform.machine()
    code = [(0x20, 0, 0, 0)]  # the number of the call
    for number in _REFUSED[machine]:
        code += [(0x15, 0, 1, number), (0x06, 0, 0, _EPERM)]
    code += [(0x15, 0, 1, 435), (0x06, 0, 0, _ENOSYS)]
    code += [(0x15, 0, 3, _CLONE[machine]), (0x20, 0, 0, 16), (0x45, 0, 1, _NAMESPACES)]
    code += [(0x06, 0, 0, _EPERM), (0x06, 0, 0, _ALLOW)]
    packed = b"".join(struct.pack("<HBBI", *line) for line in code)
    buffer = ctypes.create_string_buffer(packed)
    program = struct.pack("<H6xQ", len(code), ctypes.addressof(buffer))
    if libc.prctl(_PR_SET_SECCOMP, 2, program, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_SECCOMP)")


def drop_capabilities() -> None:
    """Keep those that a default container has, now and after exec."""
    for number in range(41):
        if not _CAPABILITIES >> number & 1:
            libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0)


def main() -> None:
    uid, folders, *command = sys.argv[1:]
    os.umask(0o022)
    mode.open_up([Path(folder) for folder in json.loads(folders)])
    os.chdir("/")
    refuse_calls()
    drop_capabilities()
    os.setgroups([])
    os.setresgid(*[int(uid)] * 3)
    os.setresuid(*[int(uid)] * 3)
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
