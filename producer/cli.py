"""The `foureyes` command. Each mistake a person can make ends in one line and exit code 2."""

import math
import sys
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup, TyperOption

from foureyes.models.errors import FoureyesError
from foureyes.models.later import Later
from foureyes.models.output import NO_ROOM
from foureyes.models.storable import storable
from foureyes.producer.commands.choices import (
    Broker,
    Exported,
    ModelSet,
    PeerName,
    ProfileName,
    Rows,
    TriedPrompt,
)
from foureyes.producer.commands.terminal import drop_output, mistake, say
from foureyes.producer.sweeps import shipped

if TYPE_CHECKING:
    from foureyes.producer.commands import (
        catalogue,
        checking,
        exchange,
        judged,
        keeping,
        planning,
        prompt_trial,
        reading,
        regrading,
        steering,
        sweeping,
    )
    from foureyes.producer.commands import demo as demonstration
    from foureyes.producer.stack import celery_worker
else:  # this module only declares: what a command does is imported when it is run
    catalogue, celery_worker = (
        Later("foureyes.producer.commands.catalogue"),
        Later("foureyes.producer.stack.celery_worker"),
    )
    checking = Later("foureyes.producer.commands.checking")
    demonstration = Later("foureyes.producer.commands.demo")
    keeping, exchange = (
        Later("foureyes.producer.commands.keeping"),
        Later("foureyes.producer.commands.exchange"),
    )
    judged, planning = (
        Later("foureyes.producer.commands.judged"),
        Later("foureyes.producer.commands.planning"),
    )
    prompt_trial = Later("foureyes.producer.commands.prompt_trial")
    reading, sweeping = (
        Later("foureyes.producer.commands.reading"),
        Later("foureyes.producer.commands.sweeping"),
    )
    regrading = Later("foureyes.producer.commands.regrading")
    steering = Later("foureyes.producer.commands.steering")


class _Listing(TyperGroup):
    """Commands, listed with all that the first line of each one's help says."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        rows = [(name, each.get_short_help_str(limit=200)) for name, each in self.commands.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


class _Commands(_Listing):
    """The list of them without the few options beside it: it stays on one screen."""

    def get_params(self, ctx: Any) -> list[Any]:
        found = super().get_params(ctx)
        for each in found:
            if isinstance(each, TyperOption):
                each.hidden = True
        return found

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        """`foureyes help sweep` is `foureyes sweep --help`, as people try it."""
        if args[0] == "help":
            args = [*args[1:], "--help"] if len(args) > 1 else self._end_with_help(ctx)
        return super().resolve_command(ctx, args)

    def _end_with_help(self, ctx: Any) -> NoReturn:
        print(ctx.get_help())
        raise typer.Exit


app = typer.Typer(
    name="foureyes",
    cls=_Commands,
    help="Two models, one benchmark, every way of working together.\n\n"
    "More: foureyes COMMAND --help; also --version and --install-completion",
    no_args_is_help=True,
    context_settings={"help_option_names": ["--help", "-h"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # boxes and colours take longer to import than all else of a help page
)
patterns_app = typer.Typer(
    cls=_Listing, help="List the interaction patterns, or show one: flow and prompts."
)
models_app = typer.Typer(
    cls=_Listing, help="The GGUF models of the embedded stack; trying a server's."
)
prompts_app = typer.Typer(cls=_Listing, help="Try how well prompts do what they are for.")
benchmark_app = typer.Typer(
    cls=_Listing, help="Check problems of your own; install what a benchmark needs."
)
database_app = typer.Typer(
    cls=_Listing,
    help="The embedded database as a file, and back; migrating your own.",
)
app.add_typer(database_app, name="database", no_args_is_help=True)
app.add_typer(benchmark_app, name="benchmark", no_args_is_help=True)
app.add_typer(patterns_app, name="patterns", invoke_without_command=True)
app.add_typer(models_app, name="models", no_args_is_help=True)
app.add_typer(prompts_app, name="prompts", no_args_is_help=True)

SweepName = Annotated[
    str | None, typer.Argument(metavar="SWEEP", help="Name or id; the latest if left out.")
]
ByRegrade = Annotated[
    int | None, typer.Option(metavar="ID", help="By the verdicts of this regrade.")
]
OneSweep = Annotated[str, typer.Argument(metavar="SWEEP", help="Name or id.")]
OnlyRuns = Annotated[
    list[str] | None,
    typer.Option(
        "--run",
        metavar="RUN",
        help="Only this run: its id, or PATTERN[:BENCHMARK[:TEAM]]; again for others.",
    ),
]
Force = Annotated[
    bool, typer.Option("--force", help="Replace a file that is no output of this command.")
]
Limit = Annotated[
    int | None, typer.Option(min=1, help="Only the first N problems of each benchmark.")
]

MaxUsd = Annotated[
    float | None, typer.Option(metavar="USD", help="Start nothing new once so much was spent.")
]
MaxTokens = Annotated[
    float | None,
    typer.Option(metavar="TOKENS", help="Once prompts and answers took so many together."),
]
MaxHours = Annotated[
    float | None, typer.Option(metavar="HOURS", help="Once calls of it were at work for so long.")
]

TrustHost = Annotated[
    list[str] | None,
    typer.Option("--trust-host", metavar="HOST", help="A server that may be sent its model's key."),
]


def _version(asked: bool) -> None:
    if asked:
        print(f"foureyes {metadata.version('foureyes')}")
        raise typer.Exit


@app.callback()
def command(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,
) -> None:
    """What is said before any command's name."""


