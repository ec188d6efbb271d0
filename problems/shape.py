"""How a problem of the starter set is written down."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from textwrap import indent


@dataclass(frozen=True)
class Source:
    """One problem, as its author wrote it.

    `rich` is the docstring of the rich specification, `lean` the one sentence of the lean one.
    `solution` is the body of the right program. Each of `wrong` is a reason, and the edits (old,
    new) of the solution that make a plausible wrong program. `base` and what `plus` draws are
    argument lists; both are hidden from models.
    """

    signature: str
    difficulty: str
    topic: str
    lean: str
    rich: str
    solution: str
    wrong: dict[str, list[tuple[str, str]]]
    base: list[list]
    plus: Callable[[random.Random], list[list]]

    @property
    def name(self) -> str:
        """The function's name."""
        return self.signature.removeprefix("def ").split("(")[0]

    def rich_prompt(self) -> str:
        """Types, prose, examples, edge cases."""
        return f'{self.signature}\n    """{indent(self.rich.strip(), "    ").strip()}\n    """\n'

    def lean_prompt(self) -> str:
        """The same function, untyped, and one sentence."""
        inside = self.signature[self.signature.index("(") + 1 : self.signature.rindex(")")]
        depth, names, current = 0, [], ""
        for character in inside + ",":
            depth += (character == "[") - (character == "]")
            if character == "," and depth == 0:
                names.append(current.split(":")[0].strip())
                current = ""
            else:
                current += character
        return f'def {self.name}({", ".join(names)}):\n    """{self.lean}"""\n'

    def body(self) -> str:
        """The right body, indented."""
        return indent(self.solution.strip("\n"), "    ") + "\n"

    def wrong_bodies(self) -> dict[str, str]:
        """The wrong bodies by reason."""
        bodies = {}
        for reason, edits in self.wrong.items():
            body = self.body()
            for old, new in edits:
                if old not in body:
                    raise ValueError(f"{self.name}, {reason!r}: the solution has no {old!r}")
                body = body.replace(old, new)
            bodies[reason] = body
        return bodies
