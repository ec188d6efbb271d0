"""An interval of 95 % that holds the truth four times of five would be believed all the same.

The grid of `bench.statistics` in small; its whole tables are in docs/statistics.md.
"""

from fractions import Fraction

import numpy as np
import pytest

from bench.evidence import within_margin, wordings
from bench.statistics import (
    World,
    covered_differences,
    covered_scores,
    differences,
    false_alarms,
    one_sample,
    power,
)
from foureyes.results.figures.paired import detectable_difference

SHARES = [(0.0, 0.1), (0.01, 0.05), (0.05, 0.2), (0.1, 0.1), (0.3, 0.1)]


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(11)


@pytest.mark.parametrize("problems", [10, 30, 60])
@pytest.mark.parametrize(("up", "down"), SHARES)
def test_of_one_sample_the_interval_holds_the_true_difference(
    problems: int, up: float, down: float
) -> None:
    """By all outcomes there can be; and it never says otherwise than the test."""
    held, seen, contradictions = one_sample(problems, up, down)
    assert held > 0.93
    assert contradictions == 0
    if up == down:
        assert seen <= 0.05


#: Problems, samples, shares before and after, likeness, and whether hard is hard for both.
WORLDS = [
    World(10, 10, 0.3, 0.6, 0.0, True), World(10, 3, 0.5, 0.5, 0.9, False),
    World(30, 3, 0.78, 0.88, 0.3, True), World(30, 10, 0.9, 0.9, 0.6, False),
    World(30, 2, 0.5, 0.5, 0.0, True), World(40, 5, 0.1, 0.15, 0.3, True),
]  # fmt: skip


@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_of_several_samples_the_intervals_hold_the_truth(
    world: World, random: np.random.Generator
) -> None:
    held, seen = covered_differences(world, random, times=500)
    assert held > 0.93
    if world.before == world.after:
        assert seen < 0.05 + 0.02  # two deviations of so many draws
    if world.problems > 10:  # Wilson's own intervals of ten hold down to 91 %
        assert covered_scores(world, random, times=500) > 0.93


@pytest.mark.parametrize("world", WORLDS[2:], ids=str)
def test_a_detectable_difference_is_found_four_times_of_five(
    world: World, random: np.random.Generator
) -> None:
    for solved in world.draws(random, 4):
        found = differences(solved, world.samples)
        seen = power(found, random, times=4000)
        assert seen is None or abs(seen - 0.8) < 0.03
    assert power([Fraction(1)] * 12 + [Fraction()] * 30, random, times=4000) == pytest.approx(
        0.8, abs=0.03
    )
    assert detectable_difference([Fraction(1)] * 5) is None


def test_a_family_with_comparisons_that_can_show_nothing_has_few_false_alarms(
    random: np.random.Generator,
) -> None:
    """Four runs that differ in many problems and eight that hardly do, all against one baseline."""
    corrected, alone = false_alarms(60, [0.1, 0.2, 0.3, 0.3] + [0.01] * 8, random, times=1500)
    assert corrected <= 0.05
    assert alone > 0.07  # without correction


@pytest.mark.parametrize(("problems", "differing"), [(60, 0.05), (60, 0.2), (164, 0.1)])
def test_what_is_worse_by_the_margin_is_hardly_ever_called_no_worse(
    problems: int, differing: float
) -> None:
    """Each side has a risk of 2.5 %; the score test holds it but for a little."""
    worse = within_margin(problems, (differing - 0.03) / 2, (differing + 0.03) / 2, margin=0.03)
    assert max(worse) < 0.04
    better = within_margin(problems, (differing + 0.03) / 2, (differing - 0.03) / 2, margin=0.03)
    assert better[1] < 0.04 and better[0] > worse[0]


def test_wordings_of_one_problem_are_no_two_problems(random: np.random.Generator) -> None:
    joined, apart = wordings(30, 3, random, times=600)
    assert joined < 0.05 + 0.02
    assert apart > 0.1
