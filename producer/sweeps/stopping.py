"""Starting no more attempts of comparisons that are decided, in sweeps whose plan says so.

Workers know nothing of it: whoever waits for a sweep looks, and gives up what nobody has started. What
is under way ends, and counts as far as the plan's order goes.
"""

from sqlalchemy import CursorResult, text

from models.session import session
from results.figures.scoreboard import Scoreboard, scoreboard
from results.figures.stopping import decided

_GIVE_UP = text("""
UPDATE attempt SET state = 'cancelled', finished_at = clock_timestamp()
WHERE run_id = ANY(:runs) AND state = 'queued' AND moved_at IS NULL
""")


def stop_decided(sweep_id: int) -> int:
    """Give up what has not been started of runs that are told from their baselines; how many attempts.

    A baseline goes on while any run that is compared with it does.
    """
    runs = _without_need(scoreboard(sweep_id))
    if not runs:
        return 0
    with session() as db:
        ended = db.execute(_GIVE_UP, {"runs": runs})
        assert isinstance(ended, CursorResult)
        return ended.rowcount


def _without_need(board: Scoreboard) -> list[int]:
    done = set(decided(list(board.comparisons.values())))
    needed = {base for run, base in board.baselines.items() if run != base and run not in done}
    bases = {board.baselines[run] for run in done} - needed
    return sorted(done | bases)
