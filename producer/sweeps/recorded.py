"""What the visible tests showed when a sweep was recorded, as rows for its replay.

What a program prints may differ each time, or from one Python to the next, and goes into prompts: a
replay takes what was recorded, whoever judged then. The hidden tests judge anew.
"""

from pathlib import Path
from typing import Any

from sqlmodel import Session, select

from foureyes.judging.execution import RECORDED, execution_key
from foureyes.models import recording
from foureyes.models.enums import State, Suite
from foureyes.models.tables import Problem, now


def recorded_trials(db: Session, path: Path, origin: str | None) -> list[dict[str, Any]]:
    """The executions that a recording holds, of problems that the database has; `origin` names it."""
    found = select(Problem.id, Problem.benchmark, Problem.problem_id, Problem.version)
    ids = {tuple(problem): problem_id for problem_id, *problem in db.execute(found)}
    moments = dict.fromkeys(("created_at", "finished_at", "send_again_at"), now())
    rows = []
    for row in recording.read(path):
        if "trial" not in row:
            continue
        problem_id = ids.get((row["benchmark"], row["problem_id"], row["version"]))
        if problem_id is None:  # of a sweep of more problems
            continue
        suite, given = Suite(row.get("suite", Suite.VISIBLE)), row.get("given")
        rows.append(
            {
                "key": execution_key(suite, row["version"], row["code"], RECORDED, given),
                "problem_id": problem_id,
                "suite": suite,
                "code": row["code"],
                "given": given,
                "judge_version": RECORDED,
                "origin": origin,
                "detail": row["trial"],
                "state": State.DONE,
                "tries": 0,
                **moments,
            }
        )
    return rows
