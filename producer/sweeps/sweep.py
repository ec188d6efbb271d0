"""From a sweep file to its grid: what is to be run, with its problems and prompts."""

import hashlib
import itertools
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from foureyes.judging import sources
from foureyes.judging.formats.problem import Problem
from foureyes.models import script, team
from foureyes.models.caps import check_prices
from foureyes.models.digest import digest
from foureyes.models.errors import FoureyesError
from foureyes.models.llm import VLLM, AnyModel, LlamaCpp, ModelSampling, Replay, Scripted
from foureyes.models.problem import Spec
from foureyes.models.sweep_content import SweepContent
from foureyes.models.weights import CATALOGUE
from foureyes.producer.sweeps import budgets, inside, rehearsal
from foureyes.producer.sweeps.sweep_file import (
    BenchmarkChoice,
    SweepFile,
    TeamChoice,
    check_plan,
    parse,
)
from foureyes.worker import patterns
from foureyes.worker.patterns import Configured, Module, templates
from foureyes.worker.patterns.templates import Templates

#: Of the embedded models where they stand in for others: their context is small.
_EMBEDDED_SAMPLING = ModelSampling(temperature=0.0, max_tokens=400)


def run_key(benchmark: str, pattern: str, options: dict[str, Any], roles: Mapping[str, str]) -> str:
    """The key of a run: `pattern` is the pattern's name, with all of its options; models by role."""
    return digest([benchmark, [pattern, options], *team.identity(roles)])


def sweep_key(
    file: SweepFile,
    patterns: Sequence[tuple[str, dict[str, Any]]],
    versions: dict[str, list[str]],
    prompt_files: dict[str, dict[str, str]],
    module_hashes: dict[str, str],
    fresh: str,
) -> str:
    """The key of a sweep: its patterns with their options, and its problems' versions by benchmark."""
    models = {
        name: [
            model.identity(),
            model.sampling.asked() | {"seed": model.sampling.seed},
            model.thinking,
        ]
        for name, model in file.models.items()
    }
    return digest(
        [
            file.name,
            [list(pattern) for pattern in patterns],
            models,
            [team.identity(each.roles) for each in file.teams],
            file.samples,
            versions,
            prompt_files,
            sorted(module_hashes.items()),
            fresh,
        ]
    )


@dataclass(frozen=True)
class Cell:
    """One run to be: a point of the grid."""

    benchmark: str
    pattern: Configured
    team: TeamChoice

    @property
    def key(self) -> str:
        """What tells this run from the others of its sweep."""
        pattern = self.pattern.pattern.name, self.pattern.options
        return run_key(self.benchmark, *pattern, self.team.roles)


