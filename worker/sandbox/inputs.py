"""MBPP+'s inputs as the programs want them: JSON has no tuples, sets or complex numbers.

Which problem wants what is EvalPlus's convention, by problem number.
"""

from collections.abc import Callable
from typing import Any

Inputs = list[Any]


def _tuples(depth: int) -> Callable[[Any], Any]:
    """Turns the lists at `depth` below a value into tuples."""

    def turn(value: Any) -> Any:
        if depth == 0:
            return tuple(value)
        return [_tuples(depth - 1)(item) for item in value]

    return turn


def _all_tuples(value: Any) -> Any:
    return tuple(_all_tuples(item) for item in value) if isinstance(value, list) else value


def _first(turn: Callable[[Any], Any]) -> Callable[[Inputs], Inputs]:
    """Turns the first argument only."""
    return lambda arguments: [turn(arguments[0]), *arguments[1:]]


def _second(turn: Callable[[Any], Any]) -> Callable[[Inputs], Inputs]:
    return lambda arguments: [arguments[0], turn(arguments[1]), *arguments[2:]]


def _each(turn: Callable[[Any], Any]) -> Callable[[Inputs], Inputs]:
    """Turns every argument."""
    return lambda arguments: [turn(argument) for argument in arguments]


def _sets(value: Any) -> Any:
    """Lists in a list become sets; an empty one becomes a dict, as in EvalPlus."""
    return [set(item) if isinstance(item, list) and item else {} for item in value]


def _listed_tuples(value: Any) -> Any:
    return tuple(tuple(item) if isinstance(item, list) else item for item in value)


def _dict_of_tuples(value: Any) -> Any:
    return {key: tuple(item) for key, item in value.items()}


_CONVENTIONS: list[tuple[Callable[[Inputs], Inputs], str]] = [
    (_each(_tuples(0)), "2 116 132 143 222 261 273 394 399 421 424 429 470 560 579 596 616 630 726 740 744 809"),
    (_each(_tuples(1)), "63 64 70 94 120 237 272 299 400 409 417 438 473 614 780"),
    (_first(_tuples(1)), "75 413 444 753"),
    (_second(_tuples(0)), "106 750"),
    (_first(_sets), "115"),
    (lambda arguments: [float(arguments[0]), complex(arguments[1])], "124"),
    (_first(_tuples(0)), "250 405 446 617 720 763 808 307"),
    (_each(lambda value: tuple(tuple(item) for item in value)), "259 401 445"),
    (_first(_listed_tuples), "278"),
    (_first(_dict_of_tuples), "722"),
    (lambda arguments: [complex(arguments[0])], "252"),
    (_each(_all_tuples), "580 615 791"),
]  # fmt: skip

_BY_NUMBER = {
    f"Mbpp/{number}": turn for turn, numbers in _CONVENTIONS for number in numbers.split()
}


def arguments_of(problem_id: str, inputs: list[Any]) -> list[Inputs]:
    """The argument lists of a problem, from its record's inputs."""
    turn = _BY_NUMBER.get(problem_id)
    return [turn(each) for each in inputs] if turn else inputs