@app.command()
def sweep(
    file: Annotated[
        Path, typer.Argument(callback=shipped.find, help="A sweep file, e.g. sweeps/starter.toml.")
    ],
    wait: Annotated[bool, typer.Option("--wait", help="Stay until it is done.")] = False,
    limit: Limit = None,
    data: Annotated[Path | None, typer.Option(help="Use this file of problems instead.")] = None,
    models: Annotated[
        ModelSet, typer.Option(help="The file's models, or the two that run anywhere.")
    ] = ModelSet.FILE,
    fresh: Annotated[
        str, typer.Option(help="A word: reuse only what was made under the same word.")
    ] = "",
    replay: Annotated[
        Path | None, typer.Option(help="Take all answers from this recording; no model is run.")
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Say what it would ask for, and enqueue nothing.")
    ] = False,
    accept_imported: Annotated[
        bool, typer.Option("--accept-imported", help="Use what was made elsewhere, and imported.")
    ] = False,
    max_usd: MaxUsd = None,
    max_tokens: MaxTokens = None,
    max_hours: MaxHours = None,
    trust_host: TrustHost = None,
) -> None:
    """Enqueue a sweep; the same file again goes on where it stopped.

    Exit code 1 if it was waited for and attempts ended in error, or a cap was reached before the end. A
    cap holds until another one is given; `inf` takes it away.
    """
    sweeping.sweep(
        file,
        wait=wait,
        limit=limit,
        data=data,
        models=models,
        fresh=fresh,
        recording=replay,
        only_plan=plan,
        trusted=trust_host or [],
        accept_imported=accept_imported,
        caps=_caps(max_usd, max_tokens, max_hours),
    )


#: Of what a cap can be; larger ones no column holds, whatever it is of.
_LARGEST_CAP = 2**53


def _caps(
    max_usd: float | None, max_tokens: float | None, max_hours: float | None
) -> dict[str, float]:
    """The caps that were given, by their names."""
    given = {"max_usd": max_usd, "max_tokens": max_tokens, "max_hours": max_hours}
    found = {name: value for name, value in given.items() if value is not None}
    for name, value in found.items():
        if not (0 < value < _LARGEST_CAP or value == math.inf):  # nan neither
            raise FoureyesError(
                f"--{name.replace('_', '-')}: {value:g} is no cap: more than 0, or inf for none"
            )
    return found


@app.command()
def plan(
    file: Annotated[
        Path | None,
        typer.Argument(
            callback=shipped.find,
            help="A sweep file: by its comparisons and earlier runs, with the price.",
        ),
    ] = None,
    see: Annotated[
        float, typer.Option(min=0.5, max=100, help="Points of pass@1 that should be seen.")
    ] = 5.0,
    family: Annotated[
        int | None,
        typer.Option(
            min=1, max=10_000, help="Comparisons to correct for.", show_default="the file's, or 12"
        ),
    ] = None,
) -> None:
    """Say how many problems it takes to see a difference."""
    planning.plan(file, see, family)


