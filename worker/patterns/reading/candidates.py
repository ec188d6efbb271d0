"""What a block of an answer is worth as the program that defines the entry point."""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

from foureyes.worker.patterns.reading.blocks import Block
from foureyes.worker.patterns.reading.statements import Statement, parsed, statements

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEFINITIONS = (*_FUNCTIONS, ast.ClassDef)
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
#: A comment in the place of code.
_LEFT_OUT = re.compile(r"^[ \t]+\#[ \t]*(?:\.\.\.|…)", re.MULTILINE)
#: What a program can import here, so that an import is a definition.
_LIBRARIES = sys.stdlib_module_names | {"numpy"}


class Worth(IntEnum):
    """How a block defines the entry point."""

    NOTHING = 0
    NAMED = 1  #: as a stub, by an import from the file in question, or as a result
    UNFINISHED = 2
    ASSIGNED = 3  #: by a value that may be a function or what one gave
    PART = 4  #: by what seems to be a part of a function: it explains one, or was cut off
    DEFINED = 5  #: by a function with a body, or a value that is surely one


@dataclass(frozen=True)
class Candidate:
    """A block by one reading, and how it defines the entry point."""

    block: Block
    reading: str
    entry_point: str

    @cached_property
    def program(self) -> list[Statement]:
        """Its statements."""
        return statements(self.reading)

    @cached_property
    def is_whole(self) -> bool:
        """Whether all of it is Python."""
        return parsed(self.reading) is not None

    @cached_property
    def worth(self) -> Worth:
        """How it defines the entry point."""
        if self.entry_point not in self.reading:
            return Worth.NOTHING  # nothing needs to be parsed
        binders = (one for one in self.program if one.binds(self.entry_point))
        return max(map(self.worth_of, binders), default=Worth.NOTHING)

    def worth_of(self, statement: Statement) -> Worth:
        """How a statement that binds the entry point defines it."""
        match statement.node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() as node:
                if is_stub(node):
                    return Worth.NAMED
                if statement.unfinished:
                    return Worth.UNFINISHED
                return Worth.PART if self._is_part(statement, node) else Worth.DEFINED
            case ast.Import() | ast.ImportFrom():
                return Worth.DEFINED if _is_of_library(statement.node) else Worth.NAMED
            case ast.Assign(value=ast.Lambda()):
                return Worth.DEFINED
            case ast.Assign(value=ast.Call(func=ast.Name(id=self.entry_point))):
                return Worth.NAMED
            case ast.Assign(value=ast.Call() | ast.Name() | ast.Attribute() | ast.IfExp()):
                known = statement.names.reads <= self._own | {self.entry_point}
                return Worth.DEFINED if known else Worth.ASSIGNED
            case ast.AnnAssign(value=value) if value is not None:
                return Worth.ASSIGNED
            case ast.If() | ast.Try() | ast.With() if "__name__" not in statement.names.reads:
                inner = [*ast.walk(statement.node)]
                defines = any(
                    isinstance(one, _DEFINITIONS) and one.name == self.entry_point for one in inner
                )
                return (
                    Worth.DEFINED if defines or any(map(_is_of_library, inner)) else Worth.ASSIGNED
                )
        return Worth.NAMED

    def _is_part(self, statement: Statement, node: _Definition) -> bool:
        """Whether a definition gives nothing, leaves something out, or is what the answer ends in before
        it says what it gives."""
        if not any(map(gives, functions(node))) or _LEFT_OUT.search(statement.text):
            return True
        if any(map(_leaves_out, functions(node))):
            return True
        return self.block.is_open and statement is self.program[-1] and not _ends(node)

    @cached_property
    def _own(self) -> set[str]:
        """The functions, classes and libraries that it knows."""
        return {
            name
            for one in self.program
            if isinstance(one.node, _DEFINITIONS) or _is_of_library(one.node)
            for name in one.names.binds
        }

    @property
    def rank(self) -> tuple[Worth, int, int]:
        """The one that ends last wins, among those that end together the longest."""
        end = self.program[-1].end if self.worth else 0
        return self.worth, self.block.line + end, -self.block.line


def functions(node: _Definition) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """A function itself; the methods of a class."""
    if isinstance(node, ast.ClassDef):
        return [one for one in node.body if isinstance(one, _FUNCTIONS)]
    return [node]


def _inside(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    """What is in a function, and not in one inside it."""
    waiting: list[ast.AST] = [*function.body]
    while waiting:
        inner = waiting.pop()
        yield inner
        if not isinstance(inner, (*_DEFINITIONS, ast.Lambda)):
            waiting.extend(ast.iter_child_nodes(inner))


def gives(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function itself, and not one in it, returns something."""
    return any(
        isinstance(inner, ast.Return | ast.Yield | ast.YieldFrom) for inner in _inside(function)
    )


def _leaves_out(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function that does something has `...` where something else belongs."""
    return not is_stub(function) and any(
        isinstance(inner, ast.Expr)
        and isinstance(inner.value, ast.Constant)
        and inner.value.value is ...
        for part in _inside(function)
        if isinstance(part, ast.For | ast.AsyncFor | ast.While | ast.If | ast.With)
        or part in function.body
        for inner in (*getattr(part, "body", []), *getattr(part, "orelse", []), part)
    )


def _ends(node: ast.stmt) -> bool:
    """Whether the last line of a definition returns or raises."""
    while not isinstance(node, ast.Return | ast.Raise):
        last = node
        for name in ("body", "handlers", "orelse", "finalbody"):
            last = (getattr(node, name, None) or [last])[-1]
        if last is node:
            return False
        node = last
    return True


def _is_of_library(node: ast.AST) -> bool:
    """Whether it imports what a program finds here, and no file of its own."""
    match node:
        case ast.Import(names=names):
            return all(name.name.partition(".")[0] in _LIBRARIES for name in names)
        case ast.ImportFrom(module=str(module)):
            return module.partition(".")[0] in _LIBRARIES
    return False


def is_stub(node: _Definition) -> bool:
    """Whether a definition does nothing: a docstring, `pass`, `...`, NotImplementedError; a class if its
    methods do nothing."""
    for inner in node.body:
        match inner:
            case ast.FunctionDef() | ast.AsyncFunctionDef() if isinstance(node, ast.ClassDef):
                if is_stub(inner):
                    continue
            case ast.Pass() | ast.Expr(value=ast.Constant()):
                continue
            case ast.Raise(exc=ast.Name(id="NotImplementedError")):
                continue
            case ast.Raise(exc=ast.Call(func=ast.Name(id="NotImplementedError"))):
                continue
        return False
    return True
