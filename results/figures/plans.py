"""What a sweep was to show, as its plans say it that were kept when it was enqueued."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError
from sqlmodel import Session, col, select

from foureyes.models.analysis_plan import AnalysisPlan, plan_hash
from foureyes.models.errors import FoureyesError
from foureyes.models.tables import EnqueuedPlan, Sweep


@dataclass(frozen=True)
class KeptPlan:
    """A plan on record; of `attempts`, `ended` had ended when it was enqueued.

    `is_whole`: it is what its hash is of, so nobody has changed the row.
    """

    plan: AnalysisPlan
    hash: str
    ended: int
    attempts: int
    enqueued_at: datetime
    is_whole: bool = True

    @property
    def margin(self) -> float | None:
        """The difference that is too small to matter, as a share; None if it says nothing of it."""
        return None if self.plan.equivalence is None else self.plan.equivalence / 100

    @property
    def is_ahead(self) -> bool:
        """Whether it was said before anything was known of its sweep's attempts."""
        return self.ended == 0 and self.is_whole


def read(db: Session, sweep: Sweep) -> tuple[KeptPlan, ...]:
    """The plans of a sweep, oldest first.

    Raises: FoureyesError if a row is no plan any more.
    """
    rows = db.exec(
        select(EnqueuedPlan).where(EnqueuedPlan.sweep_id == sweep.id).order_by(col(EnqueuedPlan.id))
    )
    return tuple(
        KeptPlan(
            _plan(row),
            row.hash,
            row.ended,
            row.attempts,
            row.enqueued_at,
            row.hash == plan_hash(sweep.key, row.content),
        )
        for row in rows
    )


def _plan(row: EnqueuedPlan) -> AnalysisPlan:
    try:
        return AnalysisPlan.model_validate(row.content)
    except ValidationError as error:
        said = error.errors()[0]["msg"]
        raise FoureyesError(
            f"sweep {row.sweep_id}: row {row.id} of the table plan was changed, and is no plan: {said}"
        ) from None


def stops(kept: Sequence[KeptPlan]) -> bool:
    """Whether a sweep with these plans asks no more of what is decided."""
    return any(each.plan.stops for each in kept)


def is_exploratory(plans: Sequence[KeptPlan], pattern: str, other: str) -> bool:
    """Whether a sweep has plans, and none that was made ahead says anything of these two patterns."""
    return bool(plans) and not any(
        {claim.pattern, claim.other} == {pattern, other}
        for kept in plans
        if kept.is_ahead
        for claim in kept.plan.claims
    )
