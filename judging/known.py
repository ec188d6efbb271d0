"""Programs of the starter set whose verdict is known: what reviewers are tried on.

The right ones are the references; the wrong ones were made from them by hand, each with one plausible
fault that its problem's hidden tests see.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from foureyes.judging import sources
from foureyes.models.errors import FoureyesError
from foureyes.models.problem import Spec

_FILE = Path(__file__).resolve().parent.parent / "problems" / "starter-known.jsonl"
_BENCHMARK = "starter-rich"


@dataclass(frozen=True)
class KnownProgram:
    """A program for a problem; `fault` says what is wrong with it, and is empty if nothing is."""

    spec: Spec
    code: str
    fault: str

    @property
    def is_right(self) -> bool:
        """Whether it passes all hidden tests."""
        return not self.fault


def everything() -> list[KnownProgram]:
    """All of them, by problem: the right program first."""
    specs = {each.problem_id: each.spec() for each in sources.load(_BENCHMARK)}
    lines = map(json.loads, _FILE.read_text(encoding="utf-8").splitlines())
    return [KnownProgram(specs[each["task_id"]], each["program"], each["fault"]) for each in lines]


def balanced(problems: int) -> list[KnownProgram]:
    """A right and a wrong program of each of the first so many problems.

    Which of a problem's wrong ones goes by its number, so that faults of all kinds are among them.

    Raises: FoureyesError if there are not so many problems.
    """
    found: dict[str, list[KnownProgram]] = {}
    for each in everything():
        found.setdefault(each.spec.problem_id, []).append(each)
    if not 1 <= problems <= len(found):
        raise FoureyesError(f"the starter set has 1 to {len(found)} problems, and not {problems}")
    chosen = []
    for number, (right, *wrong) in enumerate(list(found.values())[:problems]):
        chosen += [right, wrong[number % len(wrong)]]
    return chosen
