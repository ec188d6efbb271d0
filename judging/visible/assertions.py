"""Tests that a model wrote for a function: read, as those of a prompt are, before any program is asked."""

import ast
from collections.abc import Iterator

from foureyes.judging.visible.expressions import NOT_PYTHON, fits, standalone, unknown_names
from foureyes.judging.visible.reading import parameters
from foureyes.models import trees
from foureyes.models.problem import Spec, VisibleTest


class BrokenTest(Exception):
    """Why a test cannot say anything of a program: a mistake of its own."""


def read(spec: Spec, source: str) -> VisibleTest:
    """The assert that a test is, as one that can be run. Raises: BrokenTest."""
    condition = condition_of(source)
    calls = [node for node in ast.walk(condition) if isinstance(node, ast.Call)]
    called = [getattr(node.func, "id", None) for node in calls]
    if spec.entry_point not in called:
        raise BrokenTest(f"it does not call {spec.entry_point}")
    imported = dict(_imported(spec.prompt))
    unknown = unknown_names(condition, {spec.entry_point, *imported})
    if unknown:
        raise BrokenTest(f"there is no {unknown[0]}")
    takes = parameters(spec.prompt, spec.entry_point)
    if takes is not None and not fits(f"assert {ast.unparse(condition)}", takes):
        raise BrokenTest(f"it calls {spec.entry_point} with other arguments than the prompt has")
    made = _Importing(imported).visit(condition)
    return VisibleTest("assert", source, f"assert {standalone(made)}")


def condition_of(source: str) -> ast.expr:
    """What an assert says has to be true. Raises: BrokenTest if the text is not one assert, of some depth."""
    try:
        tree = trees.parse(source.strip())
    except NOT_PYTHON:
        raise BrokenTest("it is no Python") from None
    if trees.is_too_deep(tree):
        raise BrokenTest("it is nested too deep")
    match tree.body:
        case [ast.Assert(test=condition)]:
            return condition
    raise BrokenTest("it is not one assert")


def _imported(prompt: str) -> Iterator[tuple[str, str]]:
    """The names that the head of a program imports, each with an expression that gives the same."""
    try:
        body = trees.parse(prompt).body
    except NOT_PYTHON:
        return
    for node in body:
        match node:
            case ast.Import(names=names):
                for each in names:
                    whole = f"__import__('importlib').import_module({each.name!r})"
                    first = each.name.partition(".")[0]
                    yield (
                        each.asname or first,
                        whole if each.asname else f"__import__({each.name!r})",
                    )
            case ast.ImportFrom(module=str(module), names=names, level=0):
                for each in names:
                    owner = f"__import__('importlib').import_module({module!r})"
                    yield each.asname or each.name, f"{owner}.{each.name}"


class _Importing(ast.NodeTransformer):
    """Makes a name that the prompt imports its import: a program need not import the same."""

    def __init__(self, imported: dict[str, str]) -> None:
        self._imported = imported

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self._imported and isinstance(node.ctx, ast.Load):
            return trees.expression(self._imported[node.id]).body
        return node
