"""Reading text as statements of Python, as far as it is Python. Text is read, never run."""

import ast
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest

from foureyes.models import trees
from foureyes.worker.patterns.reading.names import Names, names_of

#: A line that is in the middle of a statement of the top level: indented, closing a bracket, or
#: another branch of it. Blank lines and comments belong to what follows.
_GOES_ON = r"[ \t\n#)\]}]|(?:else|elif|except|finally)\b|\Z"
_LINE = re.compile(rf"\n(?!{_GOES_ON})")
#: The same outside strings and brackets. A string of three quotes that is never closed goes to the
#: end; one of a single quote ends with its line, as an apostrophe in prose.
_TOKEN = re.compile(
    rf'''
      """(?:[^"\\]|\\.|"(?!""))*+(?:"""|\\?\Z)
    | \'\'\'(?:[^'\\]|\\.|'(?!''))*+(?:\'\'\'|\\?\Z)
    | "(?:[^"\\\n]|\\.)*+"? | '(?:[^'\\\n]|\\.)*+'? | \#[^\n]*
    | (?P<open>[(\[{{]) | (?P<close>[)\]}}])
    | (?P<line>\n(?!{_GOES_ON}))
    ''',
    re.VERBOSE | re.DOTALL,
)
#: What no bracket can hold, at a line's start: one was left open above.
_BEGINS = re.compile(r"(?:async[ ]+)?def \w|class \w|import \w|from [\w.]+ import\b|@\w")


@dataclass(frozen=True)
class Statement:
    """A statement of the top level: its text with the comments above it, and its tree.

    `end` is the number of lines of the text up to its last. `unfinished` is a function whose broken
    end was cut off.
    """

    text: str
    node: ast.stmt
    end: int
    unfinished: bool = False

    @cached_property
    def names(self) -> Names:
        """The names that it has to do with."""
        return names_of(self.node)

    def binds(self, name: str) -> bool:
        """Whether it binds this name at the top level."""
        return name in self.text and name in self.names.binds


def statements(text: str) -> list[Statement]:
    """The statements of a text; what is no Python (prose, a broken end) is left out.

    The text is parsed as a whole if it can be, else each part by itself that looks like a statement:
    every line is parsed three times at most.
    """
    tree = parsed(text)
    if tree is not None:
        return _split(text, tree, 0)
    return [*_piecewise(text)]


def parsed(text: str) -> ast.Module | None:
    """The tree of a text; None if it is no Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the model's escapes are not our reader's business
            return trees.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _piecewise(text: str) -> Iterator[Statement]:
    line = 0
    parts = [*_cut(text, _boundaries(text))]
    for number, part in enumerate(parts):
        tree = parsed(part)
        if tree is not None:
            yield from _split(part, tree, line)
        else:
            at = line
            for smaller in _cut(part, [found.start() for found in _LINE.finditer(part)]):
                tree = None if smaller == part else parsed(smaller)
                if tree is not None:
                    yield from _split(smaller, tree, at)
                at += smaller.count("\n") + 1
            if number == len(parts) - 1:
                yield from _finished(part, line)
        line += part.count("\n") + 1


def _boundaries(text: str) -> Iterator[int]:
    """Where a line ends a statement of the top level, or may."""
    depth = 0
    for token in _TOKEN.finditer(text):
        if token["open"]:
            depth += 1
        elif token["close"]:
            depth = max(0, depth - 1)
        elif token["line"] and (depth == 0 or _BEGINS.match(text, token.end())):
            depth = 0
            yield token.start()


def _cut(text: str, boundaries: Iterable[int]) -> Iterator[str]:
    """The text in parts; a decorator stays with what it decorates."""
    begin = start = 0
    for end in boundaries:
        if not text.startswith("@", start):
            yield text[begin:end]
            begin = end + 1
        start = end + 1
    yield text[begin:]


def _finished(part: str, line: int) -> Iterator[Statement]:
    """The function that a text ends in, without its unfinished last lines."""
    lines = part.split("\n")
    try:
        trees.parse(part)
    except SyntaxError as error:
        kept = "\n".join(lines[: (error.lineno or 1) - 1])
        tree = parsed(kept)
        for statement in _split(kept, tree, line) if tree else ():
            yield Statement(statement.text, statement.node, statement.end, unfinished=True)
    except (ValueError, RecursionError, MemoryError):
        return


def _split(text: str, tree: ast.Module, line: int) -> list[Statement]:
    """The statements of a tree with their texts; `line` is the number of lines before the text."""
    lines = text.split("\n")
    encoded, starts = text.encode(), [0]  # columns count bytes
    for one in encoded.split(b"\n"):
        starts.append(starts[-1] + len(one) + 1)
    made: list[Statement] = []
    above = 0  #: the last line of the statement before
    nexts = [node.lineno for node in tree.body[1:]]
    for node, following in zip_longest(tree.body, nexts):
        end = node.end_lineno or node.lineno
        if node.lineno == above or following == end:  # `a = 1; b = 2`
            begins = starts[node.lineno - 1] + node.col_offset
            ends = starts[end - 1] + (node.end_col_offset or 0)
            own = encoded[begins:ends].decode()
        else:
            own = "\n".join(lines[above:end])
        made.append(Statement(own, node, line + end))
        above = end
    return made
