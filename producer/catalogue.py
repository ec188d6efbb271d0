"""What can be listed: the patterns with their prompts, and the models, which are fetched here too."""

from pathlib import Path

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

from models import weights
from models.errors import FoureyesError
from producer import flow, sweep
from producer.terminal import console
from worker import templates
from worker.patterns import Configured
from worker.patterns import find as find_pattern
from worker.patterns import patterns as known_patterns
from worker.style import Style
from worker.templates import Templates


def models_pull(name: str, source: Path | None) -> None:
    """Fetch weights, with a progress bar."""
    names = list(weights.CATALOGUE) if name == "all" else [name]
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=console,
    ) as progress:
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
    console.print(flow.draw(made), highlight=False)
    for prompt in (*templates.COMMON, *flow.prompts(made)):
        console.print(Rule(f"{prompt}.md", align="left", style="dim"))
        console.print(folder.source(prompt).rstrip(), markup=False, highlight=False, soft_wrap=True)