@app.command()
def demo(
    limit: Annotated[int, typer.Option(min=1, help="Problems of each benchmark.")] = 4,
    recorded: Annotated[
        bool, typer.Option("--recorded", help="Only with recorded answers; needs no models.")
    ] = False,
) -> None:
    """Run the starter sweep on a few problems with two small models.

    First with answers that were recorded, while the models are fetched. Exit code 1 if attempts ended in
    error.
    """
    demonstration.demo(limit, only_recorded=recorded)


@app.command()
def up(
    broker: Annotated[
        Broker, typer.Option(help="The embedded Valkey, or the installed RabbitMQ.")
    ] = Broker.VALKEY,
) -> None:
    """Run the stack until Ctrl-C: database, broker, workers, Flower."""
    sweeping.up(broker)


@app.command()
def worker(
    model: Annotated[str, typer.Option(help="Its name in the sweep file.")],
    threads: Annotated[
        int | None,
        typer.Option(min=1, max=512, help="Calls at a time.", show_default="the model's"),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="This worker's own, if the machine has more of the model.")
    ] = None,
    trust_host: TrustHost = None,
) -> None:
    """Serve a model to the stack that FOUREYES_* variables name."""
    celery_worker.serve(model, threads, name, trust_host or [])


@app.command()
def watch(sweep: SweepName = None) -> None:
    """Follow a sweep's progress until it is done or Ctrl-C.

    Exit code 1 if attempts ended in error.
    """
    sweeping.watch(sweep)


@app.command()
def report(
    sweep: SweepName = None,
    baseline: Annotated[
        str | None, typer.Option(help="The pattern to compare with.", show_default="raw-coder")
    ] = None,
    regrade: ByRegrade = None,
    as_json: Annotated[bool, typer.Option("--json", help="All of it, for programs.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="A row for each run.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Tables for a text.")] = False,
    shrunken: Annotated[
        bool, typer.Option("--shrunken", help="Only estimates that borrow from each other.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option(help="The page.", show_default=".foureyes/reports/NAME-ID.html")
    ] = None,
    force: Force = False,
) -> None:
    """Show a sweep's results, and write its page: one HTML file.

    Exit code 1 if attempts ended in error.
    """
    asked = {"json": as_json, "csv": as_csv, "markdown": as_markdown, "shrunken": shrunken}
    formats = [name for name, is_asked in asked.items() if is_asked]
    reading.report(sweep, baseline, formats, output, regrade=regrade, force=force)


@app.command()
def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="The baseline: a run's id, or its name.")],
    b: Annotated[str, typer.Argument(metavar="B", help="SWEEP:PATTERN[:BENCHMARK[:TEAM]].")],
    regrade: ByRegrade = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Compare any two runs, problem by problem."""
    reading.compare(a, b, regrade=regrade, as_json=as_json)


@app.command()
def meta(
    sweeps: Annotated[
        list[str], typer.Argument(metavar="SWEEPS...", help="Names or ids, two or more.")
    ],
    baseline: Annotated[
        str | None,
        typer.Option(help="The pattern to compare with.", show_default="raw-coder"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Join sweeps that ask the same, with other seeds, as one."""
    reading.meta(sweeps, baseline, as_json=as_json)


@app.command()
def stats(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILES...", help="Results of other harnesses, CSV, Parquet; docs/stats.md."
        ),
    ],
    name: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE=NAME", help="What a file's system is called; again for others."),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Compare each system with this one.", show_default="every two"
        ),
    ] = None,
    score: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Which of a file's verdicts: a metric, a scorer, base."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="All of it, for programs.")] = False,
    html: Annotated[Path | None, typer.Option(help="Also write a page to this file.")] = None,
    force: Force = False,
) -> None:
    """Say what anybody's results show; no sweep, database or model."""
    judged.stats(
        files,
        names=name or [],
        baseline=baseline,
        score=score,
        as_json=as_json,
        html=html,
        force=force,
    )


@app.command()
def show(attempt: Annotated[int, typer.Argument(help="An attempt's id (see v_attempts).")]) -> None:
    """Show an attempt as a transcript, from prompt to failing input."""
    reading.show(attempt)


@app.command()
def sql(
    statement: Annotated[
        str | None, typer.Argument(help='E.g. "select * from v_scores".', show_default=False)
    ] = None,
    format: Annotated[Rows, typer.Option(help="How to print rows.")] = Rows.TABLE,
    url: Annotated[
        bool, typer.Option("--url", help="Where psql, pandas and the like can read it.")
    ] = False,
) -> None:
    """Query the results tables (read only)."""
    reading.sql(statement, format, url=url)


