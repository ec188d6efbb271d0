"""Running sweeps: what enqueues them, serves them and follows them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from foureyes.models.later import Later
from foureyes.producer.cli.options import (
    Limit,
    MaxHours,
    MaxTokens,
    MaxUsd,
    SweepName,
    TrustHost,
    caps,
)
from foureyes.producer.commands.choices import Broker, ModelSet
from foureyes.producer.sweeps import shipped

if TYPE_CHECKING:
    from foureyes.producer.commands import demo as demonstration
    from foureyes.producer.commands import planning, sweeping
    from foureyes.producer.stack import celery_worker
else:  # here is only declared: what a command does is imported when it is run
    demonstration = Later("foureyes.producer.commands.demo")
    planning = Later("foureyes.producer.commands.planning")
    sweeping = Later("foureyes.producer.commands.sweeping")
    celery_worker = Later("foureyes.producer.stack.celery_worker")

app = typer.Typer()


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
        caps=caps(max_usd, max_tokens, max_hours),
    )


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
