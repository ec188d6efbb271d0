"""A sweep file: TOML that says what is to be run, checked to the last key before anything is.

A name, benchmarks, patterns, models, teams, and the number of samples. Every combination of
benchmark, pattern and team is a run.
"""

import itertools
import json
import math
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from foureyes.judging.formats.problem import Problem
from foureyes.models import keys, team
from foureyes.models.analysis_plan import AnalysisPlan
from foureyes.models.caps import Caps
from foureyes.models.errors import FoureyesError
from foureyes.models.llm import AnyModel, ModelName, ModelSampling, OpenAI, Send
from foureyes.models.nearest import meant
from foureyes.models.urls import mistake_in
from foureyes.worker import patterns
from foureyes.worker.patterns import Configured, Pattern

#: What `extra_body` may not hold, and where it is said instead.
_OWN_KEYS = {
    **dict.fromkeys(("model",), "model"),
    **dict.fromkeys(("max_tokens", "max_completion_tokens"), "sampling.max_tokens"),
    **{key: f"sampling.{key}" for key in ("temperature", "top_p", "stop", "seed")},
    **dict.fromkeys(("messages", "response_format", "n", "stream"), ""),
}
#: The name of a variable, and no key.
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: What an integer column can hold at most.
_LARGEST = 2**63 - 1

#: What pydantic calls the ways to write a value, in the place of a mistake.
_ALTERNATIVES = ("BenchmarkChoice", "PatternChoice", "str")

_ENGINES = {
    get_args(variant.model_fields["engine"].annotation)[0]: variant
    for variant in get_args(get_args(AnyModel)[0])
}


#: What rows of before may lack: an archive's sweep ran with it.
_AS_WRITTEN = {"as_written": True}


def _is_being_written(info: ValidationInfo) -> bool:
    """Whether it is somebody's file, and not what an archive says of one that was run."""
    return info.context == _AS_WRITTEN


def _seen(name: str, info: ValidationInfo) -> str:
    if _is_being_written(info) and not name.isprintable():
        raise ValueError(f"{name!r} holds a character that cannot be seen")
    return name


def _module(name: str) -> str:
    if "/" in name:
        raise ValueError(f"{name!r} is a path, and no name of a module beside the file")
    if name.endswith(".py"):
        raise ValueError(f"{name!r} is a file; the module's name is {name.removesuffix('.py')!r}")
    return name


_LONGEST_TITLE = 150
#: What tables and reports call something of one's own.
_Title = Annotated[str, Field(min_length=1, max_length=_LONGEST_TITLE), AfterValidator(_seen)]


def _with_name(given: Any) -> Any:
    """A team with a name, its own or one that is made of its models' names."""
    if not isinstance(given, dict) or given.get("name"):
        return given
    roles = {role: model for role, model in given.items() if role != "name"}
    if not roles:
        return {}
    name = team.name_of(roles)
    if len(name) > _LONGEST_TITLE:
        raise ValueError('its models\' names are too long to call it by them; add name = "..."')
    return roles | {"name": name}


class TeamChoice(team.Team):
    """Which model plays which role: every other key is a role, its value a name from `models`.

    A pattern says by its steps which roles it asks; those that ship ask `coder` and `reviewer`. One
    model may play several roles.
    """

    #: What tables call the team; left out: `CODER+REVIEWER`, with other roles `coder=..., tester=...`.
    name: _Title = ""

    _named = model_validator(mode="before")(_with_name)

    @model_validator(mode="after")
    def _playable(self) -> "TeamChoice":
        if not self.roles:
            raise ValueError('nobody is in it; write a role and a model: coder = "MODEL"')
        for role in self.roles:
            if mistake := team.mistake_in(role):
                raise ValueError(mistake)
        return self


class Pairing(BaseModel):
    """A team of a coder and a reviewer, as files said it before there were other roles."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: A name from `models`.
    coder: str
    #: A name from `models`; may be the same.
    reviewer: str
    #: As a team's.
    name: _Title = ""

    _named = model_validator(mode="before")(_with_name)


class BenchmarkChoice(BaseModel):
    """A benchmark of one's own, or a part of one: the contests of some months."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    #: What tables call it; without `data`, a benchmark that is known by this name.
    name: _Title
    #: The file, .jsonl or .jsonl.gz, in any format; looked for beside the sweep file.
    data: Path | None = None
    #: The first day of the contests that count, as 2024-09-01.
    first: Annotated[date | None, Field(alias="from")] = None
    #: Their last day.
    to: date | None = None
    #: Only its first problems, so many.
    limit: Annotated[int, Field(ge=1)] | None = None

    def chosen(self, problems: list[Problem]) -> list[Problem]:
        """The problems that it is about. Raises: FoureyesError if there are none, or no dates."""
        if self.first is None and self.to is None:
            return problems[: self.limit]
        dates = {problem.problem_id: problem.facts.get("date") for problem in problems}
        if None in dates.values():
            raise FoureyesError(f"benchmarks: {self.name}: its problems have no dates")
        first, last = str(self.first or date.min), str(self.to or date.max)
        found = [each for each in problems if first <= str(dates[each.problem_id])[:10] <= last]
        if not found:
            known = sorted(str(each)[:10] for each in dates.values())
            raise FoureyesError(
                f"benchmarks: {self.name}: none of its contests was then; they were from {known[0]} to "
                f"{known[-1]}"
            )
        return found[: self.limit]


