"""When an output is right, by the rules of LiveCodeBench's own judge."""

import json
from decimal import Decimal, InvalidOperation
from typing import Any

from foureyes.judging.sandbox.inside import digests, wrapped
from foureyes.judging.sandbox.inside.values import ARRAY, Large, Other


def same_text(expected: str, got: str) -> bool:
    """Whether a program has written what is expected.

    Around it and around its lines white space does not count; lines are equal, or all words in
    both are numbers and equal one by one, exactly (1.0 equals 1, and no number is merely near).
    """
    wanted, found = (text.strip().split("\n") for text in (expected, got))
    return len(wanted) == len(found) and all(map(_same_line, wanted, found))


def _same_line(wanted: str, found: str) -> bool:
    wanted, found = wanted.strip(), found.strip()
    if wanted == found:
        return True
    words, others = wanted.split(), found.split()
    if len(words) != len(others):
        return False
    try:
        return all(
            Decimal(word) == Decimal(other) for word, other in zip(words, others, strict=True)
        )
    except InvalidOperation:  # a word that is no number, or one (sNaN) that equals nothing
        return False


def same_written(expected: str, got: Any) -> bool:
    """The same of what a program is said to have written; of a text too long to be sent, its lines are equal."""
    if isinstance(got, Large):
        return got.digest == digests.digest(wrapped.stripped(expected))
    return isinstance(got, str) and same_text(expected, got)


def same_value(expected: Any, got: Any) -> bool:
    """Whether a method has returned what is expected, a value of JSON, by Python's `==`.

    `got` was read from outside of the program (inside/values.py), so no `==` of a program's is asked.
    """
    if isinstance(got, Large):
        return got.digest == digests.digest(expected)
    if isinstance(got, Other) and got.name == ARRAY:  # of one item, which a list of it equals too
        return same_value(expected, got.content) or same_value(expected, [got.content])
    return bool(got == expected)


def arguments(given: str) -> list[Any]:
    """The arguments in the input of a functional test: JSON, a line each. Raises: ValueError."""
    return [json.loads(line) for line in given.split("\n")]
