"""If one of these fails, a record of BigCodeBench is read wrongly, or a mistake in it is nobody's to find."""

import ast
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foureyes.judging import libraries, sources
from foureyes.judging.formats.bigcodebench import testcases
from foureyes.judging.formats.bigcodebench.outcomes import Limits
from foureyes.judging.formats.bigcodebench.record import BigCodeBenchProblem
from foureyes.judging.formats.records import parse_record
from foureyes.judging.profiles import DEFAULT
from foureyes.judging.sandbox.inside import carried, planted, wire
from foureyes.models.errors import FoureyesError
from foureyes.models.settings import settings
from tests.bigcodebench import RECORDS, problem

RECORD = RECORDS["sorted"]


def test_a_record_is_known_by_its_fields() -> None:
    made = parse_record("bigcodebench", json.dumps(RECORD))
    assert isinstance(made, BigCodeBenchProblem)
    made.check()
    assert made.hidden_tests().counts == (4, 0)
    assert made.whole("    return 1\n") == RECORD["complete_prompt"] + "    return 1\n"
    assert made.spec().format == made.hidden_tests().format == "bigcodebench"


def test_the_same_task_is_shown_in_words_by_its_other_name() -> None:
    """Or a sweep of BigCodeBench-Instruct would ask what BigCodeBench-Complete asks."""
    made = parse_record("bigcodebench-instruct", json.dumps(RECORD))
    assert made.prompt == made.spec().prompt == RECORD["instruct_prompt"]
    other = parse_record("bigcodebench", json.dumps(RECORD))
    assert made.reference == other.reference and made.hidden_tests() == other.hidden_tests()
    assert made.whole("    return 1\n") == other.whole("    return 1\n")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"test": 1}, "the field 'test' must be a string"),
        ({"test": "def f(:"}, "the field 'test' is not Python"),
        ({"test": "import unittest\n"}, "the field 'test' has no class TestCases"),
        ({"test": "class TestCases: pass"}, "has no test"),
        ({"libs": "os"}, "the field 'libs' must be a list of names, not 'os'"),
        ({"libs": "[1]"}, "the field 'libs' must be a list of names"),
        ({"libs": None}, "the field 'libs' must be a list of names"),
        ({"task_id": " "}, "the task_id must be 1 to 200 printable characters"),
        ({"entry_point": "for"}, "the entry_point must be a function's name"),
        ({"canonical_solution": "a\0"}, "the field 'canonical_solution' holds a NUL character"),
    ],
)
def test_a_malformed_record_is_said_to_be_so(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(FoureyesError) as told:
        parse_record("bigcodebench", json.dumps(RECORD | changed))
    assert said in str(told.value) and "\n" not in str(told.value)


@pytest.mark.parametrize(
    "name", ["task_id", "complete_prompt", "canonical_solution", "test", "libs"]
)
def test_a_missing_field_is_named(name: str) -> None:
    fields = {each: value for each, value in RECORD.items() if each != name}
    with pytest.raises(FoureyesError, match=f"the field '{name}' is missing"):
        parse_record("bigcodebench", json.dumps(fields))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"canonical_solution": "  return (\n"},
            "complete_prompt + canonical_solution is not Python",
        ),
        ({"entry_point": "other"}, "does not define the entry_point 'other'"),
    ],
)
def test_a_reference_that_is_none_is_found_by_reading(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(FoureyesError) as told:
        problem(RECORD | changed).check()
    assert said in str(told.value)


def test_the_tests_that_must_run_are_counted_in_the_source() -> None:
    """One more or one less, and a program is judged by other tests than those of the record."""
    found = testcases.read(
        """
import os
from a.b import c as d
class Base:
    def test_of_base(self): pass
class TestCases(Base):
    x = 1
    def setUp(self): pass
    def helper(self): pass
    def test_b(self): pass
    async def test_a(self): pass
    def test_b(self): pass
class Other:
    def test_other(self): pass
"""
    )
    assert found.names == ("test_a", "test_b", "test_of_base")
    assert found.imports == "import os\nfrom a.b import c as d"


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Libraries that are here, whatever is on this machine."""
    monkeypatch.setattr(libraries, "modules", lambda environment: frozenset({"pandas"}))


def written(path: Path, records: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in records))
    return path


@pytest.mark.usefixtures("installed")
def test_problems_whose_libraries_are_missing_are_left_out_in_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Not judged wrong: no program could pass them."""
    records = [
        RECORD | {"task_id": "BigCodeBench/1"},
        RECORD | {"task_id": "BigCodeBench/2", "libs": "['pandas', 'nltk.corpus']"},
        RECORD | {"task_id": "BigCodeBench/3", "test": "import faker, nltk\n" + RECORD["test"]},
    ]
    with caplog.at_level(logging.WARNING):
        found = sources.load_file(written(tmp_path / "mine.jsonl", records))
    assert [each.problem_id for each in found] == ["BigCodeBench/1"]
    (line,) = [each.getMessage() for each in caplog.records]
    assert line.endswith(
        "2 problems are left out, for libraries that are not here: nltk (2), faker (1)"
    )


@pytest.mark.usefixtures("installed")
def test_a_mistake_is_told_with_its_file_and_line(tmp_path: Path) -> None:
    records = [RECORD, RECORD | {"task_id": "BigCodeBench/1", "test": "no class"}]
    with pytest.raises(FoureyesError, match=r"mine.jsonl line 2: the field 'test' is not Python"):
        sources.load_file(written(tmp_path / "mine.jsonl", records))


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("FOUREYES_CACHE", str(tmp_path / "cache"))
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.usefixtures("empty")
def test_without_the_libraries_what_to_do_is_said(tmp_path: Path) -> None:
    with pytest.raises(FoureyesError, match="foureyes benchmark prepare bigcodebench"):
        sources.load_file(written(tmp_path / "mine.jsonl", [RECORD]))


def test_limits_follow_the_reference() -> None:
    """A slow one leaves time to programs, and a quick one some seconds a test."""
    limits = Limits.of(DEFAULT, {"quick": 0.01, "slow": 30.0})
    assert limits.each == {"quick": 5.0, "slow": 120.0}
    assert 120 < limits.total < 140
    assert Limits.of(DEFAULT, {f"test_{at}": 0.1 for at in range(100)}).total == 70


@pytest.mark.parametrize(
    ("example", "count"),
    [
        (">>> task_func([2, 1])\n    [1, 2]", 1),
        (">>> task_func('/tmp/x')\n    1", 0),
        (">>> task_func('data.csv')\n    1", 0),
        (">>> task_func()\n    1", 0),
        (">>> task_func([2, 1])  # with a random seed\n    [1, 2]", 0),
    ],
)
def test_examples_that_hang_on_files_or_chance_are_no_tests(example: str, count: int) -> None:
    """A right program fails them, and a model that believes them mends what is right."""
    prompt = f'def task_func(items):\n    """Sort.\n\n    {example}\n    """\n'
    assert len(problem(RECORD | {"complete_prompt": prompt}).spec().visible_tests) == count


@pytest.mark.parametrize(
    "data",
    [
        wire.encode(carried.Other("ndarray", ("O", (1,), b"12345678"))),
        wire.encode(carried.Other("ndarray", ("<i8", (2,), b"12345678"))),
        wire.encode(carried.Other("ndarray", ("<i8", (1,), "text"))),
        wire.encode(carried.Other("eval", "1")),
        wire.encode(carried.Other("datetime", ("never", False))),
        wire.encode([carried.Opaque("Axes")]),
        b"x",
    ],
)
def test_what_no_value_is_made_of_is_refused(data: bytes) -> None:
    """A program's process may send any bytes."""
    with pytest.raises((wire.WireError, carried.Uncarried)):
        carried.decode(data)


def test_an_object_that_says_what_it_equals_is_found_wherever_it_is() -> None:
    planted.remember()

    class Liar(list):  # type: ignore[type-arg]
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment]

    class Honest(list):  # type: ignore[type-arg]
        pass

    assert planted.foreign([1, {"a": (Liar(),)}]) == "Liar"
    assert planted.foreign(Honest([Liar()])) == "Liar"
    assert planted.foreign([1, {"a": (Honest([2]), "text")}]) == ""


