"""From a sweep file to its grid: what is to be run, checked to the last key before anything is.

A sweep file is TOML: a name, benchmarks, patterns, models, pairings, and the number of samples.
Every combination of benchmark, pattern and pairing is a run.
"""

import difflib
import itertools
import re
import tomllib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from models.benchmark import Problem
from models.errors import FoureyesError
from models.llm import AnyModel, LlamaCpp, Replay, Sampling
from producer import benchmarks, flow
from worker import patterns, templates
from worker.digest import digest
from worker.patterns import Configured
from worker.templates import Templates

#: What pydantic calls the ways to write a value, in the place of a mistake.
_ALTERNATIVES = ("DataFile", "PatternChoice", "str")
#: Of the embedded models where they stand in for others: their context is small.
_EMBEDDED_SAMPLING = Sampling(temperature=0.0, max_tokens=400)

_ENGINES = {
    get_args(variant.model_fields["engine"].annotation)[0]: variant
    for variant in get_args(get_args(AnyModel)[0])
}


class Pairing(BaseModel):
    """Which model is coder, which reviewer (both by name)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    coder: str
    reviewer: str
    name: str = ""

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        if isinstance(value, dict) and not value.get("name"):
            return value | {"name": f"{value.get('coder')}+{value.get('reviewer')}"}
        return value


class DataFile(BaseModel):
    """A benchmark of one's own: a file in EvalPlus's format."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    data: Path


class PatternChoice(BaseModel):
    """A pattern with options; one with a list of values stands for a run with each of them."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str

    def grid(self, defaults: dict[str, Any]) -> list[Configured]:
        """The pattern with every combination of its options' values.

        Raises: FoureyesError for an unknown pattern or option, or a value out of its range.
        """
        given = defaults | (self.model_extra or {})
        values = [value if isinstance(value, list) else [value] for value in given.values()]
        pattern = patterns.find(self.name)
        return [
            pattern.configure(dict(zip(given, combination, strict=True)))
            for combination in itertools.product(*values)
        ]


class SweepFile(BaseModel):
    """A sweep file, validated.

    `prompts` names folders of templates, shipped or beside the file; each is a run of its own.
    `modules` are Python modules with patterns of one's own, found beside the file or installed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=60)]
    benchmarks: Annotated[list[str | DataFile], Field(min_length=1)]
    patterns: Annotated[list[str | PatternChoice], Field(min_length=1)]
    prompts: str | Annotated[list[str], Field(min_length=1)] = "default"
    modules: list[str] = []
    models: dict[str, AnyModel]
    pairings: Annotated[list[Pairing], Field(min_length=1)]
    samples: Annotated[int, Field(ge=1, le=1000)] = 1

    @field_validator("models", mode="before")
    @classmethod
    def _names(cls, value: Any) -> Any:
        """A model's name is its key."""
        if not isinstance(value, dict):
            return value
        return {
            name: table | {"name": name} if isinstance(table, dict) else table
            for name, table in value.items()
        }

    def configured(self) -> list[Configured]:
        """The patterns, each with every combination of its options, without repetition."""
        defaults = {} if self.prompts == "default" else {"prompts": self.prompts}
        found = {}
        for choice in self.patterns:
            if isinstance(choice, str):
                choice = PatternChoice(name=choice)
            found.update({made.label: made for made in choice.grid(defaults)})
        return list(found.values())

    @model_validator(mode="after")
    def _models_exist(self) -> "SweepFile":
        for pairing in self.pairings:
            for role, name in (("coder", pairing.coder), ("reviewer", pairing.reviewer)):
                if name not in self.models:
                    raise FoureyesError(
                        f"pairings: the {role} {name!r} is not among the models"
                        f"{_did_you_mean(name, self.models)}"
                    )
        return self


@dataclass(frozen=True)
class Cell:
    """One run to be: a point of the grid."""

    benchmark: str
    pattern: Configured
    pairing: Pairing

    @property
    def key(self) -> str:
        """What tells this run from the others of its sweep."""
        pattern = [self.pattern.pattern.name, self.pattern.options]
        return digest([self.benchmark, pattern, self.pairing.coder, self.pairing.reviewer])


