"""Problems with more than one right answer, or whose right answer cannot be sent.

The rules are EvalPlus's. They are chosen by the names of problem and entry point, and hold for
EvalPlus's own problems alone (judging/formats/evalplus/official.py); every one of them reads inputs that the program
never had in its hands. Three let wrong programs pass, and hold only where verdicts are to be
EvalPlus's (`as_evalplus`): all is right for are_equivalent, 0 for sum_div, and whatever is not None
stands for a match.
"""

import math
from typing import Any

from foureyes.judging.comparison import matches
from foureyes.judging.formats.evalplus.functions import FunctionTests

#: The order of what these return, and repetitions in it, do not matter.
_SETS = frozenset(
    {
        "similar_elements",
        "find_char_long",
        "common_in_nested_lists",
        "extract_singly",
        "larg_nnum",
        "intersection_array",
        "find_dissimilar",
        "Diff",
    }
)
#: These return a match or nothing: what counts is whether there is one, which their problems' own
#: tests ask by `assert check_str(...)`.
_PRESENCES = frozenset({"check_str", "text_match_three", "text_starta_endb"})


def reduction(problem: FunctionTests, as_evalplus: bool = True) -> str:
    """What is to be sent of each output: all of it, or less (see inside/program.py)."""
    if _is_mbpp(problem):
        if problem.entry_point in _SETS:
            return "set"
        if problem.entry_point in _PRESENCES:
            return "presence" if as_evalplus else "truth"
    return ""


def output(problem: FunctionTests, sent: Any) -> Any:
    """What a program returned, out of what was sent of it."""
    if reduction(problem) == "set" and isinstance(sent, tuple) and len(sent) == 2:
        return sent[1]
    return sent


def right(
    problem: FunctionTests,
    arguments: list[Any],
    expected: Any,
    got: Any,
    atol: float,
    as_evalplus: bool = True,
) -> bool:
    """Whether `got` is a right output of this problem for these arguments."""
    try:
        return _right(problem, arguments, expected, got, atol, as_evalplus)
    except (TypeError, ValueError, OverflowError, AttributeError, RecursionError):
        return False  # no number where a rule computes with one


def _right(
    problem: FunctionTests,
    arguments: list[Any],
    expected: Any,
    got: Any,
    atol: float,
    as_evalplus: bool,
) -> bool:
    if problem.official and problem.problem_id == "HumanEval/32":
        return _is_root(arguments[0], expected, got, atol)
    if reduction(problem) == "set":
        (expected_set, expected), (got_set, got) = expected, got
        return matches(expected_set, got_set, 0) or matches(expected, got, atol, as_evalplus)
    if matches(expected, got, atol, as_evalplus):
        return True
    if not _is_mbpp(problem):
        return False
    match problem.entry_point:
        case "are_equivalent":
            return as_evalplus
        case "sum_div":
            return as_evalplus and bool(got == 0)
        case "surface_Area":
            return bool(abs(got - _pyramid_surface(*arguments)) <= problem.atol)
        case "digit_distance_nums":
            return bool(got == _digit_distance(*arguments))
    return False


def _is_mbpp(problem: FunctionTests) -> bool:
    return problem.official and problem.problem_id.startswith("Mbpp/")


def _is_root(coefficients: list[float], expected: Any, got: Any, atol: float) -> bool:
    """A root of the polynomial, within the tolerance, or as near to one as the reference comes.

    EvalPlus leaves out the second half, and so fails its own reference.
    """
    miss = abs(_polynomial(coefficients, got))
    return miss <= atol or miss <= abs(_polynomial(coefficients, expected))


def _polynomial(coefficients: list[float], x: float) -> float:
    return sum(coefficient * math.pow(x, power) for power, coefficient in enumerate(coefficients))


def _pyramid_surface(base_edge: float, height: float) -> int:
    """Of a square pyramid, `height` taken from the base to the apex."""
    slant = math.hypot(base_edge / 2, height)
    return round(base_edge * base_edge + 2 * base_edge * slant)


def _digit_distance(left: int, right: int) -> int:
    """The sum of the differences digit by digit, the shorter number filled up with zeros."""
    one, other = str(left), str(right)
    width = max(len(one), len(other))
    pairs = zip(one.zfill(width), other.zfill(width), strict=True)
    return sum(abs(int(a) - int(b)) for a, b in pairs)