ASSERTS = """
import unittest
class TestCases(unittest.TestCase):
    def test_all(self):
        expected = {"not": "looked at"}
        self.assertEqual(task_func(1), [2, {"key-19": "z!"}], "a message")
        self.assertTrue(task_func(3) == 4)
        self.assertAlmostEqual(task_func(5), 6.0)
        self.assertListEqual([7.5, True], task_func(8))
        self.assertEqual(task_func(9), expected)
        self.assertEqual(len(task_func(10)), "")
        assert task_func(11) == -12
        assert 13 == 13
"""


def test_what_is_expected_can_be_another() -> None:
    """Else who reads in its tests what they want passes by them; inputs stay as they are."""
    count = testcases.expectations(ASSERTS)
    lines = ast.unparse(ast.parse(ASSERTS)).splitlines()
    changed = []
    for number in range(count):
        made = testcases.altered(ASSERTS, number).splitlines()
        ((before, after),) = [pair for pair in zip(lines, made, strict=True) if len(set(pair)) > 1]
        assert before != after
        changed.append(after.strip())
    assert sorted(changed) == sorted(
        [
            "self.assertEqual(task_func(1), [3, {'key-19': 'z!'}], 'a message')",
            "self.assertEqual(task_func(1), [2, {'key-10': 'z!'}], 'a message')",
            "self.assertEqual(task_func(1), [2, {'key-19': 'a!'}], 'a message')",
            "self.assertListEqual([8.5, True], task_func(8))",
            "self.assertListEqual([7.5, False], task_func(8))",
            "assert task_func(11) == -13",
        ]
    )
    assert testcases.read(testcases.altered(ASSERTS, 0)).names == testcases.read(ASSERTS).names


def test_what_several_tests_expect_is_another_in_all_of_them() -> None:
    source = ASSERTS + "        self.assertEqual(task_func(14), [2, 2.0])\n"
    every = [testcases.altered(source, number) for number in range(testcases.expectations(source))]
    made = [each for each in every if "[3, {'key-19': 'z!'}]" in each]
    assert len(made) == 2 and made[0] == made[1] and "[3, 2.0]" in made[0]
