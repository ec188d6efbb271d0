"""The tables. Postgres is the record of everything; brokers and pages are only views of it.

sweep 1-n regrade 1-n regraded, which points at a step and at its program's judging by another judge.
sweep 1-n run 1-n attempt 1-n step; sweep 1-n plan; run 1-n seat, its team; a step points at the completion or the execution it asked for.
Completions and executions are content-addressed: `key` is the hash of everything that decides
their result, and is unique among what is made here, so the same work is done once whoever asks and
however often. What came from elsewhere stands beside it, under its origin.
"""

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Enum,
    Index,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSTZMULTIRANGE
from sqlmodel import Field, SQLModel

from foureyes.models.enums import Hold, Kind, Outcome, State, Status, Suite


def now() -> datetime:
    """This moment, with its time zone."""
    return datetime.now(UTC)


def _words(enum: type, nullable: bool = False, name: str | None = None, **options: Any) -> Any:
    """A text column that admits only an enum's values (plain text and a check: easy to extend).

    `name` is the check's, needed where a table has two columns of one enum.
    """
    kind = Enum(
        enum,
        native_enum=False,
        create_constraint=True,
        length=20,
        name=name or enum.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )
    return Field(sa_type=kind, nullable=nullable, **options)


def _json(nullable: bool = False) -> Any:
    return Field(sa_type=JSONB, nullable=nullable)


def _text(nullable: bool = False) -> Any:
    return Field(sa_type=Text, nullable=nullable)


def _moment(nullable: bool = True) -> Any:
    kind = DateTime(timezone=True)
    if nullable:
        return Field(default=None, sa_type=kind, nullable=True)
    return Field(default_factory=now, sa_type=kind, nullable=False)


class Sweep(SQLModel, table=True):
    """A file's worth of work. The same file again is the same sweep, and goes on where it stopped."""

    id: int = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    name: str = Field(index=True)
    file: dict[str, Any] = _json()
    created_at: datetime = _moment(nullable=False)
    cancelled_at: datetime | None = _moment()
    #: The archive that it came from, as long as no file of somebody's here has said it again; nothing
    #: that only an archive says is run.
    origin: str | None = _text(nullable=True)
    #: Whether it uses what was made elsewhere.
    accepts_imported: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    #: Attempts of a sweep with a higher one are started first.
    priority: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    #: At most so many of its attempts are under way at a time; none: as many as there is room for.
    at_once: int | None = None
    #: Caps: once so much was spent of it, nothing new is started; none: no cap.
    max_usd: float | None = None
    max_tokens: int | None = Field(default=None, sa_type=BigInteger, nullable=True)
    max_hours: float | None = None


class Spending(SQLModel, table=True):
    """What the calls took that were made for a sweep with a cap, and have ended (models/caps.py)."""

    sweep_id: int = Field(foreign_key="sweep.id", ondelete="CASCADE", primary_key=True)
    #: As the sweep calls it; empty, as is `node`: of all of its models together.
    model: str = Field(sa_type=Text, primary_key=True)
    #: The worker.
    node: str = Field(sa_type=Text, primary_key=True)
    #: Of prompts and answers.
    tokens: int = Field(sa_type=BigInteger)
    #: In which at least one call was at work, but for those in `lately`.
    seconds: float
    lately: Any = Field(sa_type=TSTZMULTIRANGE, nullable=False)


class EnqueuedPlan(SQLModel, table=True):
    """What a sweep is to show, as its file said it when it was enqueued. Rows are added and never changed."""

    __tablename__: ClassVar[str] = "plan"
    __table_args__ = (UniqueConstraint("sweep_id", "hash"),)

    id: int = Field(default=None, primary_key=True)
    sweep_id: int = Field(foreign_key="sweep.id", ondelete="CASCADE")
    #: Of the sweep's key and of `content`.
    hash: str
    #: The table `[plan]`, with its defaults.
    content: dict[str, Any] = _json()
    #: How many of the sweep's attempts had ended when it was enqueued.
    ended: int
    #: How many the sweep had.
    attempts: int
    enqueued_at: datetime = _moment(nullable=False)


class LanguageModel(SQLModel, table=True):
    """A model that sweeps use, so that a worker on any machine knows how to load it."""

    __tablename__: ClassVar[str] = "language_model"

    id: int = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    settings: dict[str, Any] = _json()
    identity: str
    #: Why its last worker could not load it; none if it could, or none has tried.
    trouble: str | None = _text(nullable=True)