@dataclass(frozen=True)
class PlannedSweep:
    """A sweep file with its problems: everything that will be enqueued.

    `patterns` are those of the file with every combination of their options; `prompt_files` are the
    texts of a user's prompts, by folder and template; `module_hashes` tell what the modules of a
    user's patterns were; `fresh` is what sets the calls of this sweep apart from those that were
    made before; `recording` is what it is replayed from; `accepts_imported` lets it use what was
    made elsewhere; `caps` are those that it has from now on, by their names.
    """

    file: SweepFile
    patterns: list[Configured]
    problems: dict[str, list[Problem]]
    prompt_files: dict[str, dict[str, str]] = field(default_factory=dict)
    module_folder: str = ""
    module_hashes: dict[str, str] = field(default_factory=dict)
    fresh: str = ""
    recording: Path | None = None
    accepts_imported: bool = False
    caps: Mapping[str, float] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The same file with the same problems is the same sweep. Prices do not matter."""
        return sweep_key(
            self.file,
            [(pattern.pattern.name, pattern.options) for pattern in self.patterns],
            {name: [p.version for p in found] for name, found in self.problems.items()},
            self.prompt_files,
            self.module_hashes,
            self.fresh,
        )

    @property
    def recordings(self) -> set[str]:
        """What answers in the place of models."""
        return {model.answers_from for model in self.file.models.values() if model.answers_from}

    def templates(self, prompts: str) -> Templates:
        """The prompts of this name."""
        return templates.of(prompts, self.prompt_files)

    def content(self) -> SweepContent:
        """All that a worker needs to know, as the sweep's row holds it."""
        return SweepContent(
            **self.file.model_dump(mode="json"),
            prompt_files=self.prompt_files,
            module_folder=self.module_folder,
            module_hashes=self.module_hashes,
            fresh=self.fresh,
        )

    @cached_property
    def roles(self) -> dict[str, list[str]]:
        """Whom each pattern can ask, by its label."""
        return {pattern.label: list(rehearsal.roles(pattern)) for pattern in self.patterns}

    @cached_property
    def budgets(self) -> dict[str, str]:
        """By the label of each pattern that has a budget, that of the pattern whose tokens it gets."""
        return budgets.sources(self.patterns)

    def idle_roles(self) -> list[str]:
        """Roles of its teams that no pattern asks."""
        asked = {role for roles in self.roles.values() for role in roles}
        return sorted({role for each in self.file.teams for role in each.roles} - asked)

    def cells(self) -> list[Cell]:
        """The grid, in the order of the file."""
        return [
            Cell(benchmark, pattern, team)
            for benchmark in self.problems
            for team in self.file.teams
            for pattern in self.patterns
        ]

    def copies(self) -> list[str]:
        """Teams whose answers to one question are the same in every sample, if there are several."""
        return self.content().copying() if self.file.samples > 1 else []

    def beside(self, name: str, mark: str) -> "PlannedSweep":
        """The same work as a sweep of another name, whose models have names of their own with this mark:
        no table takes the one for the other, and both may be under way at once."""
        names = {model: f"{model}-{mark}" for model in self.file.models}
        models = {
            names[model]: told.model_copy(update={"name": names[model]})
            for model, told in self.file.models.items()
        }
        file = _played_by(self.file, models, names).model_copy(update={"name": name})
        return replace(self, file=file)

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
    accepts_imported: bool = False,
    caps: Mapping[str, float] | None = None,
) -> PlannedSweep:
    """Read and check a sweep file and its benchmarks (each cut to its first `limit` problems).

    `data` replaces the file's benchmarks by one file of the user's; `embedded` replaces its models
    by the two that run anywhere, and `recording` all models by what was recorded of them; `caps` come
    before those of the file.

    Raises: FoureyesError naming the file, the key and the nearest valid one.
    """
    file = parse(path)
    if data is not None:
        own_name = data.name.removesuffix(".gz").removesuffix(".jsonl")
        problems = {own_name: sources.load_file(data, own_name)[:limit]}
    else:
        problems = dict(_problems(path, each, limit) for each in file.benchmarks)
    try:
        for name in file.modules:
            inside.check(path.parent, Path(f"{name}.py"))
        own = patterns.load_modules(file.modules, path.parent)
        made = file.configured(patterns.with_modules(own))
        hashes = {name: module.source_hash for name, module in own.items()}
        wanted = {pattern.style.prompts for pattern in made}
        prompt_files = own_prompts(wanted, path.parent) | _beside_modules(own, path.parent)
        kinds = _other_kinds(problems)
        for pattern in made:
            prompts = templates.of(pattern.style.prompts, prompt_files)
            rehearsal.check_prompts(pattern, prompts, kinds)
        _check_teams(file, made)
        budgets.sources(made)
        if file.plan is not None:
            check_plan(path, file.plan, made)
        file = _on_embedded_models(file) if embedded else _with_scripts(file, path.parent)
    except FoureyesError as error:
        raise FoureyesError(f"{path}: {error}") from None
    if recording is not None:
        file = _replayed(file, recording)
    folder = str(path.parent.resolve()) if file.modules else ""
    found = file.caps.model_dump(exclude_none=True) | dict(caps or {})
    try:
        check_prices(found, has_prices=any(each.price_per_hour for each in file.models.values()))
    except FoureyesError as error:
        raise FoureyesError(f"{path}: {error}") from None
    return PlannedSweep(
        file,
        made,
        problems,
        prompt_files,
        folder,
        hashes,
        fresh,
        recording,
        accepts_imported,
        found,
    )


