"""One question to all benchmarks of a sweep: whether a pattern is better than its baseline. Pure."""

from collections import defaultdict
from dataclasses import dataclass

from foureyes.results.figures.comparisons import Comparison
from foureyes.results.figures.questions import Joined, Question
from foureyes.results.figures.same import same_problems
from foureyes.results.figures.scoreboard import Scoreboard
from foureyes.results.figures.stopping import compare_as_planned


@dataclass(frozen=True)
class Together:
    """A pattern by one team against its baseline, on the problems of all benchmarks that both ran on.

    `runs` are the pattern's, one for each of `benchmarks`. A problem that several of these have, in
    these words or others, counts once; `repeated` is how many there are. The runs that `comparison`
    names are those of the first benchmark.
    """

    pattern: str
    pairing: str
    benchmarks: list[str]
    runs: list[int]
    repeated: int
    comparison: Comparison


def together(board: Scoreboard) -> list[Together]:
    """One for each pattern and team that is compared; none for a sweep of one benchmark.

    All of them are one family for Holm's correction, apart from the comparisons of each benchmark.
    """
    if len({group.benchmark for group in board.groups}) < 2:
        return []
    asked: dict[tuple[str, str], list[tuple[str, Question]]] = defaultdict(list)
    for score in board.scores:
        if found := board.comparisons.get(score.run_id):
            base = found.baseline_run_id
            question = Question(
                base, board.outcomes[base], score.run_id, board.outcomes[score.run_id]
            )
            asked[score.pattern, score.run.pairing].append((score.run.benchmark, question))
    planned = {
        (score.pattern, score.run.pairing)
        for score in board.scores
        if board.baselines.get(score.run_id, score.run_id) != score.run_id
    }
    same = same_problems(board.problems)
    joined = [Joined([question for _, question in each], same) for each in asked.values()]
    return [
        Together(
            pattern,
            pairing,
            [benchmark for benchmark, _ in parts],
            [question.run_id for _, question in parts],
            question.repeated,
            comparison,
        )
        for ((pattern, pairing), parts), question, comparison in zip(
            asked.items(),
            joined,
            compare_as_planned(joined, board.margin, stops=board.stops, planned=len(planned)),
            strict=True,
        )
    ]
