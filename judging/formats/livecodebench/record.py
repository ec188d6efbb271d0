"""A problem of a contest, from one line of a file in LiveCodeBench's format (code generation)."""

import datetime
import json
import keyword
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from foureyes.judging.formats.livecodebench import comparison, releases, testcases
from foureyes.judging.formats.livecodebench.contest_tests import ContestTests
from foureyes.judging.formats.livecodebench.testcases import FUNCTIONAL, STDIN, Test
from foureyes.judging.formats.problem import Problem, version_of
from foureyes.models.errors import FoureyesError
from foureyes.models.problem import Spec, VisibleTest

_TEXTS = (
    "question_title", "question_content", "platform", "question_id", "contest_id", "contest_date",
    "starter_code", "difficulty", "public_test_cases", "private_test_cases", "metadata",
)  # fmt: skip
#: Those that are shown, stored or asked for by name.
_SHORT = ("question_id", "platform", "difficulty")
_LONGEST = 200
#: What a program whose method is called has to define. Its own judge takes a bare function, too.
SOLUTION = "Solution"


@dataclass(frozen=True)
class ContestProblem(Problem):
    """A task of a contest: a program reads standard input and writes its answer, or has a method.

    What is read in the record is read once, when it is first asked for, and changed by nobody.
    """

    FIELDS = frozenset(
        {"question_id", "question_content", "public_test_cases", "private_test_cases"}
    )

    @classmethod
    def read(cls, benchmark: str, record: str, fields: Mapping[str, Any]) -> Self:
        """As Problem.read. All tests are unpacked and checked."""
        _check_fields(fields)
        version = version_of(record)
        tests = _tests(fields, version)
        _check_tests(tests.all(), tests.method)
        return cls(
            benchmark=benchmark,
            problem_id=fields["question_id"],
            prompt=_prompt(fields["question_content"], fields["starter_code"]),
            entry_point=SOLUTION if tests.method else "",
            record=record,
            version=version,
        )

    def check(self) -> None:
        """Nothing: there is no reference program in a record."""

    @classmethod
    def release(cls, problems: Sequence[Problem]) -> str | None:
        """By how many they are, and when the last contest was."""
        dates = [each.contest_date for each in problems if isinstance(each, cls)]
        found = releases.release(dates) if len(dates) == len(problems) else None
        return f"LiveCodeBench {found}" if found else None

    def spec(self) -> Spec:
        """What a pattern may see: the public tests are its visible ones."""
        return self._spec

    def hidden_tests(self) -> ContestTests:
        """What only the judge may see."""
        return self._hidden_tests

    @property
    def reference(self) -> None:
        """None: a record has no program that is right."""

    @property
    def contest_date(self) -> datetime.date:
        """When the problem was published; a model trained later may have seen it."""
        return datetime.datetime.fromisoformat(self._fields["contest_date"]).date()

    @property
    def facts(self) -> dict[str, str]:
        """The day of the contest, whose it was, and how difficult the problem is, as the contest says."""
        known = {name: str(self._fields[name]) for name in ("difficulty", "platform")}
        return known | {"date": self.contest_date.isoformat()}

    def whole(self, completion: str) -> str:
        """The completion: the prompt is prose, and no part of a program."""
        return completion

    @cached_property
    def _fields(self) -> dict[str, Any]:
        """The short fields."""
        fields = json.loads(self.record)
        return {name: fields[name] for name in ("contest_date", "difficulty", "platform")}

    @cached_property
    def _spec(self) -> Spec:
        fields = json.loads(self.record)
        method = _method(fields)
        tests = tuple(
            _visible(test, method) for test in testcases.public(fields["public_test_cases"])
        )
        return Spec(
            self.problem_id,
            self.prompt,
            self.entry_point,
            tests,
            format="livecodebench",
            prose=True,
        )

    @cached_property
    def _hidden_tests(self) -> ContestTests:
        return _tests(json.loads(self.record), self.version)


PROBLEM = ContestProblem


def _tests(fields: Mapping[str, Any], version: str) -> ContestTests:
    return ContestTests(
        fields["question_id"],
        version,
        _method(fields),
        fields["public_test_cases"],
        fields["private_test_cases"],
    )


def _prompt(content: str, starter: str) -> str:
    """What a model is told: the task, and the code that it has to start from."""
    if not starter.strip():
        return content
    return f"{content.rstrip()}\n\nStarter code:\n\n{starter.rstrip()}\n"


def _visible(test: Test, method: str) -> VisibleTest:
    """A public test as it is read; of a functional one the `call` names the method in its first line."""
    if not method:
        source = f"input:\n{test.input.rstrip()}\noutput:\n{test.output.rstrip()}"
        return VisibleTest(STDIN, source, test.input, test.output)
    source = f"{method}({', '.join(test.input.splitlines())}) == {test.output.strip()}"
    return VisibleTest(FUNCTIONAL, source, f"{method}\n{test.input}", test.output)


def _check_fields(fields: Mapping[str, Any]) -> None:
    for name in _TEXTS:
        if name not in fields:
            raise FoureyesError(f"the field {name!r} is missing")
        if not isinstance(fields[name], str):
            raise FoureyesError(f"the field {name!r} must be a string")
        if "\0" in fields[name]:
            raise FoureyesError(f"the field {name!r} holds a NUL character")
        if not testcases.is_text(fields[name]):
            raise FoureyesError(f"the field {name!r} holds half a character (a lone surrogate)")
    for name in _SHORT:
        text = fields[name]
        if not text.strip() or not text.isprintable() or len(text) > _LONGEST:
            raise FoureyesError(
                f"the {name} must be 1 to {_LONGEST} printable characters, not {text[:80]!r}"
            )
    if not fields["question_content"].strip():
        raise FoureyesError("the field 'question_content' is empty")
    try:
        datetime.datetime.fromisoformat(fields["contest_date"])
    except ValueError:
        raise FoureyesError(
            f"the contest_date must be a date such as 2024-05-01, not {fields['contest_date'][:40]!r}"
        ) from None


def _method(fields: Mapping[str, Any]) -> str:
    """The name in the metadata; empty where there is none. Raises: FoureyesError."""
    try:
        metadata = json.loads(fields["metadata"])
    except (ValueError, RecursionError):
        raise FoureyesError("the field 'metadata' is not valid JSON") from None
    if not isinstance(metadata, dict):
        raise FoureyesError("the field 'metadata' must hold a JSON object")
    name = metadata.get("func_name")
    if name is None:
        return ""
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
        raise FoureyesError(f"the func_name must be a function's name, not {name!r:.80}")
    return name


def _check_tests(tests: Sequence[Test], method: str) -> None:
    if not tests:
        raise FoureyesError("there is no test: public_test_cases and private_test_cases are empty")
    kind = FUNCTIONAL if method else STDIN
    for number, test in enumerate(tests, 1):
        if test.kind != kind:
            has = "a func_name" if method else "no func_name"
            raise FoureyesError(
                f"test {number} of all has the testtype {test.kind!r}, but the metadata has {has}"
            )
        if not method:
            continue
        try:
            comparison.arguments(test.input)
            json.loads(test.output)
        except (ValueError, RecursionError):
            raise FoureyesError(
                f"test {number} of all: each line of the input, and the output, must be JSON"
            ) from None
