"""The contest set shows what a benchmark of contests is: a wrong test in it would be a wrong first answer."""

import dataclasses
import json
import random
from pathlib import Path
from typing import Any

import pytest

from foureyes.judging.formats.livecodebench import testcases
from foureyes.problems import contest_build
from foureyes.problems.contest_shape import Task

ROOT = Path(__file__).parents[2]
TASKS = contest_build.tasks()


def inputs(task: Task) -> list[Any]:
    return [*task.public, *task.private(random.Random(task.title))]


def outputs(task: Task, core: str) -> list[str] | str:
    """What a solution of ours answers; an exception counts as an answer of its own."""
    try:
        other = dataclasses.replace(task, solution=core)
        return [test["output"] for test in other.tests(inputs(task))]
    except Exception as error:
        return repr(error)


def test_there_are_twenty_of_mixed_difficulty_half_of_them_stdin() -> None:
    grades = [task.difficulty for task in TASKS]
    assert {grade: grades.count(grade) for grade in grades} == {"medium": 8, "easy": 7, "hard": 5}
    assert [bool(task.starter) for task in TASKS] == [False, True] * 10
    assert len({task.title for task in TASKS}) == 20
    assert sum(task.packed for task in TASKS) == 10


def test_the_committed_file_is_what_the_sources_say() -> None:
    found = (ROOT / "problems" / "contest.jsonl").read_text(encoding="utf-8")
    made = contest_build.text()
    # Other builds of zlib compress otherwise: what is packed counts.
    assert list(map(unpacked, found.splitlines())) == list(map(unpacked, made.splitlines())), (
        "run `python -m foureyes.problems.contest_build`"
    )


def unpacked(line: str) -> dict[str, Any]:
    record = json.loads(line)
    return {**record, "private_test_cases": testcases.private(record["private_test_cases"])}


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_each_has_two_public_tests_and_about_eight_private_ones(task: Task) -> None:
    assert len(task.public) == 2
    assert 8 <= len(task.private(random.Random(task.title))) <= 9
    assert len({json.dumps(given) for given in inputs(task)}) == len(inputs(task))


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_the_example_in_the_text_is_the_first_public_test(task: Task) -> None:
    """Else a model would be told one thing and tested for another."""
    (test,) = task.tests(task.public[:1])
    if not task.starter:
        sample = task.content.partition("Sample input:\n")[2]
        given, _, wanted = sample.partition("Sample output:\n")
        assert (given, wanted.strip()) == (test["input"], test["output"].strip())
        return
    example = task.content.partition("Example: ")[2].strip().replace("\n", " ")
    named, _, wanted = example.rpartition(" gives ")
    namespace: dict[str, Any] = {}
    exec(f"given = dict({named})", namespace)
    assert list(namespace["given"].values()) == task.public[0]
    assert json.loads(wanted.removesuffix(".")) == json.loads(test["output"])


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_the_tests_reject_plausible_wrong_solutions(task: Task) -> None:
    wrong = task.wrong_cores()
    assert len(wrong) >= 3
    right = outputs(task, task.core())
    assert isinstance(right, list)
    for reason, core in wrong.items():
        assert outputs(task, core) != right, reason


def test_some_wrong_solutions_pass_every_public_test() -> None:
    """Else a pattern that looks at the public ones would know all."""
    survivors = 0
    for task in TASKS:
        right = outputs(task, task.core())
        for core in task.wrong_cores().values():
            found = outputs(task, core)
            survivors += isinstance(found, list) and found[:2] == right[:2]
    assert survivors >= 10
