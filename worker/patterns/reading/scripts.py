"""Finding a program that is run as a whole: it reads its input and prints what it has to say."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

from foureyes.worker.patterns.reading import blocks
from foureyes.worker.patterns.reading.blocks import Block
from foureyes.worker.patterns.reading.program import missing
from foureyes.worker.patterns.reading.statements import Statement, parsed, statements
from foureyes.worker.patterns.reading.thoughts import without_thinking

_INPUTS = {"input", "stdin", "open", "fileinput"}
_OUTPUTS = {"print", "stdout", "write"}


class _Worth(IntEnum):
    """What a block does, as a program."""

    NOTHING = 0
    PYTHON = 1
    PRINTS = 2
    READS = 3


@dataclass(frozen=True)
class _Script:
    """A block by its first reading that is Python."""

    block: Block
    text: str

    @cached_property
    def program(self) -> list[Statement]:
        return statements(self.text)

    @cached_property
    def worth(self) -> _Worth:
        tree = parsed(self.text)
        if tree is None or not tree.body:
            return _Worth.NOTHING
        names = set(_names(tree))
        if names & _INPUTS:
            return _Worth.READS
        return _Worth.PRINTS if names & _OUTPUTS else _Worth.PYTHON

    @property
    def rank(self) -> tuple[_Worth, int, int]:
        """The one that ends last wins, among those that end together the longest."""
        return self.worth, self.block.line + self.text.count("\n"), -self.block.line


def extract_script(text: str) -> str:
    """The program that an answer offers, to be run as it stands; empty if there is none.

    The last block that reads input wins, before one that only prints: what follows a program is often
    an example of its use. What it lacks and another block defines is put before it. Without a block
    that is Python the last one is taken as it is, so that its verdict says what is wrong with it.
    """
    answer = blocks.plain_lines(without_thinking(text))
    fenced = blocks.fenced(answer)
    scripts = [*_scripts([*fenced, *blocks.pieces(answer), Block(answer, 0)])]
    best = max(scripts, key=lambda one: one.rank)
    if best.worth is _Worth.NOTHING:
        last = fenced[-1].text.strip("\n") if fenced else ""
        return last + "\n" if last else ""
    before = "".join(f"{one.text}\n" for one in _lacking(best, scripts))
    return f"{before}{best.text.strip(chr(10))}\n"


def _scripts(places: Iterable[Block]) -> Iterator[_Script]:
    for block in {place.text: place for place in places}.values():
        readings = [*blocks.readings(block.text)]
        python = (one for one in readings if (tree := parsed(one)) is not None and tree.body)
        yield _Script(block, next(python, readings[0]))


def _lacking(best: _Script, scripts: Iterable[_Script]) -> list[Statement]:
    """The definitions of other blocks that it needs, the nearest block above first."""
    lacks = missing(best.program)
    found: list[Statement] = []
    others = [one for one in scripts if one is not best and one.worth is not _Worth.NOTHING]
    for other in sorted(
        others, key=lambda one: (one.block.line > best.block.line, -one.block.line)
    ):
        helps = [
            one
            for one in other.program
            if isinstance(one.node, ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom)
        ]
        if lacks & {name for one in helps for name in one.names.binds}:
            found = helps + found
            lacks = missing([*found, *best.program])
    return found


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                yield name
