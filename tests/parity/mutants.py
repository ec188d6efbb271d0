"""Programs that are nearly right: each canonical solution, changed in every way models get wrong.

All changes are systematic, so each run judges the same programs. Two change the solution's tree,
the others wrap its entry point.
"""

import ast
import textwrap
from collections.abc import Callable, Iterator

#: Calls the solution through `_solved`; `{body}` is the body of the function in its place.
_WRAPPER = """
{source}

_solved, _calls = {name}, [0]


def _mapped(value, change):
    if type(value) in (list, tuple):
        return type(value)(_mapped(item, change) for item in value)
    return change(value)


def {name}(*arguments):
    _calls[0] += 1
{body}
"""

_BODIES = {
    "wrong type": """
        out = _solved(*arguments)
        kinds = {list: tuple, tuple: list, int: str, str: list, float: str, bool: str, dict: list}
        return kinds.get(type(out), repr)(out)
    """,
    "whole numbers as floats": """
        out = _solved(*arguments)
        return _mapped(out, lambda one: float(one) if type(one) is int else one)
    """,
    "truth as a number": """
        return _mapped(_solved(*arguments), lambda one: int(one) if type(one) is bool else one)
    """,
    "nearly": """
        return _mapped(_solved(*arguments), lambda one: one + 5e-7 if type(one) is float else one)
    """,
    "not near enough": """
        out = _solved(*arguments)
        return _mapped(out, lambda one: one * (1 + 3e-4) if type(one) is float else one)
    """,
    "numpy": """
        import numpy
        kinds = {int: numpy.int64, float: numpy.float64, bool: numpy.bool_}
        out = _solved(*arguments)
        if type(out) is int and abs(out) >> 62:
            return out
        return kinds.get(type(out), lambda value: value)(out)
    """,
    "numpy, nearly": """
        import numpy
        out = _solved(*arguments)
        return numpy.float64(out) + 5e-7 if type(out) is float else out
    """,
    "reversed": """
        out = _solved(*arguments)
        if type(out) in (list, tuple, str):
            return out[::-1]
        return not out if type(out) is bool else out
    """,
    "changes its arguments": """
        out = _solved(*arguments)
        for argument in arguments:
            if type(argument) in (list, dict, set):
                argument.clear()
        return out
    """,
    "answers with its argument": """
        out = _solved(*arguments)
        if type(out) is list and type(arguments[0]) is list:
            arguments[0][:] = out
            return arguments[0]
        return out
    """,
    "remembers": """
        return _solved(*arguments) if _calls[0] < 3 else None
    """,
    "raises": """
        if _calls[0] == 2:
            raise ValueError("no")
        return _solved(*arguments)
    """,
    "exits": """
        if _calls[0] == 2:
            raise SystemExit(0)
        return _solved(*arguments)
    """,
    "dies": """
        import os
        if _calls[0] == 2:
            os._exit(0)
        return _solved(*arguments)
    """,
    "prints a lot": """
        print("x" * 2000)
        return _solved(*arguments)
    """,
    "asks": """
        if _calls[0] == 2:
            input()
        return _solved(*arguments)
    """,
    "opens a file": """
        with open("notes", "w") as file:
            file.write("x")
        return _solved(*arguments)
    """,
    "slow": """
        import time
        start = time.process_time()
        while _calls[0] == 2 and time.process_time() - start < 20:
            pass
        return _solved(*arguments)
    """,
    "sleeps": """
        import time
        if _calls[0] == 2:
            time.sleep(20)
        return _solved(*arguments)
    """,
    "nothing": """
        _solved(*arguments)
    """,
}
#: Each costs both judges a second or more, so it is made of every fifth problem.
_COSTLY, _EVERY = {"slow", "sleeps"}, 5

_FLIPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}


def mutants(solution: str, entry_point: str, number: int) -> Iterator[tuple[str, str]]:
    """Pairs of a class and a program; `number` is the place of the problem in its benchmark."""
    yield "canonical", solution
    yield from _changed(solution, "off by one", _constants, _increment)
    yield from _changed(solution, "flipped comparison", _comparisons, _flip)
    for kind, body in _BODIES.items():
        if kind not in _COSTLY or number % _EVERY == 0:
            inside = textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
            yield kind, _WRAPPER.format(source=solution, name=entry_point, body=inside)
    yield "does not load", solution + "\nassert False\n"
    yield "does not parse", solution + "\n  )\n"
    yield "has another name", solution + f"\nanswer = {entry_point}\ndel {entry_point}\n"


def _changed(
    solution: str,
    kind: str,
    find: Callable[[ast.AST], list[ast.AST]],
    change: Callable[[ast.AST], None],
) -> Iterator[tuple[str, str]]:
    """The solution with the first, and with the last of such places changed."""
    places = len(find(ast.parse(solution)))
    for place in sorted({0, places - 1}) if places else []:
        tree = ast.parse(solution)
        change(find(tree)[place])
        yield kind, ast.unparse(tree) + "\n"


def _constants(tree: ast.AST) -> list[ast.AST]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and type(node.value) is int
    ]


def _increment(node: ast.AST) -> None:
    assert isinstance(node, ast.Constant) and isinstance(node.value, int)
    node.value += 1


def _comparisons(tree: ast.AST) -> list[ast.AST]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Compare)]


def _flip(node: ast.AST) -> None:
    assert isinstance(node, ast.Compare)
    node.ops[0] = _FLIPPED[type(node.ops[0])]()
