"""Servers of a bench's own, RabbitMQ and PostgreSQL, and what they and others cost."""

import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text

from foureyes import migrations
from foureyes.evaluation.memory import tree
from foureyes.models import broker
from foureyes.models.session import dialect_url, engine
from foureyes.models.settings import settings
from tests.faults.servers import Postgres, RabbitMQ
from tests.programs import SCRIPT

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """CPU time of a process and all below it, the ended ones too."""
    ticks = 0
    for each in tree(pid):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))
    return ticks / _TICKS


class Bench:
    """The servers, a folder, and a database whenever one is wanted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("rabbitmq", "postgres"):
            (folder / name).mkdir()
        (folder / "rabbitmq").chmod(0o777)
        self.rabbitmq = RabbitMQ(folder / "rabbitmq")
        self.postgres = Postgres(folder / "postgres")
        (folder / "script.toml").write_text(SCRIPT)

    def environment(self, database: str) -> dict[str, str]:
        """What our processes are told."""
        kept = {name: value for name, value in os.environ.items() if "FOUREYES" not in name}
        return kept | {
            "FOUREYES_HOME": str(self.folder / "home"),
            "FOUREYES_BROKER_URL": self.rabbitmq.url,
            "FOUREYES_DATABASE_URL": self.postgres.url(database),
        }

    @contextmanager
    def database(self, name: str) -> Iterator[None]:
        """A new database, which this process uses too; an empty broker."""
        admin = create_engine(dialect_url(self.postgres.url()), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        admin.dispose()
        os.environ.update(self.environment(name))
        for remembered in (settings, engine, broker.app):
            remembered.cache_clear()
        migrations.upgrade()
        yield
        engine().dispose()
        for queue in re.findall(r"^(\S+)\t", self.rabbitmq.control("list_queues"), re.MULTILINE):
            if queue != "name":
                self.rabbitmq.control("delete_queue", queue)


@contextmanager
def opened(name: str) -> Iterator[Bench]:
    """The servers, running, in a folder that is removed with them; also when SIGTERM ends the bench.

    Without rabbitmq-server the bench ends, and says so.
    """
    if RabbitMQ.program() is None:
        sys.exit("bench: rabbitmq-server is not installed")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix=f"foureyes-{name}-"))
    folder.chmod(0o755)
    bench = Bench(folder)
    try:
        bench.postgres.start()
        bench.rabbitmq.start()
        yield bench
    finally:
        bench.rabbitmq.close()
        bench.postgres.close()
        shutil.rmtree(folder, ignore_errors=True)