class PatternChoice(BaseModel):
    """A pattern with options; one with a list of values stands for a run with each of them."""

    model_config = ConfigDict(extra="allow", frozen=True)

    #: The pattern's; every other key is an option of it. `tokens_of`, of patterns that draw samples, names
    #: another pattern of the file, and lets each attempt spend as many answer tokens as that one's did.
    name: str

    def grid(self, defaults: dict[str, Any], known: Mapping[str, Pattern]) -> list[Configured]:
        """The pattern, one of the `known`, with every combination of its options' values.

        Raises: FoureyesError for an unknown pattern or option, or a value out of its range.
        """
        given = defaults | (self.model_extra or {})
        if [] in given.values():
            empty = next(name for name, value in given.items() if value == [])
            raise FoureyesError(f"pattern {self.name!r}, option {empty!r}: the list is empty")
        values = [value if isinstance(value, list) else [value] for value in given.values()]
        if "(" in self.name:
            name, _, options = self.name.partition("(")
            keys = ", ".join(f"{key} = ..." for key in re.findall(r"(\w+)=", options))
            raise FoureyesError(
                f"patterns: {self.name!r} is how tables write it; here options are keys: "
                f'{{ name = "{name}", {keys or "OPTION = ..."} }}'
            )
        pattern = patterns.find(self.name, known)
        return [
            pattern.configure(dict(zip(given, combination, strict=True)))
            for combination in itertools.product(*values)
        ]


class SweepFile(BaseModel):
    """A sweep file, validated."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: What `foureyes report NAME` and the tables call it.
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=60)]
    #: Names of benchmarks, files of one's own, or parts of either.
    benchmarks: Annotated[list[str | BenchmarkChoice], Field(min_length=1)]
    #: Names of patterns, or patterns with options.
    patterns: Annotated[list[str | PatternChoice], Field(min_length=1)]
    #: Folders of templates, shipped or beside the file; each is a run of its own.
    prompts: str | Annotated[list[str], Field(min_length=1)] = "default"
    #: Python modules with patterns of one's own, found beside the file or installed.
    modules: list[Annotated[str, AfterValidator(_module)]] = []
    #: The models by name, each with its engine.
    models: dict[ModelName, AnyModel]
    #: Who plays which role, one or more; every team runs every pattern.
    teams: list[TeamChoice] = []
    #: What teams of a coder and a reviewer were called before; one of the two keys is enough.
    pairings: Annotated[list[Pairing], Field(exclude=True)] = []
    #: Attempts at each problem.
    samples: Annotated[int, Field(ge=1, le=1000)] = 1
    #: What it is to show, said before it is run.
    plan: AnalysisPlan | None = None
    #: What may be spent of it.
    caps: Caps = Caps()

    @field_validator("models")
    @classmethod
    def _names(cls, models: dict[str, AnyModel]) -> dict[str, AnyModel]:
        """A model's name is its key."""
        return {name: model.model_copy(update={"name": name}) for name, model in models.items()}

    @model_validator(mode="after")
    def _servers(self, info: ValidationInfo) -> "SweepFile":
        for name, model in self.models.items() if _is_being_written(info) else ():
            if isinstance(model, OpenAI) and (said := _mistake_in_server(model)):
                raise FoureyesError(f"models.{name}.{said}")
        return self

    def configured(self, known: Mapping[str, Pattern]) -> list[Configured]:
        """The patterns, each with every combination of its options, without repetition."""
        defaults = {} if self.prompts == "default" else {"prompts": self.prompts}
        found = {}
        for choice in self.patterns:
            if isinstance(choice, str):
                choice = PatternChoice(name=choice)
            found.update({made.label: made for made in choice.grid(defaults, known)})
        return list(found.values())

    def _teams(self) -> dict[str, list[TeamChoice]]:
        """The teams, by the key under which the file has them."""
        before = [TeamChoice.model_validate(each.model_dump()) for each in self.pairings]
        return {"teams": self.teams, "pairings": before}

    @model_validator(mode="after")
    def _has_teams(self) -> "SweepFile":
        if self.teams and self.pairings:
            raise FoureyesError(
                "pairings: what `teams` were called before; leave one of the two out"
            )
        if not self.teams and not self.pairings:
            raise FoureyesError(
                'teams: none is given; write [[teams]] with coder = "MODEL" and so on'
            )
        return self

    @model_validator(mode="after")
    def _models_exist(self) -> "SweepFile":
        for key, found in self._teams().items():
            for role, name in (pair for each in found for pair in each.roles.items()):
                if name not in self.models:
                    raise FoureyesError(
                        f"{key}: the {role} {name!r} is not among the models"
                        f"{meant(name, self.models)}"
                    )
        return self

    @model_validator(mode="after")
    def _names_tell_apart(self) -> "SweepFile":
        """Tables and reports know teams and benchmarks by their names alone."""
        names = [each if isinstance(each, str) else each.name for each in self.benchmarks]
        told = [("benchmarks", names)]
        for key, found in self._teams().items():
            told += [(key, [each.name for each in found])]
            told += [(key, [team.said(each.roles) for each in found])]
        for key, given in told:
            twice = next((name for name in given if given.count(name) > 1), None)
            if twice is not None:
                raise FoureyesError(f"{key}: {twice!r} is there twice")
        return self

    @model_validator(mode="after")
    def _patterns_tell_apart(self) -> "SweepFile":
        """One with options may repeat another, where a value is its default; the same words twice are a slip."""
        twice = next((each for each in self.patterns if self.patterns.count(each) > 1), None)
        if twice is not None:
            name = twice if isinstance(twice, str) else twice.name
            raise FoureyesError(f"patterns: {name!r} is there twice")
        return self

    @model_validator(mode="after")
    def _by_one_key(self) -> "SweepFile":
        """Whoever reads a file on finds its teams in `teams`."""
        found = list(itertools.chain.from_iterable(self._teams().values()))
        return self.model_copy(update={"teams": found, "pairings": []})


