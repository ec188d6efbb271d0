"""The production side without any fault: a process for each role, and settings that hold."""

from sqlalchemy import text
from sqlmodel import col, func, select

from foureyes.models import admission, broker
from foureyes.models.enums import Outcome, State
from foureyes.models.session import engine, session
from foureyes.models.tables import Attempt, Run
from foureyes.producer.sweeps import enqueue, sweep
from tests.faults import audit
from tests.faults.conftest import System
from tests.programs import scripted_sweep


def test_a_sweep_with_a_worker_for_each_role(system: System) -> None:
    system.all_down()
    folder = system.folder / "roles"
    scripted_sweep(folder, 6, 0.0, ["raw-coder", "review-then-fix"])
    file = folder / "sweep.toml"
    text_of = file.read_text().replace("\nc = ", "\ncoder = ").replace("\nr = ", "\nreviewer = ")
    file.write_text(text_of.replace('coder = "c"', 'coder = "coder"').replace('"r"', '"reviewer"'))
    row = enqueue.enqueue(sweep.load(file))
    with session() as db:
        mine = select(func.count()).select_from(Attempt).join(Run).where(Run.sweep_id == row.id)
        assert db.exec(mine).one() == 12
    admission.start_waiting()
    assert broker.depth(broker.START) == 1  # twelve attempts, one message
    system.fleet.start("judge", queues="start,execution", model="coder", wait=False)
    system.fleet.start("coder", queues="model.coder", model="coder", wait=False)
    system.fleet.start("reviewer", queues="model.reviewer", model="reviewer", wait=False)
    audit.wait_until_ended(row.id)
    with session() as db:
        of_this = select(Attempt.outcome, Attempt.state).join(Run).where(Run.sweep_id == row.id)
        assert set(db.exec(of_this)) == {(Outcome.SOLVED, State.DONE)}
        assert not db.exec(select(Attempt.id).where(col(Attempt.state) == State.QUEUED)).all()
    system.all_down()


def test_a_stuck_process_cannot_hold_the_database(system: System) -> None:
    """Its locks would stop everybody; and what a worker may open is known beforehand."""
    with session() as db:
        for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
            assert db.scalar(text(f"SHOW {name}")) == "1min"
        assert db.scalar(text("SHOW client_connection_check_interval")) == "10s"
    assert engine().pool.status().startswith("Pool size: 5 ")


def test_every_queue_is_durable_replicated_and_has_its_dead_letters(system: System) -> None:
    broker.check_connection()
    told = system.rabbitmq.control("list_queues", "name", "type", "durable", "arguments")
    lines = {line.split()[0]: line for line in told.splitlines() if "\t" in line}
    for name in (broker.START, broker.EXECUTION, broker.DEAD):
        assert "quorum" in lines[name]
        assert "true" in lines[name]
    for name in (broker.START, broker.EXECUTION):
        assert '{"x-delivery-limit",10}' in lines[name]
        assert '{"x-dead-letter-exchange","foureyes.dead"}' in lines[name]
    bound = system.rabbitmq.control("list_bindings", "source_name", "destination_name")
    assert f"{broker.DEAD}\t{broker.DEAD}" in bound
