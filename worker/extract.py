"""Finding the program in a model's answer. Text is read, never run; time is linear in its length."""

import ast
import sys
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

from worker import blocks
from worker.blocks import Block
from worker.program import missing, needed
from worker.statements import Statement, parsed, statements
from worker.thoughts import without_thinking

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
#: Values that may be a function.
_CALLABLE = (ast.Lambda, ast.Call, ast.Name, ast.Attribute, ast.IfExp, ast.Subscript)
#: What a program can import here, so that an import is a definition.
_LIBRARIES = sys.stdlib_module_names | {"numpy"}


class _Worth(IntEnum):
    """How a block defines the entry point."""

    NOTHING = 0
    NAMED = 1  #: as a stub, by an import from the file in question, or as a result
    UNFINISHED = 2
    ASSIGNED = 3  #: by `add = ...` or an import
    DEFINED = 4


@dataclass(frozen=True)
class _Candidate:
    """A block by one reading, and how it defines the entry point."""

    block: Block
    reading: str
    entry_point: str

    @cached_property
    def program(self) -> list[Statement]:
        """Its statements."""
        return statements(self.reading)

    @cached_property
    def worth(self) -> _Worth:
        """How it defines the entry point."""
        if self.entry_point not in self.reading:
            return _Worth.NOTHING  # nothing needs to be parsed
        binders = (one for one in self.program if one.binds(self.entry_point))
        return max((_worth(one, self.entry_point) for one in binders), default=_Worth.NOTHING)

    @property
    def rank(self) -> tuple[_Worth, int, int]:
        """The one that ends last wins, among those that end together the longest."""
        end = self.program[-1].end if self.worth else 0
        return self.worth, self.block.line + end, -self.block.line


def extract_code(text: str, entry_point: str, prompt: str = "") -> str:
    """The program that an answer offers for `entry_point`; empty if there is none.

    The last block that defines the entry point wins (models correct themselves downwards), and a
    function with a body before a value of that name, that before one that was cut off, that before a
    signature or stub. What such a block lacks and another block defines is put before it. If no
    block defines it, the first of these that there is: the text as a whole, code within a line, a
    body that goes on after the prompt, a class with such a method (LeetCode's form).

    What is taken out: the reasoning section, prose, an unfinished end, and all that the entry point
    does not need (worker/program.py), for a wrong example is no wrong program. What the model thought
    is never taken. Nothing else is added: an import that the model forgot stays forgotten.
    """
    answer = blocks.plain_lines(without_thinking(text))
    fenced = blocks.fenced(answer)
    offered = [*_candidates([*fenced, *blocks.pieces(answer)], entry_point)]
    best = max(offered, key=lambda one: one.rank, default=None)
    if best is None or best.worth < _Worth.ASSIGNED:
        others = _other_places(answer, offered, entry_point, prompt)
        best = next((one for one in others if one.worth >= _Worth.ASSIGNED), best)
    if best is None or best.worth == _Worth.NOTHING:
        return _undefined(fenced, offered)
    program = _joined(best, offered)
    if best.worth > _Worth.NAMED:  # which a stub or a result of the same name would undo
        program = [
            one
            for one in program
            if not one.binds(entry_point) or _worth(one, entry_point) > _Worth.NAMED
        ]
    program = needed(program, entry_point)
    return "\n".join(statement.text for statement in program).strip("\n") + "\n"


def _candidates(places: Iterable[Block], entry_point: str) -> Iterator[_Candidate]:
    """Each block by the first reading that defines the entry point, else as it is."""
    for block in {place.text: place for place in places}.values():
        read = [_Candidate(block, one, entry_point) for one in blocks.readings(block.text)]
        yield next((one for one in read if one.worth >= _Worth.ASSIGNED), None) or max(
            read, key=lambda one: one.worth
        )


def _other_places(
    answer: str, offered: list[_Candidate], entry_point: str, prompt: str
) -> Iterator[_Candidate]:
    """Where else a program may be than in a block of its own."""
    seen = {candidate.block.text for candidate in offered}
    for places in ([Block(answer, 0)], reversed(blocks.ticked(answer))):
        yield from _candidates([one for one in places if one.text not in seen], entry_point)
    if prompt:
        for candidate in reversed(offered):
            yield from _after_prompt(candidate.block, entry_point, prompt)
    for candidate in reversed(offered):
        yield from _of_class(candidate)


