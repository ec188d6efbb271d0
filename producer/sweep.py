"""From a sweep file to its grid: what is to be run, checked to the last key before anything is.

A sweep file is TOML: a name, benchmarks, patterns, models, pairings, and the number of samples.
Every combination of benchmark, pattern and pairing is a run.
"""

import difflib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from models.benchmark import Problem
from models.errors import FoureyesError
from models.llm import AnyModel, Sampling
from producer import benchmarks
from worker import patterns
from worker.requests import digest

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


class SweepFile(BaseModel):
    """A sweep file, validated."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=60)]
    benchmarks: Annotated[list[str | DataFile], Field(min_length=1)]
    patterns: Annotated[list[str], Field(min_length=1)]
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

    @field_validator("patterns")
    @classmethod
    def _patterns_exist(cls, value: list[str]) -> list[str]:
        for name in value:
            patterns.find(name)
        return value

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
    pattern: str
    pairing: Pairing

    @property
    def key(self) -> str:
        """What tells this run from the others of its sweep."""
        return digest([self.benchmark, self.pattern, self.pairing.coder, self.pairing.reviewer])


@dataclass(frozen=True)
class Sweep:
    """A sweep file with its problems: everything that will be enqueued."""

    file: SweepFile
    problems: dict[str, list[Problem]]

    @property
    def key(self) -> str:
        """The same file with the same problems is the same sweep. Prices do not matter."""
        models = {
            name: [model.identity(), model.sampling.model_dump()]
            for name, model in self.file.models.items()
        }
        versions = {name: [p.version for p in found] for name, found in self.problems.items()}
        pairings = [[pairing.coder, pairing.reviewer] for pairing in self.file.pairings]
        file = self.file
        return digest([file.name, file.patterns, models, pairings, file.samples, versions])

    def cells(self) -> list[Cell]:
        """The grid, in the order of the file."""
        return [
            Cell(benchmark, pattern, pairing)
            for benchmark in self.problems
            for pairing in self.file.pairings
            for pattern in self.file.patterns
        ]

    @property
    def attempts(self) -> int:
        """How many attempts the grid has."""
        per_pass = sum(len(self.problems[cell.benchmark]) for cell in self.cells())
        return per_pass * self.file.samples


def load(path: Path, limit: int | None = None, data: Path | None = None) -> Sweep:
    """Read and check a sweep file and its benchmarks (each cut to its first `limit` problems).

    `data` replaces the file's benchmarks by one file of the user's.

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
    return Sweep(file, problems)


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
    first = min(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
    place = [str(part) for part in first["loc"] if part not in _ENGINES and part != "DataFile"]
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
