"""What came of a plan: its claims, tested on each benchmark and for each team. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.analysis_plan import AnalysisPlan, Claim, Relation
from results.figures.comparisons import Comparison, compare_all
from results.figures.paired import difference_interval, smallest_p
from results.figures.plans import is_exploratory
from results.figures.questions import Question
from results.figures.scoreboard import Scoreboard
from results.figures.statistics import holm

#: What may be said of a claim; nothing before every attempt has ended, which is when a plan looks.
SHOWN, NOT_SHOWN, OPPOSITE = "shown", "not shown", "the opposite"
NOT_YET, NOTHING = "not yet: attempts have not ended", "nothing to compare"


@dataclass(frozen=True)
class Primary:
    """A claim on one benchmark and for one team, where both of its patterns have a run.

    `comparison` is of the claim's pattern with its other one, its baseline; `low` and `high` are the
    interval of the difference that goes with the verdict, at `confidence`. `p` is corrected for the
    family of `family` primary comparisons; None for claims that an interval decides.
    """

    claim: Claim
    benchmark: str
    pairing: str
    comparison: Comparison
    low: float
    high: float
    confidence: float
    p: float | None
    family: int
    verdict: str


def primary_comparisons(plan: AnalysisPlan, board: Scoreboard) -> list[Primary]:
    """The comparisons of a plan, family by family, claim by claim, in the order of the board's groups.

    That A is better than B: the exact test of any difference, corrected by Holm's method for the family,
    where the difference is A's. That A is as good as B, or not worse, within the margin: the interval of
    the difference lies within it, at the confidence of two one-sided tests (Schuirmann, 1987) with
    Bonferroni's correction for the family, which leaves the others the level that Holm's takes.
    """
    families: dict[str, list[_Asked]] = defaultdict(list)
    for each in _asked(plan, board):
        families[each.benchmark if plan.family == "benchmark" else ""].append(each)
    return [made for asked in families.values() for made in _family(plan, asked)]


def exploratory(board: Scoreboard) -> frozenset[int]:
    """The runs whose comparison with the baseline no plan names that was made ahead; none without a plan."""
    patterns = {score.run_id: score.pattern for score in board.scores}
    return frozenset(
        run
        for run, found in board.comparisons.items()
        if is_exploratory(board.plans, patterns[run], patterns[found.baseline_run_id])
    )


@dataclass(frozen=True)
class _Asked:
    """A claim where both of its patterns have a run; `unfinished` of their attempts have not ended."""

    claim: Claim
    benchmark: str
    pairing: str
    question: Question
    unfinished: int


def _asked(plan: AnalysisPlan, board: Scoreboard) -> Iterator[_Asked]:
    for claim in plan.claims:
        for group in board.groups:
            scores = {score.pattern: score for score in group.scores}
            run, other = scores.get(claim.pattern), scores.get(claim.other)
            if run is not None and other is not None:
                question = Question(
                    other.run_id,
                    board.outcomes[other.run_id],
                    run.run_id,
                    board.outcomes[run.run_id],
                )
                unfinished = run.unfinished + other.unfinished
                yield _Asked(claim, group.benchmark, group.pairing, question, unfinished)


def _family(plan: AnalysisPlan, asked: Sequence[_Asked]) -> Iterator[Primary]:
    """The comparisons of one family."""
    compared = compare_all([each.question for each in asked])
    # a claim that an interval decides counts as a test that finds nothing
    tests = [
        (1.0, 0.0) if each.claim.needs_margin else (found.p, smallest_p(found.differing))
        for each, found in zip(asked, compared, strict=True)
    ]
    adjusted = holm([p for p, _ in tests], [least for _, least in tests])
    for each, found, p in zip(asked, compared, adjusted, strict=True):
        needs_margin = each.claim.needs_margin
        confidence = 1 - (2 * plan.alpha / len(asked) if needs_margin else plan.alpha)
        low, high = difference_interval(each.question.differences(), confidence=confidence)
        yield Primary(
            claim=each.claim,
            benchmark=each.benchmark,
            pairing=each.pairing,
            comparison=found,
            low=low,
            high=high,
            confidence=confidence,
            p=None if needs_margin else p,
            family=len(asked),
            verdict=NOT_YET if each.unfinished else _verdict(plan, each.claim, found, p, low, high),
        )


def _verdict(
    plan: AnalysisPlan, claim: Claim, found: Comparison, p: float, low: float, high: float
) -> str:
    if not found.pairs:
        return NOTHING
    if claim.relation is Relation.BETTER:
        if p >= plan.alpha:
            return NOT_SHOWN
        return SHOWN if found.difference > 0 else OPPOSITE
    margin = (plan.equivalence or 0.0) / 100
    is_within = low > -margin and (claim.relation is Relation.NOT_WORSE or high < margin)
    return SHOWN if is_within else NOT_SHOWN
