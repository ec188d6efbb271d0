"""What a sweep was to show, and what came of it: the head of a report, in any of its formats."""

from dataclasses import asdict, dataclass
from datetime import UTC
from typing import Any

from foureyes.results.figures.plans import KeptPlan
from foureyes.results.figures.primary import Primary, primary_comparisons
from foureyes.results.figures.scoreboard import Scoreboard
from foureyes.results.formatting import count, p_value, points_interval

#: Characters of a hash that tell it from others.
_SHORT = 12
#: The columns of `ShownPlan.rows`.
HEADS = ("claim", "on", "difference [95%]", "flips", "p", "")


@dataclass(frozen=True)
class ShownPlan:
    """A plan, and what came of its claims."""

    kept: KeptPlan
    primary: list[Primary]

    @property
    def said(self) -> str:
        """When it was made, and what was known then."""
        kept = self.kept
        made = (
            f"Plan of {kept.enqueued_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC ({kept.hash[:_SHORT]})"
        )
        if not kept.is_whole:
            return f"{made}: it was changed in the database, for its hash is that of another one."
        if kept.ended:
            return (
                f"{made}, made when {kept.ended:,} of {count(kept.attempts, 'attempt')} had ended: it is "
                "no prediction, and what it names is exploratory."
            )
        return f"{made}, made before any attempt had ended."

    @property
    def rules(self) -> str:
        """How its claims are judged."""
        plan = self.kept.plan
        family = "of each benchmark together" if plan.family == "benchmark" else "together"
        rules = f"alpha = {plan.alpha:g} for all primary comparisons {family}"
        if plan.benchmarks == "together":
            rules += ", in each of which all benchmarks are one"
        if plan.equivalence is not None:
            rules += f"; as good as equal: less than {plan.equivalence:g} points apart"
        if plan.stops:
            return f"{rules}; looked at at any time, and what is decided is started no more."
        return f"{rules}; looked at once, when every attempt has ended."

    def rows(self, board: Scoreboard) -> list[list[str]]:
        """A row for each claim, by benchmark and team; the team is named where there are several."""
        several = len({group.pairing for group in board.groups}) > 1
        return [
            [
                str(each.claim),
                f"{each.benchmark}, {each.pairing}" if several else each.benchmark,
                points_interval(
                    each.comparison.difference, each.comparison.low, each.comparison.high
                )
                if each.comparison.pairs
                else "",
                f"+{each.comparison.improved} -{each.comparison.regressed}",
                p_value(each.p),
                each.verdict,
            ]
            for each in self.primary
        ]


def shown(board: Scoreboard) -> list[ShownPlan]:
    """The plans of a sweep, oldest first."""
    return [ShownPlan(kept, primary_comparisons(kept.plan, board)) for kept in board.plans]


def rest(board: Scoreboard) -> str:
    """What is to be thought of all that no plan names."""
    if any(kept.is_ahead for kept in board.plans):
        return "Every other comparison is exploratory: it was not planned, and chance finds some."
    return "Every comparison is exploratory: none was planned before attempts had ended."


def to_json(board: Scoreboard) -> list[dict[str, Any]]:
    """The plans with their claims, for programs."""
    return [
        {
            "hash": each.kept.hash,
            "enqueued_at": each.kept.enqueued_at.isoformat(),
            "ended": each.kept.ended,
            "attempts": each.kept.attempts,
            "is_whole": each.kept.is_whole,
            "plan": each.kept.plan.model_dump(mode="json"),
            "primary": [
                asdict(made) | {"claim": str(made.claim), "comparison": made.comparison.row()}
                for made in each.primary
            ],
        }
        for each in shown(board)
    ]
