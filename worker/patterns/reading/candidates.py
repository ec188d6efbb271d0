"""What a block of an answer is worth as the program that defines the entry point."""

import ast
import sys
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

from foureyes.worker.patterns.reading.blocks import Block
from foureyes.worker.patterns.reading.statements import Statement, statements

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
#: What a program can import here, so that an import is a definition.
_LIBRARIES = sys.stdlib_module_names | {"numpy"}


class Worth(IntEnum):
    """How a block defines the entry point."""

    NOTHING = 0
    NAMED = 1  #: as a stub, by an import from the file in question, or as a result
    UNFINISHED = 2
    ASSIGNED = 3  #: by a value that may be a function or what one gave
    DEFINED = 4  #: by a function with a body, or a value that is surely one


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
                return Worth.UNFINISHED if statement.unfinished else Worth.DEFINED
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


def _is_of_library(node: ast.AST) -> bool:
    """Whether it imports what a program finds here, and no file of its own."""
    match node:
        case ast.Import(names=names):
            return all(name.name.partition(".")[0] in _LIBRARIES for name in names)
        case ast.ImportFrom(module=str(module)):
            return module.partition(".")[0] in _LIBRARIES
    return False


def is_stub(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
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
