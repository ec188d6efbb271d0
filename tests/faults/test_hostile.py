"""Sweeps that are stuck, or whose every answer means harm: those beside them do not notice."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from foureyes.evaluation.memory import tree
from foureyes.models import broker
from foureyes.models.session import session
from foureyes.producer.stack import valkey
from tests.faults import audit
from tests.faults.conftest import System, _as_settings
from tests.faults.fleet import Fleet
from tests.hostile_answers import answers, write
from tests.programs import wait_for

#: Ends each transaction that moves an attempt of this sweep, as Postgres ends one that is idle.
_STICK = """
CREATE FUNCTION stick() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.moves > OLD.moves AND NEW.run_id IN (SELECT id FROM run WHERE sweep_id = {sweep}) THEN
        RAISE EXCEPTION 'terminating connection due to idle-in-transaction timeout'
            USING ERRCODE = '25P03';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stick BEFORE UPDATE ON attempt FOR EACH ROW EXECUTE FUNCTION stick();
"""
_FREE = "DROP TRIGGER stick ON attempt; DROP FUNCTION stick();"


@contextmanager
def through(kind: str, system: System) -> Iterator[Fleet]:
    """Workers of this broker, which this process uses too."""
    if kind == "rabbitmq":
        system.all_up()
        yield system.fleet
        return
    system.all_down()
    home = system.folder / "valkey"
    (home / "logs").mkdir(parents=True, exist_ok=True)
    with valkey.server(home) as url:
        told = system.environment | {"FOUREYES_BROKER_URL": url}
        with _as_settings(told):
            fleet = Fleet(home, told)
            try:
                fleet.start("one", "two")
                yield fleet
            finally:
                fleet.close()


def statement(sql: str) -> None:
    with session() as db:
        db.execute(text(sql))


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ["rabbitmq", "valkey"])
def test_a_stuck_sweep_ends_in_error_and_holds_up_no_other(kind: str, system: System) -> None:
    """Else its messages go back to their queue for ever, in front of everybody else's."""
    with through(kind, system) as fleet:
        stuck = system.enqueue(system.sweep_file(audit.ATTEMPTS_PER_PROBLEM))
        statement(_STICK.format(sweep=stuck))
        try:
            innocent = system.enqueue(system.sweep_file(20 * audit.ATTEMPTS_PER_PROBLEM))
            audit.wait_until_ended(innocent)
            found = audit.counts(innocent)
            assert found["solved"] == found["attempts"], found
            audit.wait_until_ended(stuck, seconds=300)
        finally:
            statement(_FREE)
        found = audit.counts(stuck)
        assert (found["errors"], found["open"]) == (found["attempts"], 0), found
        with session() as db:
            said = db.scalar(
                text(
                    "SELECT min(attempt.error) FROM attempt JOIN run ON run.id = run_id"
                    " WHERE sweep_id = :sweep"
                ),
                {"sweep": stuck},
            )
        assert "came to no end" in said and "idle-in-transaction" in said
        wait_for(lambda: broker.depth(broker.START) == 0)
        assert sorted(fleet.running()) == ["one", "two"]


@pytest.mark.timeout(900)
def test_hostile_answers_harm_nobody_and_leave_nothing(system: System) -> None:
    system.all_down()
    temporary = system.folder / "hostile-tmp"
    temporary.mkdir()
    hostile, innocent = write(system.folder / "hostile", "hostile", len(answers(1)), 10, size=100)
    sweeps = [system.enqueue(file) for file in (hostile, innocent)]
    queues = "start,execution,model.hostile"
    system.fleet.start("one", "two", queues=queues, model="hostile", TMPDIR=str(temporary))
    for sweep in sweeps:
        audit.wait_until_ended(sweep)
    for sweep in sweeps:
        found = audit.counts(sweep)
        assert (found["open"], found["twice"]) == (0, 0), found
        assert found["ended"] + found["errors"] == found["attempts"], found
    assert found["solved"] == found["attempts"] == 20, found
    started = [pid for worker in system.fleet.pids() for pid in tree(worker)]
    for name in ("one", "two"):
        assert system.fleet.stop(name) == 0
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in started))
    assert list(temporary.iterdir()) == []
    assert broker.depth(broker.START) == broker.depth(broker.EXECUTION) == 0
