"""The rows of an attempt: how they are read and written while it goes on."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Text,
    bindparam,
    cast,
    func,
    insert,
    literal_column,
    update,
)
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from models import llm
from models.benchmark import parse_record
from models.llm import AnyModel
from models.problem import Spec
from models.tables import (
    Attempt,
    Completion,
    Execution,
    LanguageModel,
    Problem,
    Run,
    Step,
    Sweep,
)
from models.text import storable
from models.work import moment
from worker.steps import Choice, Program, Result
from worker.verdict import Verdict

#: Sweeps, each as it was enqueued last, and specifications, that a process remembers.
_REMEMBERED_SWEEPS, _REMEMBERED_SPECS = 100, 5000

_coder, _reviewer = aliased(LanguageModel), aliased(LanguageModel)
#: Another one when the sweep was enqueued again: from another folder, by a recording.
_sweep_version: ColumnElement[str] = cast(literal_column("sweep.xmin"), Text)
#: An attempt with all that is fixed about it, locked.
ATTEMPT: Any = (
    select(  # type: ignore[call-overload]
        Attempt.id,
        Attempt.state,
        Attempt.sample,
        Attempt.problem_id,
        Problem.benchmark,
        col(Problem.problem_id).label("problem"),
        Problem.version,
        Run.pattern,
        Run.options,
        Run.coder_id,
        Run.reviewer_id,
        col(_coder.name).label("coder"),
        col(_reviewer.name).label("reviewer"),
        Run.sweep_id,
        col(Sweep.key).label("sweep_key"),
        _sweep_version.label("sweep_version"),
        Sweep.accepts_imported,
        col(Sweep.name).label("sweep"),
    )
    .select_from(Attempt)
    .join(Run)
    .join(Sweep)
    .join(Problem)
    .join(_coder, _coder.id == Run.coder_id)
    .join(_reviewer, _reviewer.id == Run.reviewer_id)
    .where(Attempt.id == bindparam("attempt"))
    .with_for_update(of=Attempt)
)
#: What an attempt has asked for so far; each row has models.work.answer_columns of either table.
STEPS: Any = (
    select(  # type: ignore[call-overload, misc]
        Step.position,
        Step.branch,
        col(Step.id).label("step_id"),
        Step.verdict,
        Step.issues,
        Step.code,
        func.coalesce(Completion.id, Execution.id).label("id"),
        func.coalesce(Completion.key, Execution.key).label("key"),
        func.coalesce(Completion.state, Execution.state).label("state"),
        func.coalesce(Completion.error, Execution.error).label("error"),
        Completion.text,
        Completion.finish_reason,
        Execution.judge_version,
        Execution.detail,
        Execution.base,
        Execution.plus,
    )
    .select_from(Step)
    .outerjoin(Completion, Completion.id == Step.completion_id)
    .outerjoin(Execution, Execution.id == Step.execution_id)
    .where(Step.attempt_id == bindparam("attempt"))
    .order_by(col(Step.position), col(Step.branch))
)
#: The columns of a step that say what it gave.
GIVEN = ("verdict", "issues", "code")
ADD_STEP = insert(Step.__table__).values(created_at=moment())  # type: ignore[attr-defined]
NOTE_STEP = update(Step.__table__).where(  # type: ignore[attr-defined]
    col(Step.id) == bindparam("step")
)
MOVE_ATTEMPT = (
    update(Attempt.__table__)  # type: ignore[attr-defined]
    .where(col(Attempt.id) == bindparam("attempt"))
    .values(moved_at=moment())
)
END_ATTEMPT = MOVE_ATTEMPT.values(finished_at=moment())


@dataclass(frozen=True)
class SweepFile:
    """What all attempts of a sweep have in common."""

    models: dict[str, AnyModel]
    prompt_files: dict[str, dict[str, str]]
    modules: list[str]
    module_folder: Path
    module_hashes: dict[str, str]
    fresh: str


_sweeps: dict[tuple[str, str], SweepFile] = {}
_specs: dict[tuple[str, str], Spec] = {}


def sweep_file(db: Connection, attempt: Row[Any]) -> SweepFile:
    """The file of an attempt's sweep, read once a process each time it is enqueued."""
    version = attempt.sweep_key, attempt.sweep_version
    found = _sweeps.get(version)
    if found is None:
        file = db.execute(select(Sweep.file).where(Sweep.id == attempt.sweep_id)).scalar_one()
        if len(_sweeps) >= _REMEMBERED_SWEEPS:
            _sweeps.clear()
        found = _sweeps[version] = SweepFile(
            {name: llm.read(model) for name, model in file["models"].items()},
            file.get("prompt_files") or {},
            file.get("modules") or [],
            Path(file.get("module_folder") or "."),
            file.get("module_hashes") or {},
            file.get("fresh") or "",
        )
    return found


def spec_of(db: Connection, attempt: Row[Any]) -> Spec:
    """What models may see of an attempt's problem, read once a process."""
    key = attempt.benchmark, attempt.version
    found = _specs.get(key)
    if found is None:
        wanted = select(Problem.record).where(Problem.id == attempt.problem_id)
        record = db.execute(wanted).scalar_one()
        if len(_specs) >= _REMEMBERED_SPECS:
            _specs.clear()
        found = _specs[key] = parse_record(attempt.benchmark, record).spec()
    return found


def given(result: Result) -> dict[str, Any]:
    """The columns of a step that say what it gave."""
    columns: dict[str, Any] = dict.fromkeys(GIVEN)
    if isinstance(result, Program):
        columns["code"] = storable(result.code)
    elif isinstance(result, Verdict):
        columns["verdict"] = {True: "approve", False: "revise", None: "none"}[result.approves]
        columns["issues"] = list(result.issues)
    elif isinstance(result, Choice):
        columns["verdict"] = result.letter or "none"
    return columns
