"""What a review says of which line: for showing issues beside the program that they are about."""

import re
from dataclasses import dataclass

_LINE = re.compile(r"\blines?\s+(\d{1,6})\b", re.IGNORECASE)
#: Code as people and models quote it. Shorter pieces stand in many lines.
_QUOTED = re.compile(r"`([^`\n]{3,200})`|'([^'\n]{3,200})'|\"([^\"\n]{3,200})\"")


@dataclass(frozen=True)
class Remarks:
    """The issues of a review: by line of the program, from 1, and those that name no line."""

    by_line: dict[int, tuple[str, ...]]
    general: tuple[str, ...]


def beside(said: tuple[str, ...], lines: list[str]) -> Remarks:
    """Each issue at the shown line that it names by number, or whose code it quotes and no other of them has."""
    by_line: dict[int, tuple[str, ...]] = {}
    general: list[str] = []
    for issue in said:
        number = _line(issue, lines)
        if number is None:
            general.append(issue)
        else:
            by_line[number] = (*by_line.get(number, ()), issue)
    return Remarks(by_line, tuple(general))


def _line(issue: str, lines: list[str]) -> int | None:
    named = _LINE.search(issue)
    if named and 1 <= int(named[1]) <= len(lines):
        return int(named[1])
    for groups in _QUOTED.findall(issue):
        piece = "".join(groups).strip()
        having = [number for number, line in enumerate(lines, 1) if piece in line]
        if piece and len(having) == 1:
            return having[0]
    return None
