"""One attempt as data: what was asked, answered, found and judged, in order. From rows alone."""

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, RowMapping, text
from sqlmodel import Session

from foureyes.models.enums import Kind
from foureyes.models.shown import Comparison, TestRun, Traced, Trial
from foureyes.results.visible import visible


@dataclass(frozen=True)
class ProgramShown:
    """What a draft or a fix produced. `name` is what a person calls it, e.g. `draft 1`."""

    name: str
    code: str


@dataclass(frozen=True)
class MessageShown:
    """One message of what a model was asked."""

    role: str
    content: str


@dataclass(frozen=True)
class WorkShown:
    """What model calls and executions have in common. `id` is the completion's or execution's.

    `position` counts from 0 what the pattern asked for, `branch` those that it asked for at the same
    time; `number` is what a person calls the step, as v_steps has it: 1, or 2a and 2b.
    `asked_by` is the attempt that asked for it first, `sharing` the number of attempts that use it,
    `task_id` Celery's task that did it; None of what came from elsewhere, or from before that was kept.
    """

    id: int
    step_id: int
    position: int
    branch: int
    number: str
    kind: str
    state: str
    error: str | None
    seconds: float | None
    finished_at: datetime | None
    asked_by: int
    sharing: int
    task_id: str | None


@dataclass(frozen=True)
class CallShown(WorkShown):
    """A model call. `about` is the earlier program that it was shown, to review or to mend.

    `issues` are those that a review named, as a fix was told of them; None if nobody noted them: it
    is no review, or one from before they were.
    """

    role: str | None
    model: str
    prompt: str
    messages: tuple[MessageShown, ...]
    answer: str | None
    finish_reason: str | None
    prompt_tokens: int | None
    completion_tokens: int | None
    verdict: str | None
    issues: tuple[str, ...] | None
    program: ProgramShown | None
    about: ProgramShown | None

    @property
    def name(self) -> str:
        """What a person calls it: a prompt of a pattern's author by its own name."""
        return self.prompt if self.kind == Kind.ASK else self.kind


@dataclass(frozen=True)
class Check(WorkShown):
    """An execution: of the visible tests (`trial`), of tests that a model wrote (`run`), of several
    programs on the same inputs (`comparison`), line by line (`trace`), or of the hidden tests.

    `code` is its program, of a comparison a list of them as JSON.
    """

    code: str
    given: tuple[str, ...]
    base: str | None
    plus: str | None
    trial: Trial | None
    run: TestRun | None
    comparison: Comparison | None
    trace: Traced | None
    detail: dict[str, Any]


#: What is said where tests that a model wrote were to be run, and there were none.
NO_TESTS = "There are none: no test could be read from an answer, or the pattern kept none."


@dataclass(frozen=True)
class NoteShown:
    """What a pattern noted down before the step at this position; `value` as JSON."""

    position: int
    name: str
    value: str


@dataclass(frozen=True)
class PeopleNoteShown:
    """What a person wrote about an attempt, who called themselves `author`."""

    id: int
    author: str
    text: str
    tags: tuple[str, ...]
    written_at: datetime


@dataclass(frozen=True)
class BudgetShown:
    """Whose tokens an attempt gets: those that `source_id`, by another pattern, spends, or has spent.

    `tokens` is None as long as that has not ended.
    """

    tokens: int | None
    source_id: int
    pattern: str


@dataclass(frozen=True)
class SecondVerdict:
    """What another judge said of the attempt's program afterwards (`foureyes regrade`)."""

    judge_version: str
    base: str
    plus: str
    detail: dict[str, Any]


