"""What more samples would buy is what people spend money on: it must be so."""

import math

import numpy as np
import pandas
import pytest
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from bench.statistics import World
from foureyes.results.figures.outcomes import Outcomes
from foureyes.results.figures.precision import Precision, precision, precisions
from foureyes.results.figures.questions import Question
from foureyes.results.report import formats, sentences
from tests.boards import board, group


def run(*letters: str) -> Outcomes:
    return dict(enumerate(letters))


def test_the_parts_are_those_of_an_analysis_of_variance() -> None:
    random = np.random.default_rng(2)
    chances = random.beta(1, 1, size=(2, 30))
    solved = random.random((4, 2, 30)) < chances
    words = [
        ["".join("01"[int(one)] for one in solved[:, r, p]) for p in range(30)] for r in (0, 1)
    ]
    found = precision(Question(1, run(*words[0]), 2, run(*words[1])))
    assert found is not None and (found.problems, found.samples) == (30, pytest.approx(4))
    differences = solved[:, 1].astype(int) - solved[:, 0]
    table = anova_lm(
        ols(
            "d ~ C(p)",
            pandas.DataFrame({"d": differences.ravel(), "p": np.tile(np.arange(30), 4)}),
        ).fit()
    )
    between, within = table["mean_sq"]
    assert found.within == pytest.approx(within)
    assert found.between == pytest.approx((between - within) / 4)


def test_more_samples_and_problems_buy_what_is_promised() -> None:
    """Drawn again with twice as many: the spread of the mean is what was foretold, on average."""
    random = np.random.default_rng(3)
    world = World(60, 4, 0.4, 0.6, 0.5, together=False)

    def drawn(world: World, times: int) -> np.ndarray:
        solved = world.draws(random, times)
        return (solved[:, 1] - solved[:, 0]) / world.samples

    foretold: dict[str, list[float]] = {
        "now": [],
        "twice_the_samples": [],
        "twice_the_problems": [],
    }
    for solved in world.draws(random, 60):
        words = [["1" * n + "0" * (4 - n) for n in of] for of in solved.tolist()]
        for of in words:  # in any order: samples of two runs have nothing in common
            of[:] = ["".join(random.permutation(list(word))) for word in of]
        found = precision(Question(1, run(*words[0]), 2, run(*words[1])))
        assert found is not None
        for name, of in foretold.items():
            of.append(getattr(found.bought, name) / 1.96)
    bigger = {
        "now": world,
        "twice_the_samples": World(60, 8, 0.4, 0.6, 0.5, together=False),
        "twice_the_problems": World(120, 4, 0.4, 0.6, 0.5, together=False),
    }
    for name, other in bigger.items():
        seen = drawn(other, 3000).mean(axis=1).std()
        assert np.sqrt(np.mean(np.square(foretold[name]))) == pytest.approx(seen, rel=0.05), name


def test_any_number_of_samples_leaves_what_lies_between_problems() -> None:
    found = Precision(between=0.09, within=0.16, problems=100, samples=4)
    assert found.half_width(samples=math.inf) == pytest.approx(1.96 * 0.03, abs=1e-4)
    assert found.half_width(samples=4) == pytest.approx(1.96 * math.sqrt(0.10) / 10, abs=1e-4)
    assert found.half_width(problems=4) == pytest.approx(found.half_width() / 2)


def test_of_one_sample_nothing_is_known() -> None:
    assert precision(Question(1, run("1", "0"), 2, run("0", "1"))) is None
    assert precision(Question(1, run("11", "0e"), 2, run("10", "01"))) is None
    here = board(group(1, "b", raw_coder=["1"], debate=["0"]))
    assert precisions(here.comparisons.values(), here.outcomes) == {}


def test_the_report_says_what_more_would_buy() -> None:
    copies = group(1, "b", raw_coder=["11", "00", "00"], debate=["11", "11", "00"])
    assert (
        "More samples would narrow no interval of a difference (±65.3 points on average); twice as "
        "many problems would make it ±46.2." in sentences.of_group(board(copies), copies[0])
    )
    several = group(1, "b", raw_coder=["10", "00", "01"], debate=["11", "01", "00"])
    (told,) = [each for each in sentences.of_group(board(several), several[0]) if "±" in each]
    assert "Twice as many samples would make that ±" in told and "any number of them ±" in told
    assert not any(
        "±" in each for each in formats.said(board(group(1, "b", raw_coder=["1"], debate=["0"])))
    )
