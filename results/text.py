"""Text that came from a model, made harmless to look at."""

import unicodedata

_KEPT = "\n\t"


def visible(text: str) -> str:
    """The text with control and direction-changing characters shown as their code points.

    A model's output could otherwise move the cursor, recolour the terminal, or show code in
    another order than it runs.
    """
    return "".join(
        character
        if character in _KEPT or unicodedata.category(character) not in ("Cc", "Cf", "Cs")
        else f"\\u{ord(character):04x}"
        for character in text
    )