@dataclass(frozen=True)
class Sweep:
    """A sweep file with its problems: everything that will be enqueued.

    `prompt_files` are the texts of a user's prompts, by folder and template; `fresh` is what sets
    the calls of this sweep apart from those that were made before.
    """

    file: SweepFile
    problems: dict[str, list[Problem]]
    prompt_files: dict[str, dict[str, str]] = field(default_factory=dict)
    module_folder: str = ""
    fresh: str = ""

    @cached_property
    def patterns(self) -> list[Configured]:
        """Every pattern with every combination of its options."""
        return self.file.configured()

    @property
    def key(self) -> str:
        """The same file with the same problems is the same sweep. Prices do not matter."""
        models = {
            name: [model.identity(), model.sampling.model_dump(), model.thinking]
            for name, model in self.file.models.items()
        }
        versions = {name: [p.version for p in found] for name, found in self.problems.items()}
        pairings = [[pairing.coder, pairing.reviewer] for pairing in self.file.pairings]
        made = [[pattern.pattern.name, pattern.options] for pattern in self.patterns]
        file = self.file
        return digest(
            [
                file.name,
                made,
                models,
                pairings,
                file.samples,
                versions,
                self.prompt_files,
                file.modules,
                self.fresh,
            ]
        )

    def templates(self, prompts: str) -> Templates:
        """The prompts of this name."""
        return templates.of(prompts, self.prompt_files)

    def content(self) -> dict[str, Any]:
        """All that a worker needs to know, as the sweep's row holds it."""
        return self.file.model_dump(mode="json") | {
            "prompt_files": self.prompt_files,
            "module_folder": self.module_folder,
            "fresh": self.fresh,
        }

    def cells(self) -> list[Cell]:
        """The grid, in the order of the file."""
        return [
            Cell(benchmark, pattern, pairing)
            for benchmark in self.problems
            for pairing in self.file.pairings
            for pattern in self.patterns
        ]

    @property
    def attempts(self) -> int:
        """How many attempts the grid has."""
        per_pass = sum(len(self.problems[cell.benchmark]) for cell in self.cells())
        return per_pass * self.file.samples


def load(
    path: Path,
    limit: int | None = None,
    data: Path | None = None,
    *,
    embedded: bool = False,
    fresh: str = "",
    recording: Path | None = None,
) -> Sweep:
    """Read and check a sweep file and its benchmarks (each cut to its first `limit` problems).

    `data` replaces the file's benchmarks by one file of the user's; `embedded` replaces its models
    by the two that run anywhere, and `recording` all models by what was recorded of them.

    Raises: FoureyesError naming the file, the key and the nearest valid one.
    """
    file = parse(path)
    chosen: list[str | DataFile] = list(file.benchmarks)
    if data is not None:
        chosen = [DataFile(name=data.name.removesuffix(".gz").removesuffix(".jsonl"), data=data)]
    problems = {}
    for benchmark in chosen:
        if isinstance(benchmark, DataFile):
            source = benchmark.data if data else path.parent / benchmark.data
            problems[benchmark.name] = benchmarks.load_file(source, benchmark.name)[:limit]
        else:
            problems[benchmark] = benchmarks.load(benchmark)[:limit]
    try:
        patterns.load_modules(file.modules, path.parent)
        made = file.configured()
        prompt_files = _own_prompts(made, path.parent)
        for pattern in made:
            flow.check_prompts(pattern, templates.of(pattern.style.prompts, prompt_files))
    except FoureyesError as error:
        raise FoureyesError(f"{path}: {error}") from None
    if embedded:
        file = _on_embedded_models(file)
    if recording is not None:
        file = _replayed(file, recording)
    folder = str(path.parent.resolve()) if file.modules else ""
    return Sweep(file, problems, prompt_files, folder, fresh)


def _own_prompts(made: list[Configured], folder: Path) -> dict[str, dict[str, str]]:
    """The texts of the folders of prompts that do not ship with foureyes but lie beside the file."""
    wanted = {pattern.style.prompts for pattern in made} - set(templates.names())
    return {
        name: templates.read_folder(folder / name) for name in wanted if (folder / name).is_dir()
    }


