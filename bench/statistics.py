"""What the report's statistics promise, and what they keep: `python -m bench.statistics`.

Runs are drawn whose true shares are known, thousands of times, and given to the functions that make
the report. Prints tables like those of docs/statistics.md: how often the 95 % intervals hold the truth,
how often tests see a difference where there is none, and how often they see one as large as they
call detectable. Takes minutes; nothing is needed but the processor.
"""

import argparse
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import product

import numpy as np

from bench import evidence
from bench.evidence import head, line, outcomes, signs
from foureyes.results.figures.paired import (
    detectable_difference,
    difference_interval,
    mcnemar_exact,
    sign_flip,
    smallest_p,
)
from foureyes.results.figures.statistics import SIGNIFICANT, holm, mean_interval


@dataclass(frozen=True)
class World:
    """Where problems come from, and two runs on some of them.

    `before` and `after` are the true shares solved. `alike` is the correlation of the samples of one
    problem: at 0 all problems are as hard, at 1 each is solved always or never. `together`: what is
    hard for one run is as hard for the other.
    """

    problems: int
    samples: int
    before: float
    after: float
    alike: float
    together: bool

    def draws(self, random: np.random.Generator, times: int) -> np.ndarray:
        """So many times, the samples solved of each problem: times x 2 x problems."""
        ranks = random.random((times, 1 if self.together else 2, self.problems))
        chances = [
            _hardness(share, self.alike)[(rank * 1000).astype(int)]
            for share, rank in zip((self.before, self.after), (ranks[:, 0], ranks[:, -1]), strict=True)
        ]  # fmt: skip
        return random.binomial(self.samples, np.stack(chances, axis=1))

    @property
    def difference(self) -> float:
        """The true one, of the thousand kinds of problems there are."""
        means = [_hardness(share, self.alike).mean() for share in (self.before, self.after)]
        return float(means[1] - means[0])


@cache
def _hardness(share: float, alike: float) -> np.ndarray:
    """Of a thousand problems, from the hardest, the chance to be solved: a beta distribution."""
    if alike == 0:
        return np.full(1000, share)
    if alike == 1:
        return (np.arange(1000) >= round(1000 * (1 - share))).astype(float)
    least = (1 - alike) / alike
    drawn = np.random.default_rng(0).beta(share * least, (1 - share) * least, 1_000_000)
    means: np.ndarray = np.sort(drawn).reshape(1000, 1000).mean(axis=1)
    return means


def holds(interval: tuple[float, float], truth: float) -> bool:
    """Whether the truth is in it, but for rounding."""
    return interval[0] - 1e-9 <= truth <= interval[1] + 1e-9


def covered_scores(world: World, random: np.random.Generator, times: int) -> float:
    """How often the interval of pass@1 holds the true share."""
    truth = float(_hardness(world.after, world.alike).mean())
    total = world.problems * world.samples
    return float(
        np.mean(
            [
                holds(mean_interval((solved / world.samples).tolist(), total), truth)
                for solved in world.draws(random, times)[:, 1]
            ]
        )
    )


def differences(solved: np.ndarray, samples: int) -> list[Fraction]:
    """Of each problem, from what both runs solved of it."""
    return [Fraction(int(each), samples) for each in solved[1] - solved[0]]


def covered_differences(
    world: World, random: np.random.Generator, times: int
) -> tuple[float, float]:
    """How often the interval of the difference holds the true one, and how often the test sees one."""
    held = seen = 0
    for solved in world.draws(random, times):
        found = differences(solved, world.samples)
        held += holds(difference_interval(found), world.difference)
        seen += sign_flip(found) < SIGNIFICANT
    return held / times, seen / times


def _going(found: list[Fraction], promised: float) -> tuple[np.ndarray, float]:
    """By how much each problem differs, and how likely it goes the better way for such a mean."""
    sizes = np.array([abs(float(each)) for each in found])
    return sizes, (1 + promised * len(found) / sizes.sum()) / 2


def power(found: list[Fraction], random: np.random.Generator, times: int) -> float | None:
    """How often a detectable difference is found if the same problems differ by as much again."""
    promised = detectable_difference(found)
    if promised is None:
        return None
    sizes, better = _going(found, promised)
    ways = random.random((times, len(found))) < better
    nets = np.where(ways, sizes, -sizes).sum(axis=1).round(9)
    order = nets.argsort()
    # the larger the difference the smaller the p-value: the first that is evidence is looked for
    first = bisect_left(
        order, True, key=lambda i: nets[i] > 0 and sign_flip(_signed(found, ways[i])) < SIGNIFICANT
    )
    return (times - first) / times


def power_on_others(found: list[Fraction], random: np.random.Generator, times: int) -> float | None:
    """The same if other problems are drawn, of the kinds of these: more or fewer may differ."""
    promised = detectable_difference(found)
    if promised is None:
        return None
    _, better = _going(found, promised)
    seen = 0
    for _ in range(times):
        drawn = [found[i] for i in random.integers(0, len(found), len(found))]
        drawn = _signed(drawn, random.random(len(found)) < better)
        seen += sum(drawn) > 0 and sign_flip(drawn) < SIGNIFICANT
    return seen / times


def _signed(found: list[Fraction], ways: np.ndarray) -> list[Fraction]:
    return [abs(each) if up else -abs(each) for each, up in zip(found, ways, strict=True)]