@dataclass(frozen=True)
class Transcript:
    """An attempt: its row of `v_attempts`, the problem's row and prompt, its steps and its notes.

    `budget` is None of one that may spend what it likes; `second` is what was said of its program
    afterwards; `people` is what people wrote about it, the first first.
    """

    attempt: RowMapping
    problem_row: int
    prompt: str
    steps: tuple[CallShown | Check, ...]
    notes: tuple[NoteShown, ...]
    budget: BudgetShown | None
    second: tuple[SecondVerdict, ...]
    people: tuple[PeopleNoteShown, ...]

    @property
    def budget_said(self) -> str:
        """What its budget is, and what it was given; empty if it has none."""
        if self.budget is None:
            return ""
        whose = f"attempt {self.budget.source_id} by {self.budget.pattern}"
        if self.budget.tokens is None:
            return f"Budget: the answer tokens that {whose} spends"
        drawn = self.attempt["completion_tokens"]
        had = f"{self.budget.tokens:,} answer tokens, as many as {whose} spent"
        return f"Budget: {had}; it was given {drawn:,}"

    def is_of_a_step(self, code: str) -> bool:
        """Whether some step gave this program."""
        return bool(self._sources(code))

    def whose(self, code: str) -> str:
        """Which program this is: that of these steps, all of which gave the same, or one of no step."""
        sources = self._sources(code)
        if not sources:
            return "a program that the pattern made itself"
        *others, last = sources
        if not others:
            return f"the program of {last}"
        return f"the program of {', '.join(others)} and {last}, which are the same"

    def group(self, check: Check, group: Sequence[int]) -> str:
        """Which programs of a comparison are in this group."""
        programs = json.loads(check.code)
        return "; ".join(self.whose(code) for code in dict.fromkeys(programs[at] for at in group))

    def _sources(self, code: str) -> list[str]:
        calls = [step for step in self.steps if isinstance(step, CallShown)]
        return [call.number for call in calls if call.program and call.program.code == code]

    def notes_before(self, step: CallShown | Check | None) -> list[NoteShown]:
        """Those made after the step before this one; None: those after the last."""
        at = [each.position for each in self.steps]
        if step is None:
            return [note for note in self.notes if not at or note.position > at[-1]]
        return [note for note in self.notes if note.position == step.position and not step.branch]


_ATTEMPT = text("SELECT * FROM v_attempts WHERE attempt_id = :id")
_PROBLEM = text(
    "SELECT problem.id, problem.prompt FROM attempt JOIN problem ON problem.id = attempt.problem_id"
    " WHERE attempt.id = :id"
)
_BUDGET = text("""
SELECT control.token_budget, source.id, run.pattern
FROM attempt AS control
JOIN run AS mine ON mine.id = control.run_id
JOIN run ON run.id = mine.tokens_of_id
JOIN attempt AS source ON source.run_id = run.id
    AND source.problem_id = control.problem_id AND source.sample = control.sample
WHERE control.id = :id
""")
_NOTES = text("SELECT position, name, value FROM v_notes WHERE attempt_id = :id ORDER BY number")
_PEOPLE = text("""
SELECT note_id, author, text, tags, written_at FROM v_people_notes WHERE attempt_id = :id ORDER BY note_id
""")
_SECOND = text("""
SELECT execution.judge_version, execution.base, execution.plus, execution.detail
FROM regraded
JOIN step ON step.id = regraded.step_id AND step.kind = 'judge'
JOIN execution ON execution.id = regraded.execution_id
WHERE regraded.attempt_id = :id AND execution.state = 'done' ORDER BY regraded.regrade_id
""")
_STEPS = text("""
SELECT
    step.id AS step_id, step.position, step.branch, v_steps.number, step.kind, step.role, step.verdict, step.issues,
    step.code AS produced,
    coalesce(completion.id, execution.id) AS id,
    coalesce(completion.state, execution.state) AS state,
    coalesce(completion.error, execution.error) AS error,
    coalesce(completion.seconds, execution.seconds) AS seconds,
    coalesce(completion.finished_at, execution.finished_at) AS finished_at,
    v_steps.model, completion.prompt, completion.request, completion.text,
    completion.finish_reason, completion.prompt_tokens, completion.completion_tokens,
    execution.code, execution.given, execution.base, execution.plus, execution.detail,
    others.asked_by, others.sharing, coalesce(completion.task_id, execution.task_id) AS task_id
FROM step
JOIN v_steps ON v_steps.step_id = step.id
LEFT JOIN completion ON completion.id = step.completion_id
LEFT JOIN execution ON execution.id = step.execution_id
CROSS JOIN LATERAL (
    SELECT
        (array_agg(asking.attempt_id ORDER BY asking.id))[1] AS asked_by,
        count(DISTINCT asking.attempt_id) AS sharing
    FROM step AS asking
    WHERE asking.completion_id = step.completion_id OR asking.execution_id = step.execution_id
) AS others
WHERE step.attempt_id = :id
ORDER BY step.position, step.branch
""")


