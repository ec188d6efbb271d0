"""What can be listed: the patterns with their prompts, and the models, which are fetched here too."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TransferSpeedColumn,
)
from rich.rule import Rule
from rich.table import Table

from foureyes.models import weights
from foureyes.models.errors import FoureyesError
from foureyes.models.later import Later
from foureyes.models.llm import OpenAI
from foureyes.models.urls import shown
from foureyes.producer.commands.terminal import console, say
from foureyes.producer.sweeps import rehearsal
from foureyes.worker.patterns import Configured, templates
from foureyes.worker.patterns import find as find_pattern
from foureyes.worker.patterns import patterns as known_patterns
from foureyes.worker.patterns.style import Style
from foureyes.worker.patterns.templates import Templates

if TYPE_CHECKING:
    from foureyes.producer.commands import trust, trying
    from foureyes.producer.stack import embedded
    from foureyes.producer.sweeps import sweep
    from foureyes.worker.engines import probe
else:  # a database and an HTTP client, for `models try` alone
    embedded, sweep = (
        Later("foureyes.producer.stack.embedded"),
        Later("foureyes.producer.sweeps.sweep"),
    )
    trust, trying = (
        Later("foureyes.producer.commands.trust"),
        Later("foureyes.producer.commands.trying"),
    )
    probe = Later("foureyes.worker.engines.probe")


def bars() -> Progress:
    """Shows how far something is that is fetched."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=console,
    )


def models_pull(name: str, source: Path | None) -> None:
    """Fetch weights, with a progress bar."""
    names = list(weights.CATALOGUE) if name == "all" else [name]
    with bars() as progress:
        for each in names:
            task = progress.add_task(each, total=None)

            def tell(
                done: int, total: int, what: str, task: TaskID = task, name: str = each
            ) -> None:
                progress.update(task, completed=done, total=total, description=f"{name} ({what})")

            path = weights.pull(each, source=source, progress=tell)
            progress.update(task, description=str(path))


def models_list() -> None:
    """List the catalogue."""
    table = Table()
    for column in ("name", "size", "weights"):
        table.add_column(column)
    for name, entry in weights.CATALOGUE.items():
        try:
            where = str(weights.locate(name))
        except FoureyesError:
            where = f"not here: foureyes models pull {name}"
        table.add_row(name, f"{entry.bytes / 1e9:.2f} GB", where)
    console.print(table)


def models_try(name: str, file: Path | None, trusted: Sequence[str]) -> None:
    """Ask a model's server one question; exit code 2 if it refuses, 1 if it gives no answer."""
    if file is None:
        with embedded.database(say):
            model = trying.model_of(name, None)
    else:
        model = trying.model_of(name, file)
    if not isinstance(model, OpenAI):
        raise FoureyesError(
            f"models.{name}: its engine is {model.engine}, which runs in a worker; there is no server "
            "to ask"
        )
    trust.settle({name: model}, trusted)
    console.print(
        f"Asking {shown(model.base_url)} for {model.model} ...", markup=False, highlight=False
    )
    tried = probe.probe(model, trying.request_to(model))
    if tried.answer is not None:
        made = tried.answer
        counts = f"{made.prompt_tokens} tokens in, {made.completion_tokens} out"
        console.print(f"It takes every setting, and answered in {made.seconds:.1f} s ({counts}):")
        console.print(f"  {made.text[:200]!r}", markup=False, highlight=False)
        console.print(f"  finish reason {made.finish_reason}, by {made.engine}", markup=False)
        return
    for setting in tried.refused:
        line = f"refused: {setting.name}: {setting.said}"
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if tried.refused:
        raise FoureyesError(f"models.{name}: write {tried.advice}")
    if tried.for_ever:
        raise FoureyesError(f"models.{name}: {tried.said}")
    console.print(tried.said, markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(1)


def patterns_list() -> None:
    """The patterns, and what their options are."""
    table = Table(title="Patterns", title_justify="left")
    table.add_column("name", no_wrap=True)
    table.add_column("what happens")
    table.add_column("options")
    for name, pattern in sorted(known_patterns().items()):
        own = {
            option: field.default
            for option, field in pattern.options.model_fields.items()
            if option not in Style.model_fields
        }
        options = ", ".join(f"{option}={default}" for option, default in own.items())
        table.add_row(name, pattern.summary.splitlines()[0], options)
    console.print(table)
    style = ", ".join(f"{name}={field.default}" for name, field in Style.model_fields.items())
    console.print(f"Every pattern also has: {style}", highlight=False)


def patterns_show(name: str, sweep_file: Path | None) -> None:
    """One pattern, as it ships or as a sweep file has it: what it does, its flow, its prompts."""
    if sweep_file is None:
        made = find_pattern(name).configure({})
        _show(made, templates.shipped(made.style.prompts))
        return
    grid = sweep.load(sweep_file, limit=1)
    find_pattern(name, {each.pattern.name: each.pattern for each in grid.patterns})
    for made in grid.patterns:
        if made.pattern.name == name:
            _show(made, grid.templates(made.style.prompts))


def _show(made: Configured, folder: Templates) -> None:
    console.print(made.pattern.summary, highlight=False, markup=False)
    console.print()
    console.print(rehearsal.draw(made), highlight=False, soft_wrap=False)  # a tree would be cut
    asked = rehearsal.prompts(made)
    parts = folder.with_included(["system", *asked])
    for prompt in [each for each in parts if each not in asked] + asked:
        console.print(Rule(f"{prompt}.md", align="left", style="dim"))
        console.print(folder.source(prompt).rstrip(), markup=False, highlight=False, soft_wrap=True)
