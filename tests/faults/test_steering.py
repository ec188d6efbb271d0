"""Steering with real workers: what is paused stops, and what steers may be killed in the middle of it."""

import signal
import subprocess
import sys
import time

from sqlalchemy import text

from foureyes.models.session import session
from foureyes.results.steering import Steering, steering
from tests.faults import audit
from tests.faults.conftest import WORKERS, System
from tests.faults.fleet import THREADS
from tests.programs import ROOT, wait_for

#: A command that is killed where it sends its first message: what it committed is there, and no more.
_KILLED_AT_SEND = """
import os
from foureyes.models import broker
from foureyes.producer.entry import main

broker.send = lambda *_, **__: os.kill(os.getpid(), 9)
main()
"""
#: One that is killed before it starts anything: what it has put back, workers start by themselves.
_KILLED_AT_START = """
import os
from foureyes.models import admission
from foureyes.producer.entry import main

admission.start_waiting = lambda *_: os.kill(os.getpid(), 9)
main()
"""
#: One that is killed in the middle of its transaction.
_KILLED_AT_UPDATE = """
import os
from sqlalchemy import event
from sqlalchemy.engine import Engine
from foureyes.producer.entry import main

@event.listens_for(Engine, "after_cursor_execute")
def kill(connection, cursor, statement, *_):
    if "UPDATE run SET held" in statement:
        os.kill(os.getpid(), 9)

main()
"""
_COMMAND = "from foureyes.producer.entry import main; main()"
#: Workers of a fault test have so many calls in hand, all together.
_IN_FLIGHT = len(WORKERS) * THREADS


def command(
    system: System, *words: str, program: str = _COMMAND
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *words],
        cwd=ROOT,
        env=system.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def moving(sweep_id: int) -> tuple[int, ...]:
    """What grows while a sweep goes on."""
    found = audit.counts(sweep_id)
    with session() as db:
        claims = db.scalar(
            text("SELECT (SELECT sum(tries) FROM completion) + (SELECT sum(tries) FROM execution)")
        )
    return claims, found["completions"], found["executions"], found["ended"]


def rests(sweep_id: int) -> tuple[int, ...]:
    """Wait until nothing is at work; then nothing begins, although the reaper has gone its rounds."""
    wait_for(lambda: audit.in_hand() == 0)
    time.sleep(1)  # an answer's attempt is told of it a moment later
    before = moving(sweep_id)
    time.sleep(6)  # more than a lease, a grace, and several rounds
    assert moving(sweep_id) == before
    return before


def told(sweep_id: int) -> Steering:
    with session() as db:
        return steering(db, sweep_id)


def test_a_sweep_is_paused_and_goes_on_though_the_commands_are_killed(system: System) -> None:
    system.all_down()
    sweep_id = system.enqueue(system.sweep_file(audit.ATTEMPTS, latency=1.0))
    name = f"id={sweep_id}"
    killed = command(system, "pause", name, program=_KILLED_AT_UPDATE)
    assert killed.returncode == -signal.SIGKILL and told(sweep_id).held is None
    system.all_up()  # they load the model as this sweep has it
    audit.wait_until_ended(sweep_id, share=0.1)
    paused = command(system, "pause", name)
    assert paused.returncode == 0 and " paused, with " in paused.stdout, paused.stderr
    rests(sweep_id)
    assert audit.counts(sweep_id)["open"] > 0
    killed = command(system, "resume", name, program=_KILLED_AT_SEND)
    assert killed.returncode == -signal.SIGKILL and told(sweep_id).held is None
    ended = audit.clock()
    audit.wait_until_ended(sweep_id)
    audit.check("paused, resumed; both killed", sweep_id, ended)

    with session() as db:
        failed = db.execute(_FAIL, {"sweep": sweep_id}).scalars().all()
    killed = command(system, "requeue", *map(str, failed), program=_KILLED_AT_START)
    assert killed.returncode == -signal.SIGKILL
    audit.wait_until_ended(sweep_id)
    found = audit.counts(sweep_id)
    assert found["solved"] == found["attempts"] and found["again"] == 0  # answers are on record


def test_at_a_cap_workers_take_nothing_more_and_a_killed_resume_is_made_good(
    system: System,
) -> None:
    system.all_down()
    file = system.sweep_file(audit.ATTEMPTS, latency=0.1)
    file.write_text(f"{file.read_text()}[caps]\nmax_tokens = 500\n")
    sweep_id = system.enqueue(file)
    system.all_up()  # they load the model as this sweep has it
    wait_for(lambda: told(sweep_id).held == "max_tokens")
    rests(sweep_id)
    with session() as db:
        spent, largest, after = db.execute(_CALLS, {"sweep": sweep_id}).one()
    assert told(sweep_id).tokens == spent
    assert 500 <= spent < 500 + _IN_FLIGHT * largest and after < _IN_FLIGHT
    refused = command(system, "resume", f"id={sweep_id}")
    assert refused.returncode == 2 and "at its cap max_tokens" in refused.stderr
    killed = command(
        system, "resume", f"id={sweep_id}", "--max-tokens", "inf", program=_KILLED_AT_SEND
    )
    assert killed.returncode == -signal.SIGKILL
    ended = audit.clock()
    audit.wait_until_ended(sweep_id)
    audit.check("at a cap; its resume killed", sweep_id, ended)


_FAIL = text("""
UPDATE attempt SET state = 'error', outcome = 'error', error = 'a disk was full'
WHERE id IN (
    SELECT attempt.id FROM run JOIN attempt ON attempt.run_id = run.id
    WHERE run.sweep_id = :sweep ORDER BY 1 LIMIT 3
)
RETURNING id
""")
#: Tokens of all calls, and of the largest; and how many ended after the cap was reached.
_CALLS = text("""
SELECT sum(tokens), max(tokens), count(*) FILTER (WHERE finished_at > held_at)
FROM (
    SELECT completion.id, min(prompt_tokens + completion_tokens) AS tokens,
        min(completion.finished_at) AS finished_at, max(held_at) AS held_at
    FROM run JOIN attempt ON attempt.run_id = run.id JOIN step ON step.attempt_id = attempt.id
    JOIN completion ON completion.id = step.completion_id AND completion.state = 'done'
    WHERE run.sweep_id = :sweep GROUP BY completion.id
) AS calls
""")
