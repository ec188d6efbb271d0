"""What somebody most likely meant by a name that there is not."""

import difflib
from collections.abc import Iterable

#: How alike two names are of which one may be meant by the other (difflib's ratio).
_ALIKE = 0.5
#: Names that are all told where none is near.
_MOST = 15


def meant(given: str, known: Iterable[str]) -> str:
    """The end of a sentence about a name that is unknown: the nearest that is known, else all if they are
    few; empty if there is nothing to say."""
    names = {name.casefold(): name for name in known}
    if near := difflib.get_close_matches(given.casefold(), names, n=1, cutoff=_ALIKE):
        return f"; did you mean {names[near[0]]!r}?"
    if not 0 < len(names) <= _MOST:
        return ""
    return f"; there {'is' if len(names) == 1 else 'are'} {', '.join(names.values())}"