@app.command()
def web(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8765,
    name: Annotated[
        list[str] | None, typer.Option(help="A further name by which browsers reach it.")
    ] = None,
    flower: Annotated[
        str | None, typer.Option(help="Flower's address, for links.", show_default="the stack's")
    ] = None,
    notes: Annotated[
        bool, typer.Option("--notes", help="Let people write notes about attempts.")
    ] = False,
) -> None:
    """Show sweeps and attempts as web pages."""
    reading.web(host, port, names=name or [], flower=flower, notes=notes)


@app.command()
def record(
    sweep: OneSweep,
    file: Annotated[Path, typer.Argument(help="Where to: JSON lines.")],
    force: Force = False,
) -> None:
    """Write a sweep's model calls to a file, to replay them."""
    reading.record(sweep, file, force)


@app.command()
def export(
    sweep: OneSweep,
    format: Annotated[Exported, typer.Option(help="What as; see docs/exchange.md.")],
    output: Annotated[
        Path | None, typer.Option(help="Where to.", show_default="a name in this folder")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a file that is there; never a folder.")
    ] = False,
) -> None:
    """Write a sweep to files: pages, samples, tables, or an archive."""
    exchange.export(sweep, format, output, force, say)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="An archive that `foureyes export` made.")],
) -> None:
    """Bring a sweep's archive from another machine here."""
    exchange.import_(file, say)


@app.command()
def pause(sweep: OneSweep, run: OnlyRuns = None) -> None:
    """Start nothing new of a sweep; what is at work ends.

    Calls that are at work end, and what they gave is kept.
    """
    steering.pause(sweep, run or [])


@app.command()
def resume(
    sweep: OneSweep,
    run: OnlyRuns = None,
    max_usd: MaxUsd = None,
    max_tokens: MaxTokens = None,
    max_hours: MaxHours = None,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until it is done.")] = False,
) -> None:
    """Go on with what is paused, or has reached a cap.

    The cap has to be raised then; `inf` takes it away. Exit code 1 if it was waited for and attempts ended in error, or a cap was reached again.
    """
    caps = _caps(max_usd, max_tokens, max_hours)
    steering.resume(sweep, run or [], caps, wait=wait)


@app.command()
def cancel(sweep: OneSweep) -> None:
    """End what is unfinished of a sweep; what is done stays."""
    keeping.cancel(sweep)


@app.command()
def retry(
    sweep: OneSweep,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until it is done.")] = False,
) -> None:
    """Try again what ended in `error`, and only that.

    Exit code 1 if it was waited for and attempts ended in error again.
    """
    sweeping.retry(sweep, wait=wait)


@app.command()
def tune(
    sweep: OneSweep,
    threads: Annotated[
        str | None,
        typer.Option(metavar="N", help="At most so many of its attempts at a time; `inf`: any."),
    ] = None,
    priority: Annotated[
        int | None,
        typer.Option(min=-100, max=100, help="Attempts of higher ones begin first; 0 is usual."),
    ] = None,
) -> None:
    """Change a sweep's priority, or how many attempts are under way.

    What has begun goes on. How many calls a worker has at a time is its own (`foureyes worker --threads`), and fixed when it starts.
    """
    steering.tune(sweep, threads, priority)


@app.command()
def requeue(
    attempts: Annotated[
        list[int] | None, typer.Argument(metavar="ATTEMPTS...", help="Ids (see v_attempts).")
    ] = None,
    sweep: Annotated[
        str | None,
        typer.Option(metavar="SWEEP", help="Not by ids, but of this sweep: name or id."),
    ] = None,
    errors: Annotated[
        bool, typer.Option("--errors", help="Only what ended in `error`, as `retry` does.")
    ] = False,
    pattern: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN", help="Only this: PATTERN[:BENCHMARK[:TEAM]]; again for others."
        ),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until it is done.")] = False,
) -> None:
    """Do attempts anew that ended in `error`, or were cancelled.

    Those that ended well stay.

    Exit code 1 if it was waited for and attempts ended in error again.
    """
    steering.requeue(attempts or [], sweep, pattern or [], only_errors=errors, wait=wait)


