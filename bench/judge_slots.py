"""One measurement of our judge, in a process of its own, so that all it costs can be counted.

    python -m bench.judge_slots canonical|real|mixed EVERY
    python -m bench.judge_slots trivial|together|sets COUNT

Prints one line of JSON. FOUREYES_HOME holds the expected outputs; two slots, default profile.
"""

import contextlib
import ctypes
import json
import os
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path

from foureyes.evaluation.memory import tree
from foureyes.judging.formats.evalplus.functions import FunctionTests
from foureyes.judging.judge import Judge
from foureyes.judging.profiles import DEFAULT
from tests.parity.judges import judged
from tests.parity.programs import FILES, Program, Task, tasks

SLOTS = 2
#: Times that a program written by a model is judged: so many samples of a problem.
SAMPLES = 5
_PR_SET_CHILD_SUBREAPER = 36
TRIVIAL = FunctionTests("Trivial/0", "f", "def f(x):\n    return x\n", [[1]], [], 0.0, "0" * 64)


def cpu_seconds() -> float:
    """CPU time of this process and all below it, the ended ones too."""
    ticks = 0
    for pid in tree(os.getpid()):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def inherit() -> None:
    """Become the parent of what our children leave behind, so that its CPU time counts with ours."""
    assert ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


def inherited_cpu_seconds() -> float:
    """CPU time of this process and of all that was below it and has ended by now."""
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()
    both = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def resident_bytes() -> int:
    """What this process and those below it hold, each by itself (RSS)."""
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in tree(os.getpid()))
    return pages * os.sysconf("SC_PAGE_SIZE")


def programs(what: str, task: Task) -> list[Program]:
    """The programs of a task: its canonical solution, what models wrote (as samples), or all."""
    if what == "canonical":
        return [task.programs[0]]
    if what == "real":
        return SAMPLES * [one for one in task.programs if one.kind == "written by a model"]
    return list(task.programs)


def benchmark(what: str, every: int) -> dict[str, float]:
    """Judge programs for every so many-th of the official problems."""
    jobs = [
        (task.tests, program.code)
        for kind in FILES
        for task in tasks(kind, every)
        for program in programs(what, task)
    ]
    inherit()
    began, cpu = time.monotonic(), inherited_cpu_seconds()
    judgements = judged(DEFAULT, jobs, SLOTS)
    return {
        "seconds": time.monotonic() - began,
        "cpu_seconds": inherited_cpu_seconds() - cpu,
        "programs": len(jobs),
        "solved": sum(judgement.solved for judgement in judgements),
    }


def trivial(count: int) -> dict[str, float]:
    """Judge one trivial program so many times in a row, in one slot."""
    judge = Judge(slot=20)
    code = "def f(x): return x"
    part = count // 10
    for _ in range(part):
        judge.hidden(TRIVIAL, code)
    began, cpu, memory = time.monotonic(), cpu_seconds(), resident_bytes()
    times = []
    for _ in range(10):
        part_began = time.monotonic()
        for _ in range(part):
            judge.hidden(TRIVIAL, code)
        times.append(time.monotonic() - part_began)
    found = {
        "seconds": time.monotonic() - began,
        "programs": 10 * part,
        "cpu_seconds": cpu_seconds() - cpu,
        "first_part": times[0] / part,
        "last_part": times[-1] / part,
        "grown_bytes": resident_bytes() - memory,
    }
    judge.close()
    return found


def sets(count: int) -> dict[str, float]:
    """What one trivial program costs by CPU seconds, with base tests alone and with plus tests too.

    And how many pages of memory its processes and their zygote have to copy or take, for both sets.
    """
    judge = Judge(slot=20)
    both = replace(TRIVIAL, plus_inputs=[[1]], version="1" * 64)
    found: dict[str, float] = {"programs": count}
    for name, problem in (("base", TRIVIAL), ("both", both)):
        for _ in range(count // 10):
            judge.hidden(problem, "def f(x): return x")
        pages, cpu, began = taken_pages(), cpu_seconds(), time.monotonic()
        for _ in range(count):
            judge.hidden(problem, "def f(x): return x")
        found[f"{name}_seconds"] = (time.monotonic() - began) / count
        found[f"{name}_cpu_seconds"] = (cpu_seconds() - cpu) / count
        found[f"{name}_pages"] = (taken_pages() - pages) / count
    judge.close()
    return found


def taken_pages() -> int:
    """Page faults of this process and all below it, the ended ones too."""
    fields = (Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2] for pid in tree(os.getpid()))
    return sum(int(count) for each in fields for count in each.split()[7:9])


def together(count: int) -> dict[str, float]:
    """Judge a trivial program so many times, in two slots."""
    jobs = [(TRIVIAL, "def f(x): return x")] * count
    judged(DEFAULT, jobs[:2], SLOTS)
    began = time.monotonic()
    judged(DEFAULT, jobs, SLOTS)  # starts its sandboxes, as any worker must
    return {"seconds": time.monotonic() - began, "programs": count, "cpu_seconds": 0.0}


def main() -> None:
    """Measure what the arguments say."""
    what, number = sys.argv[1], int(sys.argv[2])
    measures = {"trivial": trivial, "together": together, "sets": sets}
    found = measures[what](number) if what in measures else benchmark(what, number)
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