def _mistake_in_server(model: OpenAI) -> str | None:
    if said := mistake_in(model.base_url):
        return f"base_url: {said}"
    if not _VARIABLE.fullmatch(model.api_key_env):
        return (
            "api_key_env: it is no name of a variable; the key itself belongs into the environment"
        )
    if said := keys.mistake_in(model.api_key_env):
        return f"api_key_env: {said}"
    for key in model.extra_body:
        if key in _OWN_KEYS:
            where = f"; write `{_OWN_KEYS[key]}`" if _OWN_KEYS[key] else ""
            return f"extra_body: {key!r} is written by foureyes itself{where}"
    return None


def parse(path: Path) -> SweepFile:
    """Read and check a sweep file, without its benchmarks."""
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors begin a file with a mark
        content = tomllib.loads(text)
    except FileNotFoundError:
        raise FoureyesError(f"{path}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise FoureyesError(f"{path}: cannot be read ({error})") from None
    except (ValueError, RecursionError) as error:  # an endless number, endless nesting
        raise FoureyesError(f"{path}: not valid TOML: {error}") from None
    for place, said in _unusable(content, ()):
        line = _line_of(place[-1] if place else "", text)
        raise FoureyesError(f"{path}: {line}{': '.join(filter(None, ('.'.join(place), said)))}")
    try:
        # as JSON, strictly: `samples = true` is no number, and "3" is none either
        written = json.dumps(content, default=str)
        return SweepFile.model_validate_json(written, strict=True, context=_AS_WRITTEN)
    except FoureyesError as error:
        raise FoureyesError(f"{path}: {error}") from None
    except ValidationError as error:
        raise FoureyesError(f"{path}: {_first_mistake(error, text)}") from None


def _unusable(value: Any, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """What TOML can write, and neither JSON nor Postgres nor a path can hold: where, and what."""
    match value:
        case dict():
            for key, item in value.items():
                if "\0" in key:
                    yield place, f"the key {key!r} holds a NUL character"
                yield from _unusable(item, (*place, key))
        case list():
            for number, item in enumerate(value):
                yield from _unusable(item, (*place, str(number)))
        case str() if "\0" in value:
            yield place, "holds a NUL character"
        case float() if not math.isfinite(value):
            yield place, f"{value} is no number that can be used"
        case int() if abs(value) > _LARGEST:
            yield place, "the number is too large"


def _first_mistake(error: ValidationError, text: str) -> str:
    """The first mistake of a file in one line: where, what, and the nearest valid key."""
    # of the alternatives for one place, a table's mistakes tell more than "not a string"
    first = min(
        error.errors(), key=lambda e: (e["type"] != "extra_forbidden", e["loc"][-1] == "str")
    )
    place = [str(part) for part in first["loc"] if part not in (*_ENGINES, *_ALTERNATIVES)]
    if place[-1:] == ["[key]"]:  # the mistake is in the key, not in what it stands for
        del place[-1]
    key = place[-1] if place else ""
    begin = _begin(place, text)
    written = place[0] if key.isdecimal() else key  # one of several has no key
    line = "" if first["type"] == "missing" else _line_of(written, text, begin=begin)
    if said := _misplaced(place, first["input"]):
        return f"{_line_of(key, text, last=True)}{said}"
    if first["type"] == "extra_forbidden":
        valid = _valid_keys([str(part) for part in first["loc"][:-1]])
        return f"{line}unknown key {'.'.join(place)!r}{meant(key, valid)}"
    if first["type"] in ("union_tag_invalid", "union_tag_not_found"):
        given = str(first.get("ctx", {}).get("tag", ""))
        if not given:
            return f"{line}models.{key}: no engine given; one of {', '.join(_ENGINES)}"
        return f"{line}models.{key}: unknown engine {given!r}{meant(given, _ENGINES)}"
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "string_pattern_mismatch":
        message = (
            f"{first['input']!r} is no name: lower-case letters, digits, '.', '_' and '-', a letter "
            "or digit first"
        )
    return f"{line}{'.'.join(place)}: {message}"


def _misplaced(place: list[str], given: Any) -> str | None:
    """What is written where it has another meaning, or none: as TOML reads it, and not as it looks."""
    if len(place) < 2 or place[0] not in ("models", "teams", "pairings"):
        return None
    key = place[-1]
    if place[0] == "models" and len(place) == 2 and isinstance(given, dict):
        inside = next((name for name, value in given.items() if isinstance(value, dict)), "")
        if "engine" in given.get(inside, ()):
            return (
                f'a dot in [models.{key}.{inside}] divides names: write [models."{key}.{inside}"]'
            )
    if key in SweepFile.model_fields and key != "name":
        return (
            f"{key!r} is of the whole sweep and stands in a table of {place[0]!r}, as everything does "
            "in TOML that follows a table's head: move it above the first one"
        )
    if place[0] == "models" and len(place) == 3 and key in ModelSampling.model_fields:
        return f"unknown key {'.'.join(place)!r}: write sampling = {{ {key} = ... }}"
    return None


def _begin(place: list[str], text: str) -> int:
    """Where in the text the table or the list begins that a mistake is in; 0 if it is in none."""
    match place:
        case [table, number, *_] if number.isdecimal():
            name, before = re.escape(table), int(number)
            head = rf"(?:\[\[[ \t]*{name}[ \t]*\]\]|{name}[ \t]*=)"
        case ["models", name, *_]:
            head, before = rf"\[[ \t]*models\.[\"']?{re.escape(name)}[\"']?[ \t]*[\].]", 0
        case _:
            return 0
    found = [each.start() for each in re.finditer(rf"^[ \t]*{head}", text, re.MULTILINE)]
    return found[min(before, len(found) - 1)] if found else 0


def _line_of(key: str, text: str, last: bool = False, begin: int = 0) -> str:
    """Where a key, or a table of this name, is written first (from `begin` on) or last; empty if nowhere."""
    written = rf"^[^#\n]*?(?<![\w-])[\"']?{re.escape(key)}[\"']?[ \t]*(?:[=\]])"
    found = list(re.compile(written, re.MULTILINE).finditer(text, begin)) if key else []
    if not found:
        return ""
    return f"line {text.count(chr(10), 0, found[-1 if last else 0].end()) + 1}: "


def check_plan(path: Path, plan: AnalysisPlan, patterns: Sequence[Configured]) -> None:
    """Raises: FoureyesError naming the line if a plan is about a pattern that its sweep does not have."""
    known = [each.label for each in patterns]
    for claim in plan.claims:
        for pattern in (claim.pattern, claim.other):
            if pattern not in known:
                line = _line_of("primary", path.read_text(encoding="utf-8"))
                raise FoureyesError(
                    f"{line}plan.primary: {str(claim)!r}: the sweep has no pattern {pattern!r}"
                    f"{meant(pattern, known)}"
                )


def _valid_keys(place: list[str]) -> list[str]:
    if place[-1:] == ["sampling"]:
        return list(ModelSampling.model_fields)
    if place[-1:] == ["send"]:
        return list(Send.model_fields)
    if place[:1] == ["plan"]:
        return list(AnalysisPlan.model_fields)
    if place[:1] == ["caps"]:
        return list(Caps.model_fields)
    if place[:1] == ["pairings"]:
        return list(Pairing.model_fields)
    if place[:1] == ["models"]:
        engine = next((part for part in place if part in _ENGINES), None)
        return [name for name in _ENGINES[engine].model_fields if name != "name"] if engine else []
    if place[:1] == ["benchmarks"]:
        return [each.alias or name for name, each in BenchmarkChoice.model_fields.items()]
    return list(SweepFile.model_fields)
