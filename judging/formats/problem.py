"""A benchmark problem, whatever its format: what a record holds, and what a pattern may see of it.

A format is a package of its own, `judging/formats/NAME`, with two modules: `record` has PROBLEM, its
class of problems; `verdicts` judges programs by them (judging/formats/verdicts.py). Nobody else knows
what a record holds, how a program is called, or when an output is right.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from foureyes.models.problem import HiddenTests, Spec


@dataclass(frozen=True)
class Problem(ABC):
    """One problem of a benchmark; `record` is its exact line, `version` the sha256 of that.

    `entry_point` is what a program has to define; empty if it is run as a whole.
    """

    benchmark: str
    problem_id: str
    prompt: str
    entry_point: str
    record: str = field(repr=False)
    version: str

    #: The fields by which a record is known to be of this format; no two formats share them all.
    FIELDS: ClassVar[frozenset[str]]

    @classmethod
    @abstractmethod
    def read(cls, benchmark: str, record: str, fields: Mapping[str, Any]) -> Self:
        """The problem in a record, all of whose fields are checked; nothing in it is run.

        `fields` is what the record holds as JSON, an object. Raises: FoureyesError saying what is
        wrong with the record (not where it is).
        """

    @abstractmethod
    def check(self) -> None:
        """What reading alone can tell of the reference program, and takes a while.

        Raises: FoureyesError as above.
        """

    @property
    def facts(self) -> dict[str, str]:
        """What results can be split by: `difficulty`, `topic`, `date` (ISO), `platform`, as far as known."""
        return {}

    @abstractmethod
    def spec(self) -> Spec:
        """What a pattern may see. No hidden test has a part in it."""

    @abstractmethod
    def hidden_tests(self) -> HiddenTests:
        """What only the judge may see."""

    @property
    @abstractmethod
    def reference(self) -> str | None:
        """A program that is right, if the record has one. Only the judge may see it."""

    @classmethod
    def release(cls, problems: Sequence["Problem"]) -> str | None:
        """Which release of a benchmark these are, where that can be told and its name does not say it."""
        return None

    def missing(self) -> frozenset[str]:
        """Libraries that it needs and that are not here: then it is left out, and nobody's mistake.

        Raises: FoureyesError if that cannot be told, with the remedy.
        """
        return frozenset()

    def whole(self, completion: str) -> str:
        """The program that a completion of the prompt makes."""
        return self.prompt + completion


def version_of(record: str) -> str:
    """By what a problem's exact record is known."""
    return hashlib.sha256(record.encode()).hexdigest()
