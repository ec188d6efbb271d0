"""`foureyes demo`, the main job from nothing: a table at once, from recorded answers, and then one's own."""

import os
import shutil
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING

from sqlmodel import func, select

from foureyes.models import weights
from foureyes.models.errors import FoureyesError
from foureyes.models.later import Later
from foureyes.models.llm import LlamaCpp
from foureyes.models.session import session
from foureyes.models.settings import settings
from foureyes.models.tables import Attempt, Run
from foureyes.producer.commands import sweeping
from foureyes.producer.commands.terminal import console, say
from foureyes.producer.stack import embedded
from foureyes.producer.sweeps import answered, shipped
from foureyes.producer.sweeps.sweep import PlannedSweep, load

if TYPE_CHECKING:
    from foureyes.models.tables import Sweep as SweepRow
    from foureyes.producer.commands import catalogue, reading
    from foureyes.producer.stack.processes import Stack
    from foureyes.producer.sweeps import estimate
else:  # what is needed when the workers have begun, or later
    catalogue, reading = (
        Later("foureyes.producer.commands.catalogue"),
        Later("foureyes.producer.commands.reading"),
    )
    estimate = Later("foureyes.producer.sweeps.estimate")

FILE = shipped.STARTER
#: What the file's models answered; `make recording` makes it anew.
RECORDING = shipped.FOLDER / "demo-recorded.jsonl"
#: Of each benchmark, the first so many problems are in it.
RECORDED_PROBLEMS = 4


def demo(limit: int, *, only_recorded: bool) -> None:
    """A sweep with recorded answers while the models are fetched; then with the models, and what to try next.

    Raises: FoureyesError if the recording does not answer all that is asked.
    """
    if only_recorded and limit > RECORDED_PROBLEMS:
        raise FoureyesError(
            f"--limit: of each benchmark {RECORDED_PROBLEMS} problems were recorded; `foureyes demo` "
            "without --recorded can have more"
        )
    elsewhere = settings().broker_url is not None
    if only_recorded and elsewhere:
        raise FoureyesError(
            "--recorded: workers that read the recording are the embedded stack's: unset FOUREYES_BROKER_URL"
        )
    replayed = None
    if not elsewhere:
        try:
            replayed = recorded(limit)
        except FoureyesError as error:
            if only_recorded:
                raise
            say(f"no recorded answers come first: {error}")
    grid = load(FILE, limit)
    with embedded.database(say):
        if only_recorded:
            assert replayed is not None
            row = _show_recorded(replayed)
        else:
            row = sweeping.finished_row(grid) or _both(replayed, grid)
        reading.show_results(row)
        _tell_what_is_next(row, only_recorded=only_recorded)
        reading.exit_if_not_well(row.id)


def recorded(limit: int) -> PlannedSweep:
    """The sweep whose answers are recorded.

    Raises: FoureyesError if other prompts or problems make others of its calls.
    """
    grid = load(FILE, min(limit, RECORDED_PROBLEMS), recording=RECORDING)
    if missing := answered.unanswered(grid, RECORDING):
        raise FoureyesError(
            f"{RECORDING}: {missing} of {grid.attempts} attempts ask what is not recorded: a prompt, a "
            "problem or a model's settings were changed since; `make recording` asks the models anew"
        )
    return grid.beside("demo-recorded", mark="recorded")


def _show_recorded(grid: PlannedSweep) -> "SweepRow":
    row = sweeping.finished_row(grid)
    if row is not None:
        return row
    with sweeping.workers() as stack:
        return _replay(grid, stack)


def _both(replayed: PlannedSweep | None, grid: PlannedSweep) -> "SweepRow":
    """The recorded sweep, shown, if there are workers for it; then that of the models, with the same stack."""
    with sweeping.workers() as stack:
        fetching = _Fetching(grid)
        fetching.start()
        if replayed is not None:
            reading.show_results(sweeping.finished_row(replayed) or _replay(replayed, stack))
            console.print(
                "\nThose were recorded answers. Now the same with the models themselves, on this machine:",
                style="bold",
            )
        fetching.wait()
        sweeping.check_weights(grid)
        plan = estimate.estimate(grid)
        sweeping.show_plan(grid, plan, estimate.estimate(grid, all_well=True).seconds)
        row = sweeping.enqueue_and_work(grid, stack, plan, wait=True)
    assert row is not None
    return row


def _replay(grid: PlannedSweep, stack: "Stack | None") -> "SweepRow":
    say(
        f"no model runs yet: {grid.attempts} attempts get answers that the two models gave when they were "
        "recorded; queue, sandbox, verdicts and database are real"
    )
    row = sweeping.enqueue_and_work(grid, stack, wait=True)
    assert row is not None
    return row


class _Fetching(threading.Thread):
    """Fetches what is not here yet of a sweep's weights, while something else is on the screen."""

    def __init__(self, grid: PlannedSweep) -> None:
        super().__init__(name="weights", daemon=True)
        models = grid.file.models.values()
        self._names = [model.model for model in models if isinstance(model, LlamaCpp)]
        self._told = ("", 0, 0, "")
        self._error: Exception | None = None

    def run(self) -> None:
        """What goes wrong is said to whoever waits."""
        try:
            for name in self._names:
                weights.pull(name, progress=partial(self._note, name))
        except Exception as error:
            self._error = error

    def _note(self, name: str, done: int, total: int, what: str) -> None:
        self._told = (name, done, total, what)

    def wait(self) -> None:
        """Show how far it is until all are here.

        Raises: FoureyesError if they cannot be had.
        """
        if self.is_alive():
            with catalogue.bars() as shown:
                task = shown.add_task("", total=None)
                while self.is_alive():
                    self.join(0.2)
                    name, done, total, what = self._told
                    told = f"{name} ({what})"
                    shown.update(task, completed=done, total=total or None, description=told)
        if self._error is not None:
            raise self._error


def _tell_what_is_next(row: "SweepRow", *, only_recorded: bool) -> None:
    with session() as db:
        first = db.exec(select(func.min(Attempt.id)).join(Run).where(Run.sweep_id == row.id)).one()
    lines = [
        'foureyes sql "select sweep, benchmark, pattern, n, solved from v_scores"',
        f"foureyes show {first}   # a whole attempt, prompts to verdict",
        "foureyes sweep sweeps/starter.toml   # all 30 problems; what is done is reused",
    ]
    if only_recorded:
        lines[-1] = "foureyes demo   # the same with the models themselves, 1.6 GB"
    console.print("\nThree things to try next:", style="bold")
    for line in lines:
        told = f"  {_command()}{line.removeprefix('foureyes')}"
        console.print(told, markup=False, highlight=False, soft_wrap=True)


def _command() -> str:
    """How this person calls the command."""
    if shutil.which("foureyes"):
        return "foureyes"
    return sys.argv[0] if os.access(sys.argv[0], os.X_OK) else f"{sys.executable} -m foureyes"
