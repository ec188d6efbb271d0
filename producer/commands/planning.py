"""Whether a sweep is worth its price, before it is run: `foureyes plan`, and `sweep --plan`."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from foureyes.judging import sources
from foureyes.models.later import Later
from foureyes.producer.commands.terminal import console, say
from foureyes.results.figures import power
from foureyes.results.figures.statistics import SIGNIFICANT
from foureyes.results.formatting import count, dollars, duration, percent, size, thousands

if TYPE_CHECKING:
    from foureyes.producer.stack import embedded
    from foureyes.producer.sweeps import estimate
    from foureyes.producer.sweeps import sweep as sweep_files
    from foureyes.producer.sweeps.sweep import PlannedSweep
    from foureyes.results.figures import baselines, earlier, scores
else:  # without a sweep file it takes neither patterns nor a database
    embedded = Later("foureyes.producer.stack.embedded")
    estimate, earlier = (
        Later("foureyes.producer.sweeps.estimate"),
        Later("foureyes.results.figures.earlier"),
    )
    sweep_files, scores = (
        Later("foureyes.producer.sweeps.sweep"),
        Later("foureyes.results.figures.scores"),
    )
    baselines = Later("foureyes.results.figures.baselines")

#: Comparisons in a sweep that nobody has written yet: twelve patterns with the baseline.
_FAMILY = 12
#: Samples of a problem for which it is said how many problems it takes.
_SAMPLES = (1, 3, 10)


@dataclass(frozen=True)
class _Family:
    """As one of how many comparisons a difference is asked for, and the chance of any false alarm."""

    comparisons: int
    alpha: float = SIGNIFICANT

    @property
    def significance(self) -> float:
        """The p-value that is evidence at the first step of the correction."""
        return self.alpha / self.comparisons


@dataclass(frozen=True)
class _Test:
    """One of a family of comparisons, on so many problems."""

    name: str
    problems: int
    family: _Family


@dataclass(frozen=True)
class _Case:
    """A share of problems that flip, to plan by, and where it is from.

    `correlation` is that of the samples of a problem.
    """

    told: str
    flips: float
    correlation: float = power.ASSUMED_CORRELATION


_ASSUMED = [_Case(f"{percent(share)}, assumed", share) for share in power.ASSUMED_FLIPS]


def plan(file: Path | None, see: float, comparisons: int | None) -> None:
    """Say how many problems a difference of so many points takes, and what benchmarks can show."""
    if file is None:
        family = _Family(comparisons or _FAMILY)
        _show_needed(see, family, _ASSUMED, _SAMPLES)
        _show_visible([_Test(*each, family) for each in sources.SIZES.items()], 1, _ASSUMED)
        _remark("By earlier runs, and with the price of a sweep: foureyes plan FILE")
        return
    grid = sweep_files.load(file)
    with embedded.database(say):
        tests, cases = _tests(grid), _cases(grid)
        if comparisons is not None:
            tests = [
                replace(each, family=_Family(comparisons, each.family.alpha)) for each in tests
            ]
        samples = {grid.file.samples} if _is_greedy(grid) else {*_SAMPLES, grid.file.samples}
        _show_needed(see, tests[0].family, cases, sorted(samples), _Spent.of(grid))
        _show_visible(tests, grid.file.samples, cases)
        _say_of_plan(grid)


def show_visible(grid: "PlannedSweep") -> None:
    """What a sweep can show. Needs the database, for earlier runs."""
    _show_visible(_tests(grid), grid.file.samples, _cases(grid))
    _say_of_plan(grid)
    _remark("How many problems a smaller difference takes: foureyes plan FILE --see POINTS")


def _say_of_plan(grid: "PlannedSweep") -> None:
    """What all of this is not of, if the sweep has a plan."""
    if (planned := grid.file.plan) is None:
        return
    if any(claim.needs_margin for claim in planned.claims):
        _remark("That is for A > B: to show that two are as good as equal takes more")
    if planned.stops:
        _remark("That is for a test at the end: one that may stop at any time sees less")


def _compared(grid: "PlannedSweep") -> list[tuple[str, str]]:
    """The two patterns of each comparison of the report on each benchmark: those of the sweep's plan, else
    with the baseline."""
    if (planned := grid.file.plan) is not None:
        cells = len(grid.file.teams) * len(grid.problems)
        return [(claim.pattern, claim.other) for claim in planned.claims] * cells
    runs = [
        scores.RunInfo(
            number, cell.benchmark, cell.pattern.label, cell.team.name, "", None, None,
            grid.file.samples, cell.pattern.options, 0, 0, 0,
        )
        for number, cell in enumerate(grid.cells())
    ]  # fmt: skip
    compared = baselines.baselines(runs, baselines.BASELINE)
    return [
        (runs[run].pattern, runs[base].pattern) for run, base in compared.items() if run != base
    ]


def _tests(grid: "PlannedSweep") -> list[_Test]:
    """What the report asks: of each benchmark, or of the problems of all as one, each problem once.

    A plan says which; without one it is both, and two families. At least one comparison each, for a sweep
    without a baseline.
    """
    planned = grid.file.plan
    alpha = SIGNIFICANT if planned is None else planned.alpha
    compared = len(_compared(grid)) or 1
    once = max(1, compared // len(grid.problems))
    apart = _Family(once if planned and planned.family == "benchmark" else compared, alpha)
    each = [_Test(name, len(found), apart) for name, found in grid.problems.items()]
    distinct = {problem.problem_id for found in grid.problems.values() for problem in found}
    joined = [_Test("all as one", len(distinct), _Family(once, alpha))]
    if planned is not None:
        return joined if planned.benchmarks == "together" else each
    return each + joined if len(each) > 1 else each


def _problems(grid: "PlannedSweep") -> int:
    return sum(map(len, grid.problems.values()))


def _is_greedy(grid: "PlannedSweep") -> bool:
    """Whether samples of a problem are copies, whoever answers."""
    return set(grid.content().copying()) == {each.name for each in grid.file.teams}


def _cases(grid: "PlannedSweep") -> list[_Case]:
    """The flips of earlier runs of the patterns that are compared, and assumed ones where there are none."""
    asked = list(dict.fromkeys(_compared(grid)))
    found = earlier.flips(asked)
    cases = [
        _Case(
            f"{percent(each.share)}, {' / '.join(two)} in {count(each.pairs, 'pair')}",
            each.share,
            power.ASSUMED_CORRELATION if each.correlation is None else each.correlation,
        )
        for two, each in found.items()
    ]
    if len(found) < len(asked) or not cases:
        cases += _ASSUMED
    return [_Case(each.told, each.flips, 1.0) for each in cases] if _is_greedy(grid) else cases


@dataclass(frozen=True)
class _Spent:
    """What a problem and sample takes of all runs of a sweep, at most: columns of a table.

    `seconds` are those of the model that is busy for longest, `price` is in USD; None where no speed is
    known yet.
    """

    calls: float
    prompt_tokens: float
    answer_tokens: float
    seconds: float | None
    price: float | None

    @classmethod
    def of(cls, grid: "PlannedSweep") -> "_Spent":
        """As if nothing were done yet."""
        found = estimate.estimate(grid, anew=True)
        per_attempt = 1 / (_problems(grid) * grid.file.samples)
        price = found.price({name: each.price_per_hour for name, each in grid.file.models.items()})
        return cls(
            found.calls * per_attempt,
            sum(load.prompt_tokens for load in found.models.values()) * per_attempt,
            sum(load.answer_tokens for load in found.models.values()) * per_attempt,
            None if found.seconds is None else found.seconds * per_attempt,
            price and price * per_attempt,
        )

    @property
    def heads(self) -> list[str]:
        """Of the columns."""
        known = (("time", self.seconds), ("price", self.price))
        return ["calls", "tokens in", "out", *(name for name, value in known if value)]

    def cells(self, attempts: int) -> list[str]:
        """Of so many problems and samples."""
        counted = (self.calls, self.prompt_tokens, self.answer_tokens)
        cells = [thousands(round(each * attempts)) for each in counted]
        if self.seconds:
            cells.append(duration(self.seconds * attempts))
        if self.price:
            cells.append(dollars(self.price * attempts))
        return cells


def _show_needed(
    see: float,
    family: _Family,
    cases: Sequence[_Case],
    samples: Sequence[int],
    spent: _Spent | None = None,
) -> None:
    """How many problems of one test a difference of so many points takes, and what these would cost."""
    heads = ["flips", "samples", "problems", *(spent.heads if spent else ())]
    table = _table(f"To see a difference of {see:g} points", heads)
    for case in cases:
        needed = power.problems_needed(see / 100, case.flips, family.significance)
        if needed is None:
            table.add_row(case.told, "", "never")
            continue
        told = case.told
        for each in samples:
            problems = math.ceil(needed / power.worth(each, case.correlation))
            price = spent.cells(problems * each) if spent else []
            table.add_row(told, str(each), f"{problems:,}", *price)
            told = ""
    console.print(table)
    if spent:
        _remark("At most so much for these problems, by every pattern and team of the file")
    if max(samples) > 1:
        alike = sorted({f"{case.correlation:.2g}" for case in cases})
        _remark(
            f"Samples of a problem are taken to be alike, with a correlation of {', '.join(alike)}"
        )
    if any(case.flips < see / 100 for case in cases):
        _remark(f"never: a difference of {see:g} points takes as many flips, and more")
    if spent and spent.seconds is None:
        _remark("Time and price are said once the models have answered: no speed is known")


def _show_visible(tests: Sequence[_Test], samples: int, cases: Sequence[_Case]) -> None:
    """The smallest difference, in points, that each test can show; the longer way is down."""
    rows = [case.told for case in cases]
    heads = [f"{test.name}, {test.problems:,}" for test in tests]
    cells = [[_points(test, samples, case) for test in tests] for case in cases]
    first = "flips \\ problems"
    if len(heads) > len(rows):
        rows, heads, cells = heads, rows, [list(each) for each in zip(*cells, strict=True)]
        first = "problems \\ flips"
    table = _table("The smallest difference that can be seen, in points", [first, *heads])
    for row, each in zip(rows, cells, strict=True):
        table.add_row(row, *each)
    console.print(table)
    first_said = "Found in four of five such sweeps, at"
    for family in dict.fromkeys(test.family for test in tests):
        asked = count(family.comparisons, "comparison")
        _remark(f"{first_said} p < {family.significance:.2g} ({family.alpha:g} for {asked})")
        first_said = "As one, at"


def _points(test: _Test, samples: int, case: _Case) -> str:
    counting = power.counting_as(test.problems, samples, case.correlation)
    found = power.visible(counting, case.flips, test.family.significance)
    return "none" if found is None else size(found, 1)


def _remark(line: str) -> None:
    console.print(f"  {line}", style="dim", highlight=False)


def _table(title: str, heads: Sequence[str]) -> Table:
    console.print(title, style="bold", highlight=False)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for number, head in enumerate(heads):
        table.add_column(head, justify="right" if number else "left")
    return table
