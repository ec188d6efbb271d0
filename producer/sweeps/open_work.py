"""What is open of a sweep: how much it is, ending it, and letting it begin anew."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CursorResult, delete, func, text
from sqlmodel import Session, col, select, update

from foureyes.models import budgets
from foureyes.models.among import among
from foureyes.models.enums import State
from foureyes.models.errors import FoureyesError
from foureyes.models.lifecycle import later, moment
from foureyes.models.session import session
from foureyes.models.settings import settings
from foureyes.models.tables import (
    Attempt,
    Completion,
    Execution,
    LanguageModel,
    Regrade,
    Regraded,
    Run,
    Seat,
    Step,
)
from foureyes.models.tables import Sweep as SweepRow
from foureyes.producer.sweeps.requeue import ANEW

#: The states of an attempt that has not ended.
OPEN = [State.QUEUED, State.RUNNING]

#: Attempts whose budget is what these spend, and that have got one, or ended, already.
_CONTROLS = text("""
SELECT control.id
FROM attempt AS source
JOIN run ON run.tokens_of_id = source.run_id
JOIN attempt AS control ON control.run_id = run.id
    AND control.problem_id = source.problem_id AND control.sample = source.sample
WHERE source.id = ANY(:sources) AND NOT control.awaits_tokens
""")
#: What a regrade has not got yet; who asks for it again has it made again.
_UNJUDGED = text("""
DELETE FROM regraded WHERE regrade_id = :regrade AND NOT EXISTS (
    SELECT FROM execution
    WHERE execution.id = regraded.execution_id AND execution.state IN ('done', 'error')
)
""")


def cancel(sweep_id: int) -> int:
    """End a sweep's unfinished attempts; how many there were. What they shared with others stays.

    What was not judged yet by its regrades is left out of them.
    """
    with session() as db:
        for regrade in db.exec(select(Regrade.id).where(Regrade.sweep_id == sweep_id)).all():
            db.execute(_UNJUDGED, {"regrade": regrade})
        db.execute(
            update(SweepRow).where(col(SweepRow.id) == sweep_id).values(cancelled_at=func.now())
        )
        ended = db.execute(
            update(Attempt)
            .where(col(Attempt.run_id).in_(_runs_of(sweep_id)), col(Attempt.state).in_(OPEN))
            .values(state=State.CANCELLED, finished_at=func.now(), awaits_tokens=False)
            # else it asks back the ids of all of them
            .execution_options(synchronize_session=False)
        )
        assert isinstance(ended, CursorResult)
        return ended.rowcount


def retry(sweep_id: int, ids: Sequence[int] | None = None) -> int:
    """Put the attempts that ended in `error` back to the start, from nothing; how many. With `ids`, those
    of these that did, or were given up.

    Their steps are forgotten, but every completion and execution that was done is reused.

    Raises: FoureyesError if only an archive says what the sweep's models and modules are.
    """
    with session() as db:
        row = db.get_one(SweepRow, sweep_id)
        if row.origin is not None:
            raise FoureyesError(
                f"sweep {sweep_id} ({row.name}) came from {row.origin}, and nothing runs that only an "
                "archive says: `foureyes sweep FILE --accept-imported` with a file of your own says its "
                "models and modules; then try again"
            )
        used = select(Seat.model_id).join(Run).where(Run.sweep_id == sweep_id)
        db.execute(
            update(LanguageModel).where(col(LanguageModel.id).in_(used)).values(trouble=None)
        )
        those = those_of(sweep_id, [State.ERROR] if ids is None else list(ANEW))
        again = reopen(db, those if ids is None else [*those, among(col(Attempt.id), ids)])
    budgets.settle()
    return again


def forget_messages() -> None:
    """Say that every message is lost, so that the reaper sends all that is open at once again.

    For a broker that has just been started empty.
    """
    with session() as db:
        for table in (Completion, Execution):
            db.execute(
                update(table).where(col(table.state) == State.QUEUED).values(send_again_at=moment())
            )
        db.execute(
            update(Attempt)
            .where(col(Attempt.state).in_(OPEN), col(Attempt.moved_at).is_not(None))
            .values(moved_at=later(-settings().grace))
        )


def models_in_demand() -> list[str]:
    """The names of the models that unfinished attempts wait for."""
    asked = (
        select(Completion.id)
        .join(Step, col(Step.completion_id) == Completion.id)
        .join(Attempt, col(Attempt.id) == Step.attempt_id)
        .where(
            col(Completion.model_id) == LanguageModel.id,
            col(Completion.state).in_(OPEN),
            col(Attempt.state).in_(OPEN),
        )
        .limit(1)  # or a plan is chosen that finds all of them
        .correlate(LanguageModel)
        .scalar_subquery()
    )
    with session() as db:
        return list(db.exec(select(LanguageModel.name).where(asked.is_not(None))))


def unfinished(sweep_id: int) -> int:
    """How many attempts of a sweep have not ended."""
    with session() as db:
        return db.exec(
            select(func.count())
            .select_from(Attempt)
            .where(col(Attempt.run_id).in_(_runs_of(sweep_id)), col(Attempt.state).in_(OPEN))
        ).one()


def unfinished_of_others(sweep_id: int) -> list[tuple[int, str, int]]:
    """The other sweeps that go on, by (id, name, attempts that have not ended): whoever works here works at
    them, too. What is held is started by nobody, so it does not count."""
    with session() as db:
        left = func.count()
        query = (
            select(SweepRow.id, SweepRow.name, left)
            .join(Run, col(Run.sweep_id) == SweepRow.id)
            .join(Attempt, col(Attempt.run_id) == Run.id)
            .where(SweepRow.id != sweep_id, col(Attempt.state).in_(OPEN), col(Run.held).is_(None))
            .group_by(col(SweepRow.id), col(SweepRow.name))
            .order_by(col(SweepRow.id))
        )
        return [(number, name, attempts) for number, name, attempts in db.exec(query)]


def _runs_of(sweep_id: int) -> Any:
    return select(Run.id).where(Run.sweep_id == sweep_id)


def those_of(sweep_id: int, states: list[State]) -> list[Any]:
    """The attempts of a sweep in these states."""
    return [col(Attempt.run_id).in_(_runs_of(sweep_id)), col(Attempt.state).in_(states)]


def reopen(db: Session, those: list[Any]) -> int:
    """Let attempts start anew, and those whose budget is what they spend."""
    has_budget = select(col(Run.tokens_of_id).is_not(None)).where(Run.id == Attempt.run_id)
    reopened = db.execute(
        update(Attempt)
        .where(*those)
        .values(
            state=State.QUEUED,
            outcome=None,
            error=None,
            code=None,
            finished_at=None,
            moved_at=None,
            token_budget=None,
            awaits_tokens=has_budget.scalar_subquery(),
        )
        .returning(col(Attempt.id))
    ).scalars()
    ids = list(reopened)
    if not ids:
        return 0
    for table in (Step, Regraded):  # their programs may be others
        db.execute(delete(table).where(among(col(table.attempt_id), ids)))
    controls = db.execute(_CONTROLS, {"sources": ids}).scalars().all()
    return len(ids) + reopen(db, [among(col(Attempt.id), controls)])
