"""What the commands do that steer sweeps under way."""

from collections.abc import Sequence

from foureyes.models import admission
from foureyes.producer.commands import sweeping
from foureyes.producer.commands.terminal import console, say
from foureyes.producer.stack import embedded
from foureyes.producer.sweeps import holding
from foureyes.results.runs import find_of_sweep
from foureyes.results.sweeps import find_sweep


def pause(name: str, run_names: Sequence[str]) -> None:
    """Hold a sweep's runs."""
    with embedded.database(say):
        row = find_sweep(name)
        found = holding.pause([run.id for run in find_of_sweep(row.id, run_names)])
    console.print(
        f"Sweep {row.id} ({row.name}): {found.runs:,} runs paused. Of their attempts {found.unfinished:,} "
        f"have not ended, {found.under_way:,} of these had begun. Calls at work end; `foureyes resume "
        f"id={row.id}` goes on.",
        soft_wrap=True,
    )


def resume(name: str, run_names: Sequence[str], *, wait: bool) -> None:
    """Let a sweep's runs go on."""
    with embedded.database(say):
        row = find_sweep(name)
        runs = [run.id for run in find_of_sweep(row.id, run_names)]
        with sweeping.workers() as stack:
            under_way = holding.release(runs)
            admission.send(under_way, f"{row.name}, resumed")
            admission.start_waiting()
            console.print(
                f"Sweep {row.id} ({row.name}) goes on; {len(under_way):,} attempts were under way.",
                soft_wrap=True,
            )
            if wait or stack:
                sweeping.follow_to_results(row, stack)
