"""Caps: once so much was spent of a sweep, nothing new is started of it.

What counts are the calls that were made for the sweep since it was enqueued, of whatever became of their
attempts, and each when it has ended; an answer that was on record costs nothing. Who writes answers adds
them up in the same transaction (the table `spending`) and holds the sweep's runs where a cap is reached.
So what is spent beyond a cap is at most what was in flight then. Sweeps without a cap pay nothing for it.
"""

import math
from collections.abc import Collection, Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection, text
from sqlmodel import Session

from foureyes.models.enums import Hold
from foureyes.models.errors import FoureyesError
from foureyes.models.session import BY_INDEX


class Caps(BaseModel):
    """What may be spent of a sweep; at the first cap that is reached nothing new is started."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: In USD, by the models' `price_per_hour`: for the time in which a worker has a call of it at work.
    max_usd: Annotated[float, Field(gt=0)] | None = None
    #: Of prompts and answers together, as far as servers count them.
    max_tokens: Annotated[int, Field(gt=0)] | None = None
    #: In which at least one call of it is at work.
    max_hours: Annotated[float, Field(gt=0)] | None = None


#: Ranges that ended this long before are added to `seconds`, or the row of a worker that makes calls one
#: by one would hold all of them. A call that began before then may count twice for that part of it.
_LATELY = "interval '15 minutes'"
#: By sweep, model and worker, and by sweep; that one first, and its row is locked from then on: so of
#: several who write, the last sees what all of them have spent. A call of several sweeps counts in each.
_ADD = """
WITH made AS (
    SELECT run.sweep_id, min(language_model.name) AS model,
        split_part(coalesce(completion.worker, ''), '/', 1) AS node,
        coalesce(completion.prompt_tokens, 0) + coalesce(completion.completion_tokens, 0) AS tokens,
        tstzrange(
            completion.finished_at - coalesce(completion.seconds, 0) * interval '1 second',
            completion.finished_at
        ) AS busy
    FROM completion
    JOIN step ON step.completion_id = completion.id
    JOIN attempt ON attempt.id = step.attempt_id
    JOIN run ON run.id = attempt.run_id
    JOIN sweep ON sweep.id = run.sweep_id
    JOIN seat ON seat.run_id = run.id AND seat.role = step.role
    JOIN language_model ON language_model.id = seat.model_id
    WHERE completion.state = 'done' AND completion.origin IS NULL AND {these}
    GROUP BY run.sweep_id, completion.id
)
INSERT INTO spending AS had (sweep_id, model, node, tokens, seconds, lately)
SELECT sweep_id, coalesce(model, ''), coalesce(node, ''), sum(tokens), 0, range_agg(busy)
FROM made GROUP BY GROUPING SETS ((sweep_id), (sweep_id, model, node))
ORDER BY 1, 2, 3
ON CONFLICT (sweep_id, model, node) DO UPDATE SET
    tokens = had.tokens + excluded.tokens,
    seconds = had.seconds + (
        SELECT coalesce(sum(extract(epoch FROM upper(part) - lower(part))), 0)
        FROM unnest(
            (had.lately + excluded.lately)
            * tstzmultirange(tstzrange(NULL, clock_timestamp() - {lately}))
        ) AS part
    ),
    lately = (had.lately + excluded.lately)
        * tstzmultirange(tstzrange(clock_timestamp() - {lately}, NULL))
RETURNING sweep_id
"""
_HAS_CAPS = "num_nonnulls(max_usd, max_tokens, max_hours) > 0"
_HAVE_ENDED = text(
    _ADD.format(
        these="completion.id = ANY(:ids) AND attempt.state IN ('queued', 'running') AND sweep.id = ANY(:sweeps)",
        lately=_LATELY,
    )
)
_FROM_THE_START = text(
    _ADD.format(
        these="sweep.id = :sweep AND completion.finished_at > sweep.created_at", lately=_LATELY
    )
)
_WITH_CAPS = text(f"SELECT id FROM sweep WHERE {_HAS_CAPS}")  # noqa: S608 - all ours
_REACHED = """
SELECT sweep_id, CASE WHEN usd >= max_usd THEN 'max_usd' WHEN tokens >= max_tokens THEN 'max_tokens'
    WHEN hours >= max_hours THEN 'max_hours' END AS cap
