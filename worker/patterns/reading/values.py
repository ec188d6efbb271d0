"""Values that an answer names before it tests with them, put back where they are used.

`xs = [1, 2]` and `assert f(xs) == 3` are one test, `assert f([1, 2]) == 3`; a loop over such values is as many.
Text is read, never run.
"""

import ast
import copy
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from foureyes.models import trees
from foureyes.worker.patterns.reading.candidates import gives
from foureyes.worker.patterns.reading.names import BUILTINS, names_of

#: Statements of an answer that are looked at, a loop's once a round, and how deep they may stand.
_MOST_READ, _DEEPEST = 2000, 20
#: Nodes that a filled expression may have.
_LARGEST = 2000
#: What each test of a contest's method has one of by itself.
_FRESH = "Solution()"
#: What may be another after it was handed to a function.
_CHANGEABLE = (
    ast.Call
    | ast.List
    | ast.Dict
    | ast.Set
    | ast.ListComp
    | ast.DictComp
    | ast.SetComp
    | ast.GeneratorExp
)


@dataclass(frozen=True)
class _Value:
    """What a name stands for. Of the changeable names that went into it some were handed to a function."""

    node: ast.expr
    size: int
    handed: frozenset[str]
    others: frozenset[str]


#: By name; None of one that has some value, which is not known.
Values = dict[str, _Value | None]


def statements(
    tree: ast.Module, known: Values, *, changing: bool
) -> Iterator[tuple[ast.stmt, Values]]:
    """The asserts and expressions in order, those of loops and tests too, with what names stand for there.

    `known` is what they stand for before, and in the end what they stand for after. Functions that give
    something are a program's own, and passed over. `changing`: a call that is a statement may change what
    it is given, which then stands for nothing.
    """
    yield from _walk(tree.body, known, _Way(iter(range(_MOST_READ)), changing))


def note(tree: ast.Module | None, source: str, known: Values) -> None:
    """Note what lines do to names that show nothing themselves; what is no Python may do anything to them."""
    if tree is None:
        found = set(re.findall(r"\w+", source.partition("#")[0]))
        _lose(known, found & known.keys())
    else:
        for _ in statements(tree, known, changing=True):
            pass


def filled(node: ast.expr, known: Values) -> ast.expr | None:
    """The expression with the values of its names; None if it has none, or would not be the same then."""
    if not any(isinstance(inner, ast.Name) and inner.id in known for inner in ast.walk(node)):
        return None
    found = _fill(node, known)
    return found.node if found else None


def calls(node: ast.expr) -> bool:
    """Whether it calls a function that is not Python's own."""
    return any(map(_is_call, ast.walk(node)))


def _is_call(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id=name)):
            return name not in BUILTINS
        case _:
            return isinstance(node, ast.Call)


@dataclass(frozen=True)
class _Way:
    """How statements are gone through: `left` gives something for each that may still be looked at."""

    left: Iterator[int]
    changing: bool
    level: int = 0

    def inside(self) -> "_Way":
        return replace(self, level=self.level + 1)


def _walk(body: Sequence[ast.stmt], known: Values, way: _Way) -> Iterator[tuple[ast.stmt, Values]]:
    for node in body:
        if next(way.left, None) is None or way.level > _DEEPEST:
            return
        match node:
            case ast.Assert():
                yield node, known
                _change(known, node)
            case ast.Expr():
                yield node, known
                if way.changing:
                    _forget(known, node)
            case (
                ast.Assign(targets=[target], value=ast.expr() as value)
                | ast.AnnAssign(target=target, value=ast.expr() as value)
            ):
                _bind(target, value, known)
                _change(known, ast.Expr(value))
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                known.pop(node.name, None)  # it can be called
                if not gives(node):
                    inner = dict(known)
                    _forget(inner, node.args)
                    yield from _walk(node.body, inner, way.inside())
            case ast.For():
                for element in _elements(node, known):
                    if element is None:
                        _forget(known, node.target)
                    else:
                        _bind(node.target, element, known)
                    yield from _walk(node.body, known, way.inside())
                _forget(known, node)
                yield from _walk(node.orelse, known, way.inside())
            case _:
                inner = dict(known)
                for each in getattr(node, "items", ()):  # of a `with`
                    _forget(inner, each)
                for part in _bodies(node):
                    yield from _walk(part, dict(inner), way.inside())
                _forget(known, node)


def _bodies(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "handlers", "cases", "orelse", "finalbody"):
        part = getattr(node, name, [])
        yield [each for each in part if isinstance(each, ast.stmt)]
        yield from (
            each.body for each in part if isinstance(each, ast.ExceptHandler | ast.match_case)
        )


