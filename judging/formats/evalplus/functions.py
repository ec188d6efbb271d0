"""The hidden tests of a function: a reference program, and inputs on which others must answer alike."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FunctionTests:
    """A complete reference program, and the inputs that programs are compared with it on.

    Each input is a list of arguments. `version` is the hash of the whole record. `official`: it is
    EvalPlus's problem of this id, and one of the few that it has rules for (official.py).
    """

    problem_id: str
    entry_point: str
    reference: str
    base_inputs: list[Any]
    plus_inputs: list[Any]
    atol: float
    version: str
    official: bool = False
    format: str = "evalplus"

    @property
    def counts(self) -> tuple[int, int]:
        """How many inputs there are: base and plus."""
        return len(self.base_inputs), len(self.plus_inputs)
