"""The heat map of a sweep's group. Pure."""

from foureyes.results.figures.scoreboard import Group, Scoreboard
from foureyes.results.report.heatmap import HeatMap, Mapped, heat_map


def group_map(board: Scoreboard, group: Group) -> HeatMap:
    """The map of a group's runs, seen from what each is compared with."""
    return heat_map(
        [
            Mapped(
                score.pattern,
                board.outcomes[score.run_id],
                board.forgeries.get(score.run_id, {}),
                None if found is None else board.outcomes[found.baseline_run_id],
            )
            for score in group.scores
            for found in (board.comparisons.get(score.run_id),)
        ],
        {problem.id: problem.problem_id for problem in group.problems},
    )
