"""Finding the tests, and the calls, that an answer writes for a program. Text is read, never run."""

import ast
import itertools
import json
import re
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

from foureyes.models import trees
from foureyes.worker.patterns.reading import blocks, values
from foureyes.worker.patterns.reading.names import BUILTINS, names_of
from foureyes.worker.patterns.reading.thoughts import without_thinking
from foureyes.worker.patterns.reading.values import Values

#: Of an answer: how many are kept, and how long each may be.
MOST, LONGEST = 50, 2000
#: Lines of an answer that are looked at one by one.
_MOST_READ = 300
#: Lines that one may span where the whole cannot be read.
_MOST_LINES = 30
_NOT_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)
#: What may stand before one on its line: the mark of a list, a number, a prompt, a label, a tick.
_BEFORE = (
    r"\s*+(?:(?:\d++|\[\d++\])(?:[.:)]|\s*+\|)?\s++|[-*+•>|]++\s*+)*+"
    r"(?:[A-Za-z]++(?: \d++)?:\s++)?(?P<tick>`*+)(?:print\()?"
)
_ASSERT = re.compile(rf"{_BEFORE}(?P<one>assert\b)(?!\s*+$)")
#: What gives names to values.
_NAMES = re.compile(r"\s*+[A-Za-z_]\w*+(?:, *+[A-Za-z_]\w*+)*+ *+(?::[^=\n]*+)?=(?!=)")
_STRING_OR_BRACKET = re.compile(r""""(?:[^"\\\n]|\\.)*+"|'(?:[^'\\\n]|\\.)*+'|[(\[{]|[)\]}]""")

_Find = Callable[[ast.Module, str, Values], Iterator[str]]


def extract_asserts(text: str) -> tuple[str, ...]:
    """The asserts in an answer, each once and in their order; those that are no Python, too."""
    return _found(text, _ASSERT, _asserts)


def extract_calls(text: str, entry_point: str) -> tuple[str, ...]:
    """The expressions in an answer that call the entry point and name nothing that is not Python's."""
    begins = re.compile(rf"{_BEFORE}(?P<one>{re.escape(entry_point)}\()")
    return _found(text, begins, lambda tree, _, known: _calls(tree, entry_point, known))


def _found(text: str, begins: re.Pattern[str], find: _Find) -> tuple[str, ...]:
    """What is found in the answer's blocks; if nothing is, between all that looks like a fence."""
    answer = blocks.plain_lines(without_thinking(text))
    left = iter(range(_MOST_READ))
    for places in (blocks.fenced(answer), blocks.pieces(answer)):
        found = (
            each.strip() for place in places for each in _in_place(place.text, begins, find, left)
        )
        if tests := tuple(itertools.islice(_once(found), MOST)):
            return tests
    return ()


def _once(found: Iterator[str]) -> Iterator[str]:
    """Each of the texts once, without those that are empty or too long."""
    seen = {""}
    for each in found:
        if each not in seen and len(each) <= LONGEST:
            seen.add(each)
            yield each


def _in_place(
    text: str, begins: re.Pattern[str], find: _Find, left: Iterator[int]
) -> Iterator[str]:
    """What is found in a text that is Python in one of the ways of writing it down; else in its lines."""
    text = _texts_of_json(text) or textwrap.dedent(text)
    for reading in blocks.readings(text):
        tree = _parsed(reading)
        found = iter(()) if tree is None else find(tree, reading, {})
        for first in found:
            yield first
            yield from found
            return
    yield from _by_lines(text, begins, find, left)


def _texts_of_json(text: str) -> str:
    """The strings of a JSON value, each on a line; empty if it is none."""
    if text.lstrip()[:1] not in ("{", "["):
        return ""
    try:
        waiting: list[Any] = [json.loads(text)]
    except (ValueError, RecursionError):
        return ""
    texts: list[str] = []
    while waiting:
        match waiting.pop():
            case str(one):
                texts.append(one)
            case list(inner):
                waiting.extend(reversed(inner))
            case dict(inner):
                waiting.extend(reversed(inner.values()))
    return "\n".join(texts)


