"""Interaction patterns: how two models work together on one problem. One file each.

A pattern is a generator that yields steps and returns the final code. It is replayed from the
recorded steps each time one ends, so it must be deterministic: the same results in, the same steps
out. It sees a `Spec`, never the hidden tests.
"""

import difflib
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

from models.errors import FoureyesError
from models.problem import Spec
from worker.steps import Steps


@dataclass(frozen=True)
class Pattern:
    """A named interaction pattern."""

    name: str
    body: Callable[[Spec], Steps]
    summary: str


_REGISTERED: dict[str, Pattern] = {}


def pattern(name: str) -> Callable[[Callable[[Spec], Steps]], Callable[[Spec], Steps]]:
    """Register a generator function as the pattern `name`; its docstring says what happens."""

    def register(body: Callable[[Spec], Steps]) -> Callable[[Spec], Steps]:
        summary = (body.__doc__ or "").strip()
        if not summary:
            raise FoureyesError(f"pattern {name!r} has no docstring that says what happens")
        _REGISTERED[name] = Pattern(name, body, summary)
        return body

    return register


def patterns() -> dict[str, Pattern]:
    """All patterns by name."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return dict(_REGISTERED)


def find(name: str) -> Pattern:
    """The pattern of this name.

    Raises: FoureyesError naming the nearest one, if there is none.
    """
    known = patterns()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0)
        raise FoureyesError(f"unknown pattern {name!r}; did you mean {near[0]!r}?")
    return known[name]
