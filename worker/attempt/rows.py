"""The rows of an attempt: how they are read and written while it goes on."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    Row,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    func,
    insert,
    literal_column,
    text,
    update,
)
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from foureyes.judging.formats.records import parse_record
from foureyes.models.enums import State
from foureyes.models.lifecycle import moment
from foureyes.models.problem import Spec
from foureyes.models.session import transaction
from foureyes.models.storable import storable
from foureyes.models.sweep_content import SweepContent
from foureyes.models.tables import (
    Attempt,
    Completion,
    Execution,
    LanguageModel,
    Problem,
    Run,
    Seat,
    Step,
    Sweep,
)
from foureyes.worker.patterns import steps

#: Sweeps, each as it was enqueued last, and specifications, that a process remembers.
_REMEMBERED_SWEEPS, _REMEMBERED_SPECS = 100, 5000

#: Tries of an attempt of which none came to an end, after which it is what ends its workers, or what
#: no database will do.
MOST_TRIES = 10

_table: Any = Attempt.__table__  # type: ignore[attr-defined]
_this = col(Attempt.id) == bindparam("attempt")
#: Those that may go on: they have not ended, nor do they wait for a budget.
_still_open = and_(
    col(Attempt.state).in_([State.QUEUED, State.RUNNING]), ~col(Attempt.awaits_tokens)
)
#: Ids and names of models, by the role that they play in the run.
_seats = (
    select(
        func.jsonb_object_agg(
            Seat.role, func.jsonb_build_array(LanguageModel.id, LanguageModel.name)
        )
    )
    .join(LanguageModel)
    .where(Seat.run_id == Run.id)
    .correlate(Run)
    .scalar_subquery()
)


_control = aliased(Run)
#: Whether attempts of another run get as many tokens as those of this one spend.
_is_compared = exists().where(col(_control.tokens_of_id) == Run.id).correlate(Run)


def _seconds(name: str) -> Any:
    return func.make_interval(0, 0, 0, 0, 0, 0, bindparam(name, type_=Float))


#: A try's count may be lost with the server: no try waits for the disk.
NO_SYNC = text("SET LOCAL synchronous_commit = off")
#: Nothing is begun of what is held; whoever lets its run go on sends it again (producer/sweeps/holding.py).
_is_held = (
    exists().where(col(Run.id) == Attempt.run_id, col(Run.held).is_not(None)).correlate(Attempt)
)
#: Begin a try of an attempt that has not ended; whether those before it were too many. That they
#: began `shortest` seconds ago is asked for because parallel steps that end together let their
#: attempt go on as often in one moment.
COUNT_TRY: Any = (
    update(_table)
    .where(_this, _still_open, ~_is_held)
    .values(
        tries=_table.c.tries + bindparam("counted"),
        trying_since=func.coalesce(_table.c.trying_since, moment()),
    )
    .returning(
        and_(
            _table.c.tries > MOST_TRIES,
            _table.c.trying_since < moment() - _seconds("shortest"),
        ).label("are_too_many"),
        _table.c.error,
    )
)
#: End a try after which the attempt is where it was.
END_TRY: Any = (
    update(_table).where(_this, _table.c.tries > 0).values(tries=0, trying_since=None, error=None)
)
#: Keep why a try came to no end.
NOTE_FAILURE: Any = update(_table).where(_this, _still_open).values(error=bindparam("said"))
#: Another one when the sweep was enqueued again: from another folder, by a recording.
_sweep_version: ColumnElement[str] = cast(literal_column("sweep.xmin"), Text)
#: An attempt with all that is fixed about it.
ATTEMPT: Any = (
    select(  # type: ignore[call-overload]
        Attempt.id,
        Attempt.moves,
        Attempt.state,
        Attempt.outcome,
        Attempt.sample,
        Attempt.problem_id,
        Attempt.token_budget,
        Problem.benchmark,
        col(Problem.problem_id).label("problem"),
        Problem.version,
        Run.pattern,
        Run.options,
        _seats.label("seats"),
        _is_compared.label("is_compared"),
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
    .where(_this)
)
#: What an attempt has asked for so far; each row has models.lifecycle.answer_columns of either table.
STEPS: Any = (
    select(  # type: ignore[call-overload, misc]
        Step.position,
        Step.branch,
        Step.kind,
        Step.role,
        Completion.prompt,
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
        Completion.completion_tokens,
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
#: What was asked for in a recorded step, all of it: it may be long.
ASKED_BEFORE: Any = (
    select(Completion.request, Execution.code, Execution.given)
    .select_from(Step)
    .outerjoin(Completion, col(Completion.id) == Step.completion_id)
    .outerjoin(Execution, col(Execution.id) == Step.execution_id)
    .where(col(Step.id) == bindparam("step"))
)
#: The columns of a step that say what it gave.
GIVEN = ("verdict", "issues", "code")
#: What a verdict ends in that is on a program of another problem.
_OF_ANOTHER = " another"
ADD_STEP = insert(Step.__table__).values(created_at=moment())  # type: ignore[attr-defined]
NOTE_STEP = update(Step.__table__).where(  # type: ignore[attr-defined]
    col(Step.attempt_id) == bindparam("attempt"),
    col(Step.position) == bindparam("at"),
    col(Step.branch) == bindparam("beside"),
)
#: Move an attempt on from where it was seen, or end it; nothing if somebody else has done so.
MOVE_ATTEMPT: Any = (
    update(_table)
    .where(_this, _still_open, _table.c.moves == bindparam("seen"))
    .values(moved_at=moment(), moves=_table.c.moves + 1, tries=0, trying_since=None, error=None)
)
END_ATTEMPT: Any = MOVE_ATTEMPT.values(finished_at=moment())
#: End an attempt wherever it is.
GIVE_UP: Any = (
    update(_table)
    .where(_this, _still_open)
    .values(moved_at=moment(), finished_at=moment(), tries=0, trying_since=None)
)


_sweeps: dict[tuple[str, str], SweepContent] = {}
_specs: dict[tuple[str, str], Spec] = {}


def sweep_of(attempt: Row[Any]) -> SweepContent:
    """What all attempts of an attempt's sweep share, read once a process each time it is enqueued."""
    version = attempt.sweep_key, attempt.sweep_version
    found = _sweeps.get(version)
    if found is None:
        with transaction() as db:
            file = db.execute(select(Sweep.file).where(Sweep.id == attempt.sweep_id)).scalar_one()
        if len(_sweeps) >= _REMEMBERED_SWEEPS:
            _sweeps.clear()
        found = _sweeps[version] = SweepContent.model_validate(file)
    return found


