"""What programs showed when they were run: by tests, visible, written or hidden, beside each other, and line by
line."""

from dataclasses import asdict, dataclass
from typing import Any

from foureyes.models.enums import Status

#: The note of an attempt that draws samples while its tokens last: how many of its drafts counted.
DRAFTS_NOTE = "drafts within the budget"


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


#: How a test that a model wrote ended: a broken one says nothing of the program.
PASSED, FAILED, BROKEN = "passed", "failed", "broken"


@dataclass(frozen=True)
class WrittenResult:
    """One test that a model wrote, run: `outcome` is PASSED, FAILED or BROKEN.

    `shown` is what it gave, printed or raised, cut to a few lines; of a broken one, what is wrong with it.
    """

    source: str
    outcome: str
    shown: str


@dataclass(frozen=True)
class TestRun:
    """What running tests showed that a model wrote, in their order. They may be wrong themselves."""

    __test__ = False  # not a pytest class

    results: tuple[WrittenResult, ...]

    @property
    def passed(self) -> frozenset[int]:
        """Which passed, by their numbers from 0."""
        return frozenset(
            number for number, each in enumerate(self.results) if each.outcome == PASSED
        )

    @property
    def passes(self) -> int:
        """How many passed."""
        return len(self.passed)

    @property
    def failures(self) -> int:
        """How many the program failed."""
        return self._count(FAILED)

    @property
    def broken(self) -> int:
        """How many could not be run, or fail by themselves."""
        return self._count(BROKEN)

    @property
    def failed(self) -> bool:
        """Whether the program failed one; broken ones do not count."""
        return self.failures > 0

    @property
    def report(self) -> str:
        """The run as a model or a person reads it, without broken tests, at most about 2,000 characters."""
        told = [result for result in self.results if result.outcome != BROKEN]
        if not told:
            return "There were no tests that could be run."
        lines = []
        for result in sorted(told, key=lambda result: result.outcome == PASSED)[:8]:
            said = "passed" if result.outcome == PASSED else "FAILED"
            lines.append(f"{said}: {result.source.strip()[:300]}")
            if result.shown:
                lines.append(f"    {result.shown[:300]}")
        return "\n".join(lines)[:2000]

    def _count(self, outcome: str) -> int:
        return sum(result.outcome == outcome for result in self.results)

    def to_json(self) -> dict[str, Any]:
        """With how many there are of each outcome, for whoever asks in SQL."""
        counts = {PASSED: self.passes, FAILED: self.failures, BROKEN: self.broken}
        return counts | {"results": [asdict(result) for result in self.results]}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "TestRun":
        """The run that `to_json` was made of."""
        return cls(tuple(WrittenResult(**result) for result in value["results"]))


#: What became of a call: it gave a value, or raised, or was stopped (its time, its memory, its process).
GAVE, RAISED, STOPPED = "gave", "raised", "stopped"


@dataclass(frozen=True)
class Output:
    """What a program gave for one input: `how` is GAVE, RAISED or STOPPED; `shown` is cut to a few lines."""

    how: str
    shown: str


@dataclass(frozen=True)
class Comparison:
    """Outputs of programs, each for every input, and which programs gave the same.

    `groups` are numbers of programs, from 0: each is in one group, with all that gave the same on every
    input. Those that gave something come first, then the larger; of equal ones that of the first program.
    `alike` has for each program, and each input, the number of the first program that gave the same: what is
    shown of two outputs may differ where they are the same, and be the same where they differ. Comparisons of
    before have none.
    """

    outputs: tuple[tuple[Output, ...], ...]
    groups: tuple[tuple[int, ...], ...]
    alike: tuple[tuple[int, ...], ...] = ()

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Comparison":
        """The comparison that `dataclasses.asdict` was made of.

        Raises: ValueError if not every program is in one group.
        """
        outputs = tuple(tuple(Output(**each) for each in many) for many in value["outputs"])
        groups = tuple(tuple(group) for group in value["groups"])
        if sorted(number for group in groups for number in group) != list(range(len(outputs))):
            raise ValueError("not every program is in one group")
        alike = tuple(tuple(many) for many in value.get("alike", ()))
        if alike and list(map(len, alike)) != list(map(len, outputs)):
            raise ValueError("not every output is like one")
        return cls(outputs, groups, alike)


@dataclass(frozen=True)
class TracedLine:
    """A line of a program that was run: its number from 1, its text, and what its variables were then.

    `values` has those alone that are other ones than before the line; of a return it is what was given.
    """

    number: int
    source: str
    values: str


#: Characters of a way's lines that a report has; with what is around them it is 6,000.
_MOST_TOLD = 5600


@dataclass(frozen=True)
class Traced:
    """How a program went through one call; `left_out` lines in the middle of a long way are not kept.

    `ended`: what came of it in the end: a value, an exception, or why there is no more to be seen.
    """

    lines: tuple[TracedLine, ...]
    left_out: int
    ended: str

    @property
    def report(self) -> str:
        """The way as a model or a person reads it, at most about 6,000 characters."""
        told = [
            f"line {each.number}: {each.source[:100]}"
            + (f"   # {each.values[:200]}" if each.values else "")
            for each in self.lines
        ]
        left_out = self.left_out
        while sum(map(len, told)) > _MOST_TOLD:
            del told[len(told) // 2]
            left_out += 1
        if left_out:
            told.insert(len(told) // 2, f"... {left_out} lines more ...")
        return "\n".join([*told, f"in the end: {self.ended[:300]}"])

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Traced":
        """What `dataclasses.asdict` was made of."""
        lines = tuple(TracedLine(**each) for each in value["lines"])
        return cls(lines, value["left_out"], value["ended"])


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
