"""If this fails, a container that was set up as docs/sandbox.md says cannot judge at level A, or may too much."""

import json
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROFILE = json.loads((ROOT / "deploy" / "seccomp.json").read_text())
ALLOWED = {
    name
    for rule in PROFILE["syscalls"]
    if rule["action"] == "SCMP_ACT_ALLOW"
    for name in rule["names"]
}


def test_the_seccomp_profile_allows_what_level_a_needs() -> None:
    needed = {"clone", "unshare", "setns", "mount", "umount2", "pivot_root", "seccomp", "prctl"}
    assert needed <= ALLOWED


def test_the_seccomp_profile_allows_by_name_and_refuses_the_rest() -> None:
    assert PROFILE["defaultAction"] == "SCMP_ACT_ERRNO"
    assert not ALLOWED & {
        "bpf", "io_uring_setup", "keyctl", "add_key", "ptrace", "userfaultfd", "perf_event_open",
        "process_vm_readv", "process_vm_writev", "open_by_handle_at", "fsopen", "move_mount", "chroot",
        "init_module", "kexec_load", "syslog", "acct", "reboot", "iopl", "kcmp", "pidfd_getfd", "clone3",
    }  # fmt: skip
    named = [name for rule in PROFILE["syscalls"] if "args" not in rule for name in rule["names"]]
    assert len(named) == len(set(named))