class Problem(SQLModel, table=True):
    """One benchmark problem, as it was: a changed file makes a new row.

    `record` is the exact line of the benchmark file. It stays text: JSONB would turn 1e5 into an
    integer and lose -0.0, and with them verdicts.
    """

    __table_args__ = (UniqueConstraint("benchmark", "problem_id", "version"),)

    id: int = Field(default=None, primary_key=True)
    benchmark: str
    problem_id: str
    #: The hash of the record: problems of two benchmarks that have it in common are judged as one.
    version: str = Field(index=True)
    #: What programs have to define; empty where they are run as a whole.
    entry_point: str
    record: str = _text()
    #: What models see of it.
    prompt: str = Field(default="", sa_type=Text)
    #: What results can be split by, as far as its record says so: difficulty, topic, date, platform.
    facts: dict[str, str] = Field(default_factory=dict, sa_type=JSONB)


class Run(SQLModel, table=True):
    """One cell of a sweep's grid: benchmark x pattern x team x sampling."""

    __table_args__ = (
        UniqueConstraint("sweep_id", "key"),
        Index(
            "ix_run_tokens_of", "tokens_of_id", postgresql_where=text("tokens_of_id IS NOT NULL")
        ),
        CheckConstraint("(held IS NULL) = (held_at IS NULL)", name="held_since"),
    )

    id: int = Field(default=None, primary_key=True)
    sweep_id: int = Field(foreign_key="sweep.id", ondelete="CASCADE")
    key: str
    position: int
    benchmark: str
    #: The pattern's label: its name, and in brackets what differs from its default options.
    pattern: str
    #: All of the pattern's options.
    options: dict[str, Any] = _json()
    #: What the team is called.
    pairing: str
    #: The roles that the pattern can ask; None: nobody looked, so it may be all of the team's.
    roles: list[str] | None = Field(default=None, sa_type=ARRAY(Text), nullable=True)
    samples: int
    #: The run of the same benchmark and team whose attempts say how many answer tokens those of this one
    #: may spend: each what the attempt at the same problem and sample spent. None: as many as they like.
    tokens_of_id: int | None = Field(default=None, foreign_key="run.id", ondelete="CASCADE")
    #: Why nothing new is started of it, no attempt and no call; none: it goes on.
    held: Hold | None = _words(Hold, nullable=True, default=None)
    held_at: datetime | None = _moment()


class Seat(SQLModel, table=True):
    """Which model plays a role in a run: all of a run's are its team."""

    run_id: int = Field(foreign_key="run.id", ondelete="CASCADE", primary_key=True)
    role: str = Field(primary_key=True, sa_type=Text)
    model_id: int = Field(foreign_key="language_model.id", index=True)


class Work(SQLModel):
    """What completions and executions share: being asked for, claimed, tried and finished."""

    id: int = Field(default=None, primary_key=True)
    key: str
    #: The archive or the recording that its result came from; none: it is made here.
    origin: str | None = _text(nullable=True)
    state: State = _words(State, default=State.QUEUED)
    error: str | None = _text(nullable=True)
    #: How often it was claimed: once more than its workers failed or were lost.
    tries: int = 0
    #: Tries that failed, and not because a worker was lost.
    failures: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    #: Who works on it, and until when the claim holds unless renewed.
    worker: str | None = None
    #: By which of Celery's tasks it was claimed last: Flower knows it by that.
    task_id: str | None = _text(nullable=True)
    lease_until: datetime | None = _moment()
    #: When the reaper may send its message again, should it still be queued then.
    send_again_at: datetime = _moment(nullable=False)
    created_at: datetime = _moment(nullable=False)
    finished_at: datetime | None = _moment()


