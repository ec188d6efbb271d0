"""What the commands do that run sweeps: `sweep`, `up`, `watch` and `retry`."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from sqlmodel import col, select

from foureyes.models import team, weights
from foureyes.models.errors import FoureyesError
from foureyes.models.later import Later
from foureyes.models.llm import LlamaCpp
from foureyes.models.session import session
from foureyes.models.settings import settings
from foureyes.models.sweep_content import SweepContent
from foureyes.models.tables import Sweep as SweepRow
from foureyes.producer.commands import trust
from foureyes.producer.commands.choices import Broker, ModelSet
from foureyes.producer.commands.terminal import Say, console, say
from foureyes.producer.stack import embedded
from foureyes.producer.sweeps import enqueue, holding, imported, open_work
from foureyes.results import watch as watching
from foureyes.results.formatting import count, dollars, duration, verb
from foureyes.results.progress import Progress
from foureyes.results.runs import find_of_sweep
from foureyes.results.steering import steering
from foureyes.results.sweeps import find_sweep

if TYPE_CHECKING:
    from foureyes.models import admission, broker
    from foureyes.producer.commands import doctor as checks
    from foureyes.producer.commands import planning, reading, trying
    from foureyes.producer.stack.processes import Stack
    from foureyes.producer.sweeps import estimate, stopping
    from foureyes.producer.sweeps import sweep as sweep_files
    from foureyes.producer.sweeps.sweep import PlannedSweep
else:  # patterns, prompts, reports: `up` and `watch` need none of these, and `watch` no broker
    broker, admission, checks = map(
        Later,
        (
            "foureyes.models.broker",
            "foureyes.models.admission",
            "foureyes.producer.commands.doctor",
        ),
    )
    estimate = Later("foureyes.producer.sweeps.estimate")
    reading, trying = (
        Later("foureyes.producer.commands.reading"),
        Later("foureyes.producer.commands.trying"),
    )
    planning = Later("foureyes.producer.commands.planning")
    stopping = Later("foureyes.producer.sweeps.stopping")
    sweep_files = Later("foureyes.producer.sweeps.sweep")

#: Rounds of the reaper, which may find attempts to go on with, after which nothing comes any more of
#: a sweep whose every open call waits in vain.
_STUCK_ROUNDS = 2
#: Seconds between looks at what is decided, at least.
_LOOK_EVERY = 5.0
#: Other sweeps that are named, at most.
_OTHERS_NAMED = 3


def sweep(
    file: Path,
    *,
    wait: bool,
    limit: int | None,
    data: Path | None,
    models: ModelSet = ModelSet.FILE,
    fresh: str = "",
    recording: Path | None = None,
    only_plan: bool = False,
    trusted: Sequence[str] = (),
    accept_imported: bool = False,
    caps: Mapping[str, float] | None = None,
) -> None:
    """Enqueue a sweep file; work on it here if no other workers will. Or say only what it asks for."""
    embedded_models = models is ModelSet.EMBEDDED
    grid = sweep_files.load(
        file,
        limit,
        data,
        embedded=embedded_models,
        fresh=fresh,
        recording=recording,
        accepts_imported=accept_imported,
        caps=caps,
    )
    if not only_plan:
        check_weights(grid)
    with embedded.database(say):
        plan = estimate.estimate(grid)
        show_plan(grid, plan, estimate.estimate(grid, all_well=True).seconds)
        if only_plan:
            planning.show_visible(grid)
            return
        row = finished_row(grid)
        if row is None:
            trust.settle(grid.file.models, trusted)
            elsewhere = settings().broker_url is not None or embedded.running() is not None
            trying.ask_first(grid.file.models, plan, say, elsewhere=elsewhere)
            with workers() as stack:
                row = enqueue_and_work(grid, stack, plan, wait=wait)
        if row is not None:
            reading.show_results(row)
            reading.exit_if_not_well(row.id)


def finished_row(grid: "PlannedSweep") -> SweepRow | None:
    """The row of a sweep of which nothing is left to do."""
    with session() as db:
        row = db.exec(select(SweepRow).where(SweepRow.key == grid.key)).one_or_none()
    if row is None:
        _tell_of_another(grid)
        _tell_of_edited(grid)
        return None
    if foreign := enqueue.rests_elsewhere(row, grid):
        say(
            f"{count(foreign, 'attempt')} of sweep {row.id} {verb(foreign, 'rests', 'rest')} on what was made elsewhere, and "
            f"{verb(foreign, 'is', 'are')} made anew "
            "here; `--accept-imported` would use it"
        )
        return None
    if row.cancelled_at or open_work.unfinished(row.id):
        return None
    if differs := enqueue.take_over(grid):
        say(
            f"from here on it is as {grid.file.name!r} says here, and not there: {', '.join(differs)}"
        )
    _tell_of_plans(row, grid)
    say(f"sweep {row.id} of {row.name!r} is done already: nothing to do")
    return row


def _tell_of_plans(row: SweepRow, grid: "PlannedSweep") -> None:
    """Keep what the sweep is to show, unless that is kept; say if it was to show something else before."""
    if told := enqueue.keep_plan(row, grid).said():
        say(told)


def _tell_of_another(grid: "PlannedSweep") -> None:
    """Say what differs if an archive brought a sweep of this name that is not the file's."""
    with session() as db:
        there = select(SweepRow).where(
            SweepRow.name == grid.file.name, col(SweepRow.origin).is_not(None)
        )
        row = db.exec(there.order_by(col(SweepRow.id).desc())).first()
    if row is not None:
        places = imported.differences(grid, row) or ["the problems"]
        say(
            f"this is another sweep than {row.id} of this name, which came from {row.origin}: "
            f"{', '.join(places)} differ"
        )


