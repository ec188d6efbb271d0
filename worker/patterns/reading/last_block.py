"""LiveCodeBench's way to find the program in an answer, for figures to put beside its own."""

from foureyes.worker.patterns.reading.blocks import plain_lines
from foureyes.worker.patterns.reading.thoughts import without_thinking

_FENCE = "```"


def last_block(text: str) -> str:
    """What stands between the last two lines of an answer that have three back-ticks; else nothing.

    The rule is LiveCodeBench's (`extract_code` of its runner): what such a line says beside its
    back-ticks does not matter, nor whether it opens a block or closes one. As in all reading of
    answers, what was only thought is left out first.
    """
    lines = plain_lines(without_thinking(text)).split("\n")
    fences = [number for number, line in enumerate(lines) if _FENCE in line]
    if len(fences) < 2:
        return ""
    return "\n".join(lines[fences[-2] + 1 : fences[-1]])
