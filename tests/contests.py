"""Problems of contests that tests write: records in LiveCodeBench's format, and what is read of them."""

import json
from typing import Any

from foureyes.judging.formats.livecodebench.contest_tests import ContestTests
from foureyes.judging.formats.livecodebench.record import ContestProblem
from foureyes.judging.formats.records import parse_record

Pairs = list[tuple[str, str]]
#: Two numbers are added; one public test and two private ones.
SUM: Pairs = [("1 2\n", "3\n"), ("40 2\n", "42\n"), ("-5 5\n", "0\n")]
#: `join(list, item)` appends.
JOIN: Pairs = [("[1, 2]\n3", "[1, 2, 3]"), ("[]\n1", "[1]"), ('["a"]\n null', '["a", null]')]


def record(tests: Pairs = SUM, method: str = "", **fields: Any) -> dict[str, Any]:
    """A record whose first test is public; `fields` replace its own."""
    kind = "functional" if method else "stdin"
    made = [{"input": given, "output": wanted, "testtype": kind} for given, wanted in tests]
    starter = f"class Solution:\n    def {method}(self, a: List[int], b: int):\n        "
    return {
        "question_title": "A sum",
        "question_content": "Add what is given.",
        "platform": "atcoder",
        "question_id": "abc_1",
        "contest_id": "abc",
        "contest_date": "2024-05-01T00:00:00",
        "starter_code": starter if method else "",
        "difficulty": "easy",
        "public_test_cases": json.dumps(made[:1]),
        "private_test_cases": json.dumps(made[1:]),
        "metadata": json.dumps({"func_name": method} if method else {}),
        **fields,
    }


def problem(tests: Pairs = SUM, method: str = "", **fields: Any) -> ContestProblem:
    """The problem in such a record."""
    found = parse_record("mine", json.dumps(record(tests, method, **fields)))
    assert isinstance(found, ContestProblem)
    return found


def hidden(tests: Pairs = SUM, method: str = "") -> ContestTests:
    """Its tests, all of them."""
    return problem(tests, method).hidden_tests()