class Completion(Work, table=True):
    """One model call, made once whoever asked. `request` holds the messages and the sampling."""

    __table_args__ = (
        CheckConstraint("state <> 'done' OR text IS NOT NULL", name="done_has_text"),
        UniqueConstraint(
            "key", "origin", name="completion_key_origin_key", postgresql_nulls_not_distinct=True
        ),
        Index("ix_completion_elsewhere", "id", postgresql_where=text("origin IS NOT NULL")),
        Index(
            "ix_completion_open", "state", postgresql_where=text("state IN ('queued','running')")
        ),
        Index(
            "ix_completion_due",
            "model_id",
            "send_again_at",
            postgresql_where=text("state = 'queued'"),
        ),
    )

    model_id: int = Field(foreign_key="language_model.id", index=True)
    kind: Kind = _words(Kind)
    prompt: str
    prompt_hash: str
    request: dict[str, Any] = _json()
    #: The answer; of one that was refused, what was said instead.
    text: str | None = _text(nullable=True)
    #: How it ended: stop, length, refused, or prompt_too_long; earlier ones as the server called it.
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    completion_tokens: int | None = None
    seconds: float | None = None
    #: What answered: the engine's library and its version, or what a server says of itself.
    engine: str | None = _text(nullable=True)


class Execution(Work, table=True):
    """One judging of one program, made once whoever asked. `detail` is what it showed, by its suite: a
    Trial, a Judgement, a TestRun or a Comparison (models/shown.py).
    """

    __table_args__ = (
        CheckConstraint("state <> 'done' OR detail IS NOT NULL", name="done_has_detail"),
        UniqueConstraint(
            "key", "origin", name="execution_key_origin_key", postgresql_nulls_not_distinct=True
        ),
        Index("ix_execution_elsewhere", "id", postgresql_where=text("origin IS NOT NULL")),
        Index("ix_execution_open", "state", postgresql_where=text("state IN ('queued','running')")),
        Index("ix_execution_due", "send_again_at", postgresql_where=text("state = 'queued'")),
        Index("ix_execution_program", "problem_id", text("hashtext(code)")),
    )

    problem_id: int = Field(foreign_key="problem.id")
    suite: Suite = _words(Suite)
    #: The program; of several that are compared, a list of them as JSON.
    code: str = _text()
    #: What the pattern gives the program beside its problem: tests that a model wrote, or inputs.
    given: list[str] | None = Field(default=None, sa_type=ARRAY(Text), nullable=True)
    judge_version: str
    base: Status | None = _words(Status, name="base_status", nullable=True, default=None)
    plus: Status | None = _words(Status, name="plus_status", nullable=True, default=None)
    reason: str | None = None
    level: str | None = None
    #: "shared" if the program had the tests beside it, else "outside".
    trust: str | None = None
    detail: dict[str, Any] | None = _json(nullable=True)
    seconds: float | None = None


class Attempt(SQLModel, table=True):
    """One run on one problem, one sample."""

    __table_args__ = (
        UniqueConstraint("run_id", "problem_id", "sample"),
        CheckConstraint(
            "(outcome IS NOT NULL) = (state IN ('done', 'error'))", name="outcome_when_ended"
        ),
        CheckConstraint("NOT awaits_tokens OR state = 'queued'", name="who_awaits_is_queued"),
        Index(
            "ix_attempt_under_way",
            "run_id",
            postgresql_where=text("state IN ('queued','running') AND moved_at IS NOT NULL"),
        ),
        Index(
            "ix_attempt_waiting",
            "run_id",
            "id",
            postgresql_where=text("state = 'queued' AND moved_at IS NULL AND NOT awaits_tokens"),
        ),
        Index("ix_attempt_awaiting", "run_id", postgresql_where=text("awaits_tokens")),
    )

    id: int = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="run.id", ondelete="CASCADE")
    problem_id: int = Field(foreign_key="problem.id")
    sample: int
    state: State = _words(State, default=State.QUEUED)
    outcome: Outcome | None = _words(Outcome, nullable=True, default=None)
    code: str | None = _text(nullable=True)
    error: str | None = _text(nullable=True)
    #: What its pattern noted down: objects with `position`, `name` and `value`.
    notes: list[dict[str, Any]] = Field(
        default_factory=list, sa_type=JSONB, sa_column_kwargs={"server_default": "[]"}
    )
    created_at: datetime = _moment(nullable=False)
    #: When it last went on; the reaper looks after those that have not for a while. None: it waits
    #: to be started.
    moved_at: datetime | None = _moment()
    #: How often it has moved: whoever moves it must have seen the last of them.
    moves: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    #: How often somebody has begun to let it go on since then, and no end of that is known; and when
    #: the first of them began.
    tries: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    trying_since: datetime | None = _moment()
    finished_at: datetime | None = _moment()
    #: How many answer tokens it may spend, in a run that has `tokens_of_id`: written once, when the attempt
    #: that it is compared with has ended (models/budgets.py).
    token_budget: int | None = Field(default=None, sa_type=BigInteger, nullable=True)
    #: Whether it cannot begin yet, for its budget is not known.
    awaits_tokens: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})


