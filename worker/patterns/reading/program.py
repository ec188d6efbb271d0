"""What of a program its entry point needs: its statements of the top level, less those that only
show its use, check it, or run it."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Sequence

from foureyes.worker.patterns.reading.names import BUILTINS
from foureyes.worker.patterns.reading.statements import Statement

#: What finds names while it runs: all that a program defines may be meant.
_DYNAMIC = frozenset({"globals", "locals", "vars", "eval", "exec", "__import__"})
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_ASSIGNMENTS = (ast.Assign, ast.AnnAssign, ast.AugAssign)
#: Modules that only look at what they are given.
_TOOLS = frozenset({"unittest", "doctest", "pytest", "timeit", "inspect", "cProfile", "pprint"})
_IMPORTS = (ast.Import, ast.ImportFrom)


def needed(program: Sequence[Statement], entry_point: str) -> list[Statement]:
    """The statements that the entry point needs, in their order.

    Needed is what binds a name that it reaches: itself, what that reads, and so on, by Python's
    scopes. Further, what acts on something reached: assigns into it (`table[i] = ...`, also in a
    function that is called only for that), calls a method of it or of a module (`seed(0)`), or hands
    it to a function. What registers with it: what it decorates (`@h.register`), and subclasses. And
    what sets the interpreter up (`sys.setrecursionlimit`).

    All else is left out, wherever it stands: asserts, prints, tests and their calls, `__name__`
    blocks, reading input, `exit()`.
    """
    return _Reach(program, entry_point).result()


def missing(program: Iterable[Statement]) -> set[str]:
    """The names that statements read and neither they nor Python define."""
    read: set[str] = set()
    bound: set[str] = set()
    for statement in program:
        read |= statement.names.reads
        bound |= statement.names.binds
    return read - bound - BUILTINS - {"__name__", "__file__"}


class _Reach:
    """Follows names from the entry point; each statement and name is looked at once."""

    def __init__(self, program: Sequence[Statement], entry_point: str) -> None:
        self._program = program
        self._entry_point = entry_point
        self._binders: dict[str, list[int]] = defaultdict(list)
        self._readers: dict[str, list[int]] = defaultdict(list)
        self._changers: dict[str, list[int]] = defaultdict(list)
        self._touchers: dict[str, list[int]] = defaultdict(list)
        self._joiners: dict[str, list[int]] = defaultdict(list)
        self._decorated: dict[str, list[int]] = defaultdict(list)
        self._classes: set[str] = set()
        self._inputs: set[str] = set()  #: names of what is read, or ends the program
        self._examples: set[str] = set()  #: what calls the entry point, prints, asserts or halts
        self._values: set[str] = set()  #: names of anything but functions, classes and modules
        self._defined: set[str] = set()
        self._imported: set[str] = set()
        self._needed: set[int] = set()
        self._reached: set[str] = set()
        self._unanswered: list[str] = []  #: reached names whose changers were not looked at yet
        self._woken: set[int] = set()
        self._called: set[str] = set()
        for number, statement in enumerate(program):
            names = statement.names
            for index, found in (
                (self._binders, names.binds),
                (self._readers, names.reads),
                (self._changers, names.changes),
                (self._touchers, names.touches),
                (self._joiners, names.joins),
                (self._decorated, names.decorators),
            ):
                for name in found:
                    index[name].append(number)
            if isinstance(statement.node, _DEFINITIONS):
                self._defined |= names.binds
                if isinstance(statement.node, ast.ClassDef):
                    self._classes |= names.binds
            elif isinstance(statement.node, _IMPORTS):
                self._imported |= names.binds
            else:
                self._values |= names.binds
                if names.halts:
                    self._inputs |= names.binds

    def result(self) -> list[Statement]:
        self._reach([self._entry_point])
        self._find_examples()
        for number, statement in enumerate(self._program):
            if _always(statement) or (
                statement.names.sets_up
                and not self._never(statement)
                and self._entry_point not in statement.names.reads
            ):
                self._need(number)
        if self._reached & _DYNAMIC:
            for number, statement in enumerate(self._program):
                if isinstance(statement.node, (*_DEFINITIONS, *_IMPORTS)):
                    self._need(number)
        while self._unanswered:
            self._answer(self._unanswered.pop())
        return [self._program[number] for number in sorted(self._needed)]

    def _reach(self, names: Iterable[str]) -> None:
        waiting = [*names]
        while waiting:
            name = waiting.pop()
            if name in self._reached:
                continue
            self._reached.add(name)
            self._unanswered.append(name)
            for number in self._binders[name]:
                if number not in self._needed:
                    self._needed.add(number)
                    waiting.extend(self._program[number].names.reads)

    def _need(self, number: int) -> None:
        if number not in self._needed:
            self._needed.add(number)
            self._reach(self._program[number].names.reads)

    def _find_examples(self) -> None:
        """Find the names of what shows or checks the entry point, or leads to what does."""
        waiting = [self._entry_point]
        for statement in self._program:
            waiting.extend(statement.names.shows)
        waiting.extend(self._inputs)
        while waiting:
            name = waiting.pop()
            if name not in self._examples:
                self._examples.add(name)
                for number in self._readers[name]:
                    if number not in self._needed:
                        waiting.extend(self._program[number].names.binds)

    def _answer(self, name: str) -> None:
        """Need what acts on a name that is reached."""
        self._wake(self._changers[name])
        of_module = name in self._imported and name not in self._values
        if not of_module:
            for number in self._joiners[name]:
                self._join(number)
            if name in self._values:
                self._decorate([name])
        for number in self._touchers[name]:
            statement = self._program[number]
            reads = statement.names.reads
            is_example = self._entry_point in reads or statement.names.asserts
            if name == self._entry_point or name in self._defined:
                is_example = not self._sets_up(statement, name)
            if not is_example and not (of_module and reads & self._defined):
                self._wake([number], only=True)

    def _sets_up(self, statement: Statement, name: str) -> bool:
        """Whether what touches a function or class is there for it, and is no example of it."""
        names = statement.names
        if names.calls & self._examples or (names.reads & self._examples) - self._reached:
            return False
        if names.method_of == name:
            return True
        return (
            name in self._classes
            and name != self._entry_point
            and self._entry_point not in names.reads
            and not names.asserts
            and not names.reads & _TOOLS
            and not isinstance(statement.node, _ASSIGNMENTS)
        )

    def _join(self, number: int) -> None:
        """Need a definition that may be kept in something reached, and what acts on it."""
        statement = self._program[number]
        names = statement.names
        if not (names.asserts or names.reads & self._inputs or self._never(statement)):
            self._need(number)
            if isinstance(statement.node, _DEFINITIONS):
                self._reach(names.binds - {"_"})

    def _wake(self, numbers: Iterable[int], only: bool = False) -> None:
        """Need the statements that act when the program is loaded, and what calls the others."""
        waiting = [*numbers]
        while waiting:
            number = waiting.pop()
            statement = self._program[number]
            node = statement.node
            if number in self._needed and isinstance(node, _DEFINITIONS):
                self._decorate(statement.names.binds)
            if number in self._woken or number in self._needed:
                continue
            if not isinstance(node, _DEFINITIONS) or node.decorator_list:
                if not self._never(statement):
                    self._need(number)
            elif not only:
                self._woken.add(number)
                for name in statement.names.binds - self._called:
                    self._called.add(name)
                    waiting.extend(self._readers[name])

    def _decorate(self, names: Iterable[str]) -> None:
        """Need what is decorated by a function that keeps it."""
        for name in names:
            for number in self._decorated.pop(name, ()):
                self._join(number)

    def _never(self, statement: Statement) -> bool:
        """Whether a statement is no part of a program that is loaded to be called."""
        match statement.node:
            case ast.Assert() | ast.Return():
                return True
            case ast.Expr(value=ast.Call(func=ast.Name(id="print" | "pprint"))):
                return True
        return statement.names.halts or "__name__" in statement.names.reads


def _always(statement: Statement) -> bool:
    """Whether it decides how all is read, or binds names that cannot be known."""
    match statement.node:
        case ast.ImportFrom(module="__future__") | ast.ImportFrom(names=[ast.alias(name="*")]):
            return True
    return False
