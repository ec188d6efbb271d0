"""Starting no more attempts of what is decided, in sweeps whose plan says so.

Workers know nothing of it: whoever waits for a sweep looks, and gives up what nobody has started. What
is under way ends, and counts as far as the plan's order goes.
"""

from sqlalchemy import CursorResult, text

from foureyes.models.session import session
from foureyes.results.figures.primary import decided
from foureyes.results.figures.scoreboard import scoreboard

_GIVE_UP = text("""
UPDATE attempt SET state = 'cancelled', finished_at = clock_timestamp()
WHERE run_id = ANY(:runs) AND state = 'queued' AND moved_at IS NULL
""")


def stop_decided(sweep_id: int) -> int:
    """Give up what has not been started of runs that no open claim is about; how many attempts.

    Runs that no claim is about go on to their end.
    """
    runs = decided(scoreboard(sweep_id))
    if not runs:
        return 0
    with session() as db:
        ended = db.execute(_GIVE_UP, {"runs": runs})
        assert isinstance(ended, CursorResult)
        return ended.rowcount
