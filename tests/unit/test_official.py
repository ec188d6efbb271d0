"""If these fail, somebody's own problem is judged by EvalPlus's rules, or EvalPlus's without them."""

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from foureyes.evaluation import evalplus
from foureyes.judging.formats.evalplus import oracles, shapes
from foureyes.judging.formats.evalplus.official import is_official
from foureyes.judging.formats.records import parse_record

DATA = Path(os.environ.get("FOUREYES_DATA") or Path(__file__).parents[3] / "shared" / "data")
FILES = ("HumanEvalPlus-v0.1.10.jsonl.gz", "MbppPlus-v0.2.0.jsonl.gz")


def record(problem_id: str, entry_point: str, base_input: list[Any], **more: Any) -> str:
    fields = {
        "task_id": problem_id,
        "entry_point": entry_point,
        "prompt": "",
        "canonical_solution": f"def {entry_point}(*given):\n    return given\n",
        "base_input": base_input,
    }
    return json.dumps(fields | more)


@pytest.mark.parametrize(
    ("problem_id", "entry_point", "base_input"),
    [
        ("Mbpp/2", "f", [[1, 2]]),  # no lists at all, where tuples would be made
        ("Mbpp/2", "similar_elements", [[[1, 2], [2]]]),  # and the name of EvalPlus's function
        ("Mbpp/124", "angle_complex", [["x", "y"]]),
        ("Mbpp/722", "f", [[5]]),
        ("Mbpp/9001", "sum_div", [[8]]),
        ("mine/164", "are_equivalent", [[36, 57]]),
        ("HumanEval/32", "f", [[1]]),
    ],
)
def test_an_id_alone_brings_no_rules(
    problem_id: str, entry_point: str, base_input: list[Any]
) -> None:
    problem = parse_record("mine", record(problem_id, entry_point, base_input)).hidden_tests()
    assert not problem.official
    assert shapes.arguments(problem, base_input) == base_input
    assert oracles.reduction(problem) == ""
    assert not oracles.right(problem, base_input[0], 7, 0, 0.0)


def test_evalplus_own_problem_is_known_in_other_words() -> None:
    """With a prompt and a reference written anew, and an input more, of no shape that it knows."""
    base_input = [[["a"], 5], [[3, 4, 5, 6], [5, 7, 4, 10]]]
    problem = parse_record("de", record("Mbpp/2", "similar_elements", base_input)).hidden_tests()
    assert problem.official
    assert shapes.arguments(problem, base_input) == [[["a"], 5], [(3, 4, 5, 6), (5, 7, 4, 10)]]
    assert oracles.reduction(problem) == "set"


@pytest.mark.skipif(
    not all((DATA / name).is_file() for name in FILES), reason="needs the official files"
)
def test_every_official_problem_with_rules_is_known() -> None:
    known = set()
    for name in FILES:
        with gzip.open(DATA / name, "rt", encoding="utf-8") as file:
            for line in file:
                fields = json.loads(line)
                given = fields["base_input"]
                if is_official(fields["task_id"], fields["entry_point"], given):
                    known.add(fields["task_id"])
                else:
                    assert fields["entry_point"] not in oracles._SETS | oracles._PRESENCES
    later = {f"Mbpp/{n}" for n in (115, 143, 307, 399, 400, 401, 417, 438, 444, 617)}
    assert set(shapes._SHAPES) - known == later  # of earlier releases
    assert {"Mbpp/558", "Mbpp/581", *evalplus.FAULTS} <= known
    assert len(known) == 67