def false_alarms(
    problems: int, chances: list[float], random: np.random.Generator, times: int
) -> tuple[float, float]:
    """How often a family of runs that are no better than their baseline has one that is called so.

    Each run solves another problem than the baseline with one of the `chances`, by the correction
    and without it.
    """
    corrected = alone = 0
    for _ in range(times):
        baseline = random.random(problems) < 0.5
        ps, least = [], []
        for chance in chances:
            # what is drawn anew is as likely solved as before, whatever the baseline did
            anew = random.random(problems) < 2 * chance
            run = np.where(anew, random.random(problems) < 0.5, baseline)
            improved, regressed = int((run & ~baseline).sum()), int((baseline & ~run).sum())
            ps.append(mcnemar_exact(improved, regressed))
            least.append(smallest_p(improved + regressed))
        corrected += min(holm(ps, least)) < SIGNIFICANT
        alone += min(ps) < SIGNIFICANT
    return corrected / times, alone / times


def one_sample(problems: int, up: float, down: float) -> tuple[float, float, float]:
    """Of one sample a problem, by all there is: coverage, evidence seen, and contradictions.

    `up` and `down` are the true shares of problems that only the run and only the baseline solves.
    """
    held = seen = contradictions = 0.0
    for improved, regressed, chance in outcomes(problems, up, down):
        low, high, p = _one(problems, improved, regressed)
        held += chance * holds((low, high), up - down)
        seen += chance * (p < SIGNIFICANT)
        contradictions += chance * ((low <= 0 <= high) == (p < SIGNIFICANT))
    return held, seen, contradictions


@cache
def _one(problems: int, improved: int, regressed: int) -> tuple[float, float, float]:
    found = signs(problems, improved, regressed)
    return *difference_interval(found), mcnemar_exact(improved, regressed)


def grid(problems: list[int], samples: list[int], alike: list[float]) -> Iterator[World]:
    """The worlds that are tried."""
    shares = [(0.5, 0.5), (0.3, 0.6), (0.78, 0.88), (0.9, 0.9), (0.1, 0.15)]
    for n, k, (before, after), likeness, together in product(
        problems, samples, shares, alike, (True, False)
    ):
        yield World(n, k, before, after, likeness, together)


def main() -> None:
    """Draw and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--times", type=int, default=1000, help="draws of each cell")
    times = parser.parse_args().times
    random = np.random.default_rng(17)

    head("problems", "one sample: coverage, mean", "least", "evidence where none is, most")
    for n in (10, 30, 60, 164):
        cells = [one_sample(n, up, down) for up, down in product((0.0, 0.01, 0.05, 0.2), repeat=2)]
        none = [one_sample(n, each, each)[1] for each in (0.01, 0.05, 0.1, 0.2, 0.4)]
        held = [each for each, *_ in cells]
        line(n, f"{np.mean(held):.1%}", f"{min(held):.1%}", f"{max(none):.1%}")

    head("problems", "samples", "scores: coverage, mean", "least",
          "differences: coverage, mean", "least", "evidence where none is, mean", "most")  # fmt: skip
    for n, k in product((10, 30, 164), (3, 10)):
        worlds = list(grid([n], [k], [0, 0.3, 0.6, 1]))
        scores = [covered_scores(world, random, times) for world in worlds]
        both = [covered_differences(world, random, times) for world in worlds]
        held = [each for each, _ in both]
        same = [i for i, world in enumerate(worlds) if world.before == world.after]
        # the least of forty draws is partly chance: what is worst is drawn again, and oftener
        worst, lowest = int(np.argmin(scores)), int(np.argmin(held))
        highest = max(same, key=lambda i: both[i][1])
        least_score = covered_scores(worlds[worst], random, 10 * times)
        least_held, _ = covered_differences(worlds[lowest], random, 10 * times)
        _, most = covered_differences(worlds[highest], random, 10 * times)
        line(n, k, f"{np.mean(scores):.1%}", f"{least_score:.1%}", f"{np.mean(held):.1%}",
              f"{least_held:.1%}", f"{np.mean([both[i][1] for i in same]):.1%}", f"{most:.1%}")  # fmt: skip

    head("problems", "samples", "detectable, promised 80 %: least found", "most",
          "on other problems, mean", "least", "data sets")  # fmt: skip
    for n, k in ((30, 3), (164, 1), (164, 3), (164, 10)):
        powers = []
        for world in grid([n], [k], [0.3]):
            (solved,) = world.draws(random, 1)
            drawn = differences(solved, k)
            if (again := power(drawn, random, 10 * times)) is not None:
                others = power_on_others(drawn, random, times // 10)
                powers.append((again, others))
        again, others = np.array(powers).T
        line(n, k, f"{again.min():.1%}", f"{again.max():.1%}", f"{others.mean():.0%}",
              f"{others.min():.0%}", len(powers))  # fmt: skip

    head("problems", "runs of a family", "any called evidence", "without correction")
    few, many = [0.01] * 8, [0.05, 0.1, 0.2, 0.3]
    for n, chances in ((30, many), (164, [*few, *many])):
        corrected, alone = false_alarms(n, chances, random, 3 * times)
        line(n, len(chances), f"{corrected:.1%}", f"{alone:.1%}")

    evidence.tables(times)


if __name__ == "__main__":
    main()
