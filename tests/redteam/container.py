"""Running a command as a default container would: without the calls and capabilities that it lacks.

Run as a program by root, `python container.py UID '["/a", "/b"]' PROFILE command...`; as mode.py, and then
as Docker's default profile does it refuses namespaces and mounts, and keeps root fourteen capabilities.
With a seccomp profile's path as PROFILE, not "default", it has that one and no capabilities: as our
compose file's execution workers, by the library with which container engines read profiles.
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


class _Comparison(ctypes.Structure):
    """libseccomp's `struct scmp_arg_cmp`."""

    _fields_ = (("index", ctypes.c_uint), ("op", ctypes.c_int),
                ("value", ctypes.c_uint64), ("other", ctypes.c_uint64))  # fmt: skip


_OPERATORS = {"SCMP_CMP_LT": 2, "SCMP_CMP_EQ": 4, "SCMP_CMP_GT": 6}


def apply_profile(path: Path) -> None:
    """Filter calls as a profile of Docker's says, for this process and what it becomes."""
    library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    profile = json.loads(path.read_text())
    assert profile["defaultAction"] == "SCMP_ACT_ERRNO"
    context = ctypes.c_void_p(library.seccomp_init(0x00050000 | profile["defaultErrnoRet"]))
    for rule in profile["syscalls"]:
        allowed = rule["action"] == "SCMP_ACT_ALLOW"
        action = _ALLOW if allowed else 0x00050000 | rule["errnoRet"]
        arguments = [
            _Comparison(each["index"], _OPERATORS[each["op"]], each["value"], 0)
            for each in rule.get("args", ())
        ]
        array = (_Comparison * len(arguments))(*arguments)
        for name in rule["names"]:
            number = library.seccomp_syscall_resolve_name(name.encode())
            if number == -1:  # newer than the library: engines leave it out, too
                continue
            made = library.seccomp_rule_add_array(
                context, ctypes.c_uint32(action), number, len(arguments), array
            )
            assert made == 0, (name, made)
    assert library.seccomp_load(context) == 0


def drop_capabilities(kept: int) -> None:
    """Keep these, now and after exec."""
    for number in range(41):
        if not kept >> number & 1:
            libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0)


def main() -> None:
    uid, folders, profile, *command = sys.argv[1:]
    os.umask(0o022)
    mode.open_up([Path(folder) for folder in json.loads(folders)])
    os.chdir("/")
    if profile == "default":
        refuse_calls()
    drop_capabilities(_CAPABILITIES if profile == "default" else 0)
    os.setgroups([])
    os.setresgid(*[int(uid)] * 3)
    os.setresuid(*[int(uid)] * 3)
    if profile != "default":
        apply_profile(Path(profile))
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
