"""If one of these fails, a file of LiveCodeBench's is read wrongly, or a hostile one does harm."""

import base64
import datetime
import json
import os
import pickle
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from foureyes.judging import sources
from foureyes.judging.formats.livecodebench import comparison, testcases
from foureyes.judging.formats.livecodebench.record import ContestProblem
from foureyes.judging.sandbox.inside import digests, wire
from foureyes.judging.sandbox.inside.values import ARRAY, Opaque, Other
from foureyes.models.errors import FoureyesError
from tests.contests import JOIN, SUM, problem, record

TESTS = json.dumps([{"input": "4 5\n", "output": "9", "testtype": "stdin"}])


def packed(pickled: bytes) -> str:
    return base64.b64encode(zlib.compress(pickled)).decode()


def test_a_problem_of_standard_input_is_read() -> None:
    found = problem()
    assert found.problem_id == "abc_1" and found.entry_point == "" and found.reference is None
    assert found.prompt == "Add what is given."
    assert found.whole("print(1)") == "print(1)"
    assert found.contest_date == datetime.date(2024, 5, 1)
    assert (found.facts["difficulty"], found.facts["platform"]) == ("easy", "atcoder")
    spec = found.spec()
    assert [test.call for test in spec.visible_tests] == ["1 2\n"]
    assert spec.visible_tests[0].expected == "3\n"
    assert spec.visible_tests[0].source == "input:\n1 2\noutput:\n3"
    tests = found.hidden_tests()
    assert tests.counts == (3, 0) and tests.method == ""
    assert [(each.input, each.output) for each in tests.all()] == SUM


def test_a_functional_problem_shows_its_starter_code() -> None:
    found = problem(JOIN, "join")
    assert found.entry_point == "Solution"
    assert found.prompt.endswith("def join(self, a: List[int], b: int):\n")
    assert found.spec().visible_tests[0].source == "join([1, 2], 3) == [1, 2, 3]"
    assert found.hidden_tests().method == "join"


def test_no_private_test_is_in_what_a_pattern_sees() -> None:
    found = problem(private_test_cases=TESTS.replace("4 5", "4711"))
    assert "4711" not in repr(found.spec()) and "4711" not in repr(found)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_compressed_tests_are_read_whatever_wrote_them(protocol: int) -> None:
    for tests in (TESTS, json.dumps(json.loads(TESTS) * 5000), TESTS.replace("9", "ä€😀")):
        text = packed(pickle.dumps(tests, protocol))
        assert testcases.private(text) == testcases.private(tests)


class Runs:
    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return os.mkdir, ("run-by-a-pickle",)


UNREADABLE = {
    "something that runs": packed(pickle.dumps(Runs())),
    "a list": packed(pickle.dumps([TESTS])),
    "two texts": packed(pickle.dumps((TESTS, TESTS))),
    "bytes": packed(pickle.dumps(TESTS.encode())),
    "a number": packed(pickle.dumps(3)),
    "a global": packed(b"cos\nsystem\n."),
    "a text and what follows": packed(pickle.dumps(TESTS) + pickle.dumps(Runs())),
    "a text cut short": packed(pickle.dumps(TESTS)[:-9]),
    "no end": packed(pickle.dumps(TESTS)[:-1]),
    "no pickle": packed(TESTS.encode()),
    "nothing": packed(b""),
    "an unknown protocol": packed(b"\xff" + pickle.dumps(TESTS)),
    "text that is no UTF-8": packed(b"\x80\x04X\x02\x00\x00\x00\xff\xfe."),
    "a text longer than the file": packed(b"\x80\x04X\xff\xff\xff\x7fabc."),
    "no zlib": base64.b64encode(b"abcdef").decode(),
    "zlib cut short": base64.b64encode(zlib.compress(pickle.dumps(TESTS))[:-6]).decode(),
    "zlib and more": base64.b64encode(zlib.compress(pickle.dumps(TESTS)) + b"x").decode(),
    "no base64": "{]",
    "no JSON": "[1,",
    "JSON in a pickle that is none": packed(pickle.dumps("[1,")),
    "endless nesting": "[" * 100_000,
    "a JSON list of texts": '["a"]',
    "an object": packed(pickle.dumps("{}")),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_private_tests_that_are_anything_else_are_refused_in_a_line(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FoureyesError) as caught:
        problem(private_test_cases=UNREADABLE[what])
    assert "\n" not in str(caught.value) and "private_test_cases" in str(caught.value)
    assert list(tmp_path.iterdir()) == []  # nothing was run


def test_an_inflation_bomb_is_not_inflated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(testcases, "MOST", 1 << 20)
    bomb = packed(pickle.dumps(json.dumps([{"input": "0" * (1 << 20)}])))
    assert len(bomb) < 4096
    with pytest.raises(FoureyesError, match="inflates to more than 1 MiB"):
        problem(private_test_cases=bomb)


def without(field: str, test: dict[str, Any]) -> str:
    return json.dumps([{name: value for name, value in test.items() if name != field}])


ONE = {"input": "1", "output": "2", "testtype": "stdin"}
MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "no platform": ({"platform": None}, "'platform' must be a string"),
    "a number for an id": ({"question_id": 7}, "'question_id' must be a string"),
    "an empty id": ({"question_id": " "}, "question_id must be 1 to 200 printable"),
    "no task": ({"question_content": "\n"}, "'question_content' is empty"),
    "NUL": ({"question_content": "a\0"}, "NUL"),
    "half a character": ({"question_content": "a\ud800"}, "half a character"),
    "no date": ({"contest_date": "May 2024"}, "must be a date such as"),
    "metadata no JSON": ({"metadata": "{"}, "'metadata' is not valid JSON"),
    "metadata no object": ({"metadata": "[]"}, "must hold a JSON object"),
    "a method's name": ({"metadata": '{"func_name": "a b"}'}, "must be a function's name"),
    "a keyword": ({"metadata": '{"func_name": "class"}'}, "must be a function's name"),
    "kinds that disagree": ({"metadata": '{"func_name": "f"}'}, "but the metadata has a func_name"),
    "a test without output": (
        {"public_test_cases": without("output", ONE)},
        "test 1 of public_test_cases has no 'output'",
    ),
    "a test without input": ({"private_test_cases": without("input", ONE)}, "has no 'input'"),
    "a test without kind": ({"private_test_cases": without("testtype", ONE)}, "no 'testtype'"),
    "an output that is no text": (
        {"public_test_cases": json.dumps([ONE | {"output": 2}])},
        "'output' must be a string",
    ),
    "an unknown kind": (
        {"public_test_cases": json.dumps([ONE | {"testtype": "socket"}])},
        "must be 'stdin' or 'functional', not 'socket'",
    ),
    "an input that cannot be sent": (
        {"public_test_cases": json.dumps([ONE | {"input": "\ud800"}])},
        "half a character",
    ),
    "public tests that are compressed": ({"public_test_cases": packed(b"x")}, "not valid JSON"),
    "no test": ({"public_test_cases": "[]", "private_test_cases": "[]"}, "there is no test"),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_is_told_in_a_line_with_file_and_line(what: str, tmp_path: Path) -> None:
    fields, said = MISTAKES[what]
    file = tmp_path / "mine.jsonl"
    file.write_text(f"{json.dumps(record())}\n{json.dumps(record() | fields)}\n")
    with pytest.raises(FoureyesError) as caught:
        sources.load_file(file)
    assert said in str(caught.value) and "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{file} line 2: ")


