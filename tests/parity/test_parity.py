"""If one of these fails, our verdicts are not EvalPlus's, and our numbers compare with nobody's.

A part of all programs by default; all of them with FOUREYES_PARITY=all (`make parity`).
"""

import os
import subprocess
import sys

import pytest

from foureyes.evaluation.evalplus import FAULTS, Kind
from foureyes.judging import profiles
from foureyes.judging.formats.evalplus.functions import FunctionTests
from tests.parity.judges import Difference, differences, judged
from tests.parity.programs import DATA, FILES, Task, tasks
from tests.parity.table import table

WHOLE = os.environ.get("FOUREYES_PARITY") == "all"
#: Every so many-th problem.
EVERY = {"humaneval": 1, "mbpp": 1} if WHOLE else {"humaneval": 20, "mbpp": 20}

#: Times in a row that no right program may be lost.
ROUNDS = 3 if WHOLE else 1
#: A test's longest time; 0 for as long as it takes.
SECONDS = 0 if WHOLE else 900

pytestmark = [
    pytest.mark.usefixtures("judging_home"),
    pytest.mark.skipif(
        not all((DATA / name).exists() for name in FILES.values()),
        reason=f"needs {' and '.join(FILES.values())}: put them into a folder and set FOUREYES_DATA to it",
    ),
]


def some(kind: Kind) -> list[Task]:
    return tasks(kind, EVERY[kind])


@pytest.mark.timeout(SECONDS)
@pytest.mark.parametrize("kind", FILES)
def test_evalplus_says_the_same(kind: Kind) -> None:
    """Base and plus, of right programs, of nearly right ones, and of what models wrote."""
    counts, found = differences(kind, some(kind), profiles.EVALPLUS)
    if WHOLE:
        print(f"\n\n{table(kind, counts, found, FAULTS)}\n")
    unknown = [str(one) for one in found if not is_known(one)]
    assert not unknown, "\n".join(unknown)


def is_known(difference: Difference) -> bool:
    return difference.program.task_id in FAULTS


@pytest.mark.timeout(SECONDS)
@pytest.mark.parametrize("kind", FILES)
def test_canonical_solutions_pass_on_a_busy_machine(kind: Kind) -> None:
    """EvalPlus loses some under load; a judge of ours must not, however many workers there are."""
    jobs = [(task.tests, task.tests.reference) for task in some(kind)]
    # the first finds out what the references answer
    failed = [lost for _ in range(ROUNDS) for lost in lost_solutions(jobs)]
    spin = [sys.executable, "-c", "while True: pass"]
    spinners = [subprocess.Popen(spin) for _ in range(4)]
    try:
        failed += [f"{lost}, busy" for _ in range(ROUNDS) for lost in lost_solutions(jobs)]
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait()
    assert failed == []


def lost_solutions(jobs: list[tuple[FunctionTests, str]]) -> list[str]:
    judgements = judged(profiles.DEFAULT, jobs)
    return [
        f"{tests.problem_id}: {judgement.reason}"
        for (tests, _), judgement in zip(jobs, judgements, strict=True)
        if not judgement.solved
    ]
