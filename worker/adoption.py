"""An execution that was asked of another judge than this worker's is asked anew of this one.

Whoever lets an attempt go on asks for judging by its own judge; the worker that comes to do it may
have another Python, another numpy, or run on another platform. A verdict is kept under the judge
that gave it: so nothing passes as judged that was not, and nothing waits for a judge that is gone.
"""

from typing import Any

from sqlalchemy import ARRAY, Text, all_, bindparam, or_, update
from sqlmodel import col, select

from foureyes.judging.execution import execution_key
from foureyes.judging.formats.records import parse_record
from foureyes.judging.identity import identities, identity, profile_of
from foureyes.models import lifecycle
from foureyes.models.enums import State
from foureyes.models.lifecycle import Asked, moment
from foureyes.models.session import transaction
from foureyes.models.tables import Execution, Problem, Regraded, Step

#: An execution that nobody works on, asked of another judge; locked.
_FOREIGN: Any = (
    select(  # type: ignore[call-overload]
        Execution.id,
        Execution.problem_id,
        Execution.suite,
        Execution.code,
        Execution.given,
        Execution.judge_version,
        col(Problem.version),
        col(Problem.benchmark),
        col(Problem.record),
    )
    .join(Problem)
    .where(
        Execution.id == bindparam("row"),
        col(Execution.judge_version) != all_(bindparam("judges", type_=ARRAY(Text))),
        or_(
            col(Execution.state) == State.QUEUED,
            (col(Execution.state) == State.RUNNING) & (col(Execution.lease_until) < moment()),
        ),
    )
    .with_for_update(of=Execution)
)
_FOLLOW = [
    update(table.__table__)  # type: ignore[union-attr]
    .where(col(table.execution_id) == bindparam("row"))
    .values(execution_id=bindparam("mine"))
    for table in (Step, Regraded)
]
_LEAVE = (
    update(Execution.__table__)  # type: ignore[attr-defined]
    .where(col(Execution.id) == bindparam("row"))
    .values(state=State.CANCELLED, worker=None, lease_until=None)
)


def adopted(execution_id: int) -> int:
    """The id of the execution to work on in the place of this one: itself, if it was asked of us.

    Else that of the same judging by our own judge, which may be done already; whoever waited for the
    other waits for this one now.
    """
    with transaction() as db:
        asked = db.execute(_FOREIGN, {"row": execution_id, "judges": identities()}).one_or_none()
        if asked is None:
            return execution_id
        spec = parse_record(asked.benchmark, asked.record).spec()
        ours = identity(spec.format, profile_of(asked.judge_version))
        mine, _ = lifecycle.ask(
            db,
            Asked(
                Execution,
                {
                    "key": execution_key(asked.suite, asked.version, asked.code, ours, asked.given),
                    "problem_id": asked.problem_id,
                    "suite": asked.suite,
                    "code": asked.code,
                    "given": asked.given,
                    "judge_version": ours,
                },
            ),
        )
        for follow in _FOLLOW:
            db.execute(follow, {"row": execution_id, "mine": mine.id})
        db.execute(_LEAVE, {"row": execution_id})
        adopted_id: int = mine.id
        return adopted_id
