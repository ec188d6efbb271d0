"""A stack that has ended must have left nothing behind: what follows would meet it."""

import os
import time
from pathlib import Path

from foureyes.producer.stack.child import Child

_STARTS_ANOTHER = "(sleep 0.3; touch {0}/gone) & touch {0}/begun; exec sleep 60"


def test_what_a_child_started_has_ended_when_the_child_is_stopped(tmp_path: Path) -> None:
    command = ["sh", "-c", _STARTS_ANOTHER.format(tmp_path)]
    child = Child(command, {"PATH": os.environ["PATH"]}, tmp_path / "log")
    child.start()
    while not (tmp_path / "begun").exists():
        time.sleep(0.01)
    child.stop(10)
    assert (tmp_path / "gone").exists()
    assert not child.is_alive()
