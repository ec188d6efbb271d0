"""Keeping what a sweep is to show, as its file says it when it is enqueued."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlmodel import Session

from foureyes.models.analysis_plan import plan_hash
from foureyes.models.tables import Sweep as SweepRow

if TYPE_CHECKING:
    from foureyes.producer.sweeps.sweep import PlannedSweep

_KEEP = text("""
INSERT INTO plan (sweep_id, hash, content, ended, attempts, enqueued_at)
SELECT :sweep, :hash, CAST(:content AS jsonb), count(*) FILTER (WHERE outcome IS NOT NULL), count(*),
    clock_timestamp()
FROM run JOIN attempt ON attempt.run_id = run.id
WHERE run.sweep_id = :sweep
ON CONFLICT (sweep_id, hash) DO NOTHING
""")
_KEPT = text("SELECT hash, enqueued_at FROM plan WHERE sweep_id = :sweep ORDER BY id")


@dataclass(frozen=True)
class Kept:
    """The plans that a sweep has, oldest first; `hash` is that of the file's, if it has one."""

    moments: dict[str, datetime]
    hash: str | None

    def said(self) -> str | None:
        """What a person should know who changes a plan; None if nothing was changed."""
        others = [
            f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"
            for each, at in self.moments.items()
            if each != self.hash
        ]
        if not others:
            return None
        if self.hash is None:
            return f"the file has no [plan]; that of {others[-1]} UTC stays, and is shown"
        return f"its [plan] is another than that of {others[-1]} UTC; both are kept and shown"


def keep(db: Session, row: SweepRow, sweep: "PlannedSweep") -> Kept:
    """Add the file's plan to those of its sweep, whose attempts have been written; none is ever changed."""
    found = None
    if sweep.file.plan is not None:
        content = sweep.file.plan.model_dump(mode="json")
        found = plan_hash(sweep.key, content)
        values = {"sweep": row.id, "hash": found, "content": json.dumps(content)}
        db.execute(_KEEP, values)
    kept = db.execute(_KEPT, {"sweep": row.id})
    return Kept({each.hash: each.enqueued_at for each in kept}, found)
