"""A benchmark problem in its two faces: what a pattern may see, and what only the judge may see."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class VisibleTest:
    """One test that the prompt shows.

    `source` is the test as a person reads it. A "doctest" has the expression to run as its `call`, and
    what that should print as `expected`; an "assert" its statement. Formats have kinds of their own.
    """

    kind: str
    source: str
    call: str
    expected: str | None = None


@dataclass(frozen=True)
class Spec:
    """What a pattern sees of a problem. Hidden tests are not here, so they cannot leak.

    `entry_point` is empty where a program is run as a whole, from its input to what it prints. `prose`:
    the prompt is text, and not the head of a program. `notes` is what a model added to the
    specification, if a pattern asked it to. `format` names who can run its programs: a package in
    judging/formats.
    """

    problem_id: str
    prompt: str
    entry_point: str
    visible_tests: tuple[VisibleTest, ...]
    notes: str = ""
    format: str = "evalplus"
    prose: bool = False


class HiddenTests(Protocol):
    """What only the judge may see: a class of its own for each format, which alone can read it."""

    @property
    def problem_id(self) -> str:
        """The problem's, within its benchmark."""

    @property
    def version(self) -> str:
        """The hash of the whole record."""

    @property
    def counts(self) -> tuple[int, int]:
        """How many tests they are: base, which a program must pass first, and plus."""

    @property
    def format(self) -> str:
        """Whose these tests are: a package in judging/formats."""
