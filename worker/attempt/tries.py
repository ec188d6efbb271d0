"""Tries of an attempt: each is counted before anything is done, and forgotten once it has an end.

What ends a worker, or what no database will do, comes back with every message, from RabbitMQ and from
Valkey, or with the reaper's next round. The count ends such an attempt, and leaves all others alone.
"""

import math
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row

from foureyes.models.enums import Outcome, State
from foureyes.models.errors import FoureyesError, InfrastructureError
from foureyes.models.session import transaction
from foureyes.models.settings import settings
from foureyes.models.storable import storable
from foureyes.worker.attempt.rows import (
    ATTEMPT,
    COUNT_TRY,
    END_TRY,
    GIVE_UP,
    MOST_TRIES,
    NO_SYNC,
    NOTE_FAILURE,
    STEPS,
)
from foureyes.worker.patterns.reading.thoughts import without_thinking

#: Seconds of CPU time, of what takes longest: brackets in brackets; statements, or objects of JSON.
_PER_CHARACTER, _PER_PART = 15e-6, 180e-6
_BEGINS_SOMETHING = ("\n", ";", "{")
#: Characters of an answer that is looked at for what of it is only thought: a microsecond each.
_MOST_THOUGHTS = 150_000


class TooLong(FoureyesError):
    """A try that was not begun: what models have written takes long to read, and others wait here."""


class Unfinished(InfrastructureError):
    """A try that the database, which was there when it began, has not let come to its end."""


def give_up(attempt_id: int, said: str) -> None:
    """End an attempt in error, if it has not ended."""
    with transaction() as db:
        _end_in_error(db, attempt_id, said)


def _end_in_error(db: Connection, attempt_id: int, said: str) -> None:
    db.execute(GIVE_UP, {"attempt": attempt_id} | ended(Outcome.ERROR, storable(said)))


def ended(outcome: Outcome, error: str | None = None) -> dict[str, Any]:
    """The columns of an attempt that has ended."""
    state = State.ERROR if outcome is Outcome.ERROR else State.DONE
    return {"state": state, "outcome": outcome, "error": error}


def begin(
    attempt_id: int, counted: bool, longest: float = math.inf
) -> tuple[Row[Any], list[Row[Any]]] | None:
    """Count a try of an attempt; the attempt and its steps. None if it is held, has ended, or ends here.

    The count is written before anything is tried, so that a worker that dies of it has counted it,
    and a database that is away counts nothing.

    Raises: TooLong, and nothing is counted, if an answer takes more than `longest` seconds to read.
    """
    values = {"attempt": attempt_id, "counted": int(counted), "shortest": 2 * settings().lease}
    with transaction() as db:
        db.execute(NO_SYNC)
        tried = db.execute(COUNT_TRY, values).one_or_none()
        if tried is None:
            return None
        if tried.are_too_many:
            why = tried.error or "its worker was lost, or hung, each time"
            said = f"it was begun {MOST_TRIES} times and came to no end: {why}"
            _end_in_error(db, attempt_id, said)
            return None
        steps = list(db.execute(STEPS, {"attempt": attempt_id}))
        check_length(steps, longest)
        return db.execute(ATTEMPT, {"attempt": attempt_id}).one(), steps


def check_length(answers: Iterable[Row[Any]], longest: float) -> None:
    """Raises: TooLong if one of the answers may take more than `longest` seconds to read."""
    if any(_takes_longer(answer.text, longest) for answer in answers if answer.text):
        raise TooLong("an answer takes long to read")


def _takes_longer(text: str, longest: float) -> bool:
    """Whether reading a text may take more seconds than `longest`: thoughts are only passed over."""
    if _seconds_to_read(text) <= longest:
        return False
    return len(text) > _MOST_THOUGHTS or _seconds_to_read(without_thinking(text)) > longest


def _seconds_to_read(text: str) -> float:
    """What reading an answer takes at most, about, as a program or a verdict; prose takes far less."""
    parts = sum(map(text.count, _BEGINS_SOMETHING))
    return len(text) * _PER_CHARACTER + parts * _PER_PART


def note(attempt_id: int, said: str) -> None:
    """Keep with an attempt that has not ended why its last try came to no end."""
    with transaction() as db:
        db.execute(NOTE_FAILURE, {"attempt": attempt_id, "said": storable(said)})


def end(attempt_id: int) -> None:
    """End a try after which the attempt waits as it did before."""
    with transaction() as db:
        db.execute(NO_SYNC)
        db.execute(END_TRY, {"attempt": attempt_id})