def asked_before(step: Row[Any]) -> dict[str, Any]:
    """The request of a recorded step's completion, or the code and the `given` of its execution."""
    with transaction() as db:
        row = db.execute(ASKED_BEFORE, {"step": step.step_id}).one()
    return {"code": row.code, "given": row.given} if row.request is None else row.request


def spec_of(attempt: Row[Any]) -> Spec:
    """What models may see of an attempt's problem, read once a process."""
    key = attempt.benchmark, attempt.version
    found = _specs.get(key)
    if found is None:
        wanted = select(Problem.record).where(Problem.id == attempt.problem_id)
        with transaction() as db:
            record = db.execute(wanted).scalar_one()
        if len(_specs) >= _REMEMBERED_SPECS:
            _specs.clear()
        found = _specs[key] = parse_record(attempt.benchmark, record).spec()
    return found


def given(step: steps.Step, result: steps.Result, problem_id: str) -> dict[str, Any]:
    """The columns of a step's row that say what it gave, in an attempt at that problem.

    What was said of another problem's program is marked: no figure may take it for a verdict on the
    attempt's own.
    """
    columns: dict[str, Any] = dict.fromkeys(GIVEN) | step.columns(result)
    if isinstance(step, steps.Review | steps.RepairVerdict) and step.about not in (
        None,
        problem_id,
    ):
        columns["verdict"] += _OF_ANOTHER
    if columns["code"] is not None:
        columns["code"] = storable(columns["code"])
    return columns
