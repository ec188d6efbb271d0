"""What the author of a pattern most likely meant, said behind what is wrong."""

from collections.abc import Generator
from dataclasses import fields, is_dataclass
from types import FunctionType, GeneratorType
from typing import Any

from foureyes.worker.patterns.steps import Note, Program, Step, TokensLeft

_OURS = "foureyes."
#: What Python calls a generator that no function made.
_EXPRESSION = "<genexpr>"
#: How Python says that a generator has yielded while it was closed.
_YIELDS_AT_ITS_END = "generator ignored GeneratorExit"


def of_error(error: BaseException) -> str:
    """Behind an attribute that something of ours does not have: what it has. Behind Python's words for a
    step that was yielded at the end: what brings that about. Else nothing."""
    if isinstance(error, RuntimeError) and str(error) == _YIELDS_AT_ITS_END:
        return (
            "; it is ended where it waits: it must not `yield` in a `finally`, nor catch more there than "
            "`Exception`"
        )
    if not isinstance(error, AttributeError):
        return ""
    value = error.obj
    if isinstance(value, Step):
        return f": it is a step until it is yielded, `yield {type(value).__name__}(...)` gives its result"
    if not is_dataclass(value) or not type(value).__module__.startswith(_OURS):
        return ""
    return f"; it has {', '.join(_public(type(value)))}"


def _public(kind: Any) -> list[str]:
    """What a value's author is told of: its fields, and what it works out of them."""
    told = [field.name for field in fields(kind)]
    told += [name for name, each in vars(kind).items() if isinstance(each, property | FunctionType)]
    return [name for name in told if not name.startswith("_")]


def of_yielded(yielded: Any) -> str:
    """Behind something that is no step and no tuple of steps."""
    if isinstance(yielded, GeneratorType) and yielded.__name__ != _EXPRESSION:
        return "; `yield from` does the steps of another function"
    if isinstance(yielded, list | Generator):
        return "; `yield tuple(...)` asks for several at the same time"
    if isinstance(yielded, tuple) and any(isinstance(each, Note | TokensLeft) for each in yielded):
        return "; what costs no call, a Note or TokensLeft, is yielded by itself"
    return ""


def of_returned(returned: Any) -> str:
    """Behind something that is no code."""
    if returned is None:
        return "; it ends without a `return`, or with one of nothing"
    return "; return its `.code`" if isinstance(returned, Program) else ""