def _worth(statement: Statement, entry_point: str) -> _Worth:
    """How a statement defines the entry point that it binds."""
    node = statement.node
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            if _is_stub(node):
                return _Worth.NAMED
            return _Worth.UNFINISHED if statement.unfinished else _Worth.DEFINED
        case ast.ImportFrom(module=str(module)) if module.partition(".")[0] in _LIBRARIES:
            return _Worth.ASSIGNED
        case ast.Import() | ast.ImportFrom():
            return _Worth.NAMED
        case ast.Assign(value=ast.Call(func=ast.Name(id=name))) if name == entry_point:
            return _Worth.NAMED
        case ast.Assign(value=value) | ast.AnnAssign(value=value):
            return _Worth.ASSIGNED if isinstance(value, _CALLABLE) else _Worth.NAMED
        case ast.If() | ast.Try() | ast.With():
            return _Worth.DEFINED
    return _Worth.NAMED


def _is_stub(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """Whether a definition does nothing: a docstring, `pass`, `...`, NotImplementedError."""
    for inner in node.body:
        match inner:
            case ast.Pass() | ast.Expr(value=ast.Constant()):
                continue
            case ast.Raise(exc=ast.Name(id="NotImplementedError")):
                continue
            case ast.Raise(exc=ast.Call(func=ast.Name(id="NotImplementedError"))):
                continue
        return False
    return True


def _after_prompt(block: Block, entry_point: str, prompt: str) -> Iterator[_Candidate]:
    """A block as the body of the function whose head the prompt ends with, if it can be."""
    first, _, rest = block.text.strip("\n").partition("\n")
    lines = f"{first}\n{rest}"
    for body in (
        lines,
        f"    {first.strip()}\n{rest}",
        textwrap.indent(textwrap.dedent(lines), "    "),
    ):
        whole = _Candidate(block, f"{prompt.rstrip()}\n{body}", entry_point)
        if any(_returns(one.node) for one in whole.program if one.binds(entry_point)):
            yield whole
            return


def _returns(node: ast.stmt) -> bool:
    """Whether a function itself, and not one in it, returns something."""
    waiting: list[ast.AST] = [*node.body] if isinstance(node, _FUNCTIONS) else []
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, ast.Return | ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(inner, (*_FUNCTIONS, ast.ClassDef, ast.Lambda)):
            waiting.extend(ast.iter_child_nodes(inner))
    return False


def _of_class(candidate: _Candidate) -> Iterator[_Candidate]:
    """The method of a class that has the entry point's name, as a function."""
    name = candidate.entry_point
    for statement in reversed(candidate.program if name in candidate.reading else []):
        if not isinstance(statement.node, ast.ClassDef):
            continue
        for method in statement.node.body:
            if isinstance(method, _FUNCTIONS) and method.name == name and not _is_stub(method):
                first = [*method.args.posonlyargs, *method.args.args][:1]
                made = "()" if first and first[0].arg == "self" else ""
                line = f"{name} = {statement.node.name}{made}.{name}"
                yield _Candidate(candidate.block, f"{candidate.reading}\n\n{line}", name)
                return


def _joined(best: _Candidate, offered: list[_Candidate]) -> list[Statement]:
    """A block's statements, after those of others that bind what it lacks; the nearest above first,
    then those below."""
    program = best.program
    lacks = missing(program)
    own = {name for statement in program for name in statement.names.binds}
    above = [one for one in offered if one.block.line < best.block.line]
    below = [one for one in offered if one.block.line > best.block.line]
    for other in (*reversed(above), *below):
        if not lacks:
            break
        helps = [one for one in other.program if not own & one.names.binds]
        bound = {name for statement in helps for name in statement.names.binds}
        if bound & lacks:
            program = helps + program
            own |= bound
            lacks = (lacks | missing(helps)) - bound
    return program


def _undefined(fenced: list[Block], offered: list[_Candidate]) -> str:
    """What to judge of an answer that does not define the entry point: its last Python, else its
    last block."""
    texts = [textwrap.dedent(candidate.block.text) for candidate in reversed(offered)]
    whole = (text for text in texts if (tree := parsed(text)) is not None and tree.body)
    last = next(whole, fenced[-1].text if fenced else "").strip("\n")
    return last + "\n" if last else ""
