"""A sweep of weeks is planned by these numbers: where they are too kind, it shows nothing in the end."""

from fractions import Fraction

import numpy as np
import pytest

from foureyes.judging import sources
from foureyes.models.errors import FoureyesError
from foureyes.results.figures import power
from foureyes.results.figures.earlier import measured
from foureyes.results.figures.paired import mcnemar_exact, sign_flip
from foureyes.results.figures.statistics import SIGNIFICANT, holm

#: At the first step of Holm's correction in a family of twelve.
LEVEL = SIGNIFICANT / 12


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(22)


@pytest.mark.parametrize(("flips", "points"), [(0.05, 3.5), (0.10, 5.1), (0.18, 6.8)])
def test_the_figures_that_were_worked_out_elsewhere(flips: float, points: float) -> None:
    """HumanEval+ and MBPP+ as one test, one of twelve comparisons."""
    found = power.visible(542, flips, LEVEL)
    assert found is not None
    assert round(100 * found, 1) == points


@pytest.mark.parametrize(
    ("problems", "flips", "difference", "significance"),
    [
        (30, 0.3, 0.25, SIGNIFICANT), (164, 0.10, 0.07, SIGNIFICANT), (164, 0.18, 0.12, LEVEL),
        (378, 0.05, 0.042, LEVEL), (378, 0.18, 0.05, SIGNIFICANT), (1140, 0.18, 0.047, LEVEL),
        (542, 0.05, 0.05, LEVEL),  # no problem gets worse
    ],
)  # fmt: skip
def test_of_simulated_sweeps_as_many_find_the_difference(
    random: np.random.Generator,
    problems: int,
    flips: float,
    difference: float,
    significance: float,
) -> None:
    up, down = (flips + difference) / 2, (flips - difference) / 2
    drawn = random.multinomial(problems, [up, down, 1 - up - down], size=4000)
    found = sum(
        improved > regressed and mcnemar_exact(int(improved), int(regressed)) < significance
        for improved, regressed, _ in drawn
    )
    promised = power.power(problems, flips, difference, significance)
    assert found / len(drawn) == pytest.approx(promised, abs=0.03)


@pytest.mark.parametrize(
    ("problems", "samples", "flips", "difference", "correlation"),
    [(164, 3, 0.18, 0.07, 0.25), (164, 10, 0.18, 0.08, 0.5), (378, 3, 0.10, 0.035, 0.5), (100, 4, 0.3, 0.14, 1.0)],
)  # fmt: skip
def test_several_samples_count_as_the_model_has_it(
    random: np.random.Generator,
    problems: int,
    samples: int,
    flips: float,
    difference: float,
    correlation: float,
) -> None:
    """Each problem has chances of its own to improve or to regress, which spread so much that its samples
    are alike with this correlation (Dirichlet's distribution)."""
    up, down = (flips + difference) / 2, (flips - difference) / 2
    shares = np.array([up, down, 1 - up - down])
    found, sweeps = 0, 1000
    for _ in range(sweeps):
        drawn = _counts(random, shares, problems, samples, correlation)
        gains = [Fraction(int(u) - int(d), samples) for u, d, _ in drawn]
        found += sum(gains) > 0 and sign_flip(gains) < SIGNIFICANT
    # around no difference, as the model has it
    alike = correlation + (1 - correlation) * difference**2 / flips
    counting = power.counting_as(problems, samples, alike)
    promised = power.power(counting, flips, difference)
    assert 0.5 < promised < 0.95
    assert found / sweeps == pytest.approx(promised, abs=0.03)


def _counts(
    random: np.random.Generator,
    shares: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    problems: int,
    samples: int,
    correlation: float,
) -> "np.ndarray[tuple[int, int], np.dtype[np.int64]]":
    """Of each problem, how many samples improve, regress, and do neither."""
    if correlation == 1:
        return random.multinomial(1, shares, size=problems) * samples
    own = random.dirichlet(shares * (1 / correlation - 1), size=problems)
    return random.multinomial(samples, own)


@pytest.mark.parametrize(
    ("flips", "difference"), [(0.05, 0.03), (0.18, 0.03), (0.1, 0.1), (1.0, 0.5)]
)
def test_as_many_problems_as_it_takes_and_no_more(flips: float, difference: float) -> None:
    needed = power.problems_needed(difference, flips, LEVEL)
    assert needed is not None
    assert power.power(needed, flips, difference, LEVEL) >= power.POWER
    assert power.power(needed - 1, flips, difference, LEVEL) < power.POWER
    seen = power.visible(needed, flips, LEVEL)
    assert seen is not None
    assert seen <= difference + 1e-5


def test_what_cannot_be_is_no_number() -> None:
    assert power.problems_needed(0.06, 0.05) is None
    assert power.visible(30, 0.05, LEVEL) is None
    with pytest.raises(ValueError, match="cannot come of flips"):
        power.power(100, 0.05, 0.06)


def test_a_level_is_the_first_step_of_the_correction() -> None:
    """What is planned for is what the report will ask."""
    just = LEVEL * (1 - 1e-9)
    assert holm([just, *[1.0] * 11])[0] < SIGNIFICANT <= holm([LEVEL, *[1.0] * 11])[0]


def test_flips_of_runs_are_measured() -> None:
    found = measured([({1: "1", 2: "0", 3: "1", 4: "e"}, {1: "1", 2: "1", 3: "1", 4: "1"})])
    assert (found.pairs, found.share, found.correlation) == (3, 1.5 / 4, None)
    copies = measured([({1: "111", 2: "000", 3: "000"}, {1: "000", 2: "000", 3: "111"})])
    assert (copies.pairs, copies.correlation) == (9, 1.0)
    apart = measured([({1: "10", 2: "00"}, {1: "01", 2: "01"})])
    assert apart.correlation == 0.0


def test_the_measured_correlation_is_that_of_the_model(random: np.random.Generator) -> None:
    """The same draws as above: what is measured of a sweep plans the next one."""
    drawn = _counts(random, np.array([0.15, 0.1, 0.75]), 20_000, 4, 0.4)
    runs = [
        (
            {n: "0" * up + "1" * down + "1" * rest for n, (up, down, rest) in enumerate(drawn)},
            {n: "1" * up + "0" * down + "1" * rest for n, (up, down, rest) in enumerate(drawn)},
        )
    ]
    found = measured(runs)
    assert found.share == pytest.approx(0.25, abs=0.01)
    assert found.correlation == pytest.approx(0.4, abs=0.03)


@pytest.mark.parametrize("name", sources.SIZES)
def test_benchmarks_have_as_many_problems_as_is_said(name: str) -> None:
    if name.startswith(("bigcodebench", "livecodebench")):
        pytest.skip("too large to read for its size alone")
    try:
        assert len(sources.load(name)) == sources.SIZES[name]
    except FoureyesError as error:
        pytest.skip(str(error))
