"""The commands that have commands of their own: `foureyes database backup` and its like."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from foureyes.models.later import Later
from foureyes.producer.cli.listing import Listing
from foureyes.producer.cli.options import TrustHost
from foureyes.producer.commands.choices import TriedPrompt
from foureyes.producer.sweeps import shipped

if TYPE_CHECKING:
    from foureyes.producer.commands import catalogue, checking, keeping, prompt_trial
else:  # here is only declared: what a command does is imported when it is run
    catalogue = Later("foureyes.producer.commands.catalogue")
    checking = Later("foureyes.producer.commands.checking")
    keeping = Later("foureyes.producer.commands.keeping")
    prompt_trial = Later("foureyes.producer.commands.prompt_trial")

patterns_app = typer.Typer(
    cls=Listing, help="List the interaction patterns, or show one: flow and prompts."
)
models_app = typer.Typer(
    cls=Listing, help="The GGUF models of the embedded stack; trying a server's."
)
prompts_app = typer.Typer(cls=Listing, help="Try how well prompts do what they are for.")
benchmark_app = typer.Typer(
    cls=Listing, help="Check problems of your own; install what a benchmark needs."
)
database_app = typer.Typer(
    cls=Listing,
    help="The embedded database as a file, and back; migrating your own.",
)

DefinedIn = Annotated[
    Path | None,
    typer.Option(
        callback=shipped.find,
        help="The sweep file.",
        show_default="as the latest sweep defined it",
    ),
]


@database_app.command("backup")
def database_backup(
    file: Annotated[Path, typer.Argument(help="Where to.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write all sweeps and their results to one file; a stack that runs goes on."""
    keeping.backup(file, force)


@database_app.command("restore")
def database_restore(
    file: Annotated[
        Path,
        typer.Argument(help="What `foureyes database backup` wrote; your own, it can run SQL."),
    ],
) -> None:
    """Bring a backup into a home that has no sweep yet; sweeps in it go on with their own commands."""
    keeping.restore(file)


@database_app.command("migrate")
def database_migrate() -> None:
    """Bring your own server's database to what this version needs."""
    keeping.migrate()


@benchmark_app.command("check")
def benchmark_check(
    file: Annotated[str, typer.Argument(help="A file of problems, or a benchmark's name.")],
    slots: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="Programs at a time.", show_default="one a core"),
    ] = None,
) -> None:
    """Run each problem's reference: examples, inputs, time, and what has to be mended (exit code 1)."""
    keeping.benchmark_check(file, slots)


@benchmark_app.command("prepare")
def benchmark_prepare(
    name: Annotated[
        str, typer.Argument(help="The format whose libraries to install: bigcodebench.")
    ],
) -> None:
    """Install the libraries that a benchmark's programs may use in the sandbox (some minutes)."""
    keeping.benchmark_prepare(name)


@patterns_app.callback()
def patterns(context: typer.Context) -> None:
    """List the patterns and their options."""
    if context.invoked_subcommand is None:
        catalogue.patterns_list()


@patterns_app.command("show")
def patterns_show(
    name: Annotated[str, typer.Argument(help="A name from `foureyes patterns`.")],
    sweep: Annotated[
        Path | None,
        typer.Option(
            callback=shipped.find, help="Show it as this file has it: one's own, options, prompts."
        ),
    ] = None,
) -> None:
    """Draw a pattern's flow and print its prompts."""
    catalogue.patterns_show(name, sweep)


@patterns_app.command("check")
def patterns_check(
    file: Annotated[
        Path,
        typer.Argument(
            callback=shipped.find, help="A sweep file whose patterns or prompts were changed."
        ),
    ],
    sweep: Annotated[
        str | None,
        typer.Option(
            metavar="SWEEP",
            help="Name or id of the sweep on record.",
            show_default="the latest of the file's name",
        ),
    ] = None,
) -> None:
    """Replay a sweep's record with changed patterns: what would differ. No model is asked."""
    checking.check(file, sweep)


@models_app.command("pull")
def models_pull(
    name: Annotated[str, typer.Argument(help="A name from `foureyes models list`, or `all`.")],
    source: Annotated[
        Path | None, typer.Option("--from", help="Take the file from here instead.")
    ] = None,
) -> None:
    """Fetch a model's weights, checked by their SHA-256; resumes where it stopped."""
    catalogue.models_pull(name, source)


@models_app.command("list")
def models_list() -> None:
    """List the models, and where their weights are."""
    catalogue.models_list()


@models_app.command("try")
def models_try(
    name: Annotated[str, typer.Argument(help="Its name in the sweep file.")],
    sweep: DefinedIn = None,
    trust_host: TrustHost = None,
) -> None:
    """Ask a model's server one question, and say which settings it refuses (exit code 2; 1: no answer)."""
    catalogue.models_try(name, sweep, trust_host or [])


@prompts_app.command("try")
def prompts_try(
    what: Annotated[TriedPrompt, typer.Argument(metavar="review", help="Which prompts.")],
    model: Annotated[
        str, typer.Option(help="Its name in the sweep file, or from `foureyes models list`.")
    ],
    sweep: DefinedIn = None,
    wording: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WORDING",
            help="As a pattern's option `verdict`; may be given again.",
            show_default="all",
        ),
    ] = None,
    prompts: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="A folder of templates; may be given again.",
            show_default="default",
        ),
    ] = None,
    review_format: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FORMAT", help="json or text; may be given again.", show_default="json"
        ),
    ] = None,
    problems: Annotated[
        int, typer.Option(min=1, help="A right and a wrong program of each of the first N.")
    ] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Every review, for programs.")] = False,
    trust_host: TrustHost = None,
) -> None:
    """Have a model review programs whose verdict is known, with each wording of the question."""
    prompt_trial.try_review(
        model,
        sweep,
        wordings=wording,
        prompts=prompts,
        formats=review_format,
        problems=problems,
        as_json=as_json,
        trusted=trust_host or [],
    )
