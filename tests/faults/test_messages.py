"""Messages that come twice, never, or cannot be read; and a producer that dies while it sends."""

import subprocess
import threading

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from foureyes.models import broker, deadletters
from foureyes.models.session import session
from foureyes.models.tables import Attempt, Completion, Execution, Run
from foureyes.worker import reaper
from tests.faults import audit
from tests.faults.conftest import WORKERS, System
from tests.programs import ROOT, command, foureyes, wait_for


@pytest.mark.parametrize("sent", [False, True], ids=["before it committed", "before it sent all"])
def test_a_producer_killed_in_mid_enqueue_is_completed_by_the_same_command(
    system: System, sent: bool
) -> None:
    system.all_up()
    file = system.sweep_file(audit.ATTEMPTS)
    enqueued = (
        "SELECT count(*) FROM attempt JOIN run ON run.id = attempt.run_id"
        " JOIN sweep ON sweep.id = run.sweep_id WHERE sweep.name = :name"
    )
    name = {"name": f"faults-{system.made}"}

    def rows() -> int:
        with session() as db:
            return int(db.scalar(text(enqueued), name))

    with session() as db:
        if not sent:  # the producer stops at the first problem it writes
            db.execute(text("LOCK TABLE problem IN ACCESS EXCLUSIVE MODE"))
        producer = subprocess.Popen(
            command("sweep", str(file)),
            cwd=ROOT,
            env=system.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        if sent:
            wait_for(rows)
        else:
            wait_for(_waits_for_a_lock)
        producer.kill()
        producer.wait()
    assert rows() == (audit.ATTEMPTS if sent else 0)  # nothing is half enqueued
    ended = audit.clock()
    made = subprocess.run(
        command("sweep", str(file)),
        cwd=ROOT, env=system.environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    with session() as db:
        sweep_id = db.scalar(text("SELECT id FROM sweep WHERE name = :name"), name)
    audit.wait_until_ended(sweep_id)
    where = "sending" if sent else "writing rows"
    audit.check(f"the producer killed while {where}; the same command again", sweep_id, ended)


def _waits_for_a_lock() -> bool:
    with session() as db:
        waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        return bool(db.scalar(waiting))


def test_lost_messages_and_two_reapers_at_once(system: System) -> None:
    with system.in_the_middle_of_a_sweep("all queues purged; the reaper run three times at once"):
        for name in (broker.START, broker.EXECUTION, broker.model_queue("c")):
            with broker.app().connection_for_write() as connection:
                broker.queue(name)(connection.channel()).purge()
        rounds = [threading.Thread(target=reaper.reap) for _ in range(3)]
        for each in rounds:
            each.start()
        for each in rounds:
            each.join()


def test_every_message_delivered_five_times(system: System) -> None:
    with system.in_the_middle_of_a_sweep("every open row's message delivered 5 times") as middle:
        with session() as db:
            mine = select(Attempt.id).join(Run).where(Run.sweep_id == middle.sweep_id)
            attempts = list(db.exec(mine))
            calls = list(db.exec(select(Completion.id, Completion.kind).where(_open(Completion))))
            programs = list(db.exec(select(Execution.id).where(_open(Execution))))
        for _ in range(5):
            for first in range(0, len(attempts), 20):
                broker.send(broker.START, broker.START, *attempts[first : first + 20])
            for row_id, kind in calls:
                broker.send(kind, broker.model_queue("c"), row_id)
            for row_id in programs:
                broker.send("execute", broker.EXECUTION, row_id)


def _open(table: type[Completion] | type[Execution]) -> object:
    return col(table.state).in_(["queued", "running"])


def test_poison_ends_in_the_dead_letters_and_harms_nobody(system: System) -> None:
    app = broker.app()
    with app.connection_for_write() as connection:
        queue = broker.dead_letters()(connection.channel())
        queue.declare()
        queue.purge()
    with system.in_the_middle_of_a_sweep("poison: unreadable, unknown, unfit, deadly messages"):
        with app.connection_for_write() as connection, connection.channel() as channel:
            exchange = broker.EXCHANGE(channel)
            for body, kind in ((b"\x80\x04rubbish", "application/x-python-serialize"),
                               (b"{not json", "application/json")):  # fmt: skip
                message = exchange.Message(body, content_type=kind, content_encoding="utf-8")
                exchange.publish(message, routing_key=broker.EXECUTION)
        app.send_task("no-such-task", args=(1,), queue=broker.queue(broker.START))
        app.send_task("draft", args=("one",), queue=broker.queue(broker.model_queue("c")))
        app.send_task("execute", args=(1, 2), queue=broker.queue(broker.EXECUTION))
        _kill_its_consumers()
        wait_for(lambda: deadletters.count() >= 6)
    assert deadletters.count() == 6
    found = {(each.queue, each.task, each.reason) for each in deadletters.look(10)}
    assert ("start", "no-such-task", "rejected") in found
    assert ("model.c", "draft", "rejected") in found
    assert ("execution", "execute", "rejected") in found
    assert ("execution", "no task", "rejected") in found
    assert ("model.deadly", "draft", "delivery_limit") in found
    assert deadletters.count() == 6  # looking takes nothing away
    assert all(name in system.fleet.running() for name in WORKERS)
    told = foureyes("doctor", home=system.folder / "home", **_of(system))
    assert "dead letters: 6 messages were given up" in " ".join(told.stdout.split())
    assert told.stdout.count(" of queue ") == 3  # the first few are named
    assert told.returncode == 1


def _kill_its_consumers() -> None:
    """Send a message that ends each consumer before it can acknowledge: here, their connections."""
    name = broker.model_queue("deadly")
    broker.send("draft", name, 1)
    for _ in range(broker.DELIVERIES + 1):
        with broker.app().connection_for_read() as connection:
            queue = broker.queue(name)(connection.channel())
            wait_for(queue.get, 20)
            connection.collect()  # without a word, as a killed process


def _of(system: System) -> dict[str, str]:
    return {
        name: value for name, value in system.environment.items() if name.startswith("FOUREYES_")
    }
