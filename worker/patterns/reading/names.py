"""Which of a module's names a statement of its top level binds, reads and changes.

Scopes are Python's: a function's own variable is not the module's of the same name. Nothing here
recurses, for a program may be nested as deep as its writer likes.
"""

import ast
import builtins
from dataclasses import dataclass, field

BUILTINS = frozenset(dir(builtins))
#: Builtin functions that can change what they are given.
_CHANGING_BUILTINS = frozenset({"next", "setattr", "delattr", "exec", "eval", "map", "filter"})
#: Those that set an attribute of what they are given first.
_SETTERS = frozenset({"setattr", "delattr"})
#: Methods of Python's own containers that change them, and of what is written like them.
_CHANGING_METHODS = frozenset(
    [
        "add",
        "append",
        "appendleft",
        "clear",
        "discard",
        "extend",
        "extendleft",
        "insert",
        "move_to_end",
        "pop",
        "popitem",
        "popleft",
        "push",
        "put",
        "remove",
        "reverse",
        "rotate",
        "setdefault",
        "sort",
        "subtract",
        "update",
    ]
)
#: What sets the interpreter up for a program, whether or not the program says so anywhere else.
_SETTINGS = frozenset({"setrecursionlimit", "set_int_max_str_digits", "stack_size"})
#: What no judge can let a program do while it is loaded: wait for input, or end.
_HALTS = frozenset({"input", "exit", "quit", "_exit", "stdin", "raw_input"})
#: What a function that only shows or checks something does beside.
_SHOWS = frozenset({"print", "pprint"})
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
#: How far a chain such as `a.b[0].c()` is followed to its first name.
_CHAIN = 50


@dataclass
class Names:
    """The names of one statement.

    `changes` are those that it, or a function in it, assigns into or calls a changing method of;
    `touches` those of which it calls any method or hands on to a function, when it is run itself.
    `joins` are those that may keep what it defines: the object of a decorator (`@a.register`), a base,
    a metaclass; `decorators` those that decorate by themselves (`@a`, `@a(1)`).
    """

    binds: set[str] = field(default_factory=set)
    reads: set[str] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)
    touches: set[str] = field(default_factory=set)
    joins: set[str] = field(default_factory=set)
    decorators: set[str] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)  #: functions and methods called when it is run
    shows: set[str] = field(default_factory=set)  #: functions in it that print, assert or halt
    method_of: str = ""  #: it is nothing but a call of this name's method: `a.register(int, f)`
    sets_up: bool = False  #: it calls what sets the interpreter up
    halts: bool = False  #: it reads input, or ends the program
    asserts: bool = False  #: it has an assert


class _Scope:
    """A function's, class's or module's names; those that it does not bind are its parent's."""

    def __init__(
        self, parent: "_Scope | None", is_class: bool, is_run: bool, name: str = ""
    ) -> None:
        self.parent = parent
        self.name = name
        self.shows = False
        self.is_class = is_class
        self.is_run = is_run  #: when the statement is, and not when something calls it
        self.bound: set[str] = set()
        self.reads: set[str] = set()
        self.changes: set[str] = set()
        self.of_module: set[str] = set()
        self.of_outer: set[str] = set()


