"""The tests that a prompt itself shows: doctests, asserts and examples written as `f(1) => 2`.

Only what is certain is taken. An example counts if it calls the entry point, names nothing that is
not there, and states a literal; whatever else a docstring says stays prose. Nothing is run here.
"""

import ast
import doctest
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from foureyes.judging.visible.expressions import (
    NOT_PYTHON,
    calls,
    fits,
    has_placeholders,
    literal,
    parse,
    parts_thousands,
    prints_one_way,
    standalone,
    stated,
)
from foureyes.models import trees
from foureyes.models.problem import VisibleTest

#: How a docstring says "gives"; longer signs first.
_GIVES = re.compile(
    r"[ \t]*(?:\#[ \t]*)?(==>|-->|=>|==|->|=|➞|→|⇒|➔|➜|⟶|⟹|↦|should[ ]return\b|returns?\b)",
    re.VERBOSE,
)
#: What may stand before a written example on its line.
_LEAD = re.compile(r"[ \t]*(?:[*•-][ \t]+|\d+[.)][ \t]+|(?:for|assert)[ \t]+)?")
#: Lines that one example may span, and closing brackets that are tried as the end of its call.
_MOST_LINES = 30
_MOST_BRACKETS = 200


@dataclass(frozen=True)
class _Example:
    """An example at a line of a docstring; `test` is None if it cannot be read for certain.

    `asked` and `result` are the two sides of its equation. `loose` marks the forms that also serve
    for algebra or prose: `f(1) = 3`, and `>>> f(1) == 3` without an output.
    """

    line: int
    test: VisibleTest | None = None
    asked: str = ""
    result: str = ""
    loose: bool = False


@lru_cache(maxsize=2048)
def visible_tests(prompt: str, entry_point: str) -> tuple[VisibleTest, ...]:
    """The tests shown in a prompt, in its order; none if nothing is certain.

    The prompt is Python with a docstring (of the module or of the entry point), or plain text.
    """
    readings = [
        _certain(list(_examples(text, entry_point))) for text in _texts(prompt, entry_point)
    ]
    found = max(readings, key=len)  # the first of equals: as Python reads it
    takes = parameters(prompt, entry_point)
    return found if takes is None else tuple(test for test in found if fits(test.call, takes))


def parameters(prompt: str, entry_point: str) -> ast.FunctionDef | None:
    """The entry point's definition, if the prompt has one: `f(12,345)` is no call of `f(x)`."""
    try:
        body = trees.parse(prompt).body
    except NOT_PYTHON:
        return None
    matching = [
        node for node in body if isinstance(node, ast.FunctionDef) and node.name == entry_point
    ]
    return matching[-1] if matching and not matching[-1].decorator_list else None


def _certain(examples: list[_Example]) -> tuple[VisibleTest, ...]:
    """The tests to believe: loose ones if all of them can be read, and none that contradict."""
    believe_loose = all(example.test for example in examples if example.loose)
    results: dict[str, set[str]] = {}
    for example in examples:
        results.setdefault(example.asked, set()).add(example.result)
    tests: dict[str, VisibleTest] = {}
    for example in sorted(examples, key=lambda example: example.line):
        if (
            example.test
            and (believe_loose or not example.loose)
            and len(results[example.asked]) == 1
        ):
            tests.setdefault(example.asked, example.test)
    return tuple(tests.values())


def _texts(prompt: str, entry_point: str) -> list[str]:
    """The prose to search: the docstrings as Python reads them, then as they are written.

    Many docstrings forget to escape: in `>>> f("a\\nb")` Python sees a line break and the example
    falls apart, while the person and the model who read the prompt see what was meant.
    """
    try:
        tree = trees.parse(prompt)
    except NOT_PYTHON:
        return [prompt]
    read, written = [], []
    for node in [tree, *tree.body]:
        if isinstance(node, ast.Module) or (
            isinstance(node, ast.FunctionDef) and node.name == entry_point
        ):
            match node.body[:1]:
                case [ast.Expr(value=ast.Constant(value=str(docstring)) as constant)]:
                    read.append(inspect.cleandoc(docstring))
                    source = ast.get_source_segment(prompt, constant) or ""
                    inner = re.fullmatch(r"""[rRuU]?("{3}|'{3}|"|')(.*)\1""", source, re.DOTALL)
                    written.append(inspect.cleandoc(inner[2]) if inner else "")
    return ["\n\n".join(read), "\n\n".join(written)]


