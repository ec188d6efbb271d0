"""A problem of BigCodeBench, from one line of its file: a function, and unit tests that it has to pass."""

import ast
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from foureyes.judging import libraries
from foureyes.judging.formats.bigcodebench import testcases
from foureyes.judging.formats.bigcodebench.examples import examples
from foureyes.judging.formats.bigcodebench.testcases import UnittestSource
from foureyes.judging.formats.fields import check_names, check_texts
from foureyes.judging.formats.problem import Problem, version_of
from foureyes.models.errors import FoureyesError
from foureyes.models.problem import Spec

FORMAT = "bigcodebench"
#: The benchmark that shows the task in words; any other shows code to go on with. Their tests are the same.
INSTRUCT = "bigcodebench-instruct"
_TEXTS = (
    "task_id",
    "complete_prompt",
    "instruct_prompt",
    "canonical_solution",
    "test",
    "entry_point",
)


@dataclass(frozen=True)
class UnitTests:
    """What only the judge sees: a right program, and the tests. `prompt` is what both begin with."""

    problem_id: str
    entry_point: str
    prompt: str
    reference: str
    tests: UnittestSource
    version: str

    @property
    def counts(self) -> tuple[int, int]:
        """All tests are base tests."""
        return len(self.tests.names), 0

    @property
    def format(self) -> str:
        """This one."""
        return FORMAT


@dataclass(frozen=True)
class BigCodeBenchProblem(Problem):
    """A function, and unit tests that it must pass."""

    FIELDS = frozenset({"task_id", "complete_prompt", "canonical_solution", "test", "libs"})

    @classmethod
    def read(cls, benchmark: str, record: str, fields: Mapping[str, Any]) -> Self:
        """As Problem.read."""
        _check_fields(fields)
        testcases.read(fields["test"])
        return cls(
            benchmark=benchmark,
            problem_id=fields["task_id"],
            prompt=fields["instruct_prompt" if benchmark == INSTRUCT else "complete_prompt"],
            entry_point=fields["entry_point"],
            record=record,
            version=version_of(record),
        )

    def check(self) -> None:
        """The reference must be Python that defines the entry point. As Problem.check."""
        try:
            tree = testcases.parsed(self.reference)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise FoureyesError(
                f"complete_prompt + canonical_solution is not Python: {error}"
            ) from None
        defined = {getattr(node, "name", "") for node in tree.body}
        if self.entry_point not in defined:
            raise FoureyesError(
                "complete_prompt + canonical_solution does not define the entry_point "
                f"{self.entry_point!r}"
            )

    def missing(self) -> frozenset[str]:
        """Libraries that its program or its tests import, and that are not here. Raises: NotPrepared."""
        here = libraries.modules(FORMAT) | sys.stdlib_module_names
        return self._needed - here

    def spec(self) -> Spec:
        """What a pattern may see: made from the prompt and the entry point alone."""
        return self._spec

    def hidden_tests(self) -> UnitTests:
        """What only the judge may see."""
        return self._hidden_tests

    def whole(self, completion: str) -> str:
        """A completion is one of the complete prompt, whichever was shown."""
        return self._hidden_tests.prompt + completion

    @property
    def reference(self) -> str:
        """The complete prompt and the canonical solution."""
        return self._hidden_tests.reference

    @cached_property
    def _spec(self) -> Spec:
        tests = examples(self.problem_id, self.prompt, self.entry_point)
        return Spec(self.problem_id, self.prompt, self.entry_point, tests, format=FORMAT)

    @cached_property
    def _hidden_tests(self) -> UnitTests:
        fields = json.loads(self.record)
        return UnitTests(
            problem_id=self.problem_id,
            entry_point=self.entry_point,
            prompt=fields["complete_prompt"],
            reference=fields["complete_prompt"] + fields["canonical_solution"],
            tests=testcases.read(fields["test"]),
            version=self.version,
        )

    @cached_property
    def _needed(self) -> frozenset[str]:
        fields = json.loads(self.record)
        said = frozenset(name.partition(".")[0] for name in _libs(fields["libs"]))
        return said | testcases.imported(self.reference, fields["test"])


PROBLEM = BigCodeBenchProblem


def _check_fields(fields: Mapping[str, Any]) -> None:
    check_texts(fields, _TEXTS, ["libs"])
    check_names(fields["task_id"], fields["entry_point"])
    _libs(fields["libs"])


def _libs(said: Any) -> list[str]:
    """The names of libraries, which the file has as the text of a list. Raises: FoureyesError."""
    try:
        found = ast.literal_eval(said) if isinstance(said, str) else said
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        found = None
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise FoureyesError(f"the field 'libs' must be a list of names, not {said!r:.60}")
    return found
