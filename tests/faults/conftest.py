"""The production side in small: RabbitMQ, PostgreSQL over TCP, two workers; shared by all faults.

Workers reach both servers through proxies, the tests directly.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from foureyes import migrations
from foureyes.models import admission, broker
from foureyes.models.session import dialect_url, engine
from foureyes.models.settings import settings
from foureyes.producer.sweeps import enqueue
from foureyes.producer.sweeps import sweep as sweep_files
from tests.faults import audit
from tests.faults.fleet import Fleet
from tests.faults.proxy import Proxy
from tests.faults.servers import Postgres, RabbitMQ
from tests.programs import SCRIPT

#: Short, so that a fault costs seconds; production's are ten times as long.
LEASES = {"FOUREYES_LEASE": "4", "FOUREYES_REAP_EVERY": "1", "FOUREYES_GRACE": "4"}
DATABASE = "faults"
WORKERS = ("one", "two")


@dataclass
class System:
    """Everything that a fault may break."""

    folder: Path
    rabbitmq: RabbitMQ
    postgres: Postgres
    to_broker: Proxy
    to_database: Proxy
    fleet: Fleet
    environment: dict[str, str]
    made: int = field(default=0)

    def worker_environment(self) -> dict[str, str]:
        """How workers reach the servers: through the proxies."""
        return self.environment | {
            "FOUREYES_BROKER_URL": f"amqp://guest:guest@127.0.0.1:{self.to_broker.port}//",
            "FOUREYES_DATABASE_URL": self.postgres.url(DATABASE, self.to_database.port),
        }

    def sweep_file(self, attempts: int, latency: float = 0.01, model: str = "") -> Path:
        """A sweep of so many attempts whose problems no other test has; its answers are right."""
        self.made += 1
        folder = self.folder / f"sweep-{self.made}"
        folder.mkdir()
        record = {
            "entry_point": "f",
            "canonical_solution": "    return x + 1\n",
            "base_input": [[1]],
            "plus_input": [[2], [3]],
            "atol": 0,
        }
        with (folder / "mine.jsonl").open("w") as file:
            for number in range(attempts // audit.ATTEMPTS_PER_PROBLEM):
                prompt = f'def f(x):\n    """Return x plus one ({self.made}.{number})."""\n'
                named = {"task_id": f"mine{self.made}/{number}", "prompt": prompt}
                file.write(json.dumps(named | record) + "\n")
        (self.folder / "script.toml").write_text(SCRIPT)
        script = f'engine = "scripted", script = "{self.folder}/script.toml", latency = {latency}'
        name = "s" if model else "c"
        (folder / "sweep.toml").write_text(
            f'name = "faults-{self.made}"\npatterns = {audit.PATTERNS}\nsamples = {audit.SAMPLES}\n'
            f'benchmarks = [{{ name = "mine{self.made}", data = "mine.jsonl" }}]\n'
            f"[models]\n{name} = {{ {model or script} }}\n"
            f'[[pairings]]\ncoder = "{name}"\nreviewer = "{name}"\n'
        )
        return folder / "sweep.toml"

    def enqueue(self, file: Path) -> int:
        """Enqueue a sweep file; its id."""
        row = enqueue.enqueue(sweep_files.load(file))
        admission.start_waiting()
        return row.id

    @contextmanager
    def in_the_middle_of_a_sweep(
        self, fault: str, attempts: int | None = None, latency: float = 0.01
    ) -> Iterator["Middle"]:
        """Break something inside the block; the sweep must end as if nothing had happened.

        The fault ends with the block, or when the test says `middle.fault_ended()`.
        """
        self.all_up()
        middle = Middle(self.enqueue(self.sweep_file(attempts or audit.ATTEMPTS, latency)))
        audit.wait_until_ended(middle.sweep_id, share=0.1)
        assert audit.counts(middle.sweep_id)["open"] > 0, "the sweep is over already"
        yield middle
        if middle.ended is None:
            middle.fault_ended()
        assert middle.ended is not None
        audit.wait_until_ended(middle.sweep_id)
        audit.check(fault, middle.sweep_id, middle.ended)

    def all_up(self) -> None:
        """Start what an earlier test has left dead."""
        missing = [name for name in WORKERS if name not in self.fleet.running()]
        self.fleet.start(*missing)

    def all_down(self) -> None:
        """End the workers that other tests have left."""
        self.fleet.kill(*self.fleet.running())


@dataclass
class Middle:
    """A sweep that is under way."""

    sweep_id: int
    ended: datetime | None = None

    def fault_ended(self) -> None:
        """From now on nothing is broken: recovery is measured from here."""
        self.ended = audit.clock()


@pytest.fixture(scope="package")
def servers() -> Iterator[System]:
    if RabbitMQ.program() is None:
        pytest.skip("needs rabbitmq-server: `apt install rabbitmq-server`")
    memory = Path("/dev/shm")  # a killed server keeps what it wrote there as on a disk, and sooner
    place = memory if memory.is_dir() else None
    folder = Path(tempfile.mkdtemp(prefix="foureyes-faults-", dir=place))
    folder.chmod(0o755)  # the servers' users must reach their folders
    for name in ("rabbitmq", "postgres"):
        (folder / name).mkdir()
    (folder / "rabbitmq").chmod(0o777)
    rabbitmq, postgres = RabbitMQ(folder / "rabbitmq"), Postgres(folder / "postgres")
    proxies: list[Proxy] = []
    fleet: Fleet | None = None
    try:
        postgres.start()
        rabbitmq.start()
        to_broker, to_database = Proxy(rabbitmq.port), Proxy(postgres.port)
        proxies += [to_broker, to_database]
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith("FOUREYES")
        }
        environment = kept | LEASES | {
            "FOUREYES_HOME": str(folder / "home"),
            "FOUREYES_BROKER_URL": rabbitmq.url,
            "FOUREYES_DATABASE_URL": postgres.url(DATABASE),
        }  # fmt: skip
        system = System(folder, rabbitmq, postgres, to_broker, to_database, Fleet(folder, {}), environment)  # fmt: skip
        system.fleet = fleet = Fleet(folder, system.worker_environment())
        with _as_settings(environment):
            _make_database(postgres)
            enqueue.enqueue(
                sweep_files.load(system.sweep_file(audit.ATTEMPTS_PER_PROBLEM))
            )  # workers look for their model
        yield system
    finally:
        if fleet is not None:
            fleet.close()
        for proxy in proxies:
            proxy.close()
        rabbitmq.close()
        postgres.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def system(servers: System) -> Iterator[System]:
    """The servers and workers, which settings, sessions and sends of this process use, too."""
    with _as_settings(servers.environment):
        yield servers


@contextmanager
def _as_settings(environment: dict[str, str]) -> Iterator[None]:
    def forget() -> None:
        if engine.cache_info().currsize:
            engine().dispose()
        for remembered in (settings, engine, broker.app):
            remembered.cache_clear()

    with pytest.MonkeyPatch.context() as patch:
        for name in (name for name in os.environ if name.startswith("FOUREYES_")):
            patch.delenv(name)
        for name, value in environment.items():
            if name.startswith("FOUREYES_"):
                patch.setenv(name, value)
        forget()
        yield
        forget()


def _make_database(postgres: Postgres) -> None:
    admin = create_engine(dialect_url(postgres.url()), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {DATABASE}"))
    admin.dispose()
    migrations.upgrade()
    with engine().begin() as connection:
        connection.execute(text(audit.TRIGGERS))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if audit.TABLE:
        terminalreporter.section("faults")
        for line in audit.lines():
            terminalreporter.write_line(line)
