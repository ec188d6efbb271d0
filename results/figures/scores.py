"""One line of the results table: how much a run solved, how surely, and what it took. Pure."""

from dataclasses import dataclass
from typing import Any

from foureyes.results.figures.outcomes import (
    BASE,
    CANCELLED,
    ERROR,
    JUDGED,
    OPEN,
    REFUSED,
    SOLVED,
    Outcomes,
    has_samples,
    judged,
    share_with_errors,
    shares,
)
from foureyes.results.figures.statistics import mean_interval, pass_at_k


@dataclass(frozen=True)
class RunInfo:
    """Which run it is: `options` are its pattern's, by name, `pairing` is its team's name, and `team`
    its models by role, with those of the usual two beside it, None where the team has none.

    `reviewed` attempts have an answer to a review, `verdicts` of them one with a verdict in it, and in
    `changes_asked` of these it asked for changes. `tokens_of_id` is the run whose tokens it had; None: it
    spent what it liked.
    """

    run_id: int
    benchmark: str
    pattern: str
    pairing: str
    team: str
    coder: str | None
    reviewer: str | None
    samples: int
    options: dict[str, Any]
    reviewed: int
    verdicts: int
    changes_asked: int
    tokens_of_id: int | None = None


@dataclass(frozen=True)
class Cost:
    """What a run would have cost by itself (`v_cost`): price in USD, 0 where models have none.

    What begins with `judged` is of the attempts that were judged alone.
    """

    completions: int
    prompt_tokens: int
    completion_tokens: int
    gpu_seconds: float
    price: float
    judged_prompt_tokens: int
    judged_completion_tokens: int
    judged_price: float


@dataclass(frozen=True)
class PassAtK:
    """The unbiased pass@k of a run, over the problems with at least `k` judged samples."""

    k: int
    share: float
    low: float
    high: float
    base: float
    problems: int


@dataclass(frozen=True)
class Score:
    """One run. Shares are between 0 and 1; None where nothing was judged yet.

    `n` attempts were judged, on `problems` problems; `refused` of them a model declined. `low` and
    `high` are the 95 % interval of pass@1: Wilson's, with several samples of as many as these count
    for; there `pass_at` has pass@k. `with_errors`: the least and the most that pass@1 would be had
    the attempts in error been judged.
    """

    run: RunInfo
    cost: Cost
    n: int
    solved: int
    problems: int
    pass_1: float | None
    low: float
    high: float
    base_pass_1: float | None
    pass_at: tuple[PassAtK, ...]
    refused: int
    errors: int
    with_errors: tuple[float, float] | None
    unfinished: int
    cancelled: int

    @property
    def run_id(self) -> int:
        """The run's."""
        return self.run.run_id

    @property
    def pattern(self) -> str:
        """The run's."""
        return self.run.pattern

    @property
    def attempts(self) -> int:
        """All of the run's, judged or not."""
        return self.n + self.errors + self.unfinished + self.cancelled

    def pass_at_all(self, k: int) -> float | None:
        """pass@k on the problems of pass@1; None while some have fewer samples that were judged."""
        found = (each for each in self.pass_at if (each.k, each.problems) == (k, self.problems))
        return next((each.share for each in found), None)

    @property
    def price_per_solved(self) -> float | None:
        """In USD; None where nothing is solved or no model has a price."""
        price = self.cost.judged_price
        return price / self.solved if self.solved and price else None


def score(run: RunInfo, cost: Cost, outcomes: Outcomes) -> Score:
    """The score of a run, from what became of its attempts."""
    letters = "".join(outcomes.values())
    n, solved = judged(letters), letters.count(SOLVED)
    means = shares(outcomes)
    several = has_samples(outcomes)
    low, high = mean_interval(means, n)
    return Score(
        run=run,
        cost=cost,
        n=n,
        solved=solved,
        problems=len(means),
        pass_1=float(sum(means) / len(means)) if means else None,
        low=low,
        high=high,
        base_pass_1=_base_share(outcomes),
        pass_at=tuple(pass_at(outcomes)) if several else (),
        refused=letters.count(REFUSED),
        errors=letters.count(ERROR),
        with_errors=_with_errors(outcomes) if ERROR in letters else None,
        unfinished=letters.count(OPEN),
        cancelled=letters.count(CANCELLED),
    )


def _with_errors(outcomes: Outcomes) -> tuple[float, float]:
    """pass@1 if all errors were wrong answers, and if all were right ones."""
    least, most = (
        [
            share
            for each in outcomes.values()
            if (share := share_with_errors(each, solved)) is not None
        ]
        for solved in (False, True)
    )
    return float(sum(least) / len(least)), float(sum(most) / len(most))


def _base_share(outcomes: Outcomes) -> float | None:
    """Over problems, as pass@1: the mean share of the judged samples that passed the base tests."""
    found = [
        (samples.count(SOLVED) + samples.count(BASE)) / judged(samples)
        for samples in outcomes.values()
        if judged(samples)
    ]
    return sum(found) / len(found) if found else None


def pass_at(outcomes: Outcomes) -> list[PassAtK]:
    """pass@k for k = 1, 2, 4 ... and for all samples together."""
    counts = [tuple(map(samples.count, JUDGED)) for samples in outcomes.values()]
    most = max(map(sum, counts))
    found = []
    for k in sorted({1 << power for power in range(most.bit_length())} | {most} - {0}):
        enough = [(sum(each), each[0], each[0] + each[1]) for each in counts if sum(each) >= k]
        values = [pass_at_k(n, solved, k) for n, solved, _ in enough]
        base = sum(pass_at_k(n, passed, k) for n, _, passed in enough) / len(enough)
        mean = sum(values) / len(values)
        found.append(
            PassAtK(k, mean, *mean_interval(values, sum(n for n, *_ in enough)), base, len(values))
        )
    return found