def _other_kinds(problems: Mapping[str, Sequence[Problem]]) -> list[Spec]:
    """A specification of each kind that there is beside functions, with visible tests and without: whole
    programs, methods."""
    found: dict[tuple[type[Problem], bool], Problem] = {}
    for each in itertools.chain.from_iterable(problems.values()):
        found.setdefault((type(each), bool(each.entry_point)), each)
    specs = [each.spec() for each in found.values()]
    return [
        kind
        for spec in specs
        if not {test.kind for test in spec.visible_tests} <= {"doctest", "assert"}
        for kind in (spec, replace(spec, visible_tests=()))
    ]


def _problems(
    sweep_file: Path, benchmark: str | BenchmarkChoice, limit: int | None
) -> tuple[str, list[Problem]]:
    """A benchmark's name and problems."""
    if isinstance(benchmark, str):
        return benchmark, sources.load(benchmark)[:limit]
    if benchmark.data is None:
        found = sources.load(benchmark.name)
    else:
        found = sources.load_file(_beside(sweep_file, benchmark.data), benchmark.name)
    try:
        return benchmark.name, benchmark.chosen(found)[:limit]
    except FoureyesError as error:
        raise FoureyesError(f"{sweep_file}: {error}") from None


def _beside(sweep_file: Path, data: Path) -> Path:
    """A file of problems that a sweep file names."""
    try:
        inside.check(sweep_file.parent, data)
    except FoureyesError as error:
        raise FoureyesError(f"{sweep_file}: {error}") from None
    return sweep_file.parent / data


def models(path: Path) -> dict[str, AnyModel]:
    """The models of a sweep file by name, as its workers have them.

    Raises: FoureyesError naming the file and what is wrong with it.
    """
    file = parse(path)
    try:
        return _with_scripts(file, path.parent).models
    except FoureyesError as error:
        raise FoureyesError(f"{path}: {error}") from None


def own_prompts(wanted: Collection[str], folder: Path) -> dict[str, dict[str, str]]:
    """The texts of those folders of prompts that do not ship with foureyes but lie beside a sweep file.

    Raises: FoureyesError naming the folder or the file that cannot be used.
    """
    found = {name: folder / name for name in sorted(wanted) if (folder / name).is_dir()}
    for name in templates.names():
        own = found.pop(name, None)
        if own is not None and (own / "system.md").is_file():
            raise FoureyesError(
                f"prompts: {name!r} is the name of prompts that ship with foureyes; give the folder "
                f"{own} another one"
            )
    for name, own in found.items():
        for file in (own, *own.glob("*.md")):
            inside.check(folder, Path(name) if file == own else Path(name) / file.name)
    return {name: templates.read_folder(own) for name, own in found.items()}


def _beside_modules(own: Mapping[str, Module], folder: Path) -> dict[str, dict[str, str]]:
    """The texts of the prompts beside the modules of a user's own, if there are any."""
    found: dict[str, str] = {}
    for module in own.values():
        if module.file is None or module.file.suffix != ".py":
            continue
        texts = templates.beside(module.file.read_bytes(), module.file.parent)
        for name, text in texts.items():
            inside.check(folder, module.file.parent.absolute() / f"{name}.md")
            if found.setdefault(name, text) != text:
                raise FoureyesError(f"modules: two of them have a prompt {name}.md of their own")
    return {templates.BESIDE: found} if found else {}


