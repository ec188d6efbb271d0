"""A benchmark problem in its two faces: what a pattern may see, and what only the judge may see."""

from dataclasses import dataclass
from typing import Any, Protocol

from models.enums import Status


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


@dataclass(frozen=True)
class TestResult:
    """One visible test, run: `shown` is what it gave, printed or raised, cut to a few lines."""

    __test__ = False  # not a pytest class

    source: str
    passed: bool
    shown: str


@dataclass(frozen=True)
class Trial:
    """What running the visible tests showed."""

    results: tuple[TestResult, ...]

    @property
    def passes(self) -> int:
        """How many tests passed."""
        return sum(result.passed for result in self.results)

    @property
    def failed(self) -> bool:
        """Whether a test failed; where there are no tests, none did."""
        return self.passes < len(self.results)

    @property
    def report(self) -> str:
        """The trial as a model or a person reads it, at most about 2,000 characters."""
        if not self.results:
            return "There were no examples to run."
        lines = []
        for result in self.results[:8]:
            lines.append(
                f"{'passed' if result.passed else 'FAILED'}: {result.source.strip()[:300]}"
            )
            if not result.passed:
                lines.append(f"    {result.shown[:300]}")
        return "\n".join(lines)[:2000]

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Trial":
        """The trial that `dataclasses.asdict` was made of."""
        return cls(tuple(TestResult(**result) for result in value["results"]))


@dataclass(frozen=True)
class Judgement:
    """What the hidden tests said of a program. `plus` counts only together with `base`.

    `reason` is empty for a solved program; `failing_input`, `expected` and `got` are shortened
    representations for a person to read. `failed_base` and `failed_plus` are the numbers of the
    failing inputs, from 0, if all were run. `trust`: "outside" if the verdict was made where the program
    could not reach it, "shared" if its tests ran in its own process.
    """

    base: Status
    plus: Status
    reason: str
    failing_input: str | None
    expected: str | None
    got: str | None
    seconds: float
    cpu_seconds: float
    level: str
    profile: str
    failed_base: tuple[int, ...] | None = None
    failed_plus: tuple[int, ...] | None = None
    trust: str = "outside"

    @property
    def solved(self) -> bool:
        """Whether the program passed everything."""
        return self.base is Status.PASS and self.plus is Status.PASS