def _tell_of_edited(grid: "PlannedSweep") -> None:
    """Say which of a sweep of this name comes to nothing, as a module of it was edited while it went on."""
    with session() as db:
        mine = select(SweepRow).where(
            SweepRow.name == grid.file.name, col(SweepRow.origin).is_(None)
        )
        row = db.exec(mine.order_by(col(SweepRow.id).desc())).first()
    if row is None or row.id is None:
        return
    was = SweepContent.model_validate(row.file)
    edited = [
        f"{name}.py"
        for name, is_now in grid.module_hashes.items()
        if was.module_folder == grid.module_folder and was.module_hashes.get(name, is_now) != is_now
    ]
    if edited and (left := open_work.unfinished(row.id)):
        say(
            f"{', '.join(edited)} was edited since sweep {row.id} of this name was enqueued: this is another "
            f"sweep, which asks no call anew that is on record, and {count(left, 'attempt')} of sweep {row.id} "
            f"will end in error; `foureyes cancel id={row.id}` ends them at once"
        )


def enqueue_and_work(
    grid: "PlannedSweep",
    stack: "Stack | None",
    plan: "estimate.SweepEstimate | None" = None,
    *,
    wait: bool,
) -> SweepRow | None:
    """Enqueue, and wait for the end if asked to or if the work is done by this process's stack."""
    row = enqueue.enqueue(grid, plan.expected if plan is not None else ())
    assert row.id is not None
    _tell_of_plans(row, grid)
    let_go_on(row, holding.release(row.id, [run.id for run in find_of_sweep(row.id)]))
    if not (wait or stack):
        console.print(
            f"Sweep {row.id} is enqueued. Follow it with `foureyes watch {row.id}`.",
            markup=False,
        )
        return None
    stops = grid.file.plan is not None and grid.file.plan.stops
    _follow(row.id, stack, stops=stops)
    return row


def let_go_on(row: SweepRow, under_way: list[int]) -> None:
    """Send again the attempts of a sweep that were released, start what waits, and say what is in its way."""
    admission.send(under_way, f"{row.name}, going on")
    admission.start_waiting()
    _tell_of_holds(row)
    _tell_of_others(row)


def _tell_of_holds(row: SweepRow) -> None:
    with session() as db:
        found = steering(db, row.id)
    for line in found.sentences() if found.unfinished else ():
        say(line)