def _check_teams(file: SweepFile, made: list[Configured]) -> None:
    """Raises: FoureyesError if a pattern asks a role that a team lacks, or that no team can have."""
    for pattern in made:
        for role, place in rehearsal.roles(pattern).items():
            if mistake := team.mistake_in(role):
                raise FoureyesError(f"pattern {pattern.label!r} asks a role: {mistake} ({place})")
            for each in file.teams:
                if role not in each.roles:
                    raise FoureyesError(
                        f"teams: {each.name!r} has no {role!r}, whom pattern {pattern.label!r} asks ({place}); "
                        f"it has {' and '.join(map(repr, each.roles))}"
                    )


def _with_scripts(file: SweepFile, folder: Path) -> SweepFile:
    """The same sweep with its models' files, from wherever a worker is started. Scripts and recordings are
    looked at, too: they are found, and can be read."""
    models: dict[str, AnyModel] = dict(file.models)
    for name, model in file.models.items():
        if isinstance(model, Scripted):
            inside.check(folder, Path(model.script))
            path = (folder / model.script).resolve()
            found = model.model_copy(update={"script": str(path)})
            script.read(path)
            models[name] = found.model_copy(update={"script_hash": digest(path.read_text("utf-8"))})
        elif isinstance(model, Replay) and model.recording is not None:
            inside.check(folder, Path(model.recording))
            models[name] = _from_recording(model, folder / model.recording)
        elif isinstance(model, LlamaCpp):
            own = model.model not in CATALOGUE
            where = os.path.abspath(folder / Path(model.model).expanduser()) if own else None
            models[name] = model.model_copy(update={"path": where})
        elif isinstance(model, VLLM):
            where = os.path.abspath(folder / Path(model.model).expanduser())
            if os.path.isdir(where):
                models[name] = model.model_copy(update={"path": where})
            elif model.model.startswith((".", "~")):  # no name on the hub begins so
                raise FoureyesError(f"models.{name}.model: there is no folder {where}")
    return file.model_copy(update={"models": models})


def _on_embedded_models(file: SweepFile) -> SweepFile:
    """The same sweep with the embedded coder for its first coder, the reviewer for all others."""
    first = file.teams[0].roles.get(team.CODER)
    names = {name: "qwen-500m" if name == first else "qwen-1500m" for name in file.models}
    weights = {"qwen-500m": "qwen2.5-coder-0.5b", "qwen-1500m": "qwen2.5-coder-1.5b"}
    models = {
        name: LlamaCpp(engine="llamacpp", name=name, model=model, sampling=_EMBEDDED_SAMPLING)
        for name, model in weights.items()
        if name in names.values()
    }
    return _played_by(file, models, names)


def _played_by(
    file: SweepFile, models: Mapping[str, AnyModel], names: Mapping[str, str]
) -> SweepFile:
    """The same sweep with these models, `names` having for each of before the one in its place."""
    teams = {}
    for each in file.teams:
        roles = {role: names[model] for role, model in each.roles.items()}
        teams[team.said(roles)] = TeamChoice.model_validate(roles)
    return file.model_copy(update={"models": dict(models), "teams": list(teams.values())})


def _from_recording(model: Replay, recording: Path) -> Replay:
    """A model whose answers come from this file, and are known to."""
    try:
        with recording.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise FoureyesError(f"{recording}: cannot be read ({error.strerror})") from None
    told = {"recording": str(recording.resolve()), "recording_hash": found}
    return model.model_copy(update=told)


def _replayed(file: SweepFile, recording: Path) -> SweepFile:
    """The same sweep with every model's answers taken from a recording."""
    if not recording.is_file():
        raise FoureyesError(f"{recording}: there is no such recording; `foureyes record` makes one")
    models = {
        name: _from_recording(
            Replay(
                engine="replay",
                name=name,
                identity_of=model.identity(),
                sampling=model.sampling,
                thinking=model.thinking,
            ),
            recording,
        )
        for name, model in file.models.items()
    }
    return file.model_copy(update={"models": models})
