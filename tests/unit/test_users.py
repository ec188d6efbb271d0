"""If one of these fails, programs in two sandboxes of one machine may be the same user to the kernel."""

import subprocess
import sys

from foureyes.judging.sandbox import users
from tests.programs import ROOT

#: Another process's slot 20.
_OTHER = """
from foureyes.judging.sandbox import users
uid, taken = users.take(20)
print(uid, flush=True)
input()
"""


def test_two_slots_of_one_number_are_two_users_until_one_is_closed() -> None:
    first, held = users.take(30)
    second, other = users.take(30)
    assert second > first >= users.FIRST_UID + 30
    held.close()
    again, taken = users.take(30)
    assert again == first
    for each in (other, taken):
        each.close()


def test_so_it_is_with_those_of_other_processes_however_they_end() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _OTHER],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        theirs = int(other.stdout.readline())
        ours, taken = users.take(20)
        assert ours != theirs
        taken.close()
        other.kill()
        other.wait()
    again, taken = users.take(20)
    assert again == theirs
    taken.close()
