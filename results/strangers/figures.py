"""What anybody's results show: scores, and every two systems compared. Pure.

The statistics are those of the report (docs/statistics.md).
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import TypeVar

from foureyes.models.errors import FoureyesError
from foureyes.results.figures.comparisons import Comparison, compare_all
from foureyes.results.figures.outcomes import (
    ERROR,
    SOLVED,
    UNSOLVED,
    Outcomes,
    has_samples,
    judged,
    share_solved,
    shares,
)
from foureyes.results.figures.questions import Question
from foureyes.results.figures.scores import PassAtK, pass_at
from foureyes.results.figures.statistics import mean_interval
from foureyes.results.strangers.record import Record
from foureyes.results.visible import in_line

Number = TypeVar("Number", int, float)

#: Systems and comparisons of one call, and flips that are told of each.
MOST_SYSTEMS = 1_000
MOST_PAIRS = 1_000
FLIPS_TOLD = 50


@dataclass(frozen=True)
class System:
    """One system. Shares are between 0 and 1; None where nothing was judged.

    `n` answers were judged, on `problems` problems; `errors` were not, as a machine failed. `low` and
    `high` are the 95 % interval of pass@1. `tokens` and `usd` are what its answers took in all; None
    unless each says it.
    """

    name: str
    n: int
    solved: int
    problems: int
    pass_1: float | None
    low: float
    high: float
    pass_at: tuple[PassAtK, ...]
    errors: int
    tokens: int | None
    usd: float | None

    def pass_at_all(self, k: int) -> float | None:
        """pass@k on the problems of pass@1; None while some have fewer samples that were judged."""
        found = (each for each in self.pass_at if (each.k, each.problems) == (k, self.problems))
        return next((each.share for each in found), None)

    @property
    def usd_per_solved(self) -> float | None:
        """None where nothing is solved or no price is known."""
        return self.usd / self.solved if self.usd is not None and self.solved else None


@dataclass(frozen=True)
class Flip:
    """A problem of which two systems solved other shares: how many samples each solved, of how many."""

    problem: str
    first_solved: int
    first_judged: int
    second_solved: int
    second_judged: int

    @property
    def difference(self) -> float:
        """How much more the second solved, as shares."""
        return self.second_solved / self.second_judged - self.first_solved / self.first_judged


@dataclass(frozen=True)
class Pair:
    """The second system against the first; `flips` are the clearest of the problems that differ."""

    first: str
    second: str
    comparison: Comparison
    flips: list[Flip]


@dataclass(frozen=True)
class Stats:
    """Everything that is shown.

    `baseline`: the system that all others are compared with; None where every two are. `outcomes` are by
    system, in the order of `systems`; the problems in them are the keys of `problems`.
    """

    files: list[str]
    systems: list[System]
    problems: dict[int, str]
    samples: int
    baseline: str | None
    pairs: list[Pair]
    outcomes: list[Outcomes]

    @property
    def test(self) -> str | None:
        """By which the p-values are; None where nothing is compared."""
        return self.pairs[0].comparison.test if self.pairs else None


def stats(records: Iterable[tuple[Path, Record]], baseline: str | None = None) -> Stats:
    """The figures of these records; of two systems the one that came first is compared with.

    Raises: FoureyesError if records contradict each other, or too many systems would be compared.
    """
    found = _Collected()
    for path, record in records:
        found.add(path, record)
    names = list(found.answers)
    outcomes = [
        {
            problem: "".join(_letter(each) for _, each in sorted(samples.items()))
            for problem, samples in found.answers[name].items()
        }
        for name in names
    ]
    return Stats(
        files=list(dict.fromkeys(str(path) for path in found.files)),
        systems=[
            _system(name, of, found.tokens[name], found.usd[name])
            for name, of in zip(names, outcomes, strict=True)
        ],
        problems={number: name for name, number in found.problems.items()},
        samples=max(len(each) for of in outcomes for each in of.values()),
        baseline=baseline,
        pairs=_pairs(names, outcomes, list(found.problems), baseline),
        outcomes=outcomes,
    )


class _Collected:
    """What was read so far: by system and problem, whether each sample is solved."""

    def __init__(self) -> None:
        self.files: dict[Path, None] = {}
        self.problems: dict[str, int] = {}
        self.contents: dict[str, tuple[str, Path]] = {}
        self.answers: dict[str, dict[int, dict[int, bool | None]]] = {}
        self.tokens: dict[str, int | None] = {}
        self.usd: dict[str, float | None] = {}

    def add(self, path: Path, record: Record) -> None:
        """One more record.

        Raises: FoureyesError if its answer is there already, or its problem is another one elsewhere.
        """
        self.files[path] = None
        name = record.system or path.name
        if record.content is not None:
            known, where = self.contents.setdefault(record.problem, (record.content, path))
            if known != record.content:
                raise FoureyesError(
                    f"{path}: problem {in_line(record.problem)!r} is another one than in {where}; give "
                    "the files of one benchmark, in one version"
                )
        problem = self.problems.setdefault(record.problem, len(self.problems))
        if name not in self.answers:
            if len(self.answers) == MOST_SYSTEMS:
                raise FoureyesError(f"{path}: more than {MOST_SYSTEMS:,} systems in all files")
            self.answers[name] = defaultdict(dict)
            self.tokens[name], self.usd[name] = 0, 0.0
        samples = self.answers[name][problem]
        if record.sample in samples:
            raise FoureyesError(
                f"{path}: sample {record.sample} of problem {in_line(record.problem)!r} by "
                f"{in_line(name)!r} is there twice; --name FILE=NAME tells two systems apart"
            )
        samples[record.sample] = record.solved
        self.tokens[name] = _added(self.tokens[name], record.tokens)
        self.usd[name] = _added(self.usd[name], record.usd)


def _added(total: Number | None, more: Number | None) -> Number | None:
    return None if total is None or more is None else total + more


def _letter(solved: bool | None) -> str:
    return ERROR if solved is None else SOLVED if solved else UNSOLVED


def _system(name: str, outcomes: Outcomes, tokens: int | None, usd: float | None) -> System:
    letters = "".join(outcomes.values())
    n, means = judged(letters), shares(outcomes)
    low, high = mean_interval(means, n)
    return System(
        name=name,
        n=n,
        solved=letters.count(SOLVED),
        problems=len(means),
        pass_1=float(sum(means) / len(means)) if means else None,
        low=low,
        high=high,
        pass_at=tuple(pass_at(outcomes)) if has_samples(outcomes) else (),
        errors=letters.count(ERROR),
        tokens=tokens,
        usd=usd,
    )


def _pairs(
    names: list[str], outcomes: list[Outcomes], problems: list[str], baseline: str | None
) -> list[Pair]:
    """All comparisons; they are one family for the correction."""
    if baseline is None:
        count = len(names) * (len(names) - 1) // 2
        chosen: Iterable[tuple[int, int]] = combinations(range(len(names)), 2)
    elif baseline in names:
        first, count = names.index(baseline), len(names) - 1
        chosen = ((first, other) for other in range(len(names)) if other != first)
    else:
        known = ", ".join(in_line(name) for name in names[:10])
        raise FoureyesError(f"--baseline {baseline}: there is no such system, but {known}")
    if count > MOST_PAIRS:
        more = "" if baseline else "; --baseline NAME compares each with one"
        raise FoureyesError(
            f"{len(names):,} systems make {count:,} comparisons, and at most {MOST_PAIRS:,} are made{more}"
        )
    asked = [
        (first, second)
        for first, second in chosen
        if any(judged(each) for each in outcomes[first].values())
        and any(judged(each) for each in outcomes[second].values())
    ]
    apart = [each for each in asked if not outcomes[each[0]].keys() & outcomes[each[1]].keys()]
    if apart:
        told = [_example(names[each], outcomes[each], problems) for each in apart[0]]
        raise FoureyesError(
            f"there is nothing to pair: {told[0]} and {told[1]} have no problem in common"
        )
    compared = compare_all(
        [Question(first, outcomes[first], second, outcomes[second]) for first, second in asked]
    )
    return [
        Pair(
            names[first],
            names[second],
            comparison,
            _flips(outcomes[first], outcomes[second], problems),
        )
        for (first, second), comparison in zip(asked, compared, strict=True)
    ]


def _example(name: str, outcomes: Outcomes, problems: list[str]) -> str:
    return f"{in_line(name)!r} (with {in_line(problems[next(iter(outcomes))])!r})"


@lru_cache(maxsize=4096)  # few words, which come again for each comparison
def _apart(first: str, second: str) -> float:
    """How far apart the shares are that two systems solved of a problem's samples; 0 if one has none."""
    shares = share_solved(first), share_solved(second)
    return 0.0 if None in shares else float(abs(shares[1] - shares[0]))  # type: ignore[operator]


def _flips(first: Outcomes, second: Outcomes, problems: list[str]) -> list[Flip]:
    """The problems that differ, largest difference first."""
    differing = (
        (-apart, problems[problem], problem)
        for problem, before in first.items()
        if problem in second and (apart := _apart(before, second[problem]))
    )
    return [
        Flip(
            name,
            first[problem].count(SOLVED),
            judged(first[problem]),
            second[problem].count(SOLVED),
            judged(second[problem]),
        )
        for _, name, problem in heapq.nsmallest(FLIPS_TOLD, differing)
    ]
