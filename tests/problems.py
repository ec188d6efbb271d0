"""Problems that tests make up."""

import json

from foureyes.judging.formats.problem import Problem
from foureyes.judging.formats.records import parse_record
from foureyes.models.problem import Spec, VisibleTest


def problem(problem_id: str, benchmark: str = "mine") -> Problem:
    """A problem that asks for a function `f` which returns what it is given."""
    fields = {"prompt": "", "entry_point": "f", "canonical_solution": "f = lambda x: x\n"}
    return parse_record(
        benchmark, json.dumps({"task_id": problem_id, **fields, "base_input": [[1]]})
    )


def shows(*tests: VisibleTest) -> Spec:
    """What is seen of a problem with these tests, about a function `f`."""
    return Spec("p", "", "f", tests)
