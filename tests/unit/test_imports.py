"""What each process imports: a library that it does not need costs it, at every start, more than most
of what it does.
"""

import gc
import subprocess
import sys
from pathlib import Path

import pytest

from foureyes.models.later import importing
from tests.programs import ROOT, environment

#: What takes long to import, a twentieth of a second of CPU and more each.
LARGE = {
    "alembic", "celery", "httpx", "jinja2", "kombu", "numpy", "psycopg", "pydantic", "sqlalchemy", "sqlmodel",
    "tornado",
}  # fmt: skip


def imported(program: str, *words: str, home: Path, **more: str) -> set[str]:
    """The modules that a program has imported when it ends, however it does."""
    end = "\nfinally:\n    sys.stderr.write('\\n' + ' '.join(sys.modules))"
    made = subprocess.run(
        [sys.executable, "-c", f"import sys\ntry:\n    {program}{end}", *words],
        cwd=ROOT, env=environment(home, **more), capture_output=True, text=True, check=False,
    )  # fmt: skip
    return set(made.stderr.splitlines()[-1].split()) if made.stderr else set()


#: What draws boxes: half of what `--help` took was to import it.
DRAWING = {"rich.markdown", "rich.table", "rich.traceback", "pygments"}


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--help"],
        ["sweep", "--help"],
        ["models", "--help"],
        ["sweeep"],
        ["sweep"],
        ["sweep", "x.toml", "--limit", "none"],
        ["export", "one", "--format", "pdf"],
    ],
)
def test_who_only_asks_what_there_is_waits_for_no_library(tmp_path: Path, words: list[str]) -> None:
    found = imported("from foureyes.producer.entry import main; main()", *words, home=tmp_path)
    assert "foureyes.producer.cli" in found
    assert not found & {*LARGE, *DRAWING} - {"pydantic"}  # typer itself may have that
    ours = {
        name
        for name in found
        if name.startswith(
            tuple(f"foureyes.{each}" for each in ("judging", "worker", "results", "evaluation"))
        )
    }
    assert ours <= {"foureyes.results", "foureyes.results.visible"}


#: What speaks to the database.
DATABASE = {"psycopg", "pydantic", "sqlalchemy", "sqlmodel"}


@pytest.mark.parametrize(
    ("program", "needed"),
    [
        ("import producer.commands.reading", DATABASE),  # show, sql, report up to its page
        ("import producer.commands.keeping", DATABASE),  # cancel, prune
        ("import producer.commands.sweeping", DATABASE),  # watch
        ("import producer.commands.exchange", DATABASE),
        ("import producer.commands.judged", set()),  # stats: numpy when it compares
        ("import producer.commands.catalogue", {"jinja2", "pydantic"}),  # patterns
        (
            "import producer.commands.sweeping, producer.commands.doctor, producer.stack.processes",
            {*DATABASE, "celery", "kombu"},
        ),
    ],
    ids=["read", "keep", "watch", "exchange", "stats", "patterns", "up"],
)
def test_a_command_has_what_it_does(tmp_path: Path, program: str, needed: set[str]) -> None:
    found = imported(program, home=tmp_path)
    assert set(program.removeprefix("import ").split(", ")) <= found
    assert (found & LARGE) <= needed


#: What every worker imports: the app, and what Celery imports by name when it starts.
WORKER = "import worker.main, worker.tasks, worker.consumer, worker.strategy"
#: What a worker has that speaks to the broker and to the database, and does nothing yet.
COMMON = {*DATABASE, "celery", "kombu"}
#: What is for terminals, and for a server of metrics that no worker is.
SHOWING = {"prometheus_client", "pygments", "rich"}


@pytest.mark.parametrize(
    ("program", "needed"),
    [
        (WORKER, COMMON),  # a model's, beside its engine
        (f"{WORKER}, worker.long_answers", {*COMMON, "jinja2"}),  # the one of attempts
        (f"{WORKER}, judging.judge", {*COMMON, "numpy"}),
        ("import worker.viewer", {"celery", "kombu", "pydantic", "tornado"}),
        ("import judging.sandbox.probe", {"numpy", "pydantic"}),
        ("import producer.stack.postgres", set()),
    ],
    ids=["model", "start", "execution", "viewer", "probe", "database"],
)
def test_a_process_of_the_stack_has_what_its_work_needs(
    tmp_path: Path, program: str, needed: set[str]
) -> None:
    broker = "redis://127.0.0.1:1/0"  # asked nothing
    found = imported(program, home=tmp_path, FOUREYES_BROKER_URL=broker)
    assert set(program.removeprefix("import ").split(", ")) <= found
    # Flower's tornado is imported by what waits between two tries, if it is installed
    assert (found & LARGE) - needed <= {"tornado"}
    if program.startswith(WORKER):
        assert not found & SHOWING


def test_garbage_is_looked_for_again_once_something_is_imported() -> None:
    assert gc.isenabled()
    with importing(), importing():
        assert not gc.isenabled()
    assert gc.isenabled()
