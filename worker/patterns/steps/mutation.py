"""Inputs made of those that the visible tests show: always the same of the same, and no model is asked."""

import ast
import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

from foureyes.models import trees
from foureyes.models.problem import Spec, VisibleTest
from foureyes.worker.patterns.steps.comparing import WrittenInputs

#: Inputs that are made at most; characters of a text, or items of a list, that is still changed.
_MOST, _LONGEST = 30, 1000
_NUMBER = re.compile(r"-?\d+")


def mutated(spec: Spec) -> WrittenInputs:
    """The inputs of the visible tests, then others near them; none where a prompt shows no tests.

    Numbers become their neighbours, 0 and their negatives; texts and lists empty, reversed, doubled, or
    lose one at an end. A specification may not allow them all: what they are good for is to tell
    programs apart. Raises: ValueError if it is given something else.
    """
    if not isinstance(spec, Spec):
        raise ValueError(f"mutated: takes a Spec, not {spec!r:.60}")
    of = _of_function if spec.entry_point else _of_program
    shown = [each for test in spec.visible_tests for each in of(spec, test, False)]
    # by turns, so that each test has its share
    near = (of(spec, test, True) for test in spec.visible_tests)
    mixed = (each for turn in itertools.zip_longest(*near) for each in turn if each is not None)
    made = dict.fromkeys(itertools.chain(shown, mixed))
    return WrittenInputs(tuple(itertools.islice(made, _MOST)))


def _of_program(_: Spec, test: VisibleTest, is_changed: bool) -> Iterator[str]:
    text = test.call
    if not is_changed:
        yield text
        return
    for number in itertools.islice(_NUMBER.finditer(text), 20):
        if len(number[0]) < 100:
            for near in (int(number[0]) + 1, int(number[0]) - 1):
                yield f"{text[: number.start()]}{near}{text[number.end() :]}"


def _of_function(spec: Spec, test: VisibleTest, is_changed: bool) -> Iterator[str]:
    for name, arguments in _calls(spec, test):
        if not is_changed:
            yield _written(name, arguments)
            continue
        for at, value in enumerate(arguments):
            for other in _near(value):
                yield _written(name, [*arguments[:at], other, *arguments[at + 1 :]])


def _written(name: str, arguments: list[Any]) -> str:
    return f"{name}({', '.join(map(repr, arguments))})"


def _calls(spec: Spec, test: VisibleTest) -> Iterator[tuple[str, list[Any]]]:
    """What a test calls, and with which arguments, where these are literals."""
    try:
        if test.kind == "functional":  # a method's name, and its arguments as lines of JSON
            method, _, given = test.call.partition("\n")
            yield f"{spec.entry_point}().{method}", list(map(json.loads, given.split("\n")))
            return
        tree = trees.parse(test.call)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=spec.entry_point), args=nodes, keywords=[]):
                try:
                    yield spec.entry_point, [ast.literal_eval(each) for each in nodes]
                except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
                    continue


def _near(value: Any) -> Iterator[Any]:
    """Values of the same type near a value."""
    match value:
        case bool():
            yield not value
        case int():
            yield from (value + 1, value - 1, 0, -value)
        case float():
            yield from (value + 1, value / 2, 0.0, -value)
        case str() if len(value) <= _LONGEST:
            yield from ("", value[::-1], value + value, value[1:], value[:-1], value.swapcase())
        case list() | tuple() if len(value) <= _LONGEST:
            kind = type(value)
            yield from (kind(), value[::-1], kind([*value, *value]), value[1:], value[:-1])
            if value:
                yield from (
                    kind((other, *value[1:])) for other in itertools.islice(_near(value[0]), 2)
                )
        case dict() if value:
            yield from ({}, dict(list(value.items())[1:]))