class PeopleNote(SQLModel, table=True):
    """What a person wrote about an attempt, in the web pages."""

    __tablename__: ClassVar[str] = "people_note"

    id: int = Field(default=None, primary_key=True)
    attempt_id: int = Field(foreign_key="attempt.id", ondelete="CASCADE", index=True)
    #: What they called themselves: nobody checked it.
    author: str = _text()
    text: str = _text()
    tags: list[str] = Field(sa_type=ARRAY(Text))
    written_at: datetime = _moment(nullable=False)
    #: Since when it is shown no longer.
    withdrawn_at: datetime | None = _moment()


class KeptSearch(SQLModel, table=True):
    """A search among attempts that a person kept by a name, in the web pages."""

    __tablename__: ClassVar[str] = "kept_search"

    id: int = Field(default=None, primary_key=True)
    name: str = Field(sa_type=Text, unique=True)
    #: What stands behind the `?` of its address.
    query: str = _text()
    #: What they called themselves: nobody checked it.
    author: str = _text()
    kept_at: datetime = _moment(nullable=False)


class Step(SQLModel, table=True):
    """One thing an attempt asked for. The row is also its subscription to the answer.

    `position` counts the pattern's yields from 0; `branch` counts inside a yielded tuple.
    """

    __table_args__ = (
        UniqueConstraint("attempt_id", "position", "branch"),
        CheckConstraint("num_nonnulls(completion_id, execution_id) = 1", name="asks_one_thing"),
    )

    #: Its id, `step_id` in the views.
    id: int = Field(default=None, primary_key=True)
    #: Whose step it is.
    attempt_id: int = Field(foreign_key="attempt.id", ondelete="CASCADE")
    #: Its place among the pattern's yields, from 0.
    position: int
    #: Its place in a tuple that was yielded, from 0; 0 of a step by itself.
    branch: int
    #: What it is for: draft, plan, review, fix, ask, tests, inputs of a model; trial, run, compare, trace,
    #: judge of the sandbox.
    kind: Kind = _words(Kind)
    #: Who was asked, of the run's team; none of what is executed.
    role: str | None = Field(default=None, sa_type=Text, nullable=True)
    #: What a review concluded: approve, revise or none; of a choice the letter, or none.
    verdict: str | None = None
    #: The reasons that a review gave, as a fix is told of them; none of steps that are no reviews, or
    #: that were recorded before this was kept.
    issues: list[str] | None = Field(default=None, sa_type=ARRAY(Text), nullable=True)
    #: The program that a draft or a fix produced.
    code: str | None = _text(nullable=True)
    #: The model call that it asked for; none if it asked for an execution.
    completion_id: int | None = Field(default=None, foreign_key="completion.id", index=True)
    #: The execution that it asked for; none if it asked for a model call.
    execution_id: int | None = Field(default=None, foreign_key="execution.id", index=True)
    #: When it was asked for.
    created_at: datetime = _moment(nullable=False)


class Regrade(SQLModel, table=True):
    """A sweep's programs, judged anew by another judge than at the time. The first verdicts stay."""

    __table_args__ = (UniqueConstraint("sweep_id", "judge_version"),)

    id: int = Field(default=None, primary_key=True)
    sweep_id: int = Field(foreign_key="sweep.id", ondelete="CASCADE")
    #: Who was asked. Who judged is with each execution: a worker may have another Python.
    judge_version: str = _text()
    profile: str = _text()
    created_at: datetime = _moment(nullable=False)


class Regraded(SQLModel, table=True):
    """A step whose program is judged anew, on hidden or visible tests. The row is also the subscription to the
    verdict."""

    __table_args__ = (
        Index(
            "ix_regraded_waiting",
            "regrade_id",
            "step_id",
            postgresql_where=text("execution_id IS NULL"),
        ),
    )

    regrade_id: int = Field(foreign_key="regrade.id", ondelete="CASCADE", primary_key=True)
    step_id: int = Field(foreign_key="step.id", ondelete="CASCADE", primary_key=True, index=True)
    attempt_id: int = Field(foreign_key="attempt.id", ondelete="CASCADE", index=True)
    #: None: it has not been asked for yet.
    execution_id: int | None = Field(default=None, foreign_key="execution.id", index=True)