@pytest.mark.parametrize("field", record())
def test_a_missing_field_is_named(field: str) -> None:
    fields = record()
    del fields[field]
    with pytest.raises(FoureyesError, match=rf"the field '{field}' is missing"):
        ContestProblem.read("mine", json.dumps(fields), fields)


@pytest.mark.parametrize("given", ["[1, 2\n3", "1\n", "", "[1]\n\n2"])
def test_the_input_of_a_functional_test_is_json_line_by_line(given: str) -> None:
    with pytest.raises(FoureyesError, match="test 1 of all: each line of the input"):
        problem([(given, "[1]")], "join")


TEXTS = [
    ("3\n", "3", True),
    ("3\n", "\n 3  \n\n", True),
    ("1 2\n3\n", "1 2 \r\n3\r\n", True),
    ("1\n2", "1\n\n2", False),
    ("1\n2", "1 2", False),
    ("a b", "a  b", False),
    ("Yes", "yes", False),
    ("1.50", "1.5", True),
    ("1 2.0", "1.0 2", True),
    ("1 2", "1  2", True),
    ("0.1", "0.10000000000000001", False),
    ("50000000000000000", "50000000000000001", False),
    ("1e3", "1000", True),
    ("x 1.0", "x 1", False),
    ("-0", "0", True),
    ("nan", "nan", True),
    ("nan", "NaN", False),
    ("1", "sNaN", False),
    ("1", "1_0", False),
    ("10", "1_0", True),
    ("", "", True),
    ("", "x", False),
    ("1", "", False),
    ("1", "1e999999999999999999999", False),
    ("3\n", "3\x00", False),
]


@pytest.mark.parametrize(("expected", "got", "same"), TEXTS)
def test_what_counts_as_the_same_text(expected: str, got: str, same: bool) -> None:
    assert comparison.same_text(expected, got) is same


VALUES: list[tuple[Any, Any, bool]] = [
    ([1, 2], [1, 2], True),
    ([1, 2], [1.0, True + 1], True),
    (True, 1, True),
    ([[1]], [(1,)], False),
    ("1", 1, False),
    (0.3, 0.1 + 0.2, False),
    ([1], {1}, False),
    ({"a": 1}, {"a": 1}, True),
    (None, Opaque("E"), False),
    ([5], Other(ARRAY, 5), True),
    (5, Other(ARRAY, 5), True),
    ([1, 2], Other("deque", [1, 2]), False),
    (list(range(300_000)), digests.large(list(range(300_000)), False), True),
    (list(range(300_001)), digests.large(list(range(300_000)), False), False),
]


@pytest.mark.parametrize(("expected", "got", "same"), VALUES, ids=range(len(VALUES)))
def test_what_counts_as_the_same_value(expected: Any, got: Any, same: bool) -> None:
    assert comparison.same_value(expected, wire.decode(wire.encode(got))) is same


@pytest.mark.parametrize(
    ("count", "last", "name"),
    [(400, "2024-03-30", "v1"), (511, "2024-05-25", "v2"), (612, "2024-07-27", "v3"),
     (713, "2024-09-29", "v4"), (880, "2025-01-25", "v5"), (1055, "2025-04-06", "v6"),
     (880, "2026-01-25", None), (1054, "2025-04-06", None), (0, "2025-04-06", None)],
)  # fmt: skip
def test_which_release_a_file_is(count: int, last: str, name: str | None) -> None:
    early, late = problem(contest_date="2023-05-07"), problem(contest_date=f"{last}T00:00:00")
    told = type(late).release([*[early] * (count - 1), late][:count])
    assert told == (name and f"LiveCodeBench {name}")


def test_the_contest_set_is_read() -> None:
    problems = sources.load_file(Path(__file__).parents[2] / "problems" / "contest.jsonl")
    assert len(problems) == 20
    assert all(len(each.spec().visible_tests) == 2 for each in problems)
    assert all(each.hidden_tests().counts in ((10, 0), (11, 0)) for each in problems)
