"""What an attempt spends of its budget: the tokens of its models' answers, thoughts included."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row

from foureyes.models.budgets import UNCOUNTED
from foureyes.models.errors import FoureyesError
from foureyes.worker.patterns.steps import CompletionStep, Step


class Spending:
    """The calls that one replay has paid for: each once, as models/budgets.py counts what a source spent.

    Without a budget nothing is counted.
    """

    def __init__(self, budget: int | None) -> None:
        self._counts = budget is not None
        self._paid: set[int] = set()

    def pay(self, wanted: Sequence[Step], rows: Iterable[Row[Any]]) -> int:
        """The tokens of the answers to these steps. Raises: FoureyesError if a server has not told them."""
        spent = 0
        for step, row in zip(wanted, rows, strict=True):
            if not self._counts or not isinstance(step, CompletionStep) or row.id in self._paid:
                continue
            if row.completion_tokens is None and row.finish_reason not in UNCOUNTED:
                raise FoureyesError(
                    f"the server of the {step.by} does not say how many tokens its answer has, and the "
                    "attempt has a budget of them"
                )
            self._paid.add(row.id)
            spent += row.completion_tokens or 0
        return spent
