"""Interaction patterns: how two models work together on one problem. One file each.

A pattern is a generator that yields steps and returns the final code. It is replayed from the
recorded steps each time one ends, so it must be deterministic: the same results in, the same steps
out. It sees a `Spec`, never the hidden tests. Its options are the parameters after `spec`.
"""

import hashlib
import importlib
import importlib.util
import inspect
import itertools
import json
import pkgutil
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from types import CodeType
from typing import Any

from pydantic import BaseModel, ConfigDict, PydanticUserError, ValidationError, create_model
from pydantic_core import PydanticSerializationError

from foureyes.models.errors import FoureyesError, said_of
from foureyes.models.nearest import meant
from foureyes.models.problem import Spec
from foureyes.worker.patterns.steps import Steps
from foureyes.worker.patterns.style import Style

#: The option of patterns that draw samples: the pattern of the sweep whose attempts say how many answer
#: tokens theirs may spend.
TOKENS_OF = "tokens_of"


@dataclass(frozen=True)
class Pattern:
    """A named interaction pattern; `options` has a field for each option, the style's included.

    `counts` is the option that says how many samples it draws, for which a budget can stand; empty if it
    draws none, or always as many.
    """

    name: str
    body: Callable[..., Steps]
    summary: str
    options: type[BaseModel]
    counts: str = ""

    def configure(self, given: Mapping[str, Any]) -> "Configured":
        """The pattern with these options, and the defaults of all others.

        Raises: FoureyesError naming the option, if one is unknown or out of its range.
        """
        fields = self.options.model_fields
        budgeted = given.get(TOKENS_OF) not in (None, "")
        if budgeted and self.counts in given:
            raise FoureyesError(
                f"pattern {self.name!r}: `{TOKENS_OF}` says how many {self.counts} there are; leave "
                f"`{self.counts}` out"
            )
        for name in given:
            if name == TOKENS_OF and name not in fields:
                raise FoureyesError(
                    f"pattern {self.name!r} draws no samples until a budget is spent, so `{TOKENS_OF}` "
                    f"says nothing of it; {_drawing()} do"
                )
            if name not in fields:
                raise FoureyesError(
                    f"pattern {self.name!r} has no option {name!r}{meant(name, fields)}"
                )
        try:
            # as JSON, which has no other way to write a list or an enumeration: nothing is converted
            options = self.options.model_validate_json(json.dumps(given, default=str), strict=True)
        except ValidationError as error:
            first = error.errors()[0]
            name, said = str(first["loc"][0]), first["msg"]
            if first["type"] == "string_pattern_mismatch":
                said = "a name has lower-case letters, digits and '-'"
            raise FoureyesError(
                f"pattern {self.name!r}, option {name!r}: {said} (it is {first['input']!r})"
            ) from None
        told = Style.told(options.model_dump(mode="json"))
        # one of the two says how many; runs of before there were budgets have no word of them
        unsaid = self.counts if budgeted else TOKENS_OF
        return Configured(self, {name: told[name] for name in told if name != unsaid})


@dataclass(frozen=True)
class Configured:
    """A pattern with a value for each of its options, but for those that `Style.told` leaves out, and
    with a budget or a number of samples, not both."""

    pattern: Pattern
    options: dict[str, Any]

    @property
    def label(self) -> str:
        """The name, and in brackets the options that are not at their default."""
        usual = self.pattern.options.model_validate({}).model_dump(mode="json")
        told = [f"{name}={value}" for name, value in self.options.items() if value != usual[name]]
        return f"{self.pattern.name}({', '.join(told)})" if told else self.pattern.name

    @property
    def style(self) -> Style:
        """How its prompts are written."""
        return Style(
            **{name: self.options[name] for name in Style.model_fields.keys() & self.options}
        )

    @property
    def tokens_of(self) -> str:
        """The pattern whose tokens its attempts may spend, as the file names it; empty: they have no budget."""
        return str(self.options.get(TOKENS_OF, ""))

    def start(self, spec: Spec) -> Steps:
        """The generator, before its first step."""
        values = self.pattern.options.model_validate_json(json.dumps(self.options))
        own = self.options.keys() - Style.model_fields.keys() - {TOKENS_OF}
        given = {name: getattr(values, name) for name in own}
        if self.tokens_of:
            given[self.pattern.counts] = None
        return self.pattern.body(spec, **given)


#: Everything that `pattern` has marked in this process, whoever imported it.
_MARKED: list[Pattern] = []
#: Modules of users' own are numbered: two folders may hold different ones of the same name.
_numbers = itertools.count(1)


#: What sweep files and tables can write as a pattern's name: they put options in brackets behind it.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")


