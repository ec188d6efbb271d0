"""Small pieces of Python found in prose: read and judged by their syntax, never run."""

import ast
import builtins
from typing import Any

#: What Python's parser raises for a text that is no Python.
NOT_PYTHON = (SyntaxError, ValueError, TypeError, RecursionError, MemoryError)
#: JavaScript's words, common in docstrings.
_WORDS = {"true": "True", "false": "False", "null": "None"}
#: Modules that an assertion may use without importing them, as MBPP's do.
_MODULES = frozenset({"cmath", "collections", "datetime", "decimal", "fractions", "math", "sys"})


def parse(source: str) -> ast.expr | None:
    """The expression that a text is; None if it is not one."""
    try:
        return ast.parse(source.strip(), mode="eval").body
    except NOT_PYTHON:
        return None


def calls(expression: ast.expr, function: str) -> bool:
    """Whether an expression calls the function by its name, and every name in it will be known."""
    names, modules, called = set(), set(), False
    for node in ast.walk(expression):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name == function:
                called = True
            case ast.Attribute(value=ast.Name(id=name)):
                modules.add(name)
            case ast.Name(id=name):
                names.add(name)
    modules &= _MODULES
    return called and names <= {function, *dir(builtins), *modules}


def literal(text: str) -> ast.expr | None:
    """The literal that a text is, to the last character but for a comment and a full stop.

    `("Venus")` is unclear: many who write it mean a tuple. `...` stands for something left out.
    """
    text = text.strip()
    for candidate in (text.removesuffix("."), text):
        node = parse(_WORDS.get(candidate, candidate))
        if node is None or not _is_literal(node):
            continue
        in_brackets = candidate.startswith("(") and not isinstance(node, ast.Tuple)
        return None if in_brackets or "Ellipsis" in ast.dump(node) else node
    return None


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except NOT_PYTHON:
        return False
    return True


def prints_one_way(value: Any) -> bool:
    """Whether equal values print alike: a doctest would refuse {'b', 'a'} for {'a', 'b'}."""
    match value:
        case dict() | set():
            return len(value) < 2
        case list() | tuple():
            return all(prints_one_way(item) for item in value)
    return True


class _ImportModules(ast.NodeTransformer):
    """Makes a module's name its import."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in _MODULES:
            return ast.Call(ast.Name("__import__", ast.Load()), [ast.Constant(node.id)], [])
        return node


def standalone(expression: ast.expr) -> str:
    """The expression's source; `math.isclose` in it works in programs that never import math."""
    copy = ast.parse(ast.unparse(expression), mode="eval").body
    return ast.unparse(_ImportModules().visit(copy))
