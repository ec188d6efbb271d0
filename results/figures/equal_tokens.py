"""Patterns against their controls that had as many tokens: what is a pattern worth at equal cost? Pure."""

from dataclasses import dataclass

from foureyes.results.figures.comparisons import Comparison, compare_all
from foureyes.results.figures.questions import Question
from foureyes.results.figures.scoreboard import Budget, Group, Scoreboard
from foureyes.results.figures.scores import Score


@dataclass(frozen=True)
class EqualTokens:
    """A pattern and the run whose attempts each could spend the tokens that its own had spent.

    `comparison` sees the pattern from its control. `budget` is what the control's attempts had.
    """

    group: Group
    pattern: Score
    control: Score
    budget: Budget
    comparison: Comparison


def at_equal_tokens(board: Scoreboard) -> list[EqualTokens]:
    """One for each run that has a budget and was judged; all of them are one family."""
    by_run = {score.run_id: score for score in board.scores}
    found = [
        (group, by_run[control.run.tokens_of_id], control, board.budgets[control.run_id])
        for group in board.groups
        for control in group.scores
        if control.run.tokens_of_id in by_run and control.run_id in board.budgets
    ]
    compared = compare_all(
        [
            Question(
                control.run_id,
                board.outcomes[control.run_id],
                pattern.run_id,
                board.outcomes[pattern.run_id],
            )
            for _, pattern, control, _ in found
        ]
    )
    return [
        EqualTokens(group, pattern, control, budget, comparison)
        for (group, pattern, control, budget), comparison in zip(found, compared, strict=True)
    ]
