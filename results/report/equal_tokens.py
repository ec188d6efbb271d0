"""What may be said of patterns against controls that had as many tokens, in plain words."""

from collections.abc import Iterator

from foureyes.results.figures.baselines import pattern_name
from foureyes.results.figures.comparisons import NO_EVIDENCE
from foureyes.results.figures.equal_tokens import at_equal_tokens
from foureyes.results.figures.scoreboard import Budget, Scoreboard
from foureyes.results.formatting import count, p_equals, points_interval, verb


def sentences(board: Scoreboard) -> Iterator[str]:
    """One for each pattern that has such a control; none of those of which there is nothing to compare yet."""
    for each in at_equal_tokens(board):
        found = each.comparison
        if not found.pairs:
            continue
        pattern, control = each.pattern.pattern, pattern_name(each.control.run)
        answer = NO_EVIDENCE
        if found.verdict != NO_EVIDENCE:
            answer = "yes" if found.difference > 0 else "no, it is worse"
        yield (
            f"{board.title(each.group)}: is {pattern} better than {control} at equal tokens? "
            f"{answer.capitalize()}: of {count(found.pairs, 'attempt')}, {found.improved} {verb(found.improved, 'is', 'are')} solved by "
            f"{pattern} alone and {found.regressed} by {control} alone "
            f"({points_interval(found.difference, found.low, found.high)} points of pass@1, {found.test}, "
            f"{p_equals(found.p_holm)}). On average {control} had {each.budget.tokens:,.0f} answer tokens, "
            f"as {pattern} spent, and was given {each.budget.drawn:,.0f}, the drafts that no longer fit "
            f"included.{_single(each.budget)}"
        )


def _single(budget: Budget) -> str:
    """Where a second draft seldom fits, the control is hardly more than the first one."""
    if not budget.single:
        return ""
    return f" In {budget.single:,} of {budget.attempts:,} attempts no second draft fitted."
