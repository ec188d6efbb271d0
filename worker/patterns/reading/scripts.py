"""Finding a program that is run as a whole: it reads its input and prints what it has to say."""

import ast
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

from foureyes.worker.patterns.reading import blocks
from foureyes.worker.patterns.reading.blocks import Block
from foureyes.worker.patterns.reading.program import missing
from foureyes.worker.patterns.reading.statements import Statement, parsed, statements
from foureyes.worker.patterns.reading.thoughts import without_thinking

_INPUTS = {"input", "stdin", "open", "fileinput", "read", "readline", "readlines", "readinto"}
_OUTPUTS = {"print", "stdout", "write"}
#: What does nothing by itself when a program is run.
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
_ASSIGNMENTS = (ast.Assign, ast.AnnAssign)


class _Worth(IntEnum):
    """What a block does, as a program."""

    NOTHING = 0
    PYTHON = 1
    PRINTS = 2
    READS = 3
    UNFENCED = 4  #: it does all that WHOLE does, and stands between lines that are no Python
    WHOLE = 5  #: it reads, prints, and is run: others are parts of one, or show its use


@dataclass(frozen=True)
class _Script:
    """A block by the reading of it that is worth most; without a fence, also what of it is Python."""

    block: Block
    text: str
    is_pieced: bool = False

    @cached_property
    def program(self) -> list[Statement]:
        return statements(self.text)

    @cached_property
    def worth(self) -> _Worth:
        tree = parsed(self.text)
        if tree is None or not tree.body:
            return _Worth.NOTHING
        names = set(_names(tree))
        reads, prints = bool(names & _INPUTS), bool(names & _OUTPUTS)
        if _is_fed(tree):
            return _Worth.PYTHON
        if reads and prints and any(_is_run(node) for node in tree.body):
            return _Worth.UNFENCED if self.is_pieced else _Worth.WHOLE
        if self.is_pieced:
            return _Worth.NOTHING
        return _Worth.READS if reads else _Worth.PRINTS if prints else _Worth.PYTHON

    @property
    def rank(self) -> tuple[_Worth, int, int]:
        """The one that ends last wins, among those that end together the longest."""
        return self.worth, self.block.line + self.text.count("\n"), -self.block.line


def extract_script(text: str) -> str:
    """The program that an answer offers, to be run as it stands; empty if there is none.

    The last block that reads input, prints and is run wins: what follows a program is often an example
    of its use, or an explanation by parts of it. If no block does all of that, all blocks together are
    the program if they do. What it lacks and another block defines is put before it. Without a block
    that is Python the last one is taken as it is, so that its verdict says what is wrong with it.
    """
    answer = blocks.plain_lines(without_thinking(text))
    fenced = blocks.fenced(answer)
    inside = {block.text: block for block in fenced}
    parts = [*map(_script, inside.values())]
    scripts = [*parts]
    others = [*blocks.pieces(answer), *([] if fenced else [Block(answer, 0)])]
    for block in {other.text: other for other in others}.values():
        if textwrap.dedent(block.text).strip("\n") in inside:
            continue  # as Markdown has it
        scripts.append(_script(block))
        if scripts[-1].worth is _Worth.NOTHING:
            scripts.append(_pieced(block))
    best = max(scripts, key=lambda one: one.rank, default=_script(Block("", 0)))
    if best.worth < _Worth.UNFENCED:
        together = _Script(
            Block(answer, 0),
            "\n".join(one.text for one in parts if one.worth is not _Worth.NOTHING),
        )
        if together.worth is _Worth.WHOLE:
            return f"{together.text.strip(chr(10))}\n"
    if best.worth is _Worth.NOTHING:
        last = fenced[-1].text.strip("\n") if fenced else ""
        return last + "\n" if last else ""
    before = "".join(f"{one.text}\n" for one in _lacking(best, scripts))
    return f"{before}{best.text.strip(chr(10))}\n"


def _script(block: Block) -> _Script:
    """A block by its reading that is worth most, the first of them."""
    best: _Script | None = None
    for reading in blocks.readings(block.text):
        one = _Script(block, reading)
        if best is None or one.worth > best.worth:
            best = one
        if best.worth is _Worth.WHOLE:
            break
    assert best is not None
    return best


def _pieced(block: Block) -> _Script:
    """What of a text is Python, without the words of prose that could be."""
    kept = (one.text for one in statements(textwrap.dedent(block.text)) if not _is_idle(one.node))
    return _Script(block, "\n".join(kept), is_pieced=True)


def _is_idle(node: ast.stmt) -> bool:
    """Whether a statement only names something, as a word of prose does."""
    match node:
        case ast.Expr(value=ast.Call() | ast.Await() | ast.NamedExpr() | ast.ListComp()):
            return False
        case ast.Expr() | ast.AnnAssign(value=None):
            return True
    return False


def _is_run(node: ast.stmt) -> bool:
    match node:
        case ast.Expr(value=ast.Constant()):
            return False
    return not isinstance(node, _DEFINITIONS)


def _is_fed(tree: ast.Module) -> bool:
    """Whether a program puts a text of its own in the place of its input, as an example of another does."""
    reads = _INPUTS & {name for name in _names(tree) if name != "stdin"}
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Attribute(attr="stdin")], value=ast.Call() as made):
                is_constant = any(isinstance(given, ast.Constant) for given in made.args)
                if "StringIO" in _names(made.func) and (is_constant or not reads):
                    return True
    return False


def _lacking(best: _Script, scripts: Iterable[_Script]) -> list[Statement]:
    """The definitions of other blocks that it needs, the nearest block above first."""
    lacks = missing(best.program)
    found: list[Statement] = []
    others = [one for one in scripts if one is not best and one.worth is not _Worth.NOTHING]
    for other in sorted(
        others, key=lambda one: (one.block.line > best.block.line, -one.block.line)
    ):
        if not lacks:
            break
        helps = [
            one
            for one in other.program
            if isinstance(one.node, _DEFINITIONS)
            or (isinstance(one.node, _ASSIGNMENTS) and not one.names.halts)
        ]
        bound = {name for one in helps for name in one.names.binds}
        if lacks & bound:
            found = helps + found
            lacks = (lacks | missing(helps)) - bound
    return found


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                yield name
