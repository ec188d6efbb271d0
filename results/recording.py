"""A sweep's model calls as a file, from which it can be run again with no model at all."""

import json
from pathlib import Path

from sqlmodel import col, select

from models.enums import State
from models.session import session
from models.tables import Attempt, Completion, Run, Step
from models.tables import Sweep as SweepRow

_FIELDS = ("text", "finish_reason", "prompt_tokens", "cached_tokens", "completion_tokens", "engine")


def write(sweep: SweepRow, path: Path) -> int:
    """Write a line for each call that the sweep used and that is done; how many there are."""
    used = select(Step.completion_id).join(Attempt).join(Run).where(Run.sweep_id == sweep.id)
    with session() as db, path.open("w", encoding="utf-8") as file:
        query = select(Completion).where(
            col(Completion.id).in_(used), Completion.state == State.DONE
        )
        count = 0
        for row in db.exec(query.order_by(col(Completion.id))).yield_per(1000):
            line = {"key": row.key} | {name: getattr(row, name) for name in _FIELDS}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
            count += 1
    return count