def _by_lines(
    text: str, begins: re.Pattern[str], find: _Find, left: Iterator[int]
) -> Iterator[str]:
    """What begins on a line of its own, as far as it is Python; what is none is kept as it is.

    `left` gives something for each line that may still be looked at.
    """
    lines = text.split("\n")
    known: Values = {}
    at = 0
    while at < len(lines) and next(left, None) is not None:
        length = 1
        if one := begins.match(lines[at]):
            first = lines[at][one.start("one") :]
            if one["tick"]:
                first = first.partition(one["tick"])[0]
            source, length = _whole([first, *lines[at + 1 : at + _MOST_LINES]], one["one"])
            tree = _parsed(source)
            yield from [source] if tree is None else find(tree, source, known)
        elif _NAMES.match(lines[at]):
            source, length = _whole(lines[at : at + _MOST_LINES], "")
            values.note(_parsed(textwrap.dedent(source)), source, known)
        else:
            values.note(None, lines[at], known)
        at += length


def _whole(lines: list[str], begins: str) -> tuple[str, int]:
    """What these lines begin with that is Python by itself, and its number of lines; else the first line.

    Behind a call, its result may be said in any words.
    """
    lengths = itertools.accumulate(map(len, lines))
    for count, length in enumerate(lengths, 1):
        if length > LONGEST:
            break
        source = textwrap.dedent("\n".join(lines[:count]))
        if _is_whole(lines[:count]):
            return source, count
        if begins.endswith("(") and (end := _end_of_call(source)):
            return source[:end], count
    return lines[0], 1


def _is_whole(lines: list[str]) -> bool:
    return _parsed(textwrap.dedent("\n".join(lines))) is not None


def _end_of_call(source: str) -> int:
    """Where the brackets of a call, and of a method called of it, are closed; 0 if they are not."""
    depth = 0
    for token in _STRING_OR_BRACKET.finditer(source):
        if token[0] in "([{":
            depth += 1
        elif token[0] in ")]}":
            depth -= 1
            if depth == 0 and source[token.end() : token.end() + 1] != ".":
                return token.end()
    return 0


def _parsed(source: str) -> ast.Module | None:
    try:
        return trees.parse(source)
    except _NOT_PYTHON:
        return None


def _asserts(tree: ast.Module, source: str, known: Values) -> Iterator[str]:
    """But for those of functions that give something: a program's own."""
    lines = [line.encode() for line in source.split("\n")]
    for node, names in values.statements(tree, known, changing=True):
        if isinstance(node, ast.Assert):
            yield _with_values(node, names) or textwrap.dedent(_segment(lines, node))


def _with_values(node: ast.Assert, names: Values) -> str:
    """An assert without names that stand for something; empty if it has none, or tests nothing then."""
    test = values.filled(node.test, names)
    return ast.unparse(ast.Assert(test)) if test and values.calls(test) else ""


def _segment(lines: list[bytes], node: ast.stmt) -> str:
    """As ast.get_source_segment, which takes a source to pieces anew for each of its nodes."""
    assert node.end_lineno is not None
    *whole, last = lines[node.lineno - 1 : node.end_lineno]
    text = b"\n".join([*whole, last[: node.end_col_offset]])
    return text[node.col_offset :].decode()


def _calls(tree: ast.Module, entry_point: str, known: Values) -> Iterator[str]:
    names = {entry_point, *BUILTINS}
    for node, now in values.statements(tree, known, changing=False):
        for one in _shown(node):
            call = values.filled(one, now) or one
            if (
                _called(call) == entry_point
                and names_of(ast.Expr(call)).reads <= names
                and not trees.is_too_deep(call)
            ):
                yield ast.unparse(call)


def _shown(node: ast.AST) -> list[ast.expr]:
    """What a statement shows the result of: itself, what it prints, or compares with something."""
    match node:
        case ast.Expr(value=inner) | ast.Compare(left=inner) | ast.Assert(test=inner):
            return _shown(inner)
        case ast.Call(func=ast.Name(id="print"), args=[inner], keywords=[]):
            return _shown(inner)
        case ast.Tuple(elts=several) | ast.List(elts=several):
            return several
        case ast.expr():
            return [node]
    return []


def _called(node: ast.expr) -> str:
    """The name that a call begins with: of `f(1)`, and of `F().method(1)`."""
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return name
        case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id=name)))):
            return name
    return ""
