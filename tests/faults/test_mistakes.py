"""What is set up wrongly: one clear line and exit code 2 from whoever meets it, and from `doctor`."""

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from kombu import Exchange, Queue
from sqlalchemy import create_engine, text

from foureyes.models import broker
from foureyes.models.session import dialect_url, engine
from foureyes.models.settings import settings
from foureyes.producer.cli import main
from tests.faults import audit
from tests.faults.conftest import DATABASE, WORKERS, System
from tests.faults.proxy import Proxy
from tests.programs import ROOT

Command = Callable[..., tuple[int, str]]


@pytest.fixture
def foureyes(
    system: System, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Run the command line in this process with other settings; its exit code and all it said."""

    def run(*words: str, **changed: str) -> tuple[int, str]:
        for name, value in changed.items():
            monkeypatch.setenv(name, value)
        for remembered in (settings, engine, broker.app):
            remembered.cache_clear()
        monkeypatch.setattr(sys, "argv", ["foureyes", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), " ".join((said.out + said.err).split())

    return run


def told_by_all(system: System, foureyes: Command, server: str, says: str, **wrong: str) -> None:
    """The command that meets a mistake, a worker, and `doctor` say the same in one line."""
    file = str(system.sweep_file(audit.ATTEMPTS_PER_PROBLEM))
    code, said = foureyes("sweep", file, **wrong)
    assert code == 2
    code, examined = foureyes("doctor", **wrong)
    assert code == 1
    assert f"missing {server}: " in examined
    refused = system.fleet.refused("third", **wrong)
    for each in (said, examined, " ".join(refused.split())):
        assert says in each
        assert "wr0ng" not in each
        assert "Traceback" not in each


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("ampq://guest:guest@127.0.0.1:{port}//", "No such transport: ampq"),
        ("amqp://guest:guest@127.0.0.1:wr0ng//", "FOUREYES_BROKER_URL cannot be read"),
        ("amqp://guest:wr0ng@127.0.0.1:{port}//", "refuses the user name or password"),
        ("amqp://guest:guest@127.0.0.1:{port}/nowhere", "has no such vhost"),
    ],
    ids=["scheme", "port", "password", "vhost"],
)  # fmt: skip
def test_a_wrong_broker_url_is_named(
    system: System, foureyes: Command, url: str, says: str
) -> None:
    wrong = url.format(port=system.rabbitmq.port)
    told_by_all(system, foureyes, "broker", says, FOUREYES_BROKER_URL=wrong)


def test_a_rabbitmq_without_quorum_queues_is_named(system: System, foureyes: Command) -> None:
    with broker.app().connection_for_read() as connection:
        found = broker.version(connection)
    assert found is not None
    old = "3.7." + "9" * (len(found) - 4)
    says = f"the broker is RabbitMQ {old}, which has no quorum queues"
    for proxy in _answering(system.rabbitmq.port, found.encode(), old.encode()):
        url = f"amqp://guest:guest@127.0.0.1:{proxy.port}//"
        told_by_all(system, foureyes, "broker", says, FOUREYES_BROKER_URL=url)


def test_an_old_postgres_is_named(system: System, foureyes: Command) -> None:
    with engine().connect() as connection:
        found = str(connection.scalar(text("SHOW server_version")))
    told = [b"server_version\0" + word.encode() for word in (found, "14" + found[2:])]
    says = "the database is PostgreSQL 14; foureyes needs 15 or later"
    for proxy in _answering(system.postgres.port, *told):
        url = system.postgres.url(DATABASE, proxy.port)
        told_by_all(system, foureyes, "database", says, FOUREYES_DATABASE_URL=url)


def _answering(port: int, true: bytes, false: bytes) -> Iterator[Proxy]:
    """A server that says something else."""
    proxy = Proxy(port)
    proxy.rewrite = lambda data: data.replace(true, false)
    try:
        yield proxy
    finally:
        proxy.close()


def test_a_wrong_password_of_the_database_is_named(system: System, foureyes: Command) -> None:
    url = system.postgres.url(DATABASE).replace("a-password", "wr0ng")
    says = "password authentication failed"
    told_by_all(system, foureyes, "database", says, FOUREYES_DATABASE_URL=url)


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("//postgres:", "//nobody:", "password authentication failed"),
        ("/faults", "/nowhere", '"nowhere" does not exist'),
        ("postgresql:", "mysql:", "must begin with postgresql://"),
        ("/faults", "x/faults", "FOUREYES_DATABASE_URL cannot be read"),
        ("/faults", "/faults?colour=red", 'invalid connection option "colour"'),
    ],
    ids=["user", "name", "scheme", "port", "option"],
)
def test_a_wrong_database_url_is_named(
    system: System, foureyes: Command, right: str, wrong: str, says: str
) -> None:
    url = system.postgres.url(DATABASE).replace(right, wrong)
    code, said = foureyes("report", FOUREYES_DATABASE_URL=url)
    assert code == 2
    assert says in said
    assert "wr0ng" not in said and "Traceback" not in said


def test_migrations_that_are_missing_or_ahead_are_named(system: System, foureyes: Command) -> None:
    admin = create_engine(dialect_url(system.postgres.url()), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE other"))
    admin.dispose()
    url = system.postgres.url("other")
    says = "run `foureyes database migrate`"
    told_by_all(system, foureyes, "database", says, FOUREYES_DATABASE_URL=url)
    other = create_engine(dialect_url(url))
    with other.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num varchar(32))"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('9999')"))
    other.dispose()
    says = "the database is at migration 9999, which this version of foureyes"
    told_by_all(system, foureyes, "database", says, FOUREYES_DATABASE_URL=url)


@pytest.mark.parametrize(
    ("name", "right", "wrong", "says"),
    [
        ("FOUREYES_BROKER_URL", ":guest@", ":wr0ng@", "refuses the user name or password"),
        ("FOUREYES_DATABASE_URL", "a-password", "wr0ng", "password authentication failed"),
        ("FOUREYES_DATABASE_URL", "/faults", "/postgres", "run `foureyes database migrate`"),
    ],
    ids=["broker", "database", "migrations"],
)
def test_a_reaper_that_can_do_nothing_ends_with_one_line(
    system: System, name: str, right: str, wrong: str, says: str
) -> None:
    """Else it would write a traceback every five seconds, and be started again by nobody."""
    changed = {name: system.environment[name].replace(right, wrong)}
    made = _run("-m", "foureyes.worker.reaper", **system.environment | changed)
    assert made.returncode == 2
    assert says in made.stderr.splitlines()[-1]
    assert "Traceback" not in made.stderr and "wr0ng" not in made.stderr


def test_migrating_a_database_that_cannot_be_reached_is_told_in_one_line(system: System) -> None:
    url = system.postgres.url(DATABASE).replace("a-password", "wr0ng")
    made = _run("-m", "alembic", "upgrade", "head", **system.environment | {"FOUREYES_DATABASE_URL": url})  # fmt: skip
    assert made.returncode != 0
    (line,) = (made.stdout + made.stderr).strip().splitlines()
    assert "password authentication failed" in line and "wr0ng" not in line


def test_a_worker_of_a_model_that_no_sweep_has_defined_names_those_there_are(
    system: System, foureyes: Command
) -> None:
    code, said = foureyes("worker", "--model", "nobody")
    assert code == 2
    assert "no sweep has defined a model named 'nobody' in this database (c" in said


def _run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip


def test_a_queue_that_is_not_ours_is_named(system: System, foureyes: Command) -> None:
    system.rabbitmq.control("add_vhost", "theirs")
    system.rabbitmq.control("set_permissions", "-p", "theirs", "guest", ".*", ".*", ".*")
    url = system.rabbitmq.url.removesuffix("/") + "theirs"
    with broker.app().connection_for_write(url) as connection:
        classic = Queue(broker.START, Exchange("foureyes", type="topic"), routing_key=broker.START)
        classic(connection.channel()).declare()
    says = "the broker's queue 'start' exists with other arguments than foureyes needs"
    told_by_all(system, foureyes, "broker", says, FOUREYES_BROKER_URL=url)
    code, said = foureyes(
        "doctor",
        FOUREYES_BROKER_URL=url,
        FOUREYES_DATABASE_URL=system.postgres.url("nowhere"),
    )
    assert code == 1
    assert f"missing broker: {says}" in said
    assert "missing database: cannot reach the database at" in said  # one does not hide the other
    assert "rabbitmqctl delete_queue start" in said


def test_a_worker_that_is_told_of_no_broker_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FOUREYES_BROKER_URL", raising=False)
    made = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "foureyes.worker.app", "worker"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 2
    assert made.stderr == (
        "worker: no broker: set FOUREYES_BROKER_URL, or start with `foureyes up`\n"
    )


def test_a_second_worker_of_a_name_ends_and_harms_nobody(system: System) -> None:
    system.all_up()
    said = system.fleet.refused(WORKERS[0])
    assert f"a worker named {WORKERS[0]}@faults is running already" in said
    assert WORKERS[0] in system.fleet.running()
