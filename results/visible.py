"""Text that came from a model, a server or an archive, made harmless to look at."""

import unicodedata
from typing import Any

_KEPT = "\n\t"
#: What moves a cursor, changes direction, breaks a line or stands for nothing but its surroundings.
_CONTROLLING = ("Cc", "Cf", "Cs", "Zl", "Zp", "Co")
#: Letters that cannot be seen: two names that differ in them alone look the same.
_UNSEEN = "\u115f\u1160\u17b4\u17b5\u3164\uffa0"
#: What a spreadsheet takes for the beginning of a formula, or skips before one.
_FORMULA = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"


def visible(text: str) -> str:
    """The text with control and direction-changing characters shown as their code points.

    A model's output could otherwise move the cursor, recolour the terminal, or show code in
    another order than it runs.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character if character in _KEPT or not _is_controlling(character) else _escaped(character)
        for character in text
    )


def in_line(text: str) -> str:
    """The same in one line: a name with a line break could otherwise say a line of its own."""
    return "".join(
        _escaped(character) if character in _KEPT else character for character in visible(text)
    )


def cell(value: Any) -> Any:
    """A value for CSV: a text that a spreadsheet would take for a formula gets a `'` before it."""
    if isinstance(value, str) and value.startswith(tuple(_FORMULA)):
        return f"'{value}"
    return value


def _is_controlling(character: str) -> bool:
    return character in _UNSEEN or unicodedata.category(character) in _CONTROLLING


def _escaped(character: str) -> str:
    return f"\\u{ord(character):04x}"