def _elements(loop: ast.For, known: Values) -> Sequence[ast.expr | None]:
    """What a loop goes over, where all of its body is done each time; else one that is not known."""
    found = _fill(loop.iter, known)
    match found.node if found else None:
        case ast.List(elts=several) | ast.Tuple(elts=several) if _is_straight(loop.body):
            return several
        case _:
            return [None]


def _is_straight(body: Sequence[ast.stmt]) -> bool:
    simple = ast.Assert | ast.Expr | ast.Assign | ast.AnnAssign | ast.AugAssign
    return all(
        isinstance(node, simple) or (isinstance(node, ast.For) and _is_straight(node.body))
        for node in body
    )


def _bind(target: ast.expr, value: ast.expr, known: Values) -> None:
    """Note what the names of an assignment stand for from now on."""
    match target, value:
        case ast.Name(id=name), _:
            known[name] = _fill(value, known, name)
        case (
            ast.Tuple(elts=targets) | ast.List(elts=targets),
            ast.Tuple(elts=values) | ast.List(elts=values),
        ) if len(targets) == len(values):
            before = dict(known)
            _forget(known, target)
            for each, part in zip(targets, values, strict=True):
                if isinstance(each, ast.Name):
                    known[each.id] = _fill(part, before, each.id)
        case _:
            _forget(known, target)


def _forget(known: Values, node: ast.AST) -> None:
    """Know no more of what the names in it that have a value, or get one there, stand for."""
    names = set()
    for inner in ast.walk(node):
        match inner:
            case ast.Name(id=name, ctx=ast.Load()) if name not in known:
                pass
            case ast.Name(id=name) | ast.arg(arg=name):
                names.add(name)
    _lose(known, names)


def _change(known: Values, node: ast.stmt) -> None:
    """Know no more of what a statement changes beside what it is for: `n = xs.pop()`."""
    names = names_of(node)
    _lose(known, names.binds | names.changes & known.keys())


def _lose(known: Values, names: set[str]) -> None:
    """Names stand for something else now, and so do others of the same lists."""
    lists = names.union(*(value.others for name in names if (value := known.get(name))))
    same = {name for name, value in known.items() if value and value.others & lists}
    known.update(dict.fromkeys(names | same))


@dataclass
class _Uses:
    """What is found in an expression that is to be filled."""

    size: int = 0
    handed: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)
    bound: set[str] = field(default_factory=set)
    is_changeable: bool = False
    #: Every value is known, and none is an object that its methods may change.
    is_whole: bool = True


def _uses(node: ast.expr, known: Values) -> _Uses:
    found = _Uses()
    waiting: list[tuple[ast.AST, bool]] = [(node, False)]
    while waiting:
        each, is_handed = waiting.pop()
        found.size += 1
        found.is_changeable |= isinstance(each, _CHANGEABLE)
        match each:
            case ast.Name(id=name, ctx=ast.Load()) if name in known:
                value = known[name]
                if value is None:
                    found.is_whole = False
                    continue
                found.size += value.size
                found.handed |= value.handed | (value.others if is_handed else set())
                found.others |= set() if is_handed else value.others
            case ast.Name(id="next"):
                found.is_whole = False  # gives something else each time
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                found.bound.add(name)
            case ast.Attribute(value=ast.Name(id=name)) if value := known.get(name):
                found.is_whole &= not calls(value.node) or ast.unparse(value.node) == _FRESH
        inside = is_handed or _is_call(each)
        waiting.extend((child, inside) for child in ast.iter_child_nodes(each))
    return found


def _fill(node: ast.expr, known: Values, name: str = "") -> _Value | None:
    """An expression with its values, for which `name` is to stand; None if it would not be the same.

    A list that is handed to a function and stands beside its result is one, and would be two.
    """
    uses = _uses(node, known)
    if (
        uses.size > _LARGEST
        or not uses.is_whole
        or uses.bound & known.keys()
        or uses.handed & uses.others
        or trees.is_too_deep(node)
    ):
        return None
    made = _Filling(known).visit(copy.deepcopy(node))
    if trees.is_too_deep(made):
        return None
    others = uses.others | ({name} if name and uses.is_changeable else set())
    return _Value(made, uses.size, frozenset(uses.handed), frozenset(others))


class _Filling(ast.NodeTransformer):
    def __init__(self, known: Values) -> None:
        self._known = known

    def visit_Name(self, node: ast.Name) -> ast.expr:
        value = self._known.get(node.id)
        return value.node if value else node
