"""A report's page is looked at by people and its JSON by programs: they must find the same figures."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from foureyes.results import formatting
from foureyes.results.figures.details import Choices, Details, Reviewer
from foureyes.results.figures.scoreboard import Scoreboard
from foureyes.results.figures.scores import Cost
from foureyes.results.report import formats, page
from tests.boards import board, details, group


class _Tables(HTMLParser):
    """The text of every cell of a page's tables and strips, by the class of the cell."""

    def __init__(self) -> None:
        super().__init__()
        self.cells: list[tuple[str, str]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "td":
            self.cells.append((dict(attrs).get("class") or "", ""))
            self._inside = True
        elif tag in ("th", "tr", "table", "p"):
            self._inside = False

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            kind, text = self.cells[-1]
            self.cells[-1] = kind, text + data


_NUMBER = re.compile(r"(?<![\w.])[+-]?\d[\d,]*(?:\.\d+)?")


def numbers(text: str) -> set[str]:
    """The numbers in a text, as they are written."""
    return set(_NUMBER.findall(text.replace("−", "-").replace("..", " ")))


def leaves(value: Any) -> list[Any]:
    """Everything in some JSON that is no list and no object."""
    if isinstance(value, dict):
        return [leaf for each in value.values() for leaf in leaves(each)]
    if isinstance(value, list):
        return [leaf for each in value for leaf in leaves(each)]
    return [value]


def renderings(value: Any) -> set[str]:
    """All that a page may make of a value."""
    if isinstance(value, str):
        return numbers(value)
    if value is None or isinstance(value, bool):
        return set()
    if isinstance(value, int):
        written = {f"{value}", f"{value:,}", f"{value:+}", f"{-value}", formatting.amount(value)}
    else:
        written = {
            formatting.percent(value), formatting.points(value), formatting.points(value, 0),
            formatting.size(value), formatting.size(value, 1), formatting.p_value(value),
            formatting.factor(value), formatting.dollars(value), formatting.duration(value),
            formatting.amount(value), formatting.amount(value, "+"),
        }  # fmt: skip
    return {number for text in written for number in numbers(text)}


def swept() -> tuple[Scoreboard, Details]:
    """Two benchmarks with figures of every sort: prices, reviews, choices, flips, samples, moderators."""
    base, other = [], []
    for n in range(40):
        base.append("1" if n % 3 else "0")
        other.append("1" if n % 5 else "0")
    found = board(
        group(1, "one", raw_coder=base, debate=other, retry=[*other[:30], *"ebr-c", *base[35:]],
              reviews={"debate": (31, 29, 17)}),
        group(11, "other", raw_coder=[a + b for a, b in zip(base, other, strict=True)],
              debate=[a + "1" for a in other], samples=2),
        forgeries={2: {100: frozenset([0])}},
    )  # fmt: skip
    prices = iter(range(1, 99))
    for each in found.groups:
        each.scores[:] = [replace(score, cost=_cost(next(prices))) for score in each.scores]
    return found, details(
        found,
        reviewers={2: Reviewer(2, 37, 13, 6, 5, 11, 2, 1, 4, 3, 18, 11)},
        choices={2: Choices(2, 23, 14, 7, 2)},
    )


def _cost(n: int) -> Cost:
    return Cost(
        1000 + n, 20_011 * n, 3_013 * n, 17.0 * n, 0.37 * n, 19_001 * n, 2_903 * n, 0.31 * n
    )


def test_every_figure_of_the_page_is_in_the_json(tmp_path: Path) -> None:
    found, more = swept()
    page.write(found, more, tmp_path / "r.html")
    tables = _Tables()
    tables.feed((tmp_path / "r.html").read_text())
    told = {
        number
        for leaf in leaves(json.loads(formats.to_json(found, more)))
        for number in renderings(leaf)
    }
    missing = {
        (number, text.strip())
        for kind, text in tables.cells
        if kind != "hash"
        for number in numbers(text)
        if number not in told
    }
    assert len(tables.cells) > 400
    assert not missing


@pytest.mark.parametrize(
    "runs",
    [
        {"raw_coder": ["0"] * 9, "debate": ["0"] * 9},
        {"raw_coder": ["1"] * 9, "debate": ["1"] * 9},
        {"raw_coder": ["000"] * 3, "debate": ["000"] * 3},
        {"raw_coder": ["1"]},
        {"raw_coder": ["0"], "debate": ["1"]},
        {"raw_coder": ["-"] * 4, "debate": ["-"] * 4},
        {"raw_coder": ["e"] * 4, "debate": ["r", "0", "e", "c"]},
        {"debate": ["1", "0"]},
    ],
    ids=["nothing solved", "all solved", "no sample solved", "one run", "one problem", "not begun",
         "errors and refusals", "no baseline"],
)  # fmt: skip
def test_odd_sweeps_have_a_page(tmp_path: Path, runs: dict[str, list[str]]) -> None:
    found = board(group(1, "b", samples=len(next(iter(runs.values()))[0]), **runs))  # type: ignore[arg-type]
    page.write(found, details(found), tmp_path / "r.html")
    made = (tmp_path / "r.html").read_text()
    assert "nan" not in re.sub(r"<script>.*?</script>", "", made, flags=re.DOTALL).lower()
    assert "All runs" in made and json.loads(formats.to_json(found, details(found)))["matrix"]


def test_what_is_missing_stands_before_any_figure(tmp_path: Path) -> None:
    found, more = swept()
    page.write(found, more, tmp_path / "r.html")
    made = (tmp_path / "r.html").read_text()
    places = [
        made.index(each)
        for each in (
            "Still running: 1 of", "1 attempt ended in a refusal", "1 attempt is forged",
            "1 attempt ended in error", "All runs", "runs that are compared with raw-coder",
            '<table class="matrix">', 'id="together"', 'id="s1"',
        )
    ]  # fmt: skip
    assert places == sorted(places)


def test_chapters_fold_where_there_are_several(tmp_path: Path) -> None:
    found, more = swept()
    page.write(found, more, tmp_path / "r.html")
    assert '<details class="chapter" id="s1">' in (tmp_path / "r.html").read_text()
    alone = board(group(1, "one", raw_coder=list("10"), debate=list("11")))
    page.write(alone, details(alone), tmp_path / "alone.html")
    assert '<details class="chapter" id="s1" open>' in (tmp_path / "alone.html").read_text()


def test_a_browser_may_run_the_page_s_own_script_and_nothing_else(tmp_path: Path) -> None:
    found, more = swept()
    page.write(found, more, tmp_path / "r.html")
    made = (tmp_path / "r.html").read_text()
    (script,) = re.findall(r"<script>(.*?)</script>", made, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert "default-src &#39;none&#39;" in made and f"script-src &#39;sha256-{digest}&#39;" in made
    assert not re.search(r"<(link|img|iframe|object)\b|\bon\w+=|src=", made.replace(script, ""))


def test_a_large_sweep_is_a_page_that_can_be_sent(tmp_path: Path) -> None:
    """52 runs on the problems of HumanEval+ and MBPP+: some 14,000 attempts."""
    names = [f"pattern_{n:02}" for n in range(12)]
    groups = []
    for place, problems in enumerate((164, 164, 378, 378)):
        runs = {
            name: ["1" if (17 * n + 7 * k) % (9 + k) else "0" for n in range(problems)]
            for k, name in enumerate(["raw_coder", *names])
        }
        groups.append(group(100 * place + 1, f"b{place % 2}", f"team {place // 2}", **runs))
    found = board(*groups)
    page.write(found, details(found), tmp_path / "r.html")
    assert (tmp_path / "r.html").stat().st_size < 3_000_000
