"""Small pieces of Python found in prose: read and judged by their syntax, never run."""

import ast
import builtins
import io
import re
import tokenize
from collections.abc import Collection
from typing import Any

from foureyes.models import trees

#: What Python's parser raises for a text that is no Python.
NOT_PYTHON = (SyntaxError, ValueError, TypeError, RecursionError, MemoryError)
#: JavaScript's words, common in docstrings.
_WORDS = {"true": "True", "false": "False", "null": "None"}
#: What Python takes for the number 0, and people write after a comma.
_ZEROS = re.compile(r"(?<![\w.])0{2,}(?![\w.])")
#: A comment after which nobody can be sure that the value before it is meant to the last digit.
_TAKEN_BACK = re.compile(
    r"\#.*(\b(approx\w*|about|roughly|around|rounded|circa|wrong|incorrect|not|instead|fails?)\b|[~≈?])",
    re.IGNORECASE,
)
#: Modules that an assertion may use without importing them, as MBPP's do.
_MODULES = frozenset({"cmath", "collections", "datetime", "decimal", "fractions", "math", "sys"})


def parse(source: str) -> ast.expr | None:
    """The expression that a text is; None if it is not one, of some depth."""
    text = source.strip()
    try:
        expression = trees.expression(text).body
    except NOT_PYTHON:
        return None
    if trees.is_too_deep(expression) or parts_thousands(expression, text):
        return None
    return expression


def parts_thousands(node: ast.AST, source: str) -> bool:
    """Whether a number is written like 1,000: a thousand to a person, and 1 and 0 to Python."""
    return bool(_ZEROS.search(source)) and any(
        isinstance(each, ast.Constant)
        and each.value == 0
        and _ZEROS.fullmatch(ast.get_source_segment(source, each) or "")
        for each in ast.walk(node)
    )


def calls(expression: ast.expr, function: str) -> bool:
    """Whether an expression calls the function by its name, and every name in it will be known."""
    names, modules, called = set(), set(), False
    for node in ast.walk(expression):
        match node:
            case ast.Constant(value=value) if value is ...:
                return False  # something is left out
            case ast.Call(func=ast.Name(id=name)) if name == function:
                called = True
            case ast.Attribute(value=ast.Name(id=name)):
                modules.add(name)
            case ast.Name(id=name):
                names.add(name)
    modules &= _MODULES
    return called and names <= {function, *dir(builtins), *modules}


def unknown_names(expression: ast.expr, known: Collection[str]) -> list[str]:
    """The names in an expression that nobody binds: not it, not Python, not who knows these."""
    read, bound = set(), {*known, *dir(builtins), *_MODULES}
    for node in ast.walk(expression):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                read.add(name)
            case ast.Name(id=name) | ast.arg(arg=name):
                bound.add(name)
    return sorted(read - bound)


def fits(statement: str, function: ast.FunctionDef) -> bool:
    """Whether every call of a function in a statement can be made with the arguments it has."""
    takes = function.args
    names = [each.arg for each in takes.posonlyargs + takes.args]
    optional = names[len(names) - len(takes.defaults) :] if takes.defaults else []
    for call in ast.walk(trees.parse(statement)):
        match call:
            case ast.Call(func=ast.Name(id=function.name), args=given, keywords=named):
                if any(isinstance(each, ast.Starred) for each in given) or any(
                    each.arg is None for each in named
                ):
                    continue
                if len(given) > len(names) and takes.vararg is None:
                    return False
                missing = set(names[len(given) :]) - {each.arg for each in named}
                if not missing <= set(optional):
                    return False
    return True


def has_placeholders(expression: ast.expr) -> bool:
    """Whether a builtin stands in it that is not called: in prose `f(list)` is about any list."""
    called = {id(node.func) for node in ast.walk(expression) if isinstance(node, ast.Call)}
    return any(
        isinstance(node, ast.Name) and id(node) not in called for node in ast.walk(expression)
    )


def literal(text: str) -> ast.expr | None:
    """The literal that a text is, to the last character but for a comment.

    `("Venus")` is unclear: many who write it mean a tuple, as is `1, 2`: many who write that mean
    a number, or two answers. `...` stands for something left out.
    """
    text = text.strip()
    node = parse(_WORDS.get(text, text))
    if node is None or not _is_literal(node) or "Ellipsis" in ast.dump(node):
        return None
    if not isinstance(node, ast.Tuple):
        return None if text.startswith("(") else node
    written = ast.get_source_segment(text, node) or ""
    in_brackets = written.startswith("(") and parse(f"[{written[1:-1]}\n]") is not None
    return node if in_brackets else None


def stated(text: str) -> ast.expr | None:
    """The literal that prose says something gives; punctuation may follow it, and a comment.

    Not if the comment takes it back (`0.33  # rounded`), or two texts stand side by side.
    """
    text = text.strip()
    for candidate in (text[:-1] if text[-1:] in (".", ",", ";") else text, text):
        node = literal(candidate)
        if node is not None:
            return None if _TAKEN_BACK.search(candidate) or _has_two_texts(candidate) else node
    return None


def _has_two_texts(text: str) -> bool:
    """Whether texts stand side by side, which Python puts together."""
    last = None
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == last == tokenize.STRING:
            return True
        last = token.type
    return False


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
    copy = trees.expression(ast.unparse(expression)).body
    return ast.unparse(_ImportModules().visit(copy))
