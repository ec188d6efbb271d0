"""Of what the uncertainty of a difference is made, and what more samples or problems would buy. Pure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from foureyes.results.figures.comparisons import Comparison
from foureyes.results.figures.outcomes import JUDGED, SOLVED, Outcomes
from foureyes.results.figures.questions import Question

_Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Precision:
    """The variance of a mean difference of two runs, in its parts.

    `between` is the variance of the problems' true differences, `within` that of the difference of
    one pair of samples about its problem's; `problems` were seen, with `samples` pairs each (their
    harmonic mean where they are not as many).
    """

    between: float
    within: float
    problems: int
    samples: float

    def half_width(self, samples: float = 1, problems: float = 1) -> float:
        """Of a 95 % interval, as a share, with so many times the samples and problems.

        By the standard error sqrt((between + within / samples) / problems): Miller (2024), "Adding
        Error Bars to Evals" (arXiv 2411.00640), section 3. `math.inf` samples leave what lies between
        problems.
        """
        variance = self.between + self.within / (self.samples * samples)
        return _Z * math.sqrt(variance / (self.problems * problems))

    @property
    def bought(self) -> "Bought":
        """What more of either would buy."""
        return Bought(
            now=self.half_width(),
            twice_the_samples=self.half_width(samples=2),
            any_samples=self.half_width(samples=math.inf),
            twice_the_problems=self.half_width(problems=2),
        )


@dataclass(frozen=True)
class Bought:
    """Half of the width of a 95 % interval: now, with twice the samples, with any number of them, and
    with twice the problems, as shares."""

    now: float
    twice_the_samples: float
    any_samples: float
    twice_the_problems: float


def precision(question: Question) -> Precision | None:
    """Of two runs with several samples; None where fewer than two problems have two pairs of samples.

    The parts are those of a one-way analysis of variance by problems: Searle, Casella & McCulloch
    (1992), "Variance Components", chapter 3. Samples are paired by their number, as runs may share
    a draft. A negative estimate of `between` is 0.
    """
    found = [each for each in _by_problem(question) if len(each) > 1]
    if len(found) < 2:
        return None
    means = [sum(each) / len(each) for each in found]
    within = math.fsum(map(_variance, found)) / len(found)
    inverse = math.fsum(1 / len(each) for each in found) / len(found)
    between = max(0.0, _variance(means) - within * inverse)
    return Precision(between, within, len(found), 1 / inverse)


def precisions(
    compared: Iterable[Comparison], outcomes: Mapping[int, Outcomes]
) -> dict[int, Precision]:
    """By run, of its comparison with its baseline; none for runs with one sample."""
    found = {}
    for each in compared:
        base, run = each.baseline_run_id, each.run_id
        if made := precision(Question(base, outcomes[base], run, outcomes[run])):
            found[run] = made
    return found


def _by_problem(question: Question) -> list[list[int]]:
    """By problem, the difference of each pair of samples that were both judged: -1, 0 or 1."""
    return [
        [
            (after == SOLVED) - (before == SOLVED)
            for before, after in zip(
                question.baseline[problem], question.run[problem], strict=False
            )
            if before in JUDGED and after in JUDGED
        ]
        for problem in sorted(question.baseline.keys() & question.run.keys())
    ]


def _variance(values: Sequence[float]) -> float:
    """Of a sample, without bias."""
    mean = math.fsum(values) / len(values)
    return math.fsum((each - mean) ** 2 for each in values) / (len(values) - 1)
