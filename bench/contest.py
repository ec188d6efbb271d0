"""Tests a second of contests' programs, by our judge and by LiveCodeBench's own: `python -m bench.contest`.

The same programs, all right, in one run after the other, each judge with two programs at a time. Ours
gives every test of a program that reads standard input a process of its own; the other runs all tests of
a program in one, as functions. CPU time is of all processes. Needs `make livecodebench`.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.judge_slots import cpu_seconds
from foureyes.evaluation import livecodebench
from foureyes.judging.formats.livecodebench.record import ContestProblem
from foureyes.judging.formats.records import parse_record
from foureyes.judging.judge import Judge
from foureyes.problems import contest_build

SLOTS = 2
_SUM = "print(sum(map(int, input().split())))"
Samples = list[tuple[str, str]]


def small(tests: int) -> str:
    """A record that asks for the sum of two numbers, so many times."""
    made = [
        {"input": f"{number} {number}\n", "output": f"{2 * number}\n", "testtype": "stdin"}
        for number in range(tests)
    ]
    return json.dumps(
        contest_build.records()[0]
        | {
            "question_id": "sum",
            "public_test_cases": json.dumps(made[:1]),
            "private_test_cases": json.dumps(made[1:]),
        }
    )


def ours(records: Sequence[str], samples: Samples) -> tuple[float, float, int]:
    """Seconds by the clock and of CPU, and how many tests were run."""
    problems = {each.problem_id: each for each in map(_parsed, records)}
    tests = {name: each.hidden_tests() for name, each in problems.items()}
    judges = [Judge(slot) for slot in range(SLOTS)]
    try:
        for judge in judges:  # its sandbox is started and tried
            assert judge.hidden(tests[samples[0][0]], samples[0][1]).solved
        began, used = time.monotonic(), cpu_seconds()

        def work(slot: int) -> None:
            for name, code in samples[slot::SLOTS]:
                assert judges[slot].hidden(tests[name], code).solved

        with ThreadPoolExecutor(SLOTS) as pool:
            list(pool.map(work, range(SLOTS)))
        seconds = time.monotonic() - began
        return seconds, cpu_seconds() - used, sum(tests[name].counts[0] for name, _ in samples)
    finally:
        for judge in judges:
            judge.close()


def _parsed(record: str) -> ContestProblem:
    found = parse_record("bench", record)
    assert isinstance(found, ContestProblem)
    return found


def theirs(records: Sequence[str], samples: Samples) -> tuple[float, float]:
    """The same by LiveCodeBench's own judge."""
    found = livecodebench.evaluate(records, samples, parallel=SLOTS)
    assert all(found.passed), found.said
    return found.seconds, found.cpu_seconds


def main() -> None:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(prog="python -m bench.contest")
    parser.add_argument("--programs", type=int, default=60, help="programs of each kind")
    options = parser.parse_args()
    tasks = contest_build.tasks()
    lines = [json.dumps(record) for record in contest_build.records()]
    named = [(f"contest_{number:02}", task) for number, task in enumerate(tasks, 1)]
    kinds: dict[str, tuple[list[str], Samples]] = {
        "a sum, 10 tests": ([small(10)], [("sum", _SUM)]),
        "the contest set, standard input": (
            lines,
            [(name, task.program()) for name, task in named if not task.starter],
        ),
        "the contest set, methods": (
            lines,
            [(name, task.program()) for name, task in named if task.starter],
        ),
    }
    print(f"{os.cpu_count()} cores, {SLOTS} programs at a time; load {os.getloadavg()[0]:.1f}\n")
    print("| programs | judge | tests | s | CPU, s | tests a second | CPU ms a test |")
    print("|---|---|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as home:
        os.environ["FOUREYES_HOME"] = str(Path(home))
        for kind, (records, few) in kinds.items():
            samples = (few * options.programs)[: options.programs]
            seconds, cpu, tests = ours(records, samples)
            for judge, (took, used) in (
                ("foureyes", (seconds, cpu)),
                ("LiveCodeBench's own", theirs(records, samples)),
            ):
                print(
                    f"| {kind} | {judge} | {tests} | {took:.1f} | {used:.1f} | {tests / took:.0f} "
                    f"| {1000 * used / tests:.1f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
