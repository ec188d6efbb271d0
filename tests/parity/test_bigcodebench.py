"""If one of these fails, our verdicts are not those of BigCodeBench's own judge, and nobody knows why.

A part of all programs by default; more with FOUREYES_PARITY=all (`make parity`).
"""

import os

import pytest

from foureyes.judging.judge import Judge
from tests.parity.bigcodebench import FILE, Difference, compared, programs

WHOLE = os.environ.get("FOUREYES_PARITY") == "all"
#: Every so many-th problem.
EVERY = 5 if WHOLE else 100

pytestmark = [
    pytest.mark.usefixtures("judging_home"),
    pytest.mark.skipif(
        not FILE.exists(),
        reason=f"needs {FILE.name}: put it into a folder and set FOUREYES_DATA to it",
    ),
]


@pytest.mark.timeout(0 if WHOLE else 900)
def test_bigcodebench_says_the_same() -> None:
    judge = Judge(11)
    try:
        count, found = compared(programs(EVERY, first=3), judge)
    finally:
        judge.close()
    if WHOLE:
        print(f"\n{count} programs, {len(found)} differences")
        print("\n".join(map(str, found)))
    assert count >= 50
    unknown = [str(each) for each in found if not is_known(each)]
    assert not unknown, "\n".join(unknown)


def is_known(difference: Difference) -> bool:
    """Those that docs/formats/bigcodebench.md explains."""
    return False
