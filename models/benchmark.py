"""A benchmark problem, from one line of a file in EvalPlus's format.

The line itself is kept, as text: it is what the database stores and what the judge reads the
inputs from, so 1e5 stays a float and -0.0 keeps its sign.
"""

import ast
import hashlib
import json
import keyword
import symtable
import sys
import threading
import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cachetools import LRUCache, cached

from models.errors import FoureyesError
from models.official import is_official
from models.problem import HiddenTests, Spec
from models.visible_tests import visible_tests

_TEXTS = ("task_id", "prompt", "entry_point", "canonical_solution")
_LONGEST_ID = 200
#: Characters of the lines that a process remembers, with what it read in them: six times as many bytes.
#: HumanEval+ and MBPP+ have ten million.
_REMEMBERED = 16 << 20
#: Examples of official prompts that their own reference solution contradicts, and that only
#: running it could show: the problem, the call, and what it is said to give.
_FALSE_EXAMPLES = frozenset({("HumanEval/47", "median([-10, 4, 6, 1000, 10, 20])", "15.0")})


@dataclass(frozen=True)
class Problem:
    """One problem of a benchmark; `record` is its exact line, `version` the sha256 of that.

    What is read in the line is read once, when it is first asked for, and changed by nobody.
    """

    benchmark: str
    problem_id: str
    prompt: str
    entry_point: str
    record: str
    version: str

    def spec(self) -> Spec:
        """What a pattern may see: made from the prompt and the entry point alone."""
        return self._spec

    def hidden_tests(self) -> HiddenTests:
        """What only the judge may see. The inputs are as in the file: lists where EvalPlus later
        makes tuples of them.
        """
        return self._hidden_tests

    @cached_property
    def _spec(self) -> Spec:
        tests = tuple(
            test
            for test in visible_tests(self.prompt, self.entry_point)
            if (self.problem_id, test.call, test.expected) not in _FALSE_EXAMPLES
        )
        return Spec(self.problem_id, self.prompt, self.entry_point, tests)

    @cached_property
    def _hidden_tests(self) -> HiddenTests:
        fields = _fields(self.record)
        return HiddenTests(
            problem_id=self.problem_id,
            entry_point=self.entry_point,
            reference=fields["prompt"] + fields["canonical_solution"],
            base_inputs=fields["base_input"],
            plus_inputs=_plus_input(fields),
            atol=float(fields.get("atol", 0)),
            version=self.version,
            official=is_official(self.problem_id, self.entry_point, fields["base_input"]),
        )


@cached(LRUCache(_REMEMBERED, getsizeof=lambda problem: len(problem.record)), lock=threading.Lock())
def parse_record(benchmark: str, record: str) -> Problem:
    """The problem in one line of a benchmark file, its fields checked.

    Remembered: a worker is given a problem's line for each program that it judges.

    Raises: FoureyesError saying what is wrong with the line (not where it is).
    """
    fields = _fields(record)
    _check_fields(fields)
    return Problem(
        benchmark=benchmark,
        problem_id=fields["task_id"],
        prompt=fields["prompt"],
        entry_point=fields["entry_point"],
        record=record,
        version=hashlib.sha256(record.encode()).hexdigest(),
    )


def _fields(record: str) -> dict[str, Any]:
    try:
        fields = json.loads(record)
    except json.JSONDecodeError as error:
        raise FoureyesError(f"not valid JSON: {error.msg} at column {error.colno}") from None
    except (ValueError, RecursionError) as error:  # an endless number, or endless nesting
        raise FoureyesError(f"JSON that cannot be read: {error}") from None
    if not isinstance(fields, dict):
        raise FoureyesError("not a JSON object")
    return fields


def _check_fields(fields: dict[str, Any]) -> None:
    for name in (*_TEXTS, "base_input"):
        if name not in fields:
            raise FoureyesError(f"the field {name!r} is missing")
    for name in _TEXTS:
        if not isinstance(fields[name], str):
            raise FoureyesError(f"the field {name!r} must be a string")
        if "\0" in fields[name]:
            raise FoureyesError(f"the field {name!r} holds a NUL character")
    problem_id, entry_point = fields["task_id"], fields["entry_point"]
    if not problem_id.strip() or not problem_id.isprintable() or len(problem_id) > _LONGEST_ID:
        raise FoureyesError(
            f"the task_id must be 1 to {_LONGEST_ID} printable characters, not {problem_id[:80]!r}"
        )
    if not entry_point.isidentifier() or keyword.iskeyword(entry_point):
        raise FoureyesError(f"the entry_point must be a function's name, not {entry_point!r}")
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


def _plus_input(fields: dict[str, Any]) -> Any:
    """The plus inputs; EvalPlus writes {} (in Mbpp/793) where there are none."""
    return fields.get("plus_input") or []


def check_reference(problem: Problem) -> None:
    """The reference program must be Python that may define the entry point. It is read, not run.

    Raises: FoureyesError saying what is wrong with it.
    """
    program = problem.prompt + _fields(problem.record)["canonical_solution"]
    try:
        with warnings.catch_warnings():  # a "\\d" in somebody's regex is not the reader's business
            warnings.simplefilter("ignore")
            compile(program, "<reference>", "exec", dont_inherit=True)
            is_defined = _may_define(program, problem.entry_point)
    except SyntaxError as error:
        raise FoureyesError(
            f"prompt + canonical_solution is not Python: {error.msg} at its line {error.lineno}"
        ) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise FoureyesError(f"prompt + canonical_solution is not Python: {error}") from None
    if not is_defined:
        raise FoureyesError(
            f"prompt + canonical_solution does not define the entry_point {problem.entry_point!r}"
        )


def _may_define(program: str, name: str) -> bool:
    """Whether a program's top level binds a name, or may do so in a way that only running it shows."""
    table = symtable.symtable(program, "<reference>", "exec")
    if name in table.get_identifiers():
        symbol = table.lookup(name)
        if symbol.is_assigned() or symbol.is_imported():
            return True
    for node in ast.walk(ast.parse(program)):
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
