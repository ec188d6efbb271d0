"""If one of these fails, programs are judged in a container with less than what is claimed, or not."""

import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from foureyes.judging.sandbox.inside import landlock
from tests.redteam.mode import ROOT, can_become_a_user

JUDGE = """
import json
from tests.redteam.siege import HONEST, PROBLEM, PROGRAMS
from foureyes.models.errors import InfrastructureError
from foureyes.judging.judge import Judge
judge = Judge()
try:
    honest = judge.hidden(PROBLEM, HONEST)
    print(json.dumps([honest.level, honest.solved, judge.hidden(PROBLEM, PROGRAMS["list folders"]).solved]))
except InfrastructureError as error:
    print(json.dumps(str(error)))
judge.close()
"""

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not can_become_a_user(), reason="needs root with CAP_SYS_ADMIN"
)


def in_a_container(
    uid: int, level: str, *, profile: str = "default", program: str = JUDGE
) -> object:
    """What a judge says as this user in a container, or why it judges nothing."""
    folders = json.dumps([str(ROOT), sys.prefix, sys.base_prefix])
    container = Path(__file__).with_name("container.py")
    with tempfile.TemporaryDirectory(prefix="foureyes-container-") as home:
        os.chown(home, uid, uid)
        told = subprocess.run(
            [
                sys.executable,
                container,
                str(uid),
                folders,
                profile,
                sys.executable,
                "-B",
                "-c",
                program,
            ],
            env={
                **os.environ,
                "PYTHONPATH": f"{ROOT}:{container.parent}",
                "FOUREYES_HOME": home,
                "FOUREYES_SANDBOX_LEVEL": level,
            },
            capture_output=True,
            check=False,
            text=True,
        )
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


@pytest.mark.parametrize(("uid", "name"), [(0, "root"), (65529, "user")], ids=["root", "user"])
def test_a_default_container_is_refused_or_judges_at_level_b(uid: int, name: str) -> None:
    """A container without namespaces must never be taken for level A; and B must work there."""
    refused = in_a_container(uid, "A")
    remedy = "run the worker as an ordinary user" if uid == 0 else "allow unprivileged user names"
    assert isinstance(refused, str) and remedy in refused
    assert "FOUREYES_SANDBOX_LEVEL=B" in refused
    landlock.check_version()
    assert in_a_container(uid, "B") == ["B", True, False]


PROFILE = str(ROOT / "deploy" / "seccomp.json")

#: Calls that no judge needs, each with arguments for which the kernel would say something else.
REFUSED = """
import ctypes, json, os, socket
libc = ctypes.CDLL(None, use_errno=True)
numbers = {"ptrace": 101, "add_key": 248, "keyctl": 250, "bpf": 321, "userfaultfd": 323,
    "perf_event_open": 298, "io_uring_setup": 425, "open_by_handle_at": 304, "process_vm_readv": 310,
    "kexec_load": 246, "init_module": 175, "fsopen": 430, "move_mount": 429, "open_tree": 428,
    "mount_setattr": 442, "syslog": 103, "acct": 163, "swapon": 167, "reboot": 169, "quotactl": 179,
    "lookup_dcookie": 212, "mbind": 237, "kcmp": 312, "fanotify_init": 300, "modify_ldt": 154,
    "pidfd_getfd": 438, "chroot": 161, "iopl": 172, "no such call": 999}
told = {}
for name, number in numbers.items():
    ctypes.set_errno(0)
    libc.syscall(number, 0, 0, 0, 0, 0, 0)
    told[name] = ctypes.get_errno()
for name, family in {"AF_ALG": 38, "AF_VSOCK": 40}.items():
    try:
        socket.socket(family, socket.SOCK_SEQPACKET if family == 38 else socket.SOCK_STREAM).close()
        told[name] = 0
    except OSError as error:
        told[name] = error.errno
socket.socket(socket.AF_INET6).close()
print(json.dumps(sorted(name for name, errno in told.items() if errno != 1)))
"""


def test_our_profile_names_what_it_allows_and_level_a_holds_under_it() -> None:
    """It is what execution workers have in the compose file; a call that it forgot would end them."""
    assert in_a_container(65529, "A", profile=PROFILE) == ["A", True, False]


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the numbers are those of x86-64")
def test_our_profile_refuses_what_it_does_not_name() -> None:
    assert in_a_container(65529, "A", profile=PROFILE, program=REFUSED) == []
