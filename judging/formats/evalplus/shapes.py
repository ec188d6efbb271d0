"""What MBPP+'s file cannot say in JSON: which inputs are tuples, sets and complex numbers.

The shapes, by problem, are EvalPlus's (v0.2.0 of the data), so that programs are called alike.
"""

from collections.abc import Callable
from typing import Any

from foureyes.judging.formats.evalplus.functions import FunctionTests

Arguments = list[Any]


def _all_tuples(arguments: Arguments) -> Arguments:
    return [tuple(argument) for argument in arguments]


def _all_lists_of_tuples(arguments: Arguments) -> Arguments:
    return [[tuple(item) for item in argument] for argument in arguments]


def _all_tuples_of_tuples(arguments: Arguments) -> Arguments:
    return [tuple(tuple(item) for item in argument) for argument in arguments]


def _first_list_of_tuples(arguments: Arguments) -> Arguments:
    return [[tuple(item) for item in arguments[0]], *arguments[1:]]


def _first_tuple(arguments: Arguments) -> Arguments:
    return [tuple(arguments[0]), *arguments[1:]]


def _second_tuple(arguments: Arguments) -> Arguments:
    return [arguments[0], tuple(arguments[1])]


def _deep_tuples(value: Any) -> Any:
    return tuple(map(_deep_tuples, value)) if isinstance(value, list) else value


def _all_deep_tuples(arguments: Arguments) -> Arguments:
    return [_deep_tuples(argument) for argument in arguments]


def _mixed_tuple(arguments: Arguments) -> Arguments:
    """One tuple, whose lists are tuples too."""
    return [
        tuple(tuple(item) if isinstance(item, list) else item for item in argument)
        for argument in arguments
    ]


def _list_of_sets(arguments: Arguments) -> Arguments:
    """An empty one is a dict, as `{}` is in the problem's own tests."""
    return [[set(item) if isinstance(item, list) and item else {} for item in arguments[0]]]


def _dict_of_tuples(arguments: Arguments) -> Arguments:
    return [{key: tuple(value) for key, value in arguments[0].items()}, *arguments[1:]]


def _complex(arguments: Arguments) -> Arguments:
    return [complex(arguments[0])]


def _float_and_complex(arguments: Arguments) -> Arguments:
    return [float(arguments[0]), complex(arguments[1])]


_NUMBERS: dict[Callable[[Arguments], Arguments], str] = {
    _all_tuples: "2 116 132 143 222 261 273 394 399 421 424 429 470 560 579 596 616 630 726 740 "
    "744 809",
    _all_lists_of_tuples: "63 64 70 94 120 237 272 299 400 409 417 438 473 614 780",
    _all_tuples_of_tuples: "259 401 445",
    _first_list_of_tuples: "75 413 444 753",
    _first_tuple: "250 307 405 446 617 720 763 808",
    _second_tuple: "106 750",
    _all_deep_tuples: "580 615 791",
    _mixed_tuple: "278",
    _list_of_sets: "115",
    _dict_of_tuples: "722",
    _complex: "252",
    _float_and_complex: "124",
}
_SHAPES = {
    f"Mbpp/{number}": shape for shape, numbers in _NUMBERS.items() for number in numbers.split()
}


def arguments(problem: FunctionTests, inputs: list[Arguments]) -> list[Arguments]:
    """The inputs as a program is called with them; the inputs of most problems are so already."""
    shape = _SHAPES.get(problem.problem_id) if problem.official else None
    return [_shaped(shape, given) for given in inputs] if shape else inputs


def _shaped(shape: Callable[[Arguments], Arguments], given: Arguments) -> Arguments:
    """An input that somebody has added may be of no such shape: it stays as it is."""
    try:
        return shape(given)
    except (TypeError, ValueError, IndexError, AttributeError):
        return given
