"""Samples in EvalPlus's formats: a file with one JSON object a line, or a folder of programs."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.benchmark import Problem
from models.errors import FoureyesError


@dataclass(frozen=True)
class Sample:
    """One program for one problem; `index` is its number among that problem's samples, from 0."""

    problem: Problem
    index: int
    code: str


@dataclass(frozen=True)
class Mistake:
    """A sample that cannot be judged, and why: one line for a person, with the place."""

    line: str


def read(path: Path, problems: Mapping[str, Problem]) -> Iterator[Sample | Mistake]:
    """The samples in their order. May be called again: it reads the file anew each time.

    In a file, `solution` is a whole program and `completion` what follows the prompt. In a folder,
    `HumanEval_0/1.py` is a whole program for HumanEval/0.

    Raises: FoureyesError if there is no such file or folder.
    """
    if path.is_dir():
        found = _folder(path, problems)
    elif path.is_file():
        found = _file(path, problems)
    else:
        raise FoureyesError(f"{path}: there is no such file or folder of samples")
    counts: Counter[str] = Counter()
    for one in found:
        if isinstance(one, Mistake):
            yield one
            continue
        problem, code = one
        yield Sample(problem, counts[problem.problem_id], code)
        counts[problem.problem_id] += 1


def _file(path: Path, problems: Mapping[str, Problem]) -> Iterator[tuple[Problem, str] | Mistake]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise FoureyesError(f"{path}: cannot be read ({error.strerror})") from None
    with file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                fields = _fields(line)
                problem = _problem(fields.get("task_id"), problems)
                yield problem, _code(fields, problem)
            except FoureyesError as error:
                yield Mistake(f"{path} line {number}: {error}")


def _fields(line: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise FoureyesError("not UTF-8 text") from None
    except (ValueError, RecursionError) as error:
        raise FoureyesError(f"not JSON: {error}") from None
    if not isinstance(fields, dict):
        raise FoureyesError("not a JSON object")
    return fields


def _problem(task_id: Any, problems: Mapping[str, Problem]) -> Problem:
    if task_id is None:
        raise FoureyesError("the field 'task_id' is missing")
    if not isinstance(task_id, str) or task_id not in problems:
        raise FoureyesError(f"the benchmark has no problem {str(task_id)[:80]!r}")
    return problems[task_id]


def _code(fields: dict[str, Any], problem: Problem) -> str:
    """`solution` counts if both are there, as in EvalPlus."""
    if isinstance(code := fields.get("solution"), str):
        return code
    if isinstance(completion := fields.get("completion"), str):
        return problem.prompt + completion
    raise FoureyesError("no code: neither 'solution' nor 'completion' is a text")


def _folder(path: Path, problems: Mapping[str, Problem]) -> Iterator[tuple[Problem, str] | Mistake]:
    by_folder = {task_id.replace("/", "_"): problem for task_id, problem in problems.items()}
    programs = sorted(path.glob("*/*.py"), key=_in_order)
    if not programs:
        raise FoureyesError(f"{path}: no samples here; expected files such as HumanEval_0/0.py")
    for program in programs:
        problem = by_folder.get(program.parent.name)
        if problem is None:
            yield Mistake(f"{program}: the benchmark has no problem {program.parent.name!r}")
            continue
        try:
            yield problem, program.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            yield Mistake(f"{program}: not UTF-8 text")
        except OSError as error:
            yield Mistake(f"{program}: cannot be read ({error.strerror})")


def _in_order(path: Path) -> list[Any]:
    """2.py before 10.py: numbers by value, everything else as text."""
    parts = re.split(r"(\d+)", f"{path.parent.name}/{path.name}")
    return [(int(part), "") if part.isdigit() else (0, part) for part in parts]