def _examples(text: str, entry_point: str) -> Iterator[_Example]:
    """Every example in a text, doctests first."""
    lines = text.split("\n")
    try:
        parts = doctest.DocTestParser().parse(text)
    except ValueError:  # a `>>>` that is no doctest: badly indented, or without its blank
        parts = []
    for part in parts:
        if isinstance(part, doctest.Example):
            yield _read_doctest(part, entry_point)
            length = part.source.count("\n") + part.want.count("\n")
            lines[part.lineno : part.lineno + length] = [""] * length
    for start, line in enumerate(lines):
        following = lines[start : start + _MOST_LINES]
        example = _read_assert(start, following, entry_point) if "assert" in line else None
        if example := example or _read_written(start, following, entry_point):
            yield example


def _read_doctest(example: doctest.Example, entry_point: str) -> _Example:
    """A doctest whose source is one expression and whose output is a literal."""
    asked = _call(example.source, entry_point)
    if not example.want:
        starts_with_call = re.match(rf"{re.escape(entry_point)}\s*\(", example.source)
        match asked:
            case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
                if (result := literal(ast.unparse(right))) is not None:
                    return _equation(example.lineno, left, result, loose=True)
        return _Example(example.lineno, loose=bool(starts_with_call))
    result = literal(example.want)
    if asked is None or result is None:
        return _Example(example.lineno)
    value = ast.literal_eval(result)
    if value is None or not prints_one_way(value):
        return _equation(example.lineno, asked, result)
    source = "... ".join(example.source.splitlines(keepends=True))
    test = VisibleTest(
        kind="doctest",
        source=f">>> {source}{example.want.rstrip()}",
        call=standalone(asked),
        expected=repr(value),
    )
    return _Example(example.lineno, test, ast.unparse(asked), repr(value))


def _read_assert(line: int, lines: list[str], entry_point: str) -> _Example | None:
    """A Python assert statement that begins at the first line."""
    for length in range(1, len(lines) + 1):
        source = inspect.cleandoc("\n".join(lines[:length]))
        try:
            tree = trees.parse(source)
        except NOT_PYTHON:
            continue
        match tree.body:
            case [
                ast.Assert(test=condition, msg=None | ast.Constant(value=str()) | ast.JoinedStr())
            ]:
                if (
                    calls(condition, entry_point)
                    and not parts_thousands(tree, source)
                    and not trees.is_too_deep(tree)
                ):
                    written = "\n".join(lines[:length]).strip()
                    return _assertion(line, condition, source=written)
        return None
    return None


def _read_written(line: int, lines: list[str], entry_point: str) -> _Example | None:
    """An example such as `f(1) ➞ 2` that begins at the first line; its call may span lines."""
    text = _LEAD.sub("", "\n".join(lines), count=1)
    if not re.match(rf"{re.escape(entry_point)}\s*\(", text):
        return None
    ends = [match.end() for match in re.finditer(r"\)", text)][:_MOST_BRACKETS]
    for end in ends:
        gives = _GIVES.match(text, end)
        if gives is None or not isinstance(parse(text[:end]), ast.Call):
            continue
        loose = gives[1] == "="
        asked = _call(text[:end], entry_point)
        rest = text[gives.end() :].split("\n")
        for length in range(1, len(rest) + 1):
            result = stated("\n".join(rest[:length]))
            if asked is not None and result is not None and not has_placeholders(asked):
                return _equation(line, asked, result, loose)
        return _Example(line, loose=loose)
    return None


def _equation(line: int, asked: ast.expr, result: ast.expr, loose: bool = False) -> _Example:
    """The example that a call gives a literal, as an assert."""
    return _assertion(line, ast.Compare(asked, [ast.Eq()], [result]), loose)


def _assertion(line: int, condition: ast.expr, loose: bool = False, source: str = "") -> _Example:
    """The example that a condition holds; `source` is the statement, if the prompt has it."""
    test = VisibleTest(
        kind="assert",
        source=source or f"assert {ast.unparse(condition)}",
        call=f"assert {standalone(condition)}",
        expected=None,
    )
    match condition:
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]) if literal(
            ast.unparse(right)
        ):
            return _Example(line, test, ast.unparse(left), ast.unparse(right), loose)
    return _Example(line, test, ast.unparse(condition), "True", loose)


def _call(source: str, entry_point: str) -> ast.expr | None:
    expression = parse(source)
    return expression if expression is not None and calls(expression, entry_point) else None
