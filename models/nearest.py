"""What somebody most likely meant by a name that there is not."""

import difflib
from collections.abc import Iterable

#: How alike two names are of which one may be meant by the other (difflib's ratio).
_ALIKE = 0.5
#: Names that are all told where none is near.
_MOST = 12


def meant(given: str, known: Iterable[str]) -> str:
    """The end of a sentence about a name that is unknown: the nearest that is known, else all if they are
    few; empty if there is nothing to say."""
    names = list(known)
    if near := difflib.get_close_matches(given, names, n=1, cutoff=_ALIKE):
        return f"; did you mean {near[0]!r}?"
    return f"; there is {', '.join(names)}" if 0 < len(names) <= _MOST else ""
