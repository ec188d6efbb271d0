"""A benchmark problem in its two faces: what a pattern may see, and what only the judge may see."""

from dataclasses import dataclass
from typing import Any, Literal

from models.enums import Status


@dataclass(frozen=True)
class VisibleTest:
    """One test that the prompt shows.

    `source` is the test as a person reads it; `call` the expression or statement to run, and
    `expected` what a doctest should print (None for an assert).
    """

    kind: Literal["doctest", "assert"]
    source: str
    call: str
    expected: str | None = None


@dataclass(frozen=True)
class Spec:
    """What a pattern sees of a problem. Hidden tests are not here, so they cannot leak.

    `notes` is what a model added to the specification, if a pattern asked it to.
    """

    problem_id: str
    prompt: str
    entry_point: str
    visible_tests: tuple[VisibleTest, ...]
    notes: str = ""


@dataclass(frozen=True)
class HiddenTests:
    """What only the judge sees: a complete reference program, and the inputs it is compared on.

    Each input is a list of arguments. `version` is the hash of the whole record. `official`: it is
    EvalPlus's problem of this id, and one of the few that it has rules for (models/official.py).
    """

    problem_id: str
    entry_point: str
    reference: str
    base_inputs: list[Any]
    plus_inputs: list[Any]
    atol: float
    version: str
    official: bool = False


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
    failing inputs, from 0, if all were run.
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

    @property
    def solved(self) -> bool:
        """Whether the program passed everything."""
        return self.base is Status.PASS and self.plus is Status.PASS
