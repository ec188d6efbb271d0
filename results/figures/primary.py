"""What came of a plan: its claims, tested for each team, on each benchmark or on all of them. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from foureyes.models.analysis_plan import AnalysisPlan, Claim, Relation
from foureyes.results.figures.comparisons import Comparison
from foureyes.results.figures.margins import MARGIN
from foureyes.results.figures.paired import smallest_p
from foureyes.results.figures.plans import is_exploratory
from foureyes.results.figures.questions import Joined, Question
from foureyes.results.figures.same import same_problems
from foureyes.results.figures.scoreboard import Scoreboard
from foureyes.results.figures.statistics import holm
from foureyes.results.figures.stopping import compare_as_planned

#: What may be said of a claim; nothing before all attempts have ended, unless the sweep stops what is decided.
SHOWN, OPPOSITE, NOT_SHOWN, NOT_YET = "shown", "the opposite", "not shown", "not yet"
NOTHING = "nothing to compare"
#: The benchmark of a claim that is tested on all of them as one.
ALL = "all benchmarks"


@dataclass(frozen=True)
class Primary:
    """A claim where both of its patterns have runs: on a benchmark, or on all as one, for one team.

    `runs` are those of both. `comparison` is of the claim's pattern with its other one, its baseline; `p` is
    that of the claim, corrected for the family of `family` primary comparisons.
    """

    claim: Claim
    benchmark: str
    pairing: str
    runs: tuple[int, ...]
    comparison: Comparison
    p: float
    family: int
    verdict: str


def primary_comparisons(plan: AnalysisPlan, board: Scoreboard) -> list[Primary]:
    """The comparisons of a plan, family by family, claim by claim, in the order of the board's groups.

    That A is better than B is asked by the test of any difference, that it is as good, or not worse, by
    those against a margin (`foureyes.results.figures.margins`); all are two-sided, and of one family for Holm's
    correction, or Bonferroni's where the sweep stops what is decided.
    """
    asked = list(_asked(plan, board))
    if plan.benchmarks == "together":
        asked = _together(asked, board)
    families: dict[str, list[_Asked]] = defaultdict(list)
    for each in asked:
        families[each.benchmark if plan.family == "benchmark" else ""].append(each)
    return [made for family in families.values() for made in _family(plan, board, family)]


def decided(board: Scoreboard) -> list[int]:
    """The runs of which no more has to be asked: every claim about them, of any plan, is decided."""
    named: set[int] = set()
    needed: set[int] = set()
    for kept in board.plans if board.stops else ():
        for each in primary_comparisons(kept.plan, board):
            named.update(each.runs)
            if each.verdict not in (SHOWN, OPPOSITE):
                needed.update(each.runs)
    return sorted(named - needed)


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
    """A claim where both of its patterns have runs; `unfinished` of their attempts have not ended."""

    claim: Claim
    benchmark: str
    pairing: str
    question: Question | Joined
    runs: tuple[int, ...]
    unfinished: int


def _asked(plan: AnalysisPlan, board: Scoreboard) -> Iterator[_Asked]:
    """On each benchmark."""
    for claim in plan.claims:
        for group in board.groups:
            scores = {score.pattern: score for score in group.scores}
            run, other = scores.get(claim.pattern), scores.get(claim.other)
            if run is not None and other is not None:
                runs = run.run_id, other.run_id
                question = Question(
                    other.run_id,
                    board.outcomes[other.run_id],
                    run.run_id,
                    board.outcomes[run.run_id],
                )
                unfinished = run.unfinished + other.unfinished
                if not board.stops:  # who cancels a sweep stops it when he pleases
                    unfinished += run.cancelled + other.cancelled
                yield _Asked(claim, group.benchmark, group.pairing, question, runs, unfinished)


def _together(asked: Sequence[_Asked], board: Scoreboard) -> list[_Asked]:
    """The same with the benchmarks of each claim and team as one, each problem once."""
    same = same_problems(board.problems)
    parts: dict[tuple[Claim, str], list[_Asked]] = defaultdict(list)
    for each in asked:
        parts[each.claim, each.pairing].append(each)
    return [
        _Asked(
            claim,
            ALL,
            pairing,
            Joined([each.question for each in found if isinstance(each.question, Question)], same),
            tuple(run for each in found for run in each.runs),
            sum(each.unfinished for each in found),
        )
        for (claim, pairing), found in parts.items()
    ]


def _family(plan: AnalysisPlan, board: Scoreboard, asked: Sequence[_Asked]) -> Iterator[Primary]:
    """The comparisons of one family."""
    margin = MARGIN if plan.equivalence is None else plan.equivalence / 100
    questions = [each.question for each in asked]
    compared = compare_as_planned(questions, margin, stops=board.stops)
    tests = [_test(each.claim, found) for each, found in zip(asked, compared, strict=True)]
    if board.stops:
        adjusted = [min(1.0, len(tests) * p) for p, _, _ in tests]
    else:
        adjusted = holm([p for p, _, _ in tests], [least for _, least, _ in tests])
    for each, found, p, (_, _, is_so) in zip(asked, compared, adjusted, tests, strict=True):
        if not found.pairs:
            verdict = NOTHING
        elif each.unfinished and not (board.stops and p < plan.alpha):
            verdict = NOT_YET
        elif p >= plan.alpha:
            verdict = NOT_SHOWN
        else:
            verdict = SHOWN if is_so else OPPOSITE
        yield Primary(
            each.claim, each.benchmark, each.pairing, each.runs, found, p, len(asked), verdict
        )


def _test(claim: Claim, found: Comparison) -> tuple[float, float, bool]:
    """The claim's p-value, the least that it could have been, and whether what is seen is as claimed."""
    if claim.relation is Relation.BETTER:
        return found.p, smallest_p(found.differing), found.difference > 0
    asked = found.not_worse if claim.relation is Relation.NOT_WORSE else found.equivalent
    return asked.p, 0.0, asked.within
