"""What is asked of two runs, or of several pairs of them at once: differences, problem by problem. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache

from foureyes.results.figures.outcomes import (
    CANCELLED,
    ERROR,
    JUDGED,
    OPEN,
    SOLVED,
    Outcomes,
    has_samples,
    pairs,
    share_solved,
    share_with_errors,
)
from foureyes.results.figures.paired import mcnemar_exact, sign_flip

MCNEMAR = "exact McNemar"
SIGN_FLIP = "exact sign flip over problems"
#: Of sweeps that stop what is decided.
SEQUENTIAL = "bets valid at every look"
_NONE = Fraction(0)


@dataclass(frozen=True)
class Question:
    """Two runs to compare: what became of their attempts, the baseline's first."""

    baseline_run_id: int
    baseline: Outcomes
    run_id: int
    run: Outcomes

    def by_problem(self, errors_for_run: bool | None = None) -> dict[int, Fraction]:
        """Of each problem that both were judged on: how much more of its samples the run solved.

        Errors are left out; or, so as to bound what they hide (Manski 1990, "Nonparametric Bounds on
        Treatment Effects"), each tells for the run, as its own answers would be right and the
        baseline's wrong, or each against it.
        """
        found = {}
        for problem in sorted(self.baseline.keys() & self.run.keys()):
            each = _difference(self.baseline[problem], self.run[problem], errors_for_run)
            if each is not None:
                found[problem] = each
        return found

    def differences(self, errors_for_run: bool | None = None) -> list[Fraction]:
        """Those alone, in no order."""
        found = []
        for words, problems in self._words.items():
            if (each := _difference(*words, errors_for_run)) is not None:
                found += [each] * problems
        return found

    @cached_property
    def _words(self) -> Counter[tuple[str, str]]:
        """How many problems of both have these letters, the baseline's first. They are few, and all that
        most figures need."""
        both = [problem for problem in self.baseline if problem in self.run]
        before, after = self.baseline.__getitem__, self.run.__getitem__
        return Counter(zip(map(before, both), map(after, both), strict=True))

    def order(self) -> list[int]:
        """All problems, as their attempts are started."""
        return list(dict.fromkeys([*self.baseline, *self.run]))

    def waits_for(self, problem: int) -> bool:
        """Whether an attempt of either at it has not ended, or never will."""
        letters = self.baseline.get(problem, OPEN) + self.run.get(problem, OPEN)
        return OPEN in letters or CANCELLED in letters

    def so_far(self) -> dict[int, Fraction]:
        """The same, in the plan's order, of the problems before the first that has not ended.

        Those behind it have ended sooner than it, and that may be because of how they ended.
        """
        return _so_far([self], {})

    def has_errors(self) -> bool:
        """Whether any attempt of either ended in error, at a problem that both have."""
        return any(ERROR in before or ERROR in after for before, after in self._words)

    def test(self, found: list[Fraction]) -> tuple[str, float]:
        """By which test the runs are compared, and its p-value for these differences of theirs.

        One sample a problem: the exact McNemar test on the problems that only one of them solved. With
        several, what became of one problem's samples is not independent, so problems are the units:
        the exact sign-flip test on the differences of their shares.
        """
        return _test(found, one_each=not self.has_samples())

    def has_samples(self) -> bool:
        """Whether any problem was tried more than once by either."""
        return has_samples(self.baseline) or has_samples(self.run)

    def pairs(self) -> Iterator[tuple[int, bool, bool]]:
        """Every problem and sample that both were judged on, and whether each solved it."""
        return pairs(self.baseline, self.run)

    def counts(self) -> Counter[tuple[bool, bool]]:
        """How many of those pairs each of the two solved, or did not."""
        found: Counter[tuple[bool, bool]] = Counter()
        for words, problems in self._words.items():
            for before, after in zip(*words, strict=False):
                if before in JUDGED and after in JUDGED:
                    found[before == SOLVED, after == SOLVED] += problems
        return found

    def attempts(self) -> int:
        """Problems and samples that at least one of the runs has."""
        both = sum(max(map(len, words)) * problems for words, problems in self._words.items())
        first, second = self.baseline, self.run
        alone = [*(first[each] for each in first.keys() - second.keys()),
                 *(second[each] for each in second.keys() - first.keys())]  # fmt: skip
        return both + sum(map(len, alone))