def read(db: Session, attempt_id: int) -> Transcript | None:
    """An attempt as it is now, also while it is under way; None if there is no such attempt."""
    attempt = db.execute(_ATTEMPT, {"id": attempt_id}).mappings().first()
    problem = db.execute(_PROBLEM, {"id": attempt_id}).first()
    if attempt is None or problem is None:
        return None
    steps: list[CallShown | Check] = []
    programs: list[ProgramShown] = []
    for row in db.execute(_STEPS, {"id": attempt_id}):
        step = _check(row) if row.model is None else _call(row, programs)
        if isinstance(step, CallShown) and step.program is not None:
            programs.append(step.program)
        steps.append(step)
    notes = tuple(
        NoteShown(row.position, row.name, json.dumps(row.value, ensure_ascii=False))
        for row in db.execute(_NOTES, {"id": attempt_id})
    )
    budget = db.execute(_BUDGET, {"id": attempt_id}).first()
    shown = None if budget is None else BudgetShown(*budget)
    second = tuple(SecondVerdict(*row) for row in db.execute(_SECOND, {"id": attempt_id}))
    people = tuple(
        PeopleNoteShown(row.note_id, row.author, row.text, tuple(row.tags), row.written_at)
        for row in db.execute(_PEOPLE, {"id": attempt_id})
    )
    return Transcript(
        attempt, problem.id, problem.prompt, tuple(steps), notes, shown, second, people
    )


#: Lines of a program, up to which what a fix changed is worked out: it takes longer than linearly.
_MOST_LINES = 2000


def changes(old: ProgramShown, new: ProgramShown) -> list[str] | None:
    """What a fix changed, as lines of a unified diff to look at; None for programs too long for it."""
    before, after = (visible(program.code).rstrip("\n").split("\n") for program in (old, new))
    if max(len(before), len(after)) > _MOST_LINES:
        return None
    return list(difflib.unified_diff(before, after, old.name, new.name, lineterm=""))


def _work(row: Row[Any]) -> dict[str, Any]:
    names = (
        "id", "step_id", "position", "branch", "number", "kind", "state", "error", "seconds",
        "finished_at", "asked_by", "sharing", "task_id",
    )  # fmt: skip
    return {name: getattr(row, name) for name in names}


def messages(request: Mapping[str, Any]) -> tuple[MessageShown, ...]:
    """What a model was asked, of a call's `request`."""
    return tuple(
        MessageShown(str(message.get("role")), str(message.get("content")))
        for message in request.get("messages", ())
    )


def _call(row: Row[Any], programs: list[ProgramShown]) -> CallShown:
    asked = messages(row.request)
    what = row.prompt if row.kind == Kind.ASK else row.kind
    name = f"{what} {row.number}"
    return CallShown(
        **_work(row),
        role=row.role,
        model=row.model,
        prompt=row.prompt,
        messages=asked,
        answer=row.text,
        finish_reason=row.finish_reason,
        prompt_tokens=row.prompt_tokens,
        completion_tokens=row.completion_tokens,
        verdict=row.verdict,
        issues=None if row.issues is None else tuple(row.issues),
        program=ProgramShown(name, row.produced) if row.produced is not None else None,
        about=_shown_program(row, asked, programs),
    )


def _shown_program(
    row: Row[Any], asked: tuple[MessageShown, ...], programs: list[ProgramShown]
) -> ProgramShown | None:
    """The latest program before a review or a fix whose code stands in what the model was asked."""
    if row.kind not in (Kind.REVIEW, Kind.FIX) or row.prompt == "choose":
        return None
    whole = "\n".join(message.content for message in asked)
    for program in reversed(programs):
        code = program.code.strip("\n")
        if code and code in whole:
            return program
    return None


def _check(row: Row[Any]) -> Check:
    detail = row.detail or {}
    return Check(
        **_work(row),
        code=row.code,
        given=tuple(row.given or ()),
        base=row.base,
        plus=row.plus,
        trial=Trial.from_json(detail) if row.kind == Kind.TRIAL and detail else None,
        run=TestRun.from_json(detail) if row.kind == Kind.RUN and detail else None,
        comparison=Comparison.from_json(detail) if row.kind == Kind.COMPARE and detail else None,
        trace=Traced.from_json(detail) if row.kind == Kind.TRACE and detail else None,
        detail=detail,
    )
