"""How a program goes through a test, line by line."""

import ast
from dataclasses import dataclass
from typing import Any, ClassVar

from foureyes.models import trees
from foureyes.models.enums import Kind, Suite
from foureyes.models.problem import Spec, VisibleTest
from foureyes.models.shown import Traced, TracedLine
from foureyes.worker.patterns.steps.base import ExecutionStep, Program


@dataclass(frozen=True)
class Trace(ExecutionStep):
    """Run a function on a test of its prompt, line by line. Gives a Traced: `lines`, `ended`, `report`.

    Of whole programs, and of tests that do not call the function, there is nothing to be seen.
    """

    kind: ClassVar[Kind] = Kind.TRACE
    suite: ClassVar[Suite] = Suite.TRACED
    rarer: ClassVar[tuple[str, ...]] = ("shows nothing",)

    program: Program
    test: VisibleTest

    @property
    def said(self) -> str:
        return f"{self.program.code} line by line"

    @property
    def code(self) -> str:
        """The program that is run."""
        return self.program.code

    @property
    def given(self) -> tuple[str, ...]:  # type: ignore[override]
        return (self.call or "",)

    @property
    def call(self) -> str | None:
        """The first call of the function in the test; None if there is none that can be asked."""
        name = self.program.spec.entry_point
        try:
            tree = trees.parse(self.test.call)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Name(id=called)) if called == name:
                    return None if trees.is_too_deep(node) else ast.unparse(node)
        return None

    def read(self, detail: dict[str, Any]) -> Traced:
        """The way of the program."""
        return Traced.from_json(detail)

    def rehearsed(self, outcome: int, name: str) -> Traced:
        lines = () if outcome else (TracedLine(1, "x = 0", "x = 0"),)
        return Traced(lines, 0, "it gives 0")

    def stand_in(self, text: str) -> Traced:
        return self.rehearsed(0, text)

    def misfit(self, spec: Spec) -> str | None:
        if self.program.spec.entry_point != spec.entry_point:
            return "Trace needs a program for the problem's own entry_point"
        if not spec.entry_point:
            return "Trace follows functions, and this problem asks for a whole program"
        return None if self.call else "Trace needs a test that calls the function"