FROM v_steering WHERE sweep_id = ANY(:sweeps)
"""
_HOLD = text(f"""
UPDATE run SET held = reached.cap, held_at = clock_timestamp()
FROM ({_REACHED}) AS reached
WHERE run.sweep_id = reached.sweep_id AND reached.cap IS NOT NULL AND run.held IS NULL
""")  # noqa: S608 - all ours
_CHANGE = text("""
UPDATE sweep SET max_usd = :max_usd, max_tokens = :max_tokens, max_hours = :max_hours WHERE id = :sweep
""")
_FOUND = text(f"""
SELECT max_usd, max_tokens, max_hours, {_HAS_CAPS} AS has_caps, EXISTS (
    SELECT FROM jsonb_each(file -> 'models') AS model (name, settings)
    WHERE (settings ->> 'price_per_hour')::double precision > 0
) AS has_prices
FROM sweep WHERE id = :sweep
FOR NO KEY UPDATE
""")  # noqa: S608 - all ours
#: Whoever writes an answer has done so, or waits until it is known which sweeps have caps.
_NOBODY_WRITES = text("LOCK TABLE completion IN SHARE MODE")
_FORGET = text("DELETE FROM spending WHERE sweep_id = :sweep")


def check_prices(given: Mapping[str, float], *, has_prices: bool) -> None:
    """Raises: FoureyesError for a cap in USD where no model has a price."""
    if math.isfinite(given.get(Hold.USD, math.inf)) and not has_prices:
        raise FoureyesError(
            "max_usd: no model has a price_per_hour, so it would never be reached; give one in "
            "[models.NAME], or cap max_tokens or max_hours"
        )


def have_ended(db: Connection, completion_ids: Collection[int]) -> None:
    """Add calls that this transaction has written to what their sweeps spent; hold those at a cap."""
    sweeps = db.execute(_WITH_CAPS).scalars().all()
    if sweeps and completion_ids:
        values = {"ids": list(completion_ids), "sweeps": sweeps}
        db.execute(BY_INDEX)
        if spent := set(db.execute(_HAVE_ENDED, values).scalars()):
            hold(db, spent)


def reached(db: Session, sweep_id: int) -> Hold | None:
    """The cap that a sweep has reached."""
    cap = db.execute(text(_REACHED), {"sweeps": [sweep_id]}).one().cap
    return None if cap is None else Hold(cap)


def hold(db: Connection | Session, sweep_ids: Collection[int]) -> None:
    """Hold the runs of sweeps that have reached a cap, but for those that are held already."""
    db.execute(_HOLD, {"sweeps": sorted(sweep_ids)})


def change(db: Session, sweep_id: int, given: Mapping[str, float]) -> None:
    """Set the caps of a sweep that are given, by their names; infinity takes one away.

    With its first one all that was spent before is added up.

    Raises: FoureyesError for one in USD where nothing costs any.
    """
    if not given:
        return
    row = db.execute(_FOUND, {"sweep": sweep_id}).one()
    check_prices(given, has_prices=row.has_prices)
    caps = {name: getattr(row, name) for name in Caps.model_fields}
    caps |= {name: None if math.isinf(value) else value for name, value in given.items()}
    db.execute(_CHANGE, caps | {"sweep": sweep_id})
    if not row.has_caps and any(caps.values()):
        db.execute(_NOBODY_WRITES)
        db.execute(_FROM_THE_START, {"sweep": sweep_id})
    elif not any(caps.values()):
        db.execute(_FORGET, {"sweep": sweep_id})
