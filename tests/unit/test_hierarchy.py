"""Shrunken estimates stand beside the exact ones: where they differ a reader must learn why."""

import io
import sys

import pytest
from rich.console import Console

from foureyes.models.errors import FoureyesError
from foureyes.results.figures.hierarchy import Shrunken, hierarchy
from foureyes.results.figures.scoreboard import Scoreboard
from foureyes.results.report import shrunken
from tests.boards import board, group


@pytest.fixture(scope="module")
def here() -> Scoreboard:
    """A clear gain on two benchmarks, and on a small one: five problems, which alone tell nothing."""
    big = {"raw_coder": list("1" * 20 + "0" * 30), "debate": list("1" * 40 + "0" * 10)}
    few = {"raw_coder": list("11000000"), "debate": list("11111110")}
    return board(
        group(1, "first", tests=None, **big),
        group(5, "second", tests=None, **big),
        group(9, "small", tests=None, **few),
    )


@pytest.fixture(scope="module")
def found(here: Scoreboard) -> dict[str, Shrunken]:
    return {each.benchmark: each for each in hierarchy(here)}


def test_what_is_clear_is_the_same_by_both(found: dict[str, Shrunken]) -> None:
    for name in ("first", "second"):
        each = found[name]
        assert each.agrees and each.gain.low > 0
        assert each.gain.difference == pytest.approx(each.exact.difference, abs=0.1)


def test_what_is_small_is_pulled_towards_the_others(found: dict[str, Shrunken]) -> None:
    small = found["small"]
    assert small.exact.low <= 0 < small.exact.difference
    assert small.gain.difference < small.exact.difference
    assert small.gain.low > 0 and not small.agrees


def test_the_table_says_where_they_agree_and_why_not(here: Scoreboard) -> None:
    output = io.StringIO()
    shrunken.render(here, Console(file=output, width=100))
    told = " ".join(output.getvalue().split())
    assert "The two say the same of 2 of 3 comparisons" in told
    assert "debate on small by c+r: what other benchmarks and teams show is borrowed" in told
    assert "has 5 problems that differ, too few to tell." in told
    assert shrunken.said([]) == ["Nothing to compare yet."]


def test_without_the_extra_it_says_what_to_install(
    here: Scoreboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "statsmodels.genmod.bayes_mixed_glm", None)
    with pytest.raises(FoureyesError, match=r"pip install 'foureyes\[hierarchy\]'"):
        hierarchy(here)