@dataclass(frozen=True)
class Joined:
    """The same question to several pairs of runs, such as those of all benchmarks, as one.

    `same` has, by a problem's row, the row of the first that is the same problem: it is one, whichever
    parts have it, and its difference is the mean of those that it has there. So problems are paired
    within their benchmarks, and no benchmark is weighed but by how many problems it has.
    """

    parts: Sequence[Question]
    same: Mapping[int, int]

    @property
    def baseline_run_id(self) -> int:
        """Of the first part."""
        return self.parts[0].baseline_run_id

    @property
    def run_id(self) -> int:
        """Of the first part."""
        return self.parts[0].run_id

    def differences(self, errors_for_run: bool | None = None) -> list[Fraction]:
        """Of each problem that some part has."""
        return [sum(each, _NONE) / len(each) for each in self._by_problem(errors_for_run).values()]

    @property
    def repeated(self) -> int:
        """Problems that more than one part has."""
        return sum(len(each) > 1 for each in self._by_problem().values())

    def _by_problem(self, errors_for_run: bool | None = None) -> dict[int, list[Fraction]]:
        found = defaultdict(list)
        for part in self.parts:
            for problem, difference in part.by_problem(errors_for_run).items():
                found[self.same.get(problem, problem)].append(difference)
        return found

    def so_far(self) -> dict[int, Fraction]:
        """The same of all parts at once, each problem at the same share of its part as it has in it.

        That is one order, which was there before; of a problem that several parts have, what comes second
        is no new bet: it may resemble the first.
        """
        return _so_far(self.parts, self.same)

    def has_errors(self) -> bool:
        """Whether any attempt of any part ended in error."""
        return any(part.has_errors() for part in self.parts)

    def test(self, found: list[Fraction]) -> tuple[str, float]:
        """As for two runs; a problem that several parts have is one that has several samples."""
        once = not self.repeated and not any(part.has_samples() for part in self.parts)
        return _test(found, one_each=once)

    def counts(self) -> Counter[tuple[bool, bool]]:
        """Those of all parts."""
        return sum((part.counts() for part in self.parts), Counter())

    def attempts(self) -> int:
        """Those of all parts."""
        return sum(part.attempts() for part in self.parts)


def _so_far(parts: Sequence[Question], same: Mapping[int, int]) -> dict[int, Fraction]:
    places = []
    for number, part in enumerate(parts):
        order = part.order()
        places += [((at + 0.5) / len(order), number, problem) for at, problem in enumerate(order)]
    differences = [part.by_problem() for part in parts]
    seen: set[int] = set()
    found = {}
    for _, number, problem in sorted(places):
        if parts[number].waits_for(problem):
            break
        one = same.get(problem, problem)
        if one not in seen and problem in differences[number]:
            found[one] = differences[number][problem]
        seen.add(one)
    return found


@lru_cache(maxsize=4096)  # few words, which come again for each comparison
def _difference(before: str, after: str, errors_for_run: bool | None) -> Fraction | None:
    """How much more of a problem's samples is solved after than before; None if either has none judged."""
    if errors_for_run is None:
        shares = share_solved(before), share_solved(after)
    else:
        shares = (
            share_with_errors(before, solved=not errors_for_run),
            share_with_errors(after, solved=errors_for_run),
        )
    first, second = shares
    return None if first is None or second is None else second - first


def _test(found: list[Fraction], one_each: bool) -> tuple[str, float]:
    if one_each:
        return MCNEMAR, mcnemar_exact(found.count(1), found.count(-1))  # type: ignore[arg-type]
    return SIGN_FLIP, sign_flip(found)
