"""Budgets of tokens: an attempt may spend as many as another, which it is compared with, has spent.

That is the attempt at the same problem, with the same sample and team, of the run that `tokens_of_id` of
the attempt's run names. Until it has ended its control awaits its tokens, is no work that waits, and takes
no room. Then the budget is written with the control, once; whoever lets it go on later reads it there.

Whoever ends an attempt settles the budgets of those that await it; the reaper settles what was left out.
"""

from typing import Any

from sqlalchemy import Row, text

from foureyes.models.enums import Outcome, State
from foureyes.models.session import BY_INDEX, transaction
from foureyes.models.storable import storable

#: How answers end that took no tokens, unless their server says otherwise.
UNCOUNTED = ("refused", "prompt_too_long")
#: Attempts of one transaction.
_BATCH = 500
#: Who holds a row, to cancel it or to begin it anew, is not waited for: nobody then waits in a circle, and
#: the reaper comes back to it.
_DUE = """
SELECT control.id, source.state, source.error, run.pattern,
    spent.tokens, spent.is_known
FROM attempt AS control
JOIN run AS mine ON mine.id = control.run_id
JOIN run ON run.id = mine.tokens_of_id
JOIN attempt AS source ON source.run_id = run.id
    AND source.problem_id = control.problem_id AND source.sample = control.sample
CROSS JOIN LATERAL (
    SELECT coalesce(sum(completion_tokens), 0) AS tokens,
        coalesce(bool_and(completion_tokens IS NOT NULL
            OR coalesce(finish_reason, '') = ANY(:uncounted)), true) AS is_known
    FROM completion WHERE id IN (SELECT completion_id FROM step WHERE attempt_id = source.id)
) AS spent
WHERE control.awaits_tokens AND source.state NOT IN ('queued', 'running'){of_source}
LIMIT :most FOR UPDATE OF control SKIP LOCKED FOR SHARE OF source SKIP LOCKED
"""
_ALL_DUE = text(_DUE.format(of_source=""))
_DUE_OF = text(_DUE.format(of_source=" AND source.id = :source"))
_SETTLE = text("""
UPDATE attempt SET awaits_tokens = false, token_budget = :budget, state = :state, outcome = :outcome,
    error = :error, finished_at = CASE WHEN CAST(:ends AS boolean) THEN clock_timestamp() END
WHERE id = :id
""")


def settle(source_id: int | None = None) -> int:
    """Give attempts their budgets whose source has ended, all or those of one source; how many.

    Where the source ended in error, or was cancelled, so do they.
    """
    settled = 0
    while True:
        with transaction() as db:
            db.execute(BY_INDEX)
            values = {"source": source_id, "most": _BATCH, "uncounted": list(UNCOUNTED)}
            due = db.execute(_ALL_DUE if source_id is None else _DUE_OF, values).all()
            if due:
                db.execute(_SETTLE, [_settled(row) for row in due])
        settled += len(due)
        if len(due) < _BATCH:
            return settled


def _settled(due: Row[Any]) -> dict[str, Any]:
    """What becomes of an attempt, by what became of its source."""
    state, outcome, error, budget = State.QUEUED, None, None, None
    if due.state == State.CANCELLED:
        state = State.CANCELLED
    elif due.state == State.ERROR:
        error = f"no budget: the attempt by {due.pattern}, whose tokens it gets, ended in error: {due.error}"
    elif not due.is_known:
        error = (
            f"no budget: the attempt by {due.pattern}, whose tokens it gets, has answers of a server that "
            "does not say how many tokens they have"
        )
    else:
        budget = int(due.tokens)
    if error is not None:
        state, outcome, error = State.ERROR, Outcome.ERROR.value, storable(error)
    return {
        "id": due.id,
        "state": state.value,
        "outcome": outcome,
        "error": error,
        "budget": budget,
        "ends": budget is None,
    }
