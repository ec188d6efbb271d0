"""The prompts: one template a file, in folders that a sweep chooses between.

A folder that ships with foureyes is `worker/prompts/<name>`; one of a user's own travels in the
sweep's row, so that every worker writes the same prompts. So do the templates that a pattern's author
puts beside its module: they are there whatever the folder is.
"""

import ast
import re
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    DictLoader,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    meta,
    nodes,
)
from jinja2.sandbox import SandboxedEnvironment

from foureyes.models import trees
from foureyes.models.digest import digest
from foureyes.models.errors import FoureyesError
from foureyes.models.nearest import meant

_SHIPPED = Path(__file__).parent.parent / "prompts"
_DEFAULT = "default"
#: Part of every prompt, whatever its name.
COMMON = ("system", "_specification", "_verdict")
#: All that any template is given (the `variables` of worker/patterns/steps.py, and the style).
VARIABLES = (
    "spec", "plan", "draft", "trial", "review", "left", "right", "differences", "first",
    "lessons", "run", "test", "trace", "style",
)  # fmt: skip
#: Where, among the texts of a user's prompts by folder, those beside modules are: no folder's name.
BESIDE = ""


#: What jinja2 calls a template outside its blocks and macros, in a traceback.
_WHOLE = "top-level template code"


class Templates:
    """The templates of one folder."""

    def __init__(self, name: str, loader: BaseLoader) -> None:
        self.name = name
        self.loader = loader
        self._hashes: dict[str, str] = {}
        #: Templates that name no variable that is not there, with what they may name.
        self._known: set[tuple[str, tuple[str, ...]]] = set()
        self._environment = _Environment(
            loader=loader,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            autoescape=False,  # prompts are plain text for a model; pages escape for themselves
        )

    def render(self, prompt: str, /, **variables: Any) -> str:
        """A prompt, filled in.

        Raises: FoureyesError naming the folder and the template, if it cannot be.
        """
        try:
            return self._environment.get_template(f"{prompt}.md").render(**variables).strip()
        except Exception as error:  # a template may do anything that an expression can
            place, said = _place(error) or f"{prompt}.md", _explained(error, variables)
            raise FoureyesError(f"prompts {self.name!r}, {place}: {said}") from None

    def check(self, prompt: str, known: Iterable[str] = VARIABLES, /, **variables: Any) -> None:
        """Fill a prompt in, and look through the parts of it that other variables would show.

        `known`: all that it is ever given. Raises: FoureyesError naming the template that cannot be
        filled in, or that says nothing.
        """
        for name, given in [(prompt, tuple(known)), *((name, VARIABLES) for name in COMMON)]:
            if (name, given) in self._known:
                continue
            parsed = self._parsed(name)
            try:
                used = meta.find_undeclared_variables(parsed)
            except TemplateSyntaxError as error:  # a filter or a test that there is not
                raise self._no_template(name, error) from None
            for unknown in sorted(used - set(given)):
                line = min(
                    each.lineno for each in parsed.find_all(nodes.Name) if each.name == unknown
                )
                said = _no_variable(unknown, given)
                raise FoureyesError(f"prompts {self.name!r}, {name}.md line {line}: {said}")
            self._known.add((name, given))
        if not self.render(prompt, **variables):
            raise FoureyesError(f"prompts {self.name!r}: {prompt}.md says nothing")

    def _parsed(self, name: str) -> nodes.Template:
        try:
            return self._environment.parse(self.source(name))
        except TemplateSyntaxError as error:
            raise self._no_template(name, error) from None

    def _no_template(self, name: str, error: TemplateSyntaxError) -> FoureyesError:
        said = f"{name}.md line {error.lineno}: {error.message}"
        return FoureyesError(f"prompts {self.name!r}, {said}")

    def has(self, prompt: str) -> bool:
        """Whether there is such a template."""
        return f"{prompt}.md" in self.loader.list_templates()

    def source(self, prompt: str) -> str:
        """A template as it was written."""
        try:
            return self.loader.get_source(self._environment, f"{prompt}.md")[0]
        except TemplateError:
            raise FoureyesError(f"prompts {self.name!r}: {prompt}.md is missing") from None

    def hash(self, prompt: str) -> str:
        """The hash of everything in the files that a prompt is rendered from."""
        if prompt not in self._hashes:
            sources = [self.source(name) for name in self.with_included([*COMMON, prompt])]
            self._hashes[prompt] = digest(sources)[:16]
        return self._hashes[prompt]

    def with_included(self, prompts: Iterable[str]) -> list[str]:
        """These templates, and then those that any of them includes."""
        found = list(prompts)
        for name in found:  # grows as it goes
            for included in meta.find_referenced_templates(
                self._environment.parse(self.source(name))
            ):
                # one whose name is only known when it is rendered may be any
                names = self._environment.list_templates() if included is None else [included]
                found += [
                    each for each in map(_stem, names) if each not in found and self.has(each)
                ]
        return found


class _Environment(SandboxedEnvironment):
    """Has tracebacks name templates as their authors do, wherever they were loaded from."""

    def compile(
        self,
        source: Any,
        name: str | None = None,
        filename: str | None = None,
        raw: Any = False,
        defer_init: bool = False,
    ) -> Any:
        """A template's code, with its name for that of a file."""
        return super().compile(source, name, name, raw, defer_init)


def _stem(file: str) -> str:
    return file.removesuffix(".md")


def _frames(error: Exception) -> list[tuple[str, int, str]]:
    """The templates that were being filled in: name, line, and which part of it."""
    passed = traceback.walk_tb(error.__traceback__)
    return [
        (frame.f_code.co_filename, line, frame.f_code.co_name)
        for frame, line in passed
        if frame.f_code.co_filename.endswith(".md")
    ]


