"""Finding the sweep that a person means."""

from sqlmodel import col, select

from models.errors import FoureyesError
from models.session import session
from models.tables import Sweep

#: The largest id that a table can have.
_LARGEST = 2**31 - 1


def as_id(word: str) -> int | None:
    """The id that a person means by this word, if it can be one."""
    if not (word.isascii() and word.isdigit() and len(word) <= len(str(_LARGEST))):
        return None  # Python reads no number of thousands of digits
    return number if (number := int(word)) <= _LARGEST else None


def find_sweep(name: str | None) -> Sweep:
    """The sweep of this id, or the latest of this name, or the latest of all.

    Raises: FoureyesError naming the sweeps that there are.
    """
    latest = select(Sweep).order_by(col(Sweep.id).desc())
    with session() as db:
        if name is None:
            found = db.exec(latest).first()
        else:
            number = as_id(name)
            found = None if number is None else db.get(Sweep, number)
            # a name may be a number, too
            found = found or db.exec(latest.where(Sweep.name == name)).first()
        known = [f"{row.id} ({row.name})" for row in db.exec(latest.limit(10))]
    if found is not None:
        return found
    if not known:
        raise FoureyesError("there is no sweep yet; start one with `foureyes sweep FILE`")
    raise FoureyesError(f"there is no sweep {name!r}; the latest are {', '.join(known)}")
