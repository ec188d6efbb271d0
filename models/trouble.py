"""Why a model cannot be had: noted by whoever tried to start its worker, told to whoever waits for it.

In the database, because those who wait are in other terminals, or on other machines.
"""

import logging

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select, update

from foureyes.models.enums import State
from foureyes.models.session import session
from foureyes.models.storable import storable
from foureyes.models.tables import Attempt, LanguageModel, Run, Seat

log = logging.getLogger(__name__)


def note(name: str, said: str | None) -> None:
    """Keep why a model could not be loaded; None: it is being tried again.

    It only tells: where the database is away, nothing is noted.
    """
    said = None if said is None else storable(said)
    try:
        with session() as db:
            db.execute(
                update(LanguageModel).where(col(LanguageModel.name) == name).values(trouble=said)
            )
    except SQLAlchemyError:
        log.warning("could not note what is the matter with %s", name, exc_info=True)


def waiting(name: str) -> list[int]:
    """The ids of the unfinished sweeps that use a model."""
    mine = select(LanguageModel.id).where(LanguageModel.name == name).scalar_subquery()
    with session() as db:
        return list(
            db.exec(
                select(Run.sweep_id)
                .join(Attempt)
                .join(Seat, col(Seat.run_id) == Run.id)
                .where(
                    Seat.model_id == mine,
                    col(Attempt.state).in_([State.QUEUED, State.RUNNING]),
                )
                .distinct()
                .order_by(col(Run.sweep_id))
            )
        )
