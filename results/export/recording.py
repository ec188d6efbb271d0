"""A sweep as a file, from which it can be run again with no model at all (models/recording.py)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from foureyes.models import output, packed
from foureyes.models.columns import ANSWER
from foureyes.models.enums import State, Suite
from foureyes.models.session import session
from foureyes.models.tables import Attempt, Completion, Execution, Problem, Run, Step
from foureyes.models.tables import Sweep as SweepRow

#: A replay has its own time.
_FIELDS = [name for name in ANSWER if name != "seconds"]


def write(sweep: SweepRow, path: Path, *, force: bool = False) -> int:
    """Write a line for each call that the sweep used and that is done, and for each run of tests or
    comparison that its patterns saw, which a program can have end in another way each time; how many calls there are.
    A file whose name ends in .gz is packed.

    Raises: FoureyesError if it cannot be written, or something else is there.
    """
    count = 0
    with (
        session() as db,
        output.writing(path, output.RECORDING, force=force) as raw,
        packed.packing(path, raw) as file,
    ):
        for line in _calls(db, sweep):
            count += 1
            file.write(_line(line))
        for line in _trials(db, sweep):
            file.write(_line(line))
    return count


def _line(row: dict[str, Any]) -> bytes:
    return json.dumps(row).encode() + b"\n"


def _calls(db: Session, sweep: SweepRow) -> Iterator[dict[str, Any]]:
    used = select(Step.completion_id).join(Attempt).join(Run).where(Run.sweep_id == sweep.id)
    query = select(Completion).where(col(Completion.id).in_(used), Completion.state == State.DONE)
    for row in db.exec(query.order_by(col(Completion.id))).yield_per(1000):
        yield {"key": row.key} | {name: getattr(row, name) for name in _FIELDS}


def _trials(db: Session, sweep: SweepRow) -> Iterator[dict[str, Any]]:
    used = select(Step.execution_id).join(Attempt).join(Run).where(Run.sweep_id == sweep.id)
    query = (
        select(Execution, Problem)
        .join(Problem)
        .where(
            col(Execution.id).in_(used),
            Execution.state == State.DONE,
            Execution.suite != Suite.HIDDEN,
        )
    )
    for row, problem in db.exec(query.order_by(col(Execution.id))).yield_per(1000):
        yield {
            "benchmark": problem.benchmark,
            "problem_id": problem.problem_id,
            "version": problem.version,
            "suite": row.suite,
            "code": row.code,
            "given": row.given,
            "judge_version": row.judge_version,
            "trial": row.detail,
        }
