"""What an assert of a prompt claims: which values it asks of a program, and what must hold of them.

The values alone are asked for inside; what they are compared with stays outside, as with hidden tests.
"""

import ast
import functools
import itertools
import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from foureyes.judging.comparison import FLOATS, matches
from foureyes.models import trees

#: Whether something holds of the values that were asked for, in their order.
Holds = Callable[[Sequence[Any]], bool]

_NOT_LITERAL = (ValueError, TypeError, SyntaxError, MemoryError, RecursionError)


@dataclass(frozen=True)
class Claim:
    """The expressions to be asked, and what their values have to be.

    May raise TypeError, where Python's own assert would.
    """

    asked: tuple[str, ...]
    holds: Holds


def claim(statement: str, entry_point: str) -> Claim | None:
    """What an assert claims; None if only running it can tell.

    Told apart from its values are comparisons with literals or with each other, `not`, `and`,
    `abs(f(1) - 2.5) < 1e-6`, `math.isclose`, and what has to be true.
    """
    match trees.parse(statement).body:
        case [ast.Assert(test=condition)]:
            return _Reader(entry_point).read(condition)
    return None


class _Reader:
    def __init__(self, entry_point: str) -> None:
        self._entry_point = entry_point

    def read(self, node: ast.expr) -> Claim | None:
        match node:
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return _negated(self.read(operand))
            case ast.BoolOp(op=ast.And(), values=parts):
                return _all([self.read(part) for part in parts])
            case ast.BoolOp():
                return None  # what stands second may not be meant to run
            case ast.Compare(left=left, ops=ops, comparators=others):
                return self._compared([left, *others], ops)
            case ast.Call(func=ast.Attribute(attr="isclose"), args=[one, other], keywords=named):
                return self._close(one, other, named)
        asked = f"bool({ast.unparse(node)})"
        return Claim((asked,), lambda found: found[0] is True) if self._asks(node) else None

    def _compared(self, sides: Sequence[ast.expr], ops: Sequence[ast.cmpop]) -> Claim | None:
        asked: list[str] = []
        reads: list[Callable[[Sequence[Any]], Any]] = []
        for side in sides:
            known, value = _literal(side)
            if known:
                reads.append(functools.partial(_constant, value))
                continue
            if not self._asks(side):
                return None
            source, read = _distance(side)
            reads.append(functools.partial(_read, len(asked), read))
            asked.append(source)
        if not asked or not all(type(op) in _COMPARE for op in ops):
            return None

        def holds(found: Sequence[Any]) -> bool:
            values = [read(found) for read in reads]
            return all(
                _COMPARE[type(op)](*pair)
                for op, pair in zip(ops, itertools.pairwise(values), strict=True)
            )

        return Claim(tuple(asked), holds)

    def _close(self, one: ast.expr, other: ast.expr, named: Sequence[ast.keyword]) -> Claim | None:
        options = {each.arg: _literal(each.value) for each in named if each.arg}
        known, value = _literal(other)
        if not known:
            (known, value), one = _literal(one), other
        if not known or not self._asks(one) or not all(known for known, _ in options.values()):
            return None
        given = {name: found for name, (_, found) in options.items()}
        return Claim((ast.unparse(one),), lambda found: math.isclose(found[0], value, **given))

    def _asks(self, node: ast.expr) -> bool:
        """Whether an expression calls the entry point."""
        return any(
            isinstance(each, ast.Call)
            and isinstance(each.func, ast.Name)
            and each.func.id == self._entry_point
            for each in ast.walk(node)
        )


def _negated(claimed: Claim | None) -> Claim | None:
    if claimed is None:
        return None
    return Claim(claimed.asked, lambda found: not claimed.holds(found))


def _all(claims: Sequence[Claim | None]) -> Claim | None:
    known = [each for each in claims if each is not None]
    if len(known) < len(claims):
        return None

    def holds(found: Sequence[Any]) -> bool:
        left = list(found)
        for each in known:
            mine, left = left[: len(each.asked)], left[len(each.asked) :]
            if not each.holds(mine):
                return False
        return True

    return Claim(tuple(source for each in known for source in each.asked), holds)


def _literal(node: ast.expr) -> tuple[bool, Any]:
    """Whether an expression is a literal, and its value."""
    try:
        return True, ast.literal_eval(node)
    except _NOT_LITERAL:
        return False, None


def _distance(node: ast.expr) -> tuple[str, Callable[[Any], Any]]:
    """What to ask for an expression, and how to go on from it: `abs(f(1) - 2.5)` tells what is right."""
    match node:
        case ast.Call(
            func=ast.Name(id="abs"),
            args=[ast.BinOp(left=left, op=ast.Sub(), right=right)],
            keywords=[],
        ):
            for side, other in ((left, right), (right, left)):
                known, value = _literal(other)
                if known:
                    return ast.unparse(side), functools.partial(_apart, value)
    return ast.unparse(node), lambda found: found


def _constant(value: Any, _: Sequence[Any]) -> Any:
    return value


def _read(at: int, read: Callable[[Any], Any], found: Sequence[Any]) -> Any:
    return read(found[at])


def _apart(one: Any, other: Any) -> Any:
    return abs(other - one)


def equal(one: Any, other: Any) -> bool:
    """As hidden tests have it: floats that are expected may be near."""
    return matches(other, one, FLOATS if _has_floats(one) or _has_floats(other) else 0.0)


def _has_floats(value: Any) -> bool:
    """As wire.has_floats."""
    if isinstance(value, list | tuple):
        return bool(value) and all(map(_has_floats, value))
    return isinstance(value, float)


_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: equal,
    ast.NotEq: lambda one, other: not equal(one, other),
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda one, other: one in other,
    ast.NotIn: lambda one, other: one not in other,
}