def _tell_of_others(row: SweepRow) -> None:
    """Say which sweeps share the models with this one: such as one that was interrupted, and forgotten."""
    others = open_work.unfinished_of_others(row.id)
    for number, name, left in others[:_OTHERS_NAMED]:
        say(
            f"sweep {number} ({name}) goes on beside it, {count(left, 'attempt')} left; "
            f"`foureyes pause id={number}` has it wait"
        )
    if len(others) > _OTHERS_NAMED:
        say(f"and {len(others) - _OTHERS_NAMED} more")


@contextmanager
def workers(
    models_in_demand: Callable[[], list[str]] = open_work.models_in_demand,
    tell: Say = say,
) -> Iterator["Stack | None"]:
    """A broker that can be reached; the stack, if this process had to start one for itself."""
    if settings().broker_url is not None:
        broker.check_connection()
        yield None
    elif (running := embedded.running()) is not None:
        embedded.join(running)
        yield None
    else:
        _check_sandbox()
        tell("no stack is running here (`foureyes up` keeps one): starting one for this sweep")
        with embedded.stack(tell, models_in_demand) as stack:
            open_work.forget_messages()
            yield stack


def _follow(sweep_id: int, stack: "Stack | None" = None, *, stops: bool = False) -> None:
    """Watch until the sweep is done; Ctrl-C leaves what is done in place.

    `stops`: start no more of what is decided.
    """
    checks = [_check(stack)] if stack else []
    if stops:
        checks.append(_stop(sweep_id))
    try:
        watching.watch(sweep_id, console, _all(checks))
    except KeyboardInterrupt:
        interrupted(console)


def interrupted(shown: Console) -> NoReturn:
    """End a command after Ctrl-C."""
    shown.print(
        "Interrupted. What was done is kept: the same command goes on where it stopped.",
        style="yellow",
    )
    raise typer.Exit(130) from None


def _all(checks: Sequence[watching.Check]) -> watching.Check:
    def check(found: Progress) -> None:
        for each in checks:
            each(found)

    return check


def _stop(sweep_id: int) -> watching.Check:
    """Gives up what is decided, now and then: looking takes a tenth of the time at most."""
    next_look = 0.0

    def check(found: Progress) -> None:
        nonlocal next_look
        began = time.monotonic()
        if began < next_look or not found.unfinished:
            return
        if given_up := stopping.stop_decided(sweep_id):
            say(
                f"decided: {count(given_up, 'attempt')} that nobody has started {verb(given_up, 'is', 'are')} given up"
            )
        next_look = time.monotonic() + max(_LOOK_EVERY, 9 * (time.monotonic() - began))

    return check


def _check(stack: "Stack") -> watching.Check:
    """Ends the watching when what this process runs for the sweep cannot finish it."""
    stuck_since: float | None = None

    def check(found: Progress) -> None:
        nonlocal stuck_since
        stack.check()
        if not found.is_stuck:
            stuck_since = None
            return
        stuck_since = stuck_since or time.monotonic()
        if time.monotonic() - stuck_since > _STUCK_ROUNDS * settings().reap_every:
            raise FoureyesError("; ".join(watching.in_vain(found)))

    return check


def check_weights(grid: "PlannedSweep") -> None:
    """Every embedded model's file must be there, and be the right one, before anything starts."""
    for model in grid.file.models.values():
        if isinstance(model, LlamaCpp):
            weights.locate(model.weights)


def _check_sandbox() -> None:
    """Workers of ours would refuse to judge: better said before anything is enqueued."""
    found = checks.sandbox()
    if not found.fine:
        raise FoureyesError(found.found)


