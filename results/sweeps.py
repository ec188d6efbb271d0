"""Finding the sweep that a person means."""

from sqlmodel import col, select

from foureyes.models.errors import FoureyesError
from foureyes.models.session import session
from foureyes.models.storable import storable
from foureyes.models.tables import Sweep

#: Before an id that may be taken for a name; no name has such a character.
_ID = "id="
#: The largest id that a table can have.
_LARGEST = 2**31 - 1


def as_id(word: str) -> int | None:
    """The id that a person means by this word, if it can be one."""
    if not (word.isascii() and word.isdigit() and len(word) <= len(str(_LARGEST))):
        return None  # Python reads no number of thousands of digits
    return number if (number := int(word)) <= _LARGEST else None


def find_sweep(name: str | None) -> Sweep:
    """The sweep of this id, or the latest of this name, or the latest of all.

    A name may be a number, too: `id=3` says that the id is meant. Every command finds its sweep
    here, those that remove it among them.

    Raises: FoureyesError naming the sweeps that there are, or both that it may be.
    """
    latest = select(Sweep).order_by(col(Sweep.id).desc())
    with session() as db:
        if name is None:
            found = [db.exec(latest).first()]
        elif name.startswith(_ID):
            number = as_id(name.removeprefix(_ID))
            found = [None if number is None else db.get(Sweep, number)]
        else:
            number = as_id(name)
            by_id = None if number is None else db.get(Sweep, number)
            found = [by_id, db.exec(latest.where(Sweep.name == storable(name))).first()]
        known = [f"{row.id} ({row.name})" for row in db.exec(latest.limit(10))]
    sweeps = {sweep.id: sweep for sweep in found if sweep is not None}
    if len(sweeps) == 1:
        return next(iter(sweeps.values()))
    if sweeps:
        first, second = sweeps.values()
        raise FoureyesError(
            f"{name!r} is the id of sweep {first.id} ({first.name}) and the name of sweep "
            f"{second.id}: say {_ID}{first.id} or {_ID}{second.id}"
        )
    if not known:
        raise FoureyesError("there is no sweep yet; start one with `foureyes sweep FILE`")
    raise FoureyesError(f"there is no sweep {name!r}; the latest are {', '.join(known)}")