def names_of(statement: ast.stmt) -> Names:
    """The names that a statement of the top level has to do with."""
    names = Names()
    module = _Scope(None, is_class=False, is_run=True)
    scopes = [module]
    waiting: list[tuple[ast.AST, _Scope]] = [(statement, module)]

    while waiting:
        node, scope = waiting.pop()
        inner = scope
        body: list[ast.AST] = []  #: what is in the inner scope; the rest is evaluated outside
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                if not isinstance(node, ast.Lambda):
                    scope.bound.add(node.name)
                body = [*node.body] if isinstance(node.body, list) else [node.body]
                inner = _Scope(scope, False, is_run=False, name=getattr(node, "name", ""))
                inner.bound.update(_parameters(node.args))
            case ast.ClassDef():
                scope.bound.add(node.name)
                inner, body = _Scope(scope, is_class=True, is_run=scope.is_run), [*node.body]
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                inner = _Scope(scope, is_class=False, is_run=scope.is_run)
                body = [*ast.iter_child_nodes(node)]
            case ast.Name(id=name, ctx=ast.Load()):
                scope.reads.add(name)
                scope.shows |= name in _HALTS or name in _SHOWS
                names.halts |= scope.is_run and name in _HALTS
            case ast.Name(id=name):
                scope.bound.add(name)
            case ast.Global():
                scope.of_module.update(node.names)
            case ast.Nonlocal():
                scope.of_outer.update(node.names)
            case ast.alias():
                scope.bound.add(node.asname or node.name.partition(".")[0])
            case ast.ExceptHandler(name=str(name)) | ast.MatchStar(name=str(name)):
                scope.bound.add(name)
            case ast.MatchAs(name=str(name)) | ast.MatchMapping(rest=str(name)):
                scope.bound.add(name)
            case (
                ast.Attribute(ctx=ast.Store() | ast.Del())
                | ast.Subscript(ctx=ast.Store() | ast.Del())
            ):
                scope.changes.add(_first_name(node))
            case ast.Attribute(attr=attribute):
                scope.shows |= attribute in _HALTS
                names.halts |= scope.is_run and attribute in _HALTS
            case ast.Assert():
                scope.shows = True
                names.asserts |= scope.is_run
            case ast.Call():
                _call(node, scope, names if scope.is_run else None)
        if inner is not scope:
            scopes.append(inner)
        if scope is module and isinstance(node, _DEFINITIONS):
            _definition(node, names)
        inside = set(map(id, body))
        for child in ast.iter_child_nodes(node):
            waiting.append((child, inner if id(child) in inside else scope))
    for scope in reversed(scopes[1:]):
        _hand_up(scope, module)
    names.shows = {scope.name for scope in scopes if scope.shows} - {""}
    names.method_of = _method_of(statement)
    names.binds = module.bound
    if isinstance(statement, ast.AnnAssign) and statement.value is None:
        names.binds = set()  # a declaration, or a word of prose: `Note: this`
    names.reads, names.changes = module.reads, module.changes - {""}
    for found in (names.touches, names.joins, names.decorators):
        found.discard("")
    return names


def _parameters(arguments: ast.arguments) -> list[str]:
    single = [one for one in (arguments.vararg, arguments.kwarg) if one]
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *single]
    return [one.arg for one in every]


def _definition(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, names: Names) -> None:
    """Note what may keep a function or class when it is defined."""
    for decorator in node.decorator_list:
        maker = decorator.func if isinstance(decorator, ast.Call) else decorator
        found = names.decorators if isinstance(maker, ast.Name) else names.joins
        found.add(_first_name(maker))
    if isinstance(node, ast.ClassDef):
        above = [*node.bases, *(keyword.value for keyword in node.keywords)]
        names.joins.update(map(_first_name, above))


def _method_of(statement: ast.stmt) -> str:
    """`a` of `a.b(c)` and `a.b(c)(d)`; empty if the statement is something else."""
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=inner))):
            pass
        case ast.Expr(value=ast.Call(func=ast.Call(func=ast.Attribute(value=inner)))):
            pass
        case _:
            return ""
    return inner.id if isinstance(inner, ast.Name) else ""


def _call(node: ast.Call, scope: _Scope, names: Names | None) -> None:
    """Note what a call may change; `names` if it is made when the statement itself is run."""
    called = ""
    match node.func:
        case ast.Attribute(attr=called):
            if called in _CHANGING_METHODS:
                scope.changes.add(_first_name(node.func))
            if names:
                names.touches.add(_first_name(node.func))
        case ast.Name(id=called):
            if called in _SETTERS and node.args:
                scope.changes.add(_first_name(node.args[0]))
    if names is None:
        return
    names.calls.add(called)
    names.sets_up |= called in _SETTINGS
    if called in BUILTINS - _CHANGING_BUILTINS and isinstance(node.func, ast.Name):
        return
    for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
        names.touches.add(_first_name(argument))


def _first_name(node: ast.AST) -> str:
    """`a` of `a.b[0].c()`; empty if it begins with no name."""
    for _ in range(_CHAIN):
        match node:
            case ast.Name(id=name):
                return name
            case ast.Attribute(value=node) | ast.Subscript(value=node) | ast.Starred(value=node):
                pass
            case ast.Call(func=node):
                pass
            case _:
                break
    return ""


def _hand_up(scope: _Scope, module: _Scope) -> None:
    """Give the scope outside the names that are not this scope's own."""
    own = set() if scope.is_class else scope.bound - scope.of_module - scope.of_outer
    parent = scope.parent
    while parent is not None and parent.is_class:  # whose names its functions do not see
        parent = parent.parent
    assert parent is not None
    parent.reads |= scope.reads - own
    parent.changes |= scope.changes - own
    parent.shows |= scope.shows and parent is not module
    module.reads |= scope.of_module
    module.changes |= scope.bound & scope.of_module
