"""What a sweep showed, as plain data: scores with intervals, paired comparisons, and sentences."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, RowMapping, text

from models.session import session
from models.tables import Sweep
from results.statistics import holm, mcnemar_exact, wilson

#: What every other pattern is compared with.
BASELINE = "raw-coder"
_SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Score:
    """One run. Shares are between 0 and 1; None where nothing was judged yet.

    `gpu_seconds` and `price`, in USD, are what the run would have cost by itself (`v_cost`).
    """

    run_id: int
    benchmark: str
    pattern: str
    coder: str
    reviewer: str
    n: int
    solved: int
    pass_1: float | None
    low: float
    high: float
    base_pass_1: float | None
    errors: int
    unfinished: int
    reviewed: int
    changes_asked: int
    completion_tokens: int
    model_seconds: float
    gpu_seconds: float
    price: float
    price_per_solved: float | None


@dataclass(frozen=True)
class Comparison:
    """One run against the baseline of its benchmark and pairing, on the problems both ended.

    `p` is McNemar's exact p-value, `p_holm` the same adjusted for all comparisons of the sweep.
    """

    run_id: int
    baseline_run_id: int
    pairs: int
    improved: int
    regressed: int
    p: float
    p_holm: float


@dataclass(frozen=True)
class Scoreboard:
    """Everything a report shows. `grid` maps (problem, benchmark) to an outcome for each run id."""

    sweep_id: int
    name: str
    scores: list[Score]
    comparisons: dict[int, Comparison]
    sentences: list[str]
    grid: dict[tuple[str, str], dict[int, str]]


_SCORES = text("SELECT * FROM v_scores WHERE sweep_id = :sweep ORDER BY run_id")
_COSTS = text(
    "SELECT run_id, gpu_seconds, price, price_per_solved FROM v_cost WHERE sweep_id = :sweep"
)
_OUTCOMES = text(
    "SELECT attempt.run_id, run.benchmark, problem.problem_id, attempt.sample, attempt.outcome"
    " FROM run JOIN attempt ON attempt.run_id = run.id"
    " JOIN problem ON problem.id = attempt.problem_id"
    " WHERE run.sweep_id = :sweep AND attempt.outcome IS NOT NULL ORDER BY attempt.id"
)


def scoreboard(sweep_id: int) -> Scoreboard:
    """The scoreboard of a sweep as it is now, also while it runs."""
    with session() as db:
        name = db.get_one(Sweep, sweep_id).name
        costs = {row.run_id: row for row in db.execute(_COSTS, {"sweep": sweep_id})}
        scores = [
            _score(row, costs[row["run_id"]])
            for row in db.execute(_SCORES, {"sweep": sweep_id}).mappings()
        ]
        outcomes: dict[int, dict[tuple[str, int], str]] = defaultdict(dict)
        grid: dict[tuple[str, str], dict[int, str]] = defaultdict(dict)
        rows = db.execute(_OUTCOMES, {"sweep": sweep_id})
        for run_id, benchmark, problem_id, sample, outcome in rows:
            outcomes[run_id][problem_id, sample] = outcome
            if sample == 0:
                grid[problem_id, benchmark][run_id] = outcome
    comparisons = _compare(scores, outcomes)
    sentences = _sentences(scores, comparisons, outcomes)
    return Scoreboard(sweep_id, name, scores, comparisons, sentences, dict(grid))


def _score(row: RowMapping, cost: Row[Any]) -> Score:
    low, high = wilson(row["solved"], row["n"])
    return Score(
        **{
            name: row[name]
            for name in (
                "run_id", "benchmark", "pattern", "coder", "reviewer", "n", "solved", "pass_1",
                "base_pass_1", "errors", "unfinished", "reviewed", "changes_asked",
            )
        },
        low=low,
        high=high,
        completion_tokens=int(row["completion_tokens"]),
        model_seconds=float(row["model_seconds"]),
        gpu_seconds=cost.gpu_seconds,
        price=cost.price,
        price_per_solved=cost.price_per_solved,
    )  # fmt: skip


def _flips(
    run: dict[tuple[str, int], str], baseline: dict[tuple[str, int], str]
) -> tuple[int, int, int]:
    """Pairs that both ended, and how many of them the run improved and regressed."""
    both = [
        (run[key], baseline[key])
        for key in run.keys() & baseline.keys()
        if "error" not in (run[key], baseline[key])
    ]
    improved = both.count(("solved", "unsolved"))
    regressed = both.count(("unsolved", "solved"))
    return len(both), improved, regressed


def _compare(
    scores: list[Score], outcomes: dict[int, dict[tuple[str, int], str]]
) -> dict[int, Comparison]:
    baselines = {
        (score.benchmark, score.coder, score.reviewer): score.run_id
        for score in scores
        if score.pattern == BASELINE
    }
    found = []
    for score in scores:
        baseline = baselines.get((score.benchmark, score.coder, score.reviewer))
        if baseline is not None and baseline != score.run_id:
            flips = _flips(outcomes[score.run_id], outcomes[baseline])
            found.append((score.run_id, baseline, *flips, mcnemar_exact(*flips[1:])))
    adjusted = holm([comparison[-1] for comparison in found])
    return {
        comparison[0]: Comparison(*comparison, p_holm=p_holm)
        for comparison, p_holm in zip(found, adjusted, strict=True)
    }


def _sentences(
    scores: list[Score],
    comparisons: dict[int, Comparison],
    outcomes: dict[int, dict[tuple[str, int], str]],
) -> list[str]:
    """What the numbers say, and what they do not, in plain words."""
    said = []
    benchmarks = list(dict.fromkeys(score.benchmark for score in scores))
    for benchmark in benchmarks:
        here = [score for score in scores if score.benchmark == benchmark]
        said += _against_baseline(here, comparisons)
        said += _review_against_plan(here, outcomes)
    said += [line for score in scores if (line := _reviewer(score))]
    said += _richness(scores)
    said += _prices(scores)
    unfinished = sum(score.unfinished for score in scores)
    errors = sum(score.errors for score in scores)
    if unfinished:
        said.append(
            f"{unfinished} attempts have not ended yet: the figures are those of the others."
        )
    if errors:
        said.append(
            f"{errors} attempts ended in error (the infrastructure failed); they are in no figure. "
            "`foureyes retry` tries them again."
        )
    return said


def _against_baseline(here: list[Score], comparisons: dict[int, Comparison]) -> list[str]:
    """Which patterns of a benchmark differ from the baseline, if any."""
    compared = [(score, comparisons[score.run_id]) for score in here if score.run_id in comparisons]
    compared = [(score, found) for score, found in compared if found.pairs]
    said = []
    for score, found in compared:
        if found.p_holm < _SIGNIFICANT:
            word = "better" if found.improved > found.regressed else "worse"
            said.append(
                f"{score.benchmark}: {score.pattern} is {word} than {BASELINE} ({found.improved} "
                f"improved, {found.regressed} regressed, p = {found.p_holm:.3f})."
            )
    if compared and not said:
        said.append(
            f"{here[0].benchmark}: no evidence of a difference between {BASELINE} and any other "
            "pattern."
        )
    return said


def _review_against_plan(
    here: list[Score], outcomes: dict[int, dict[tuple[str, int], str]]
) -> list[str]:
    """The question of the paper, on these problems, for each pairing."""
    said = []
    for review in (score for score in here if score.pattern == "review-then-fix"):
        for plan in here:
            same = (plan.coder, plan.reviewer) == (review.coder, review.reviewer)
            if plan.pattern != "plan-then-code" or not same:
                continue
            pairs, better, worse = _flips(outcomes[review.run_id], outcomes[plan.run_id])
            if not pairs:
                continue
            p = mcnemar_exact(better, worse)
            if p >= _SIGNIFICANT:
                answer = "no evidence of a difference"
            else:
                answer = "yes" if better > worse else "no, planning is better"
            said.append(
                f"{review.benchmark}: does review beat planning here? {answer.capitalize()}: of "
                f"{pairs} problems, {better} are solved by review alone and {worse} by planning "
                f"alone (exact McNemar p = {p:.3f})."
            )
    return said


def _reviewer(score: Score) -> str | None:
    if not score.reviewed:
        return None
    if score.changes_asked == 0:
        return (
            f"{score.benchmark}, {score.pattern}: the reviewer ({score.reviewer}) asked for no "
            f"change in any of {score.reviewed} drafts, so the pattern changed nothing."
        )
    return (
        f"{score.benchmark}, {score.pattern}: the reviewer ({score.reviewer}) asked for changes in "
        f"{score.changes_asked} of {score.reviewed} drafts."
    )


def _richness(scores: list[Score]) -> list[str]:
    """Rich against lean specifications of the same problems, where a sweep has both."""
    said = []
    lean = {
        (score.pattern, score.coder, score.reviewer): score
        for score in scores
        if score.benchmark == "starter-lean"
    }
    for rich in (score for score in scores if score.benchmark == "starter-rich"):
        other = lean.get((rich.pattern, rich.coder, rich.reviewer))
        if rich.pattern == BASELINE and other and rich.n and other.n:
            said.append(
                f"The same problems, {BASELINE}: {rich.solved} of {rich.n} solved from rich "
                f"specifications, {other.solved} of {other.n} from lean ones."
            )
    return said


def _prices(scores: list[Score]) -> list[str]:
    """What a solved problem costs, cheapest first, where the models have a price."""
    said = []
    for benchmark in dict.fromkeys(score.benchmark for score in scores):
        here = [
            score for score in scores if score.benchmark == benchmark and score.price_per_solved
        ]
        here.sort(key=lambda score: score.price_per_solved or 0.0)
        if here:
            cheapest, dearest = here[0], here[-1]
            line = (
                f"{benchmark}: a solved problem costs {dollars(cheapest.price_per_solved)} with "
                f"{cheapest.pattern}"
            )
            if len(here) > 1:
                line += f", and {dollars(dearest.price_per_solved)} with {dearest.pattern}"
            said.append(f"{line}, by the models' busy time.")
    return said


def dollars(price: float | None) -> str:
    """An amount of USD with two digits that tell something; empty for none."""
    if price is None:
        return ""
    return f"{price:.2f} USD" if price >= 0.1 else f"{price:.2g} USD"