@app.command()
def regrade(
    sweep: OneSweep,
    profile: Annotated[
        ProfileName, typer.Option(help="Time limits and labels.")
    ] = ProfileName.DEFAULT,
    as_json: Annotated[bool, typer.Option("--json", help="All of it, for programs.")] = False,
) -> None:
    """Judge a sweep's programs anew; both verdicts stay.

    By the judge of today, and with --profile by other rules. Exit code 1 if the judge failed on some.
    """
    regrading.regrade(sweep, profile, as_json=as_json)


@app.command()
def evaluate(
    samples: Annotated[
        Path,
        typer.Argument(help="A .jsonl or .jsonl.gz file, a folder of programs, or - (stdin)."),
    ],
    benchmark: Annotated[
        str | None,
        typer.Option(
            help="Its name: humaneval+, mbpp+, bigcodebench, bigcodebench-instruct, livecodebench-v6..."
        ),
    ] = None,
    data: Annotated[Path | None, typer.Option(help="A file of problems instead.")] = None,
    profile: Annotated[
        ProfileName, typer.Option(help="Time limits and labels.")
    ] = ProfileName.DEFAULT,
    slots: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="Programs at a time.", show_default="one a core"),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Verdicts.", show_default="SAMPLES.verdicts.jsonl")
    ] = None,
    force: Force = False,
    all_tests: Annotated[
        bool, typer.Option("--all-tests", help="Go on after a failing test; list them all.")
    ] = False,
    against: Annotated[
        PeerName | None, typer.Option(help="Have another judge judge too, and compare.")
    ] = None,
) -> None:
    """Judge programs that exist already, with no broker or database."""
    keeping.evaluate(samples, benchmark, data, profile, slots, output, force, all_tests, against)


@app.command()
def prune(
    sweep: OneSweep,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove an ended sweep, and what no other one uses of its work."""
    keeping.prune(sweep, yes=yes)


@app.command()
def doctor(
    bundle: Annotated[
        Path | None,
        typer.Option(help="Pack it with versions and logs, without secrets, to report a bug."),
    ] = None,
) -> None:
    """Show what this machine has and lacks, and how to bring it."""
    keeping.doctor(bundle)


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
    sweep: Annotated[
        Path | None,
        typer.Option(
            callback=shipped.find,
            help="The sweep file.",
            show_default="as the latest sweep defined it",
        ),
    ] = None,
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
    sweep: Annotated[
        Path | None,
        typer.Option(
            callback=shipped.find,
            help="The sweep file.",
            show_default="as the latest sweep defined it",
        ),
    ] = None,
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


def main() -> None:
    """Run the command line: 0 done, 1 not all well, 2 a mistake to mend, 130 Ctrl-C.

    Raises: whatever is no mistake of a person's, nor a state of the machine.
    """
    try:
        try:
            code = app(prog_name="foureyes", standalone_mode=False)
        finally:
            sys.stdout.flush()
        if isinstance(code, int):
            sys.exit(code)
    except FoureyesError as error:
        _end(str(error), 2)
    except typer.TyperException as error:  # in one line, as any mistake; Typer would draw a box
        said, context = error.format_message(), getattr(error, "ctx", None)
        if context is not None and said == context.get_help():  # nothing was asked for
            print(said, file=sys.stderr)
            sys.exit(2)
        said = " ".join(said.split())  # choices stand on lines of their own
        _end(f"{said} (`{context.command_path if context else 'foureyes'} --help`)", 2)
    except typer.Abort:
        _end("nothing was done", 1)
    except UnicodeError:
        given = next((word for word in sys.argv if storable(word) != word), None)
        if given is None:
            raise
        _end(f"{given!r} is not UTF-8 text", 2)
    except BrokenPipeError:  # `foureyes sql ... | head`
        drop_output()
        sys.exit(1)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        if error.errno in NO_ROOM:
            drop_output()
            _end(
                f"the disk is full{where}. What was done is kept; make room and run it again to "
                "go on.",
                2,
            )
        if not error.filename:
            raise
        _end(f"{error.filename}: {error.strerror}", 2)
    except Exception as error:
        from foureyes.models.session import (
            is_passing,  # whoever can fail so has imported it already
        )

        if not is_passing(error):
            raise
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[-1]
        _end(f"the database failed: {reason}. What was done is kept; run it again to go on.", 2)


def _end(line: str, code: int) -> NoReturn:
    mistake(line)
    sys.exit(code)
