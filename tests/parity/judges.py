"""Both judges on the same programs, and where they differ."""

import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from foureyes.evaluation import evalplus
from foureyes.evaluation.evalplus import EvalPlusVerdict, Kind
from foureyes.judging.formats.evalplus.functions import FunctionTests
from foureyes.judging.judge import Judge
from foureyes.judging.profiles import Profile
from foureyes.models.shown import Judgement
from tests.parity.programs import Program, Task

#: No honest program needs as much for one input, even beside many others.
_AMPLE_SECONDS = 15.0


@dataclass(frozen=True)
class Difference:
    """One program of which EvalPlus and we say different things."""

    program: Program
    theirs: EvalPlusVerdict
    ours: Judgement

    def __str__(self) -> str:
        ours = self.ours
        return (
            f"{self.program.task_id} ({self.program.kind}): EvalPlus {'/'.join(map(str, self.theirs))},"
            f" here {ours.base}/{ours.plus} {ours.reason}"
        )


def judged(
    profile: Profile, jobs: Iterable[tuple[FunctionTests, str]], slots: int = 2
) -> list[Judgement]:
    """Our judgements of programs, `slots` at a time, in the order of the jobs."""
    left: SimpleQueue[tuple[int, tuple[FunctionTests, str]]] = SimpleQueue()
    for numbered in enumerate(jobs):
        left.put(numbered)
    done: dict[int, Judgement] = {}
    failed: list[BaseException] = []
    threads = [
        threading.Thread(target=_work, args=(slot, profile, left, done, failed))
        for slot in range(slots)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return [done[number] for number in range(len(done))]


def _work(
    slot: int,
    profile: Profile,
    left: "SimpleQueue[tuple[int, tuple[FunctionTests, str]]]",
    done: dict[int, Judgement],
    failed: list[BaseException],
) -> None:
    judge = Judge(slot + 20, profile)  # others may test at the same time, with the lower slots
    try:
        while not failed:
            number, (tests, code) = left.get_nowait()
            done[number] = judge.hidden(tests, code)
    except Empty:
        pass
    except BaseException as error:  # raised again by the thread that waits
        failed.append(error)
    finally:
        judge.close()


def theirs(
    kind: Kind, tasks: Sequence[Task], programs: Sequence[Program], least_limit: float
) -> list[EvalPlusVerdict]:
    """EvalPlus's verdicts."""
    samples = [(program.task_id, program.code) for program in programs]
    records = [task.record for task in tasks]
    return list(evalplus.evaluate(kind, records, samples, least_limit=least_limit).verdicts)


def differences(
    kind: Kind, tasks: Sequence[Task], profile: Profile
) -> tuple[Counter[str], list[Difference]]:
    """How many programs of each class were judged, and the differences that stay.

    EvalPlus's limits are by the clock, so on a busy machine it loses right programs. What differs is
    therefore judged once more by both, and EvalPlus then gives it time: a difference that was only
    one of speed is none.
    """
    programs = [program for task in tasks for program in task.programs]
    tests = {task.tests.problem_id: task.tests for task in tasks}
    left = programs
    for least_limit in (1.0, _AMPLE_SECONDS):
        verdicts = theirs(kind, tasks, left, least_limit)
        ours = judged(profile, [(tests[program.task_id], program.code) for program in left])
        found = [
            Difference(*three)
            for three in zip(left, verdicts, ours, strict=True)
            if (three[2].base, three[2].plus) != three[1]
        ]
        left = [difference.program for difference in found]
        if not left:
            break
    return Counter(program.kind for program in programs), found
