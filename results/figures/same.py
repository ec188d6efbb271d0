"""Which problems of several benchmarks are one problem. Pure."""

from collections import defaultdict
from collections.abc import Iterable

from foureyes.results.figures.scoreboard import ProblemRow


def same_problems(problems: Iterable[ProblemRow]) -> dict[int, int]:
    """By the row of a problem, that of the first that is the same one, perhaps in another benchmark.

    The same are those of one id whose records differ in the prompt alone, or whose prompts are the
    same: those of a benchmark with fewer tests.
    """
    found: dict[int, int] = {}
    seen: dict[str, list[ProblemRow]] = defaultdict(list)
    for problem in {each.id: each for each in problems}.values():
        others = seen[problem.problem_id]
        same = (
            each.id
            for each in others
            if (each.rest == problem.rest is not None)
            or (each.prompt == problem.prompt is not None)
        )
        found[problem.id] = found.get(next(same, problem.id), problem.id)
        others.append(problem)
    return found
