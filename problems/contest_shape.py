"""How a problem of the contest set is written down."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

#: How a program that is run as a whole reads and answers, around its `solve`.
_AROUND = "import sys\n\n{solution}\n\nprint(solve(sys.stdin.read()))\n"


@dataclass(frozen=True)
class Task:
    """One problem, as its author wrote it.

    With a `starter` it is functional: `solution` is a class Solution, and what `public` and `private`
    draw are argument lists. Else `solution` defines `solve`, from standard input to what is to be
    written, and they are inputs as texts. Each of `wrong` is a reason, and the edits (old, new) of
    the solution that make a plausible wrong one. `packed`: its private tests are compressed.
    """

    title: str
    difficulty: str
    content: str
    solution: str
    wrong: dict[str, list[tuple[str, str]]]
    public: list[Any]
    private: Callable[[random.Random], list[Any]]
    starter: str = ""
    packed: bool = False

    @property
    def method(self) -> str:
        """The name of what is called; empty for a program that is run as a whole."""
        return self.starter.partition("def ")[2].partition("(")[0]

    @property
    def name(self) -> str:
        """The title as an identifier."""
        return self.title.lower().replace(" ", "_")

    def core(self) -> str:
        """The right solution without what reads and answers."""
        return self.solution.strip("\n") + "\n"

    def program(self, core: str | None = None) -> str:
        """The whole program of a solution; by default of the right one."""
        core = self.core() if core is None else core
        return core if self.starter else _AROUND.format(solution=core)

    def wrong_cores(self) -> dict[str, str]:
        """The wrong solutions by reason."""
        found = {}
        for reason, edits in self.wrong.items():
            core = self.core()
            for old, new in edits:
                if old not in core:
                    raise ValueError(f"{self.title}, {reason!r}: the solution has no {old!r}")
                core = core.replace(old, new)
            found[reason] = core
        return found

    def tests(self, inputs: list[Any]) -> list[dict[str, str]]:
        """Tests as records hold them, with what the right solution answers."""
        return [self._test(given) for given in inputs]

    def _test(self, given: Any) -> dict[str, str]:
        namespace: dict[str, Any] = {}
        exec("from typing import List\n" + self.core(), namespace)  # noqa: S102  # our own
        if not self.starter:
            return {"input": given, "output": namespace["solve"](given) + "\n", "testtype": "stdin"}
        output = getattr(namespace["Solution"](), self.method)(*json.loads(json.dumps(given)))
        lines = "\n".join(json.dumps(argument) for argument in given)
        return {"input": lines, "output": json.dumps(output), "testtype": "functional"}
