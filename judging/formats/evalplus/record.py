"""A benchmark problem, from one line of a file in EvalPlus's format.

The line itself is kept, as text: it is what the database stores and what the judge reads the
inputs from, so 1e5 stays a float and -0.0 keeps its sign.
"""

import ast
import json
import symtable
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from foureyes.judging.formats.evalplus.functions import FunctionTests
from foureyes.judging.formats.evalplus.official import is_official
from foureyes.judging.formats.fields import check_names, check_texts
from foureyes.judging.formats.problem import Problem, version_of
from foureyes.judging.visible.reading import visible_tests
from foureyes.models import trees
from foureyes.models.errors import FoureyesError
from foureyes.models.problem import Spec

_TEXTS = ("task_id", "prompt", "entry_point", "canonical_solution")
_FACTS = ("difficulty", "topic")
#: Examples of official prompts that their own reference solution contradicts, and that only
#: running it could show: the problem, the call, and what it is said to give.
_FALSE_EXAMPLES = frozenset({("HumanEval/47", "median([-10, 4, 6, 1000, 10, 20])", "15.0")})


@dataclass(frozen=True)
class EvalPlusProblem(Problem):
    """A function, and inputs on which it must answer as the reference program does.

    What is read in the record is read once, when it is first asked for, and changed by nobody.
    """

    FIELDS = frozenset({"task_id", "entry_point", "canonical_solution", "base_input"})

    @classmethod
    def read(cls, benchmark: str, record: str, fields: Mapping[str, Any]) -> Self:
        """As Problem.read."""
        _check_fields(fields)
        return cls(
            benchmark=benchmark,
            problem_id=fields["task_id"],
            prompt=fields["prompt"],
            entry_point=fields["entry_point"],
            record=record,
            version=version_of(record),
        )

    def check(self) -> None:
        """The reference must be Python that may define the entry point. As Problem.check."""
        program = self._hidden_tests.reference
        try:
            with (
                warnings.catch_warnings()
            ):  # a "\\d" in somebody's regex is not the reader's business
                warnings.simplefilter("ignore")
                compile(program, "<reference>", "exec", dont_inherit=True)
                is_defined = _may_define(program, self.entry_point)
        except SyntaxError as error:
            raise FoureyesError(
                f"prompt + canonical_solution is not Python: {error.msg} at its line {error.lineno}"
            ) from None
        except (ValueError, RecursionError, MemoryError) as error:
            raise FoureyesError(f"prompt + canonical_solution is not Python: {error}") from None
        if not is_defined:
            raise FoureyesError(
                f"prompt + canonical_solution does not define the entry_point {self.entry_point!r}"
            )

    def spec(self) -> Spec:
        """What a pattern may see: made from the prompt and the entry point alone."""
        return self._spec

    def hidden_tests(self) -> FunctionTests:
        """What only the judge may see. The inputs are as in the file: lists where EvalPlus later
        makes tuples of them.
        """
        return self._hidden_tests

    @cached_property
    def facts(self) -> dict[str, str]:
        """EvalPlus's own records have none; those of one's own may."""
        fields = json.loads(self.record)
        return {name: fields[name] for name in _FACTS if isinstance(fields.get(name), str)}

    @property
    def reference(self) -> str:
        """The prompt and the canonical solution."""
        return self._hidden_tests.reference

    @cached_property
    def _spec(self) -> Spec:
        tests = tuple(
            test
            for test in visible_tests(self.prompt, self.entry_point)
            if (self.problem_id, test.call, test.expected) not in _FALSE_EXAMPLES
        )
        return Spec(self.problem_id, self.prompt, self.entry_point, tests)

    @cached_property
    def _hidden_tests(self) -> FunctionTests:
        fields = json.loads(self.record)
        return FunctionTests(
            problem_id=self.problem_id,
            entry_point=self.entry_point,
            reference=fields["prompt"] + fields["canonical_solution"],
            base_inputs=fields["base_input"],
            plus_inputs=_plus_input(fields),
            atol=float(fields.get("atol", 0)),
            version=self.version,
            official=is_official(self.problem_id, self.entry_point, fields["base_input"]),
        )


PROBLEM = EvalPlusProblem


def _check_fields(fields: Mapping[str, Any]) -> None:
    check_texts(fields, _TEXTS, ["base_input"])
    check_names(fields["task_id"], fields["entry_point"])
    for name, inputs in (("base_input", fields["base_input"]), ("plus_input", _plus_input(fields))):
        if not isinstance(inputs, list) or not all(isinstance(given, list) for given in inputs):
            raise FoureyesError(f"the field {name!r} must be a list of argument lists")
    if not fields["base_input"] and not _plus_input(fields):
        raise FoureyesError("there is no hidden test: base_input and plus_input are empty")
    atol = fields.get("atol", 0)
    if (
        isinstance(atol, bool)
        or not isinstance(atol, int | float)
        or not 0 <= atol <= sys.float_info.max
    ):
        raise FoureyesError(f"the field 'atol' must be a number from 0, not {atol!r:.40}")


def _plus_input(fields: Mapping[str, Any]) -> Any:
    """The plus inputs; EvalPlus writes {} (in Mbpp/793) where there are none."""
    return fields.get("plus_input") or []


def _may_define(program: str, name: str) -> bool:
    """Whether a program's top level binds a name, or may do so in a way that only running it shows."""
    table = symtable.symtable(program, "<reference>", "exec")
    if name in table.get_identifiers():
        symbol = table.lookup(name)
        if symbol.is_assigned() or symbol.is_imported():
            return True
    for node in ast.walk(trees.parse(program)):
        match node:
            case ast.ImportFrom(names=[ast.alias(name="*")]):
                return True
            case ast.Global(names=names) if name in names:
                return True
            case ast.NamedExpr(target=ast.Name(id=target)) if target == name:
                return True
            case ast.Name(id="globals" | "vars" | "locals" | "exec" | "setattr"):
                return True
    return False