def pattern(name: str, counts: str = "") -> Callable[[Callable[..., Steps]], Callable[..., Steps]]:
    """Mark a generator function as the pattern `name`; its docstring says what happens.

    Each parameter after the first is an option: it needs a type and a default. `counts` is the one that
    says how many samples are drawn, if a budget can say so in its place (`tokens_of`): it is None then,
    and the pattern draws for as long as `TokensLeft` says.
    """
    place = _line_of(sys._getframe(1).f_code, sys._getframe(1).f_lineno)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        given = "; here is none" if callable(name) else f", not {name!r:.60}"
        raise FoureyesError(
            'a pattern is marked by a line @pattern("its-name") before it; a name has letters, digits, '
            f"'.', '_' and '-'{given} ({place})"
        )

    def mark(body: Callable[..., Steps]) -> Callable[..., Steps]:
        try:
            _MARKED.append(_made(name, body, counts))
        except FoureyesError as error:
            raise FoureyesError(f"{error} ({place})") from None
        return body

    return mark


def _made(name: str, body: Callable[..., Steps], counts: str) -> Pattern:
    if not inspect.isfunction(body):
        kind = "class" if inspect.isclass(body) else type(body).__name__
        raise FoureyesError(f"pattern {name!r} marks a {kind}, which is no function")
    summary = inspect.cleandoc(body.__doc__ or "")
    if not summary:
        raise FoureyesError(f"pattern {name!r} has no docstring that says what happens")
    return Pattern(name, body, summary, _options(name, body, counts), counts)


def _options(name: str, body: Callable[..., Steps], counts: str) -> type[BaseModel]:
    """The options that a pattern's signature declares, and those of its style."""
    first, *parameters = inspect.signature(body, eval_str=True).parameters.values() or (None,)
    if first is None:
        raise FoureyesError(f"pattern {name!r} takes no specification: def ...(spec, ...)")
    fields: dict[str, Any] = {}
    for parameter in parameters:
        option = f"pattern {name!r}, option {parameter.name!r}"
        if parameter.empty in (parameter.annotation, parameter.default):
            raise FoureyesError(f"{option}: it needs a type and a default")
        if parameter.annotation in (object, Any):
            raise FoureyesError(
                f"{option}: its type lets anything in; say int, str, bool or the like"
            )
        if parameter.name == "name":
            raise FoureyesError(
                f"{option}: a sweep file has the pattern's name there; call yours something else"
            )
        if parameter.name in Style.model_fields:
            raise FoureyesError(f"{option}: every pattern has it; call yours something else")
        if parameter.name == TOKENS_OF:
            raise FoureyesError(f"{option}: say `counts=` to have it; call yours something else")
        if parameter.name.startswith("_") or hasattr(Style, parameter.name):
            raise FoureyesError(
                f"{option}: no option can have this name; call yours something else"
            )
        fields[parameter.name] = (parameter.annotation, parameter.default)
    if counts:
        if counts not in fields:
            raise FoureyesError(
                f"pattern {name!r}: it has no option {counts!r} to count samples by"
            )
        fields[TOKENS_OF] = (str, "")
    try:
        made = create_model(f"Options of {name}", __base__=_Checked, **fields)
        json.dumps(made.model_validate({}).model_dump(mode="json"), allow_nan=False)
    except ValidationError as error:
        mistake = error.errors()[0]
        raise FoureyesError(
            f"pattern {name!r}, option {mistake['loc'][0]!r}: its default: {mistake['msg']}"
        ) from None
    except (PydanticUserError, PydanticSerializationError, ValueError) as error:
        raise FoureyesError(
            f"pattern {name!r}: a sweep file cannot write one of its options, or its default "
            f"({said_of(error)})"
        ) from None
    return made


class _Checked(Style):
    model_config = ConfigDict(validate_default=True)


@cache
def patterns() -> Mapping[str, Pattern]:
    """The patterns that ship with foureyes, by name."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return _of(__name__)


@dataclass(frozen=True)
class Module:
    """A module of a user's own, as it was when it was loaded."""

    patterns: Mapping[str, Pattern]
    source_hash: str
    file: Path | None = None


def load_modules(names: Iterable[str], folder: Path) -> dict[str, Module]:
    """Load modules of a user's own: files in `folder`, or installed ones.

    They are code, and run with our rights: a sweep file names only what its author trusts.

    Raises: FoureyesError naming the module, if it is not there, fails or has no pattern.
    """
    paths = {name: folder / f"{name}.py" for name in names}
    found = {
        name: _from_file(path, _read(path)) if path.is_file() else _installed(name)
        for name, path in paths.items()
    }
    for name, module in found.items():
        if not module.patterns:
            raise FoureyesError(
                f"modules: {module.file.name if module.file else name} has no pattern: one is marked by a "
                'line @pattern("its-name") before it'
            )
    return found


def as_enqueued(
    name: str, modules: Iterable[str], folder: Path, hashes: Mapping[str, str]
) -> Pattern:
    """The pattern of this name in a sweep that is under way, as it was when the sweep was enqueued.

    A module that is another by now keeps back its own patterns alone, and nothing of a file that is another
    is run.

    Raises: FoureyesError naming the module that is not what it was, is not there or fails; or the nearest
    pattern, if there is none.
    """
    own: dict[str, Module] = {}
    others: list[str] = []
    for module in modules:
        try:
            own[module] = _same(module, folder, hashes.get(module))
        except FoureyesError as error:
            others.append(str(error).removeprefix(_MODULES))
    known = with_modules(own)
    if others and name not in known:
        # which of them has the pattern nobody knows who has not run them
        raise FoureyesError(f"{_MODULES}{'; '.join(others)}; {_AS_IT_WAS}")
    return find(name, known)


