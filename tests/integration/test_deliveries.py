"""If this fails, what an attempt becomes depends on when its messages arrive, and how often."""

import hashlib
import itertools
import random
from collections import deque

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from foureyes.models import broker, lifecycle
from foureyes.models.enums import Status, Suite
from foureyes.models.lifecycle import AnyTable
from foureyes.models.session import session, transaction
from foureyes.models.tables import Completion, Execution
from foureyes.worker.attempt.advance import advance
from tests.integration.test_advance import make_sweep

PATTERNS = (
    "raw-coder", "review-then-fix-retry", "debate", "grounded-review", "guarded-fix",
    "sample-and-select", "plan-after-trial", "self-review",
)  # fmt: skip
_sweeps = itertools.count()

#: A delivery: an attempt to start, or a row to work on.
Delivery = tuple[AnyTable | None, int]


def luck(*parts: object) -> int:
    """A number that depends on nothing but the parts."""
    return hashlib.sha256(repr(parts).encode()).digest()[0]


def said(row: object) -> str:
    """What a model answers: it depends on what it is told and on nothing else."""
    request = row.request  # type: ignore[attr-defined]
    told = luck(request["messages"], request["seed"])
    if request["schema"] is None:
        return f"```python\ndef f(x):\n    return x + {told % 4}\n```"
    return (
        '{"choice": "B"}' if "choice" in str(request["schema"]) and told % 2
        else "Hm." if told % 5 == 0
        else '{"issues": ["wrong"], "verdict": "revise"}' if told % 3
        else '{"issues": [], "verdict": "approve"}'
    )  # fmt: skip


def result(table: AnyTable, row: object) -> dict[str, object]:
    if table is Completion:
        return {"text": said(row), "prompt_tokens": 1, "completion_tokens": 1, "seconds": 0.1}
    passed = luck(row.code) % 2 == 0  # type: ignore[attr-defined]
    if row.suite is Suite.VISIBLE:  # type: ignore[attr-defined]
        test = {"source": "f(1)", "passed": passed, "shown": "" if passed else "got: 0"}
        return {"detail": {"results": [test]}}
    status = Status.PASS if passed else Status.FAIL
    return {"detail": {}, "base": status, "plus": status}


def deliver(delivery: Delivery) -> list[Delivery]:
    """Do as a worker does; what it sends."""
    table, row_id = delivery
    if table is None:
        return [
            (Execution if message.task == broker.EXECUTE else Completion, message.row_id)
            for message in advance(row_id)
        ]
    with transaction() as db:
        row = lifecycle.claim(db, table, row_id, "w/1")
    with transaction() as db:
        if row is not None:
            assert lifecycle.finish(db, table, row_id, "w/1", **result(table, row))
        return [(None, attempt_id) for attempt_id in lifecycle.waiting_attempts(db, table, row_id)]


def run(shuffle: random.Random | None) -> list[tuple[object, ...]]:
    """A sweep to its end; all that its attempts are, without numbers of rows.

    With `shuffle` the queue has no order, and hands out every third message again.
    """
    number = next(_sweeps)
    sweep_id = make_sweep(*PATTERNS, problems=2, name=f"n{number}", fresh=f"n{number}")
    with session() as db:
        mine = "FROM attempt JOIN run ON run.id = run_id WHERE sweep_id = :s ORDER BY attempt.id"
        ids = db.execute(text(f"SELECT attempt.id {mine}"), {"s": sweep_id}).scalars().all()
    queue: deque[Delivery] = deque((None, attempt_id) for attempt_id in ids)
    while queue:
        if shuffle is not None:
            queue.rotate(shuffle.randrange(len(queue)))
        delivery = queue[0]
        if shuffle is None or shuffle.random() > 0.3:
            queue.popleft()
        queue += deliver(delivery)
    with session() as db:
        rows = db.execute(
            text(f"""
                SELECT run.pattern, problem.problem_id, attempt.outcome, attempt.code, attempt.error,
                    (SELECT json_agg(json_build_array(v.position, v.branch, v.kind, v.role, v.prompt,
                        v.verdict, v.code, v.state, completion.text) ORDER BY v.position, v.branch)
                     FROM v_steps v LEFT JOIN completion ON completion.id = v.completion_id
                     WHERE v.attempt_id = attempt.id) AS steps
                {mine.replace("WHERE", "JOIN problem ON problem.id = attempt.problem_id WHERE")}
            """),
            {"s": sweep_id},
        )
        return [tuple(map(str, row)) for row in rows]


@pytest.mark.usefixtures("database")
@settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # an order cannot be made simpler
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.integers(0, 2**32))
def test_messages_in_any_order_and_twice_give_the_same_attempts(seed: int) -> None:
    expected = run(None)
    outcomes = {row[2] for row in expected}
    assert outcomes == {"solved", "unsolved"} and len(expected) == 2 * len(PATTERNS)
    assert run(random.Random(seed)) == expected
