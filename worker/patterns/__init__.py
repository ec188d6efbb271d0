"""Interaction patterns: how two models work together on one problem. One file each.

A pattern is a generator that yields steps and returns the final code. It is replayed from the
recorded steps each time one ends, so it must be deterministic: the same results in, the same steps
out. It sees a `Spec`, never the hidden tests. Its options are the parameters after `spec`.
"""

import difflib
import importlib
import importlib.util
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError, create_model

from models.errors import FoureyesError
from models.problem import Spec
from worker.steps import Steps
from worker.style import Style


@dataclass(frozen=True)
class Pattern:
    """A named interaction pattern; `options` has a field for each option, the style's included."""

    name: str
    body: Callable[..., Steps]
    summary: str
    options: type[BaseModel]

    def configure(self, given: Mapping[str, Any]) -> "Configured":
        """The pattern with these options, and the defaults of all others.

        Raises: FoureyesError naming the option, if one is unknown or out of its range.
        """
        fields = self.options.model_fields
        for name in given:
            if name not in fields:
                near = difflib.get_close_matches(name, fields, n=1, cutoff=0)[0]
                raise FoureyesError(
                    f"pattern {self.name!r} has no option {name!r}; did you mean {near!r}?"
                )
        try:
            options = self.options.model_validate(dict(given))
        except ValidationError as error:
            first = error.errors()[0]
            name = str(first["loc"][0])
            raise FoureyesError(
                f"pattern {self.name!r}, option {name!r}: {first['msg']} (it is {first['input']!r})"
            ) from None
        return Configured(self, options.model_dump(mode="json"))


@dataclass(frozen=True)
class Configured:
    """A pattern with a value for each of its options."""

    pattern: Pattern
    options: dict[str, Any]

    @property
    def label(self) -> str:
        """The name, and in brackets the options that are not at their default."""
        fields = self.pattern.options.model_fields
        told = [f"{name}={value}" for name, value in self.options.items()
                if value != fields[name].default]  # fmt: skip
        return f"{self.pattern.name}({', '.join(told)})" if told else self.pattern.name

    @property
    def style(self) -> Style:
        """How its prompts are written."""
        return Style(**{name: self.options[name] for name in Style.model_fields})

    def start(self, spec: Spec) -> Steps:
        """The generator, before its first step."""
        own = {name: v for name, v in self.options.items() if name not in Style.model_fields}
        return self.pattern.body(spec, **own)


_REGISTERED: dict[str, Pattern] = {}
_LOADED: set[str] = set()


def pattern(name: str) -> Callable[[Callable[..., Steps]], Callable[..., Steps]]:
    """Register a generator function as the pattern `name`; its docstring says what happens.

    Each parameter after the first is an option: it needs a type and a default.
    """

    def register(body: Callable[..., Steps]) -> Callable[..., Steps]:
        summary = inspect.cleandoc(body.__doc__ or "")
        if not summary:
            raise FoureyesError(f"pattern {name!r} has no docstring that says what happens")
        _, *parameters = inspect.signature(body, eval_str=True).parameters.values()
        fields: dict[str, Any] = {}
        for parameter in parameters:
            if parameter.empty in (parameter.annotation, parameter.default):
                raise FoureyesError(
                    f"pattern {name!r}, option {parameter.name!r}: it needs a type and a default"
                )
            fields[parameter.name] = (parameter.annotation, parameter.default)
        options = create_model(f"Options of {name}", __base__=Style, **fields)
        _REGISTERED[name] = Pattern(name, body, summary, options)
        return body

    return register


def patterns() -> dict[str, Pattern]:
    """All patterns by name."""
    _load_shipped()
    return dict(_REGISTERED)


@cache
def _load_shipped() -> None:
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")


def load_modules(names: Iterable[str], folder: Path) -> None:
    """Import modules with patterns of a user's own: installed ones, or files in `folder`.

    They are code, and run with our rights: a sweep file names only what its author trusts.

    Raises: FoureyesError naming the module, if it is not there or fails.
    """
    _load_shipped()
    for name in names:
        if name in _LOADED:
            continue
        before = dict(_REGISTERED)
        path = folder / f"{name}.py"
        try:
            if path.is_file():
                spec = importlib.util.spec_from_file_location(name, path)
                assert spec is not None and spec.loader is not None
                module = importlib.util.module_from_spec(spec)
                spec.loader.exec_module(module)
            else:
                importlib.import_module(name)
        except FoureyesError:
            raise
        except ModuleNotFoundError as error:
            if error.name != name:
                raise FoureyesError(f"modules: {name!r}: {error}") from None
            raise FoureyesError(
                f"modules: there is no {path} and no installed module {name!r} (workers on other "
                "machines need it installed)"
            ) from None
        except Exception as error:
            raise FoureyesError(f"modules: {name!r}: {type(error).__name__}: {error}") from None
        _LOADED.add(name)
        for taken in before:
            if _REGISTERED[taken] is not before[taken]:
                _REGISTERED[taken] = before[taken]
                raise FoureyesError(f"modules: {name!r}: there is a pattern {taken!r} already")


def find(name: str) -> Pattern:
    """The pattern of this name, or of the name in a label.

    Raises: FoureyesError naming the nearest one, if there is none.
    """
    known = patterns()
    name = name.partition("(")[0]
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0)
        raise FoureyesError(f"unknown pattern {name!r}; did you mean {near[0]!r}?")
    return known[name]
