"""What is set up wrongly: one clear line and exit code 2 from whoever meets it, and from `doctor`."""

import sys
from collections.abc import Callable, Iterator

import pytest
from kombu import Exchange, Queue
from sqlalchemy import create_engine, text

from models import broker
from models.session import dialect_url, engine
from models.settings import settings
from producer.cli import main
from tests.faults import audit
from tests.faults.conftest import DATABASE, WORKERS, System
from tests.faults.proxy import Proxy

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


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("ampq://guest:guest@127.0.0.1:{port}//", "No such transport: ampq"),
        ("amqp://guest:guest@127.0.0.1:port//", "FOUREYES_BROKER_URL"),
        ("amqp://guest:wr0ng@127.0.0.1:{port}//", "refuses the user name or password"),
        ("amqp://guest:guest@127.0.0.1:{port}/nowhere", "has no such vhost"),
    ],
    ids=["scheme", "port", "password", "vhost"],
)  # fmt: skip
def test_a_wrong_broker_url_is_named(
    system: System, foureyes: Command, url: str, says: str
) -> None:
    wrong = url.format(port=system.rabbitmq.port)
    code, said = foureyes(
        "sweep", str(system.sweep_file(audit.ATTEMPTS_PER_PROBLEM)), FOUREYES_BROKER_URL=wrong
    )
    assert code == 2
    assert says in said
    assert "wr0ng" not in said
    assert "Traceback" not in said


def test_a_rabbitmq_without_quorum_queues_is_named(system: System, foureyes: Command) -> None:
    with broker.app().connection_for_read() as connection:
        found = broker.version(connection)
    assert found is not None
    old = "3.7." + "9" * (len(found) - 4)
    for proxy in _answering(system.rabbitmq.port, found.encode(), old.encode()):
        url = f"amqp://guest:guest@127.0.0.1:{proxy.port}//"
        code, said = foureyes(
            "sweep", str(system.sweep_file(audit.ATTEMPTS_PER_PROBLEM)), FOUREYES_BROKER_URL=url
        )
        assert code == 2
        assert f"the broker is RabbitMQ {old}, which has no quorum queues" in said


def test_an_old_postgres_is_named(system: System, foureyes: Command) -> None:
    with engine().connect() as connection:
        found = str(connection.scalar(text("SHOW server_version")))
    told = [b"server_version\0" + word.encode() for word in (found, "13" + found[2:])]
    for proxy in _answering(system.postgres.port, *told):
        url = system.postgres.url(DATABASE, proxy.port)
        code, said = foureyes("report", FOUREYES_DATABASE_URL=url)
        assert code == 2
        assert "the database is PostgreSQL 13; foureyes needs 14 or later" in said


def _answering(port: int, true: bytes, false: bytes) -> Iterator[Proxy]:
    """A server that says something else."""
    proxy = Proxy(port)
    proxy.rewrite = lambda data: data.replace(true, false)
    try:
        yield proxy
    finally:
        proxy.close()


def test_a_wrong_database_is_named(system: System, foureyes: Command) -> None:
    right = system.postgres.url(DATABASE)
    for wrong, says in (
        (right.replace("a-password", "wr0ng"), "password authentication failed"),
        (system.postgres.url("nowhere"), '"nowhere" does not exist'),
        (right.replace("postgresql:", "mysql:"), "must begin with postgresql://"),
    ):
        code, said = foureyes("report", FOUREYES_DATABASE_URL=wrong)
        assert code == 2
        assert says in said
        assert "wr0ng" not in said


def test_migrations_that_are_missing_or_ahead_are_named(system: System, foureyes: Command) -> None:
    admin = create_engine(dialect_url(system.postgres.url()), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE other"))
    admin.dispose()
    url = system.postgres.url("other")
    code, said = foureyes("report", FOUREYES_DATABASE_URL=url)
    assert code == 2
    assert "run `alembic upgrade head`" in said
    other = create_engine(dialect_url(url))
    with other.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num varchar(32))"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('9999')"))
    other.dispose()
    code, said = foureyes("report", FOUREYES_DATABASE_URL=url)
    assert code == 2
    assert "the database is at migration 9999" in said
    assert "update foureyes" in said


def test_a_queue_that_is_not_ours_is_named(system: System, foureyes: Command) -> None:
    system.rabbitmq.control("add_vhost", "theirs")
    system.rabbitmq.control("set_permissions", "-p", "theirs", "guest", ".*", ".*", ".*")
    url = system.rabbitmq.url.removesuffix("/") + "theirs"
    with broker.app().connection_for_write(url) as connection:
        classic = Queue(broker.START, Exchange("foureyes", type="topic"), routing_key=broker.START)
        classic(connection.channel()).declare()
    code, said = foureyes(
        "sweep", str(system.sweep_file(audit.ATTEMPTS_PER_PROBLEM)), FOUREYES_BROKER_URL=url
    )
    assert code == 2
    assert "the broker's queue 'start' exists with other arguments" in said
    assert "rabbitmqctl delete_queue start" in said
    code, said = foureyes("doctor", FOUREYES_DATABASE_URL=system.postgres.url("nowhere"))
    assert code == 1
    assert "missing database: cannot reach the database at" in said
    assert "missing broker: the broker's queue 'start' exists with other arguments" in said


def test_a_second_worker_of_a_name_ends_and_harms_nobody(system: System) -> None:
    system.all_up()
    said = system.fleet.refused(WORKERS[0])
    assert f"a worker named {WORKERS[0]}@faults is running already" in said
    assert WORKERS[0] in system.fleet.running()


def test_a_worker_that_is_not_let_in_ends_with_one_line(system: System) -> None:
    wrong = system.rabbitmq.url.replace("guest:guest", "guest:wr0ng")
    said = system.fleet.refused("third", FOUREYES_BROKER_URL=wrong)
    assert "refuses the user name or password" in said
    assert "wr0ng" not in said
    assert "Traceback" not in said
