"""If one of these fails, programs are judged in a container with less than what is claimed, or not."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.redteam.mode import ROOT, can_become_a_user
from worker.sandbox.inside import landlock

JUDGE = """
import json
from tests.redteam.siege import HONEST, PROBLEM, PROGRAMS
from models.errors import InfrastructureError
from worker.sandbox.judge import Judge
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


def in_a_container(uid: int, level: str) -> object:
    """What a judge says as this user in a default container, or why it judges nothing."""
    folders = json.dumps([str(ROOT), sys.prefix, sys.base_prefix])
    container = Path(__file__).with_name("container.py")
    with tempfile.TemporaryDirectory(prefix="foureyes-container-") as home:
        os.chown(home, uid, uid)
        told = subprocess.run(
            [sys.executable, container, str(uid), folders, sys.executable, "-B", "-c", JUDGE],
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
