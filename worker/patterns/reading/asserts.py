"""Finding the tests, and the calls, that an answer writes for a program. Text is read, never run."""

import ast
import builtins
import itertools
import textwrap
from collections.abc import Callable, Iterator

from foureyes.worker.patterns.reading import blocks
from foureyes.worker.patterns.reading.thoughts import without_thinking

#: Of an answer: how many are kept, and how long each may be.
MOST, LONGEST = 50, 2000
#: Lines of an answer that are looked at one by one.
_MOST_READ = 300
#: Lines that one may span where the whole cannot be read.
_MOST_LINES = 30
_NOT_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)


def extract_asserts(text: str) -> tuple[str, ...]:
    """The asserts in an answer, each once and in their order; those that are no Python, too."""
    return _found(text, "assert ", _asserts)


def extract_calls(text: str, entry_point: str) -> tuple[str, ...]:
    """The expressions in an answer that call the entry point and name nothing that is not Python's."""
    return _found(text, entry_point, lambda tree, source: _calls(tree, entry_point))


def _found(
    text: str, begins: str, find: Callable[[ast.Module, str], Iterator[str]]
) -> tuple[str, ...]:
    """`begins`: with what the line of one begins, but for a `print(` around it."""
    answer = blocks.plain_lines(without_thinking(text))
    places = [block.text for block in blocks.fenced(answer)] or [answer]
    left = iter(range(_MOST_READ))
    found = (
        each.strip()
        for place in places
        for source in _pieces(textwrap.dedent(place), begins, left)
        for each in _read(source, find)
    )
    return tuple(itertools.islice(_once(found), MOST))


def _once(found: Iterator[str]) -> Iterator[str]:
    """Each of the texts once, without those that are empty or too long."""
    seen = {""}
    for each in found:
        if each not in seen and len(each) <= LONGEST:
            seen.add(each)
            yield each


def _read(source: str, find: Callable[[ast.Module, str], Iterator[str]]) -> Iterator[str]:
    """What is found in a text; what is no Python is kept as it is."""
    tree = _parsed(source)
    if tree is None:
        yield source
    else:
        yield from find(tree, source)


def _pieces(text: str, begins: str, left: Iterator[int]) -> Iterator[str]:
    """The text as a whole, if it is Python; else what of it begins so, as far as it is Python.

    `left` gives something for each line that may still be looked at.
    """
    if _parsed(text) is not None:
        yield text
        return
    lines = text.split("\n")
    at = 0
    while at < len(lines) and next(left, None) is not None:
        line = lines[at].strip().removeprefix("print(")
        length = 1
        if line.startswith(begins):
            length = _lines_of_whole(lines[at : at + _MOST_LINES])
            yield textwrap.dedent("\n".join(lines[at : at + length]))
        at += length


def _lines_of_whole(lines: list[str]) -> int:
    """How many of the lines are Python together; 1 if no number of them that is short enough is."""
    lengths = itertools.accumulate(map(len, lines))
    for count, length in enumerate(lengths, 1):
        if length > LONGEST:
            break
        if _is_whole(lines[:count]):
            return count
    return 1


def _is_whole(lines: list[str]) -> bool:
    return _parsed(textwrap.dedent("\n".join(lines))) is not None


def _parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except _NOT_PYTHON:
        return None


def _asserts(tree: ast.Module, source: str) -> Iterator[str]:
    found = (node for node in ast.walk(tree) if isinstance(node, ast.Assert))
    lines = [line.encode() for line in source.split("\n")]
    for node in sorted(found, key=lambda node: (node.lineno, node.col_offset)):
        yield textwrap.dedent(_segment(lines, node))


def _segment(lines: list[bytes], node: ast.stmt) -> str:
    """As ast.get_source_segment, which takes a source to pieces anew for each of its nodes."""
    assert node.end_lineno is not None
    *whole, last = lines[node.lineno - 1 : node.end_lineno]
    text = b"\n".join([*whole, last[: node.end_col_offset]])
    return text[node.col_offset :].decode()


def _calls(tree: ast.Module, entry_point: str) -> Iterator[str]:
    known = {entry_point, *dir(builtins)}
    for node in tree.body:
        if not isinstance(node, ast.Expr):
            continue
        call = _unprinted(node.value)
        names = {each.id for each in ast.walk(call) if isinstance(each, ast.Name)}
        if _called(call) == entry_point and names <= known:
            yield ast.unparse(call)


def _unprinted(node: ast.expr) -> ast.expr:
    match node:
        case ast.Call(func=ast.Name(id="print"), args=[inner], keywords=[]):
            return inner
    return node


def _called(node: ast.expr) -> str:
    """The name that a call begins with: of `f(1)`, and of `F().method(1)`."""
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return name
        case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id=name)))):
            return name
    return ""
