"""Which attempts can be done anew: those in error, and those that were given up.

One that ended well would only replay the answers on record, which are known by their content; so would
all that it has in common with others.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import text

from foureyes.models.enums import State
from foureyes.models.errors import FoureyesError
from foureyes.models.session import session
from foureyes.results.formatting import count, verb

_BY_ID = text("""
SELECT attempt.id, attempt.state, attempt.outcome, run.sweep_id
FROM attempt JOIN run ON run.id = attempt.run_id WHERE attempt.id = ANY(:ids)
ORDER BY attempt.id
""")
_OF_RUNS = text("""
SELECT attempt.id, attempt.state FROM attempt
WHERE attempt.run_id = ANY(:runs) AND attempt.state = ANY(:states) ORDER BY attempt.id
""")
_COUNT = text("SELECT count(*) FROM attempt WHERE run_id = ANY(:runs) AND state = 'done'")
#: What can be done anew.
ANEW = (State.ERROR, State.CANCELLED)
_FRESH = "answers on record would only be replayed; `foureyes sweep FILE --fresh WORD` asks anew"


class Chosen(NamedTuple):
    """Attempts to do anew, and how many others that were meant ended well."""

    ids: list[int]
    well: int


def by_id(ids: Sequence[int]) -> dict[int, list[int]]:
    """These attempts, by their sweeps.

    Raises: FoureyesError naming one that is not there, has not ended, or ended well.
    """
    with session() as db:
        rows = {row.id: row for row in db.execute(_BY_ID, {"ids": list(ids)})}
    found: dict[int, list[int]] = {}
    for number in dict.fromkeys(ids):
        if number not in rows:
            raise FoureyesError(f"there is no attempt {number}; `table v_attempts` has them all")
        _check(rows[number])
        found.setdefault(rows[number].sweep_id, []).append(number)
    return found


def _check(row: Any) -> None:
    if row.state == State.DONE:
        raise FoureyesError(f"attempt {row.id} ended well ({row.outcome}): its {_FRESH}")
    if row.state not in ANEW:
        raise FoureyesError(f"attempt {row.id} has not ended; it goes on by itself")


def of_runs(run_ids: Sequence[int], *, only_errors: bool) -> Chosen:
    """The attempts of runs that can be done anew."""
    states = [State.ERROR.value] if only_errors else [state.value for state in ANEW]
    with session() as db:
        rows = db.execute(_OF_RUNS, {"runs": list(run_ids), "states": states})
        return Chosen(
            [row.id for row in rows], db.execute(_COUNT, {"runs": list(run_ids)}).scalar_one()
        )


def said_of(well: int) -> str:
    """Why those that ended well are left as they are."""
    return f"{count(well, 'attempt')} ended well, and {verb(well, 'stays', 'stay')}: their {_FRESH}"
