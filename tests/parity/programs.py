"""The programs whose verdicts are compared, and the problems they are for."""

import gzip
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foureyes.evaluation.evalplus import Kind
from foureyes.judging.formats.evalplus.functions import FunctionTests
from foureyes.judging.formats.records import parse_record
from tests.parity.mutants import mutants

_REPOSITORY = Path(__file__).parents[2]
DATA = Path(os.environ.get("FOUREYES_DATA") or _REPOSITORY.parent / "shared" / "data")
FILES: dict[Kind, str] = {
    "humaneval": "HumanEvalPlus-v0.1.10.jsonl.gz",
    "mbpp": "MbppPlus-v0.2.0.jsonl.gz",
}
_OUTPUTS = Path(__file__).with_name("outputs")


@dataclass(frozen=True)
class Program:
    """One program, and the class it is counted in."""

    task_id: str
    kind: str
    code: str


@dataclass(frozen=True)
class Task:
    """One problem: as EvalPlus reads it, as our judge does, and all programs for it."""

    record: dict[str, Any]
    tests: FunctionTests
    programs: tuple[Program, ...]


def tasks(kind: Kind, every: int = 1) -> list[Task]:
    """Every so many-th problem of a benchmark, with its programs."""
    outputs = _outputs()
    with gzip.open(DATA / FILES[kind], "rt", encoding="utf-8", newline="\n") as file:
        lines = [line.rstrip("\n") for line in file]
    found = []
    for number, line in enumerate(lines[::every]):
        tests = parse_record(kind, line).hidden_tests()
        assert isinstance(tests, FunctionTests)
        made = [
            Program(tests.problem_id, name, code)
            for name, code in mutants(tests.reference, tests.entry_point, number)
        ]
        found.append(Task(json.loads(line), tests, (*made, *outputs.get(tests.problem_id, ()))))
    return found


def _outputs() -> dict[str, list[Program]]:
    """What real models wrote, by problem."""
    found: dict[str, list[Program]] = {}
    for path in sorted(_OUTPUTS.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").split("\n"):
            if line.strip():
                output = json.loads(line)
                program = Program(output["task_id"], "written by a model", output["solution"])
                found.setdefault(program.task_id, []).append(program)
    return found
