"""What tests depend on when they run beside a program, and whether it is still what it was.

A program that knows this can undo what it did in time: nothing in a process is safe from what runs there.
It is one hurdle of three; the others are planted functions, and that tests are counted outside.
"""

import sys
import types
from typing import Any

#: Modules whose functions and classes decide what tests say; those named with a dot at their end, with
#: all that are below them.
_WATCHED = (
    "unittest",
    "unittest.",
    "numpy.testing.",
    "pandas.testing",
    "pandas._testing",
    "builtins",
)
#: Of larger modules, what tests compare with.
_NAMED = {
    "numpy": ("allclose", "isclose", "array_equal", "array_equiv", "all", "any", "isnan"),
    "math": ("isclose", "isnan"),
    "pandas": ("DataFrame", "Series", "Index", "isna", "isnull"),
}
_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType)

#: Where each lies, its name, what it is, and the code of functions.
_remembered: list[tuple[Any, str, Any, Any]] = []


def remember() -> None:
    """Keep what all of it is, before there is any program."""
    _remembered.clear()
    for name, module in list(sys.modules.items()):
        if name in _WATCHED or name.startswith(tuple(each for each in _WATCHED if each[-1] == ".")):
            _remembered.append((sys.modules, name, module, None))
            for own, value in vars(module).items():
                _keep(vars(module), own, value, module.__name__.partition(".")[0])
    for package, names in _NAMED.items():
        if package in sys.modules:
            values = vars(sys.modules[package])
            for name in names:
                _keep(values, name, values.get(name), package)


def _keep(where: Any, name: str, value: Any, package: str) -> None:
    if isinstance(value, _FUNCTIONS):
        _remembered.append((where, name, value, getattr(value, "__code__", None)))
    elif isinstance(value, type):
        _remembered.append((where, name, value, None))
        if value.__module__.partition(".")[0] == package and package != "builtins":
            for own, member in vars(value).items():
                if isinstance(member, types.FunctionType):
                    _remembered.append((vars(value), own, member, member.__code__))


def broken() -> str:
    """The name of something that was changed, empty if nothing was."""
    for where, name, value, code in _remembered:
        if where.get(name) is not value or (code is not None and value.__code__ is not code):
            return name
    return ""
