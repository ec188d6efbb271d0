"""Tests that a model writes, and what running them shows. Nobody but their author vouches for them."""

import ast
import json
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

from foureyes.models import trees
from foureyes.models.enums import Kind, Suite
from foureyes.models.problem import Spec
from foureyes.models.shown import BROKEN, FAILED, PASSED, TestRun, WrittenResult
from foureyes.models.storable import storable
from foureyes.worker.patterns.reading.asserts import LONGEST, MOST, extract_asserts
from foureyes.worker.patterns.reading.thoughts import without_thinking
from foureyes.worker.patterns.steps.base import (
    AS_THE_MODEL,
    REVIEWER,
    CompletionStep,
    ExecutionStep,
    Program,
    Sampling,
    Schema,
)
from foureyes.worker.patterns.steps.readings import Json

_TEXT = {"type": "string", "maxLength": LONGEST}
#: Of whole programs: what they are given, and what they should print.
_CASES = Json(
    {
        "type": "object",
        "properties": {
            "tests": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"input": _TEXT, "output": _TEXT},
                    "required": ["input", "output"],
                    "additionalProperties": False,
                },
                "maxItems": MOST,
            }
        },
        "required": ["tests"],
        "additionalProperties": False,
    }
)


@dataclass(frozen=True)
class WrittenTests:
    """Tests as texts: of a function an assert each; of a whole program JSON with `input` and `output`.

    `text` is the answer that they stood in; empty for those that a pattern puts together itself.
    """

    tests: tuple[str, ...]
    text: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.tests, tuple) or not all(
            isinstance(test, str) for test in self.tests
        ):
            raise ValueError(f"WrittenTests: takes a tuple of texts, not {self.tests!r:.80}")


@dataclass(frozen=True)
class Tests(CompletionStep):
    """Write tests for the specification. Gives WrittenTests, at most 50; none if none can be read."""

    __test__: ClassVar[bool] = False  # not a pytest class
    kind: ClassVar[Kind] = Kind.TESTS
    prompt: ClassVar[str] = "tests"
    rarer: ClassVar[tuple[str, ...]] = ("has no tests",)

    spec: Spec
    _: KW_ONLY
    by: str = REVIEWER
    sampling: Sampling = AS_THE_MODEL

    @property
    def schema(self) -> Schema:
        return None if self.spec.entry_point else _CASES.schema

    def variables(self) -> dict[str, Any]:
        """What the template is filled with."""
        return {"spec": self.spec}

    def read(self, text: str) -> WrittenTests:
        """The tests in an answer."""
        if self.spec.entry_point:
            found = extract_asserts(text)
        else:
            value = _CASES.value(without_thinking(text)) or {"tests": []}
            found = tuple(dict.fromkeys(json.dumps(test) for test in value["tests"]))
        return WrittenTests(tuple(map(storable, found)), text)

    def rehearsed(self, outcome: int, name: str) -> WrittenTests:
        return WrittenTests(() if outcome else (_example(self.spec),), name)

    def stand_in(self, text: str) -> WrittenTests:
        return WrittenTests((_example(self.spec),), text)


def _example(spec: Spec) -> str:
    if spec.entry_point:
        return f"assert {spec.entry_point}() == 0"
    return json.dumps({"input": "0\n", "output": "0\n"})


@dataclass(frozen=True)
class RunTests(ExecutionStep):
    """Run tests that a model wrote. Gives a TestRun: each has passed, failed, or is broken itself."""

    kind: ClassVar[Kind] = Kind.RUN
    suite: ClassVar[Suite] = Suite.WRITTEN
    outcomes: ClassVar[tuple[str, ...]] = ("passes", "fails")
    rarer: ClassVar[tuple[str, ...]] = ("shows that the tests are broken",)

    program: Program
    tests: WrittenTests

    @property
    def said(self) -> str:
        return f"written tests on {self.program.code}"

    @property
    def code(self) -> str:
        """The program that is tested."""
        return self.program.code

    @property
    def given(self) -> tuple[str, ...]:  # type: ignore[override]
        return self.tests.tests

    def read(self, detail: dict[str, Any]) -> TestRun:
        """What the tests showed."""
        return TestRun.from_json(detail)

    def rehearsed(self, outcome: int, name: str) -> TestRun:
        how, shown = ((PASSED, ""), (FAILED, "got: 0"), (BROKEN, "it is no test"))[outcome]
        return TestRun(tuple(WrittenResult(test, how, shown) for test in self.tests.tests))

    def stand_in(self, text: str) -> TestRun:
        return self.rehearsed(1, text)

    def misfit(self, spec: Spec) -> str | None:
        if len(self.tests.tests) > 2 * MOST:
            return f"RunTests runs {2 * MOST} tests at most, not {len(self.tests.tests)}"
        if self.program.spec.entry_point != spec.entry_point:
            return "RunTests needs a program for the problem's own entry_point"
        return None

    def slip(self, spec: Spec) -> str | None:
        for test in () if self.tests.text else self.tests.tests:  # the pattern's own
            if not _is_test(spec, test):
                what = "an assert" if spec.entry_point else 'JSON with "input" and "output"'
                return f"RunTests: this test is not {what}: {test!r:.80}"
        return None


def _is_test(spec: Spec, test: str) -> bool:
    try:
        if not spec.entry_point:
            return json.loads(test).keys() == {"input", "output"}
        return [type(node) for node in trees.parse(test.strip()).body] == [ast.Assert]
    except (SyntaxError, ValueError, AttributeError, RecursionError, MemoryError):
        return False