def show_plan(
    grid: "PlannedSweep", plan: "estimate.SweepEstimate", least: float | None = None
) -> None:
    """The grid, and at most how much work it is; `least`: the seconds that it takes if all goes well."""
    file = grid.file
    table = Table(
        title=f"Sweep {file.name}: {count(plan.attempts, 'attempt')}", title_justify="left"
    )
    table.add_column("benchmark")
    table.add_column("problems", justify="right")
    table.add_column("samples", justify="right")
    for benchmark, problems in grid.problems.items():
        table.add_row(benchmark, str(len(problems)), str(file.samples))
    console.print(table)
    patterns = ", ".join(pattern.label for pattern in grid.patterns)
    console.print(f"  patterns: {patterns}", markup=False, highlight=False)
    teams = "; ".join(team.said(each.roles) for each in file.teams)
    console.print(f"  teams: {teams}", markup=False, highlight=False)
    for label, source in grid.budgets.items():
        console.print(
            f"  {label}: for each problem as many answer tokens as {source} spends, so it costs about as "
            "much",
            markup=False, highlight=False,
        )  # fmt: skip
    if file.plan is not None:
        console.print(f"  plan: {'; '.join(file.plan.primary)}", markup=False, highlight=False)
    for role in grid.idle_roles():
        console.print(
            f"  no pattern of the sweep asks the role {role!r}",
            style="yellow",
            markup=False,
            highlight=False,
        )
    if copies := grid.copies():
        console.print(
            f"  samples = {file.samples} at temperature 0: {', '.join(copies)} would give copies of one "
            "answer, but where a pattern draws at another; they count as one; set sampling.temperature, "
            "or samples = 1",
            style="yellow", markup=False, highlight=False,
        )  # fmt: skip
    # where answers are shorter than usual, more drafts fit into what another pattern spends
    at_most = "" if grid.budgets else "at most "
    for name, load in plan.models.items():
        done = f", {load.already_done:,} of them done before" if load.already_done else ""
        console.print(
            f"  {name}: {at_most or 'about '}{load.calls:,} calls{done}; "
            f"about {load.prompt_tokens:,} tokens in, {load.answer_tokens:,} out",
            markup=False,
        )
    if plan.every > 1:
        console.print(
            f"  (estimated from one problem in {plan.every})", style="dim", highlight=False
        )
    shared = plan.unshared_calls - plan.calls
    if shared:
        console.print(f"  {shared:,} further calls are shared and made once", markup=False)
    if plan.seconds is not None and plan.seconds >= 1:
        prices = {name: model.price_per_hour for name, model in file.models.items()}
        price = f", {dollars(paid)}" if (paid := plan.price(prices)) else ""
        console.print(
            f"  {at_most}about {duration(plan.seconds)} on this machine{price}",
            markup=False,
        )
        if least is not None and 60 < least < plan.seconds / 2:
            console.print(
                f"  about {duration(least)} if every review approves and every test passes",
                markup=False,
            )


def up(broker_wanted: Broker) -> None:
    """Keep the embedded stack until Ctrl-C."""
    _check_sandbox()
    with (
        embedded.database(say),
        embedded.stack(say, open_work.models_in_demand, broker_wanted) as stack,
    ):
        open_work.forget_messages()
        console.print("The stack is up. In another terminal: foureyes sweep FILE. Ctrl-C stops it.")
        try:
            while True:
                stack.check()
                time.sleep(0.5)
        except KeyboardInterrupt:
            say("stopping")


def watch(name: str | None) -> None:
    """Follow a sweep."""
    with embedded.database(say):
        sweep_id = find_sweep(name).id
        _follow(sweep_id)
        reading.exit_if_not_well(sweep_id)


def retry(name: str, *, wait: bool) -> None:
    """Start anew what ended in error."""
    with embedded.database(say):
        row = find_sweep(name)
        try_again(row, open_work.retry(row.id), wait=wait)


def try_again(row: SweepRow, number: int, *, wait: bool) -> None:
    """Have attempts of a sweep that were put back to the start begin, so many."""
    console.print(
        f"Sweep {row.id} ({row.name}): {count(number, 'attempt')} to try again.", markup=False
    )
    if number:
        with workers() as stack:
            let_go_on(row, [])
            if wait or stack:
                follow_to_results(row, stack)


def follow_to_results(row: SweepRow, stack: "Stack | None") -> None:
    """Watch until a sweep is done, and show what came of it; exit code 1 if attempts ended in error."""
    _follow(row.id, stack)
    reading.show_results(row)
    reading.exit_if_not_well(row.id)
