"""What a line of anybody's results says, whoever wrote it."""

from typing import NamedTuple


class Record(NamedTuple):
    """One answer of a system to a problem.

    `system` is None where a file does not say whose results it has. `solved` is None where nothing was
    judged: a machine failed. `tokens` and `usd` are what the answer took, None where that is not told.
    `content` is the same for the same problem in every file of a format, and other for another problem
    of the same name; None where a format has nothing of that kind.
    """

    problem: str
    system: str | None
    sample: int
    solved: bool | None
    tokens: int | None = None
    usd: float | None = None
    content: str | None = None