_MODULES = "modules: "
#: What to do about a module that is gone, or another, while attempts are under way.
_AS_IT_WAS = (
    "put it back as it was (and restart workers that have it installed) and then `foureyes retry`; or "
    "`foureyes sweep` its file again, which is then another sweep and asks no call anew that is on record; "
    "`foureyes patterns check` says what the change does"
)


def _same(name: str, folder: Path, wanted: str | None) -> Module:
    """A module with this hash; with any, if none is known."""
    path = folder / f"{name}.py"
    if path.is_file():
        source = _read(path)
        _compare(str(path), _hash(source), wanted)
        return _from_file(path, source)
    module = _installed(name)
    _compare(f"the installed module {name!r}", module.source_hash, wanted)
    return module


def _compare(where: str, is_now: str, was: str | None) -> None:
    if was not in (None, is_now):
        raise FoureyesError(f"{_MODULES}{where} is not what it was when the sweep was enqueued")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FoureyesError(f"modules: {path} cannot be read ({error.strerror})") from None


def with_modules(modules: Mapping[str, Module]) -> Mapping[str, Pattern]:
    """The patterns that ship and those of a user's own modules.

    Raises: FoureyesError naming the module, if it has a pattern of a name that is taken.
    """
    known = dict(patterns())
    for name, module in modules.items():
        for taken in sorted(module.patterns.keys() & known.keys()):
            raise FoureyesError(
                f"modules: {name!r}: there is a pattern {taken!r} already; call yours something else "
                f"({_place(module.patterns[taken])})"
            )
        known |= module.patterns
    return known


@lru_cache(maxsize=100)
def _from_file(path: Path, source: bytes) -> Module:
    """A file; an edited one is another module."""
    name = f"{path.stem}({next(_numbers)})"
    spec = importlib.util.spec_from_loader(name, loader=None, origin=str(path))
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    module.__file__ = str(path)

    def run() -> None:
        # not by an import: it would take the bytecode of a file that was edited in the same second
        exec(compile(source, str(path), "exec"), module.__dict__)  # noqa: S102

    sys.modules[name] = module  # dataclasses look their module up
    return Module(_loaded(path.stem, name, run), _hash(source), path)


@cache
def _installed(name: str) -> Module:
    """An installed module, which this process imports once."""

    def run() -> None:
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{name}.".startswith(f"{error.name}."):
                raise
            raise FoureyesError(
                f"modules: there is no {name}.py beside the sweep file and no installed module "
                f"{name!r} (workers on other machines need it installed)"
            ) from None

    loaded = _loaded(name, name, run)
    file = getattr(sys.modules[name], "__file__", None)
    return Module(loaded, _hash(_read(Path(file)) if file else b""), Path(file) if file else None)


def _hash(source: bytes) -> str:
    return hashlib.sha256(source).hexdigest()[:16]


def _loaded(name: str, module: str, run: Callable[[], None]) -> Mapping[str, Pattern]:
    """The patterns of a module once it has been run. What fails in it is the user's to know of."""
    try:
        run()
    except (FoureyesError, KeyboardInterrupt):
        raise
    except BaseException as error:  # sys.exit() too
        hint = "; a module is one file, and what it imports has to be installed"
        passed = traceback.walk_tb(error.__traceback__)
        lines = [line for frame, line in passed if frame.f_globals.get("__name__") == module]
        said = f"{said_of(error)}{f' (line {lines[-1]})' if lines else ''}"
        raise FoureyesError(
            f"modules: {name!r}: {said}{hint if isinstance(error, ModuleNotFoundError) else ''}"
        ) from None
    return _of(module)


def _of(module: str) -> Mapping[str, Pattern]:
    """The patterns that a module or a package has marked.

    Raises: FoureyesError if two of them have one name.
    """
    found: dict[str, Pattern] = {}
    for each in [each for each in _MARKED if f"{each.body.__module__}.".startswith(f"{module}.")]:
        # one of the same place is the same, of an import that had failed
        if each.name in found and _place(found[each.name]) != _place(each):
            raise FoureyesError(f"modules: two patterns are called {each.name!r} ({_place(each)})")
        found[each.name] = each
    return found


def _place(pattern: Pattern) -> str:
    code = inspect.unwrap(pattern.body).__code__
    return _line_of(code, code.co_firstlineno)


def _line_of(code: CodeType, line: int) -> str:
    return f"{Path(code.co_filename).name} line {line}"


def _drawing() -> str:
    """The patterns that ship and can have a budget."""
    *names, last = sorted(name for name, each in patterns().items() if each.counts)
    return f"{', '.join(names)} and {last}"


def find(name: str, known: Mapping[str, Pattern] | None = None) -> Pattern:
    """The pattern of this name, among those that ship if nothing else is said.

    Raises: FoureyesError naming the nearest one, if there is none.
    """
    known = patterns() if known is None else known
    if name not in known:
        hint = meant(name, known) or "; `foureyes patterns` lists those that ship"
        raise FoureyesError(f"unknown pattern {name!r}{hint}")
    return known[name]