def _on_embedded_models(file: SweepFile) -> SweepFile:
    """The same sweep with the embedded coder for its first coder, the reviewer for all others."""
    first = file.pairings[0].coder
    names = {name: "qwen-500m" if name == first else "qwen-1500m" for name in file.models}
    weights = {"qwen-500m": "qwen2.5-coder-0.5b", "qwen-1500m": "qwen2.5-coder-1.5b"}
    models = {
        name: LlamaCpp(engine="llamacpp", name=name, model=model, sampling=_EMBEDDED_SAMPLING)
        for name, model in weights.items()
        if name in names.values()
    }
    pairs = dict.fromkeys((names[p.coder], names[p.reviewer]) for p in file.pairings)
    pairings = [
        Pairing(coder=coder, reviewer=reviewer, name=f"{coder}+{reviewer}")
        for coder, reviewer in pairs
    ]
    return file.model_copy(update={"models": models, "pairings": pairings})


def _replayed(file: SweepFile, recording: Path) -> SweepFile:
    """The same sweep with every model's answers taken from a recording."""
    if not recording.is_file():
        raise FoureyesError(f"{recording}: there is no such recording; `foureyes record` makes one")
    models = {
        name: Replay(
            engine="replay",
            name=name,
            identity_of=model.identity(),
            recording=str(recording.resolve()),
            sampling=model.sampling,
            thinking=model.thinking,
        )
        for name, model in file.models.items()
    }
    return file.model_copy(update={"models": models})


def parse(path: Path) -> SweepFile:
    """Read and check a sweep file, without its benchmarks."""
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except FileNotFoundError:
        raise FoureyesError(f"{path}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise FoureyesError(f"{path}: cannot be read ({error})") from None
    except tomllib.TOMLDecodeError as error:
        raise FoureyesError(f"{path}: not valid TOML: {error}") from None
    try:
        return SweepFile.model_validate(content)
    except FoureyesError as error:
        raise FoureyesError(f"{path}: {error}") from None
    except ValidationError as error:
        raise FoureyesError(f"{path}: {_first_mistake(error, text)}") from None


def _first_mistake(error: ValidationError, text: str) -> str:
    """The first mistake of a file in one line: where, what, and the nearest valid key."""
    # of the alternatives for one place, a table's mistakes tell more than "not a string"
    first = min(
        error.errors(), key=lambda e: (e["type"] != "extra_forbidden", e["loc"][-1] == "str")
    )
    place = [str(part) for part in first["loc"] if part not in (*_ENGINES, *_ALTERNATIVES)]
    key = place[-1] if place else ""
    match = re.search(rf"^[^#\n]*\b{re.escape(key)}\b", text, re.MULTILINE) if key else None
    line = f"line {text.count(chr(10), 0, match.end()) + 1}: " if match else ""
    if first["type"] == "extra_forbidden":
        valid = _valid_keys([str(part) for part in first["loc"][:-1]])
        return f"{line}unknown key {'.'.join(place)!r}{_did_you_mean(key, valid)}"
    if first["type"] in ("union_tag_invalid", "union_tag_not_found"):
        given = str(first.get("ctx", {}).get("tag", ""))
        if not given:
            return f"{line}models.{key}: no engine given; one of {', '.join(_ENGINES)}"
        return f"{line}models.{key}: unknown engine {given!r}{_did_you_mean(given, _ENGINES)}"
    message = first["msg"].removeprefix("Value error, ")
    return f"{line}{'.'.join(place)}: {message}"


def _valid_keys(place: list[str]) -> list[str]:
    if place[-1:] == ["sampling"]:
        return list(Sampling.model_fields)
    if place[:1] == ["pairings"]:
        return list(Pairing.model_fields)
    if place[:1] == ["models"]:
        engine = next((part for part in place if part in _ENGINES), None)
        return [name for name in _ENGINES[engine].model_fields if name != "name"] if engine else []
    if place[:1] == ["benchmarks"]:
        return list(DataFile.model_fields)
    return list(SweepFile.model_fields)


def _did_you_mean(given: str, valid: Any) -> str:
    near = difflib.get_close_matches(given, list(valid), n=1, cutoff=0.0)
    return f"; did you mean {near[0]!r}?" if near else ""
