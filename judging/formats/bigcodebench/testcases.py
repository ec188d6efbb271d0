"""The unit tests of a record as they are written: which must run is told from the source, out here."""

import ast
import re
import warnings
from dataclasses import dataclass
from typing import Any

from foureyes.models import trees
from foureyes.models.errors import FoureyesError

#: The class that BigCodeBench's judge runs, and no other.
_CLASS = "TestCases"
#: Asserts that something equals something.
_EQUAL = frozenset(
    f"assert{kind}Equal"
    for kind in ("", "List", "Tuple", "Dict", "Set", "Sequence", "Count", "MultiLine")
) | {"assertEquals"}
_LITERAL = (
    ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.Set, ast.UnaryOp, ast.unaryop, ast.expr_context,
)  # fmt: skip


@dataclass(frozen=True)
class UnittestSource:
    """`source` as the record has it; `names` of the tests that must pass, in the order in which they run.

    `imports` is what the tests import: in BigCodeBench's judge a program shares these names.
    """

    source: str
    names: tuple[str, ...]
    imports: str


def read(source: str) -> UnittestSource:
    """The tests in a source. Nothing is run. Raises: FoureyesError if there is none."""
    try:
        tree = parsed(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise FoureyesError(f"the field 'test' is not Python: {error}") from None
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    if _CLASS not in classes:
        raise FoureyesError(f"the field 'test' has no class {_CLASS}")
    names = _tests_of(classes[_CLASS], classes, set())
    if not names:
        raise FoureyesError(f"the class {_CLASS} of the field 'test' has no test")
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return UnittestSource(source, tuple(sorted(names)), "\n".join(map(ast.unparse, imports)))


def _tests_of(node: ast.ClassDef, classes: dict[str, ast.ClassDef], seen: set[str]) -> set[str]:
    """The names of a class's tests, its bases' among them."""
    names = {
        each.name
        for each in node.body
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef) and each.name.startswith("test")
    }
    for base in node.bases:
        if isinstance(base, ast.Name) and base.id in classes and base.id not in seen:
            names |= _tests_of(classes[base.id], classes, seen | {node.name})
    return names


def parsed(source: str) -> ast.Module:
    """The tree of a source. Raises: as ast.parse."""
    with warnings.catch_warnings():  # a "\\d" in somebody's regex is not the reader's business
        warnings.simplefilter("ignore")
        return trees.parse(source)


def expectations(source: str) -> int:
    """How many constants there are that something has to equal: those that `altered` can change."""
    return len(_expected(parsed(source)))


def altered(source: str, number: int) -> str:
    """The tests, but for one of the constants that something has to equal: another of its kind there, and
    wherever else the same is expected.

    Who does what the tests are about fails these; who reads in them what they want passes.
    """
    tree = parsed(source)
    constants = _expected(tree)
    value = constants[number].value
    for each in constants:
        if type(each.value) is type(value) and each.value == value:
            each.value = _another(value)
    return ast.unparse(tree)


def _expected(tree: ast.Module) -> list[ast.Constant]:
    found: list[ast.Constant] = []
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=name), args=[one, other, *_]) if name in _EQUAL:
                found += _constants(one, other)
            case ast.Assert(test=ast.Compare(left=one, ops=[ast.Eq()], comparators=[other])):
                found += _constants(one, other)
    return found


def _constants(*sides: ast.expr) -> list[ast.Constant]:
    """The constants of the one side that is a literal, if the other is none."""
    literals = [
        side for side in sides if all(isinstance(each, _LITERAL) for each in ast.walk(side))
    ]
    if len(literals) != 1:
        return []
    constants = (each for each in ast.walk(literals[0]) if isinstance(each, ast.Constant))
    return [each for each in constants if _another(each.value) != each.value]


def _another(value: Any) -> Any:
    """A value that looks alike; the same if there is none."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str):
        return re.sub(r"[0-9A-Za-z](?=[^0-9A-Za-z]*$)", _other_letter, value)
    return value


def _other_letter(found: re.Match[str]) -> str:
    letter = found[0]
    last = {"9": "0", "Z": "A", "z": "a"}
    return last.get(letter) or chr(ord(letter) + 1)


def imported(*sources: str) -> frozenset[str]:
    """The modules of the top level that sources import, wherever in them. Raises: SyntaxError."""
    found = set()
    for source in sources:
        for node in ast.walk(parsed(source)):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module)
    return frozenset(name.partition(".")[0] for name in found)
