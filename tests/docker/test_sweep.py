"""The compose file as it is, from nothing to a judged sweep."""

from sqlalchemy import text

from foureyes.models.session import session
from tests.docker.stack import RUNNING, Stack
from tests.faults import audit

#: The image's user, as the kernel sees it.
USER = "10001"


def test_a_sweep_is_solved_at_level_a_by_workers_that_become_healthy(stack: Stack) -> None:
    sweep_id = stack.enqueue("first", 5 * audit.ATTEMPTS_PER_PROBLEM)
    audit.wait_until_ended(sweep_id, seconds=600)
    with session() as db:
        told = db.execute(
            text("SELECT outcome, count(*) FROM attempt JOIN run ON run.id = run_id WHERE sweep_id = :it GROUP BY 1"),
            {"it": sweep_id},
        )  # fmt: skip
        assert dict(told.all()) == {"solved": 5 * audit.ATTEMPTS_PER_PROBLEM}
        assert set(db.scalars(text("SELECT level FROM execution WHERE state = 'done'"))) == {"A"}
    stack.await_health()
    assert len(stack.health()) == len(RUNNING) + 1  # two judges