def _place(error: Exception) -> str:
    """The template and its line; empty if none could be begun."""
    if isinstance(error, TemplateSyntaxError):  # of one that is included
        return f"{error.name} line {error.lineno}"
    *_, (name, line, _part) = _frames(error) or [("", 0, "")]
    return f"{name} line {line}" if name else ""


def _explained(error: Exception, variables: Iterable[str]) -> str:
    """What is wrong with a template, with the nearest variable if it names one that is not there."""
    if unknown := re.fullmatch(r"'(\w+)' is undefined", str(error)):
        return _no_variable(unknown[1], variables)
    if isinstance(error, TemplateNotFound):
        if not _frames(error):
            return "there is no such prompt"
        return f"it includes {error.name}, and there is no such prompt"
    if lacking := re.fullmatch(r"'[\w.]*?(\w+) object' has no attribute '(\w+)'", str(error)):
        return f"a {lacking[1]} has no {lacking[2]!r}"
    if isinstance(error, TemplateSyntaxError):
        return str(error.message)
    if isinstance(error, RecursionError):
        for (_, _, part), times in Counter(_frames(error)).most_common(1):
            if times > 1:
                return (
                    "it includes itself" if part == _WHOLE else "a macro calls itself without end"
                )
    return str(error) if isinstance(error, TemplateError) else f"{type(error).__name__}: {error}"


def _no_variable(name: str, known: Iterable[str]) -> str:
    return f"there is no variable {name!r}{meant(name, known)}"


@cache
def shipped(name: str) -> Templates:
    """A folder that ships with foureyes.

    Raises: FoureyesError naming the nearest one, if there is none.
    """
    known = names()
    if name not in known:
        raise FoureyesError(f"there are no prompts {name!r}{meant(name, known)}")
    return Templates(name, FileSystemLoader(_SHIPPED / name))


def names() -> list[str]:
    """The folders that ship with foureyes."""
    return sorted(folder.name for folder in _SHIPPED.iterdir() if (folder / "system.md").exists())


def of(name: str, files: Mapping[str, Mapping[str, str]]) -> Templates:
    """The folder `name`: among a user's `files` (texts by folder and template), else shipped.

    With the templates beside modules that are among the files.
    """
    is_own, beside = name in files, files.get(BESIDE, {})
    if not is_own and not beside:
        return shipped(name)
    texts = files[name] if is_own else {}
    return _own(name, is_own, tuple(sorted(texts.items())), tuple(sorted(beside.items())))


_Texts = tuple[tuple[str, str], ...]


@lru_cache(maxsize=16)
def _own(name: str, is_own: bool, texts: _Texts, beside: _Texts) -> Templates:
    folder = _loader(texts) if is_own else shipped(name).loader
    return Templates(name, ChoiceLoader([folder, _loader(beside)]) if beside else folder)


def _loader(texts: _Texts) -> BaseLoader:
    return DictLoader({f"{prompt}.md": text for prompt, text in texts})


def read_folder(folder: Path) -> dict[str, str]:
    """The texts of a user's folder of prompts by template name; what it lacks is as it ships.

    Raises: FoureyesError naming the file that is not needed by any step, or not text.
    """
    expected = {path.stem for path in (_SHIPPED / _DEFAULT).glob("*.md")}
    if not folder.is_dir():
        raise FoureyesError(f"{folder}: there is no such folder of prompts")
    texts = {}
    for path in sorted(folder.glob("*.md")):
        if path.stem not in expected:
            raise FoureyesError(f"{path}: no step has this prompt{meant(path.stem, expected)}")
        texts[path.stem] = _read(path)
    if not texts:
        raise FoureyesError(
            f"{folder}: there are no prompts in it; copy from {_SHIPPED / _DEFAULT} what you want to change"
        )
    return {
        name: texts[name] if name in texts else _read(_SHIPPED / _DEFAULT / f"{name}.md")
        for name in sorted(expected)
    }


def beside(module: bytes, folder: Path) -> dict[str, str]:
    """The texts of the templates beside a module: the Markdown files whose names stand in its source, and
    those that these include.

    `module` is the source. Raises: FoureyesError naming the file that is not text, or that has the name
    of a prompt which ships.
    """
    named = {
        node.value
        for node in ast.walk(trees.parse(module))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    there = {path.stem: path for path in sorted(folder.glob("*.md"))}
    for name in there.keys() & named:
        if _ships(name):
            raise FoureyesError(
                f"{there[name]}: {name!r} is the name of a prompt that ships; give yours another one"
            )
    texts: dict[str, str] = {}
    wanted = [name for name in there if name in named]
    for name in wanted:  # grows as it goes
        texts[name] = _read(there[name])
        wanted += [
            each
            for each in _included(texts[name])
            if each in there and each not in wanted and not _ships(each)
        ]
    return texts


def _ships(name: str) -> bool:
    return (_SHIPPED / _DEFAULT / f"{name}.md").exists()


def _included(text: str) -> Iterator[str]:
    """The names of the templates that one includes, as far as it says them."""
    try:
        parsed = SandboxedEnvironment().parse(text)
    except TemplateSyntaxError:  # said where it is filled in
        return
    for included in meta.find_referenced_templates(parsed):
        if included is not None:
            yield _stem(included)


def _read(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FoureyesError(f"{path}: cannot be read ({error})") from None
    if "\0" in text:
        raise FoureyesError(f"{path}: holds a NUL character")
    return text
