"""How much of what a program answers is read.

Writing takes a program next to nothing; reading a megabyte takes its reader up to seconds, and nobody
else bounds them. What is as long as the right answers is always read. So no right program is refused,
unless its answers are many times as long as what they equal.
"""

#: Bytes that a right answer may take for each byte of the expected one: a list of floats where
#: integers are expected, fractions for floats.
_AS_LONG = 4
#: Bytes of an answer that count for nothing.
_SHORT = 1024
#: Bytes that are read of one program beyond these: before an answer of it was wrong, and after.
_MOST = 8 << 20
_MOST_AFTER = 2 << 20


class TooMuch(Exception):
    """The program has sent more than anybody wants to read."""


class Allowance:
    """What may still be read of one program."""

    def __init__(self) -> None:
        self._left = _MOST

    @property
    def is_spent(self) -> bool:
        """Whether nothing of the program is read any more."""
        return self._left < 0

    def take(self, sent: int, expected: int) -> None:
        """Allow an answer of so many bytes, where one of `expected` bytes is right. Raises: TooMuch."""
        self._left -= max(0, sent - _SHORT - _AS_LONG * expected)
        if self.is_spent:
            raise TooMuch

    def shrink(self) -> None:
        """An answer was wrong: it only remains to be told which others are."""
        self._left = min(self._left, _MOST_AFTER)
