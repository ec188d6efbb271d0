"""What stands in a function's place while tests run beside it: a guard of what it returns, or a wrong one."""

import functools
import types
from collections.abc import Callable
from typing import Any

#: Wrong functions: three that leave the program's alone, and one that calls it and keeps its answer.
NOTHING, FIRST, RAISES, CALLED = "nothing", "first", "raises", "called"
WRONG = (NOTHING, FIRST, RAISES, CALLED)

#: Methods by which an object decides itself what tests see of it.
_DECIDING = frozenset(
    f"__{name}__"
    for name in (
        "eq", "ne", "lt", "le", "gt", "ge", "class", "getattribute", "getattr", "bool", "len", "contains",
        "getitem", "iter", "sub", "rsub", "abs", "round", "float", "int", "index", "array", "array_ufunc",
        "array_function", "instancecheck", "subclasscheck",
    )
)  # fmt: skip
#: Values that are looked at in what a function returns.
_MOST = 2000


class Wrong(Exception):
    """What the planted function raises that is called `raises`."""


#: All types that were there before any program, by id: those of a metaclass may say that they equal others.
_known: dict[int, type] = {}


def remember() -> None:
    """Know from here on which types are no program's."""
    _known.clear()
    left: list[type] = [object]
    while left:
        kind = left.pop()
        if id(kind) not in _known:
            _known[id(kind)] = kind
            left += type.__subclasses__(kind)


def watched(function: Callable[..., Any], found: list[str]) -> Callable[..., Any]:
    """The function; what is foreign in what it returns is put into `found`."""

    @functools.wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        output = function(*arguments, **named)
        if name := foreign(output):
            found.append(name)
        return output

    return call


def wrong(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The wrong function of a name, in the place of `function`."""

    @functools.wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        if name == RAISES:
            raise Wrong("a planted function")
        if name == FIRST:
            return next(iter((*arguments, *named.values())), 0)
        if name == CALLED:
            try:
                function(*arguments, **named)
            except BaseException:
                return None
        return None

    return call


def foreign(value: Any) -> str:
    """The name of a type in a value that decides by itself what it equals, and that a program has made."""
    left, seen = [value], 0
    while left and seen < _MOST:
        item = left.pop()
        seen += 1
        kind = type(item)
        if kind is list or kind is tuple or kind is set or kind is frozenset:
            left += item
        elif kind is dict:
            left += (*item.keys(), *item.values())
        elif id(kind) not in _known:
            for base in type.__getattribute__(kind, "__mro__"):
                if id(base) not in _known and _decides(base):
                    return str(type.__getattribute__(kind, "__name__"))
            for base in (list, tuple, set, frozenset):
                if base in type.__getattribute__(kind, "__mro__"):
                    left += base.__iter__(item)
    return ""


def _decides(kind: type) -> bool:
    """Whether a type has a method in Python that decides what is seen of it; libraries' own are in C."""
    own = type.__getattribute__(kind, "__dict__")
    return any(
        not isinstance(own[name], types.WrapperDescriptorType | types.MethodDescriptorType)
        for name in _DECIDING.intersection(own)
        if own[name] is not None
    )
