"""How long a sweep still takes: what is left to be asked, at the speeds that were measured.

By attempts alone it cannot be told: those that end first are the short ones, and their answers are
shared with the longer ones that follow. What attempts ask is in the sweep's plan, which takes every review
to want changes; what its last attempts asked corrects that.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from pydantic import TypeAdapter
from sqlalchemy import text
from sqlmodel import Session

from foureyes.models.sweep_content import ExpectedCalls
from foureyes.models.tables import Sweep

#: Attempts that ended that are looked at: of each run alike the latest, or a pattern that ends late would
#: go by its plan for as long as others end oftener; so many in all, and at least so many of a run.
_LATEST, _LATEST_OF_RUN = 300, 10
#: For as many steps, and as many calls, what was planned counts beside those that were seen.
_PRIOR_STEPS, _PRIOR_CALLS = 1.0, 1.0
#: To read a token takes so much of the time to write one: that of small models on processors.
_READING = 0.25
_EXPECTED = TypeAdapter(list[list[ExpectedCalls]])

#: Steps of the attempts that ended last, and of those that are under way.
_SEEN = text("""
WITH looked AS MATERIALIZED (
    SELECT ended.id, run.id AS run_id, run.position, true AS has_ended
    FROM run CROSS JOIN LATERAL (
        SELECT id FROM attempt WHERE run_id = run.id AND outcome <> 'error'
        ORDER BY problem_id DESC, sample DESC LIMIT :latest
    ) AS ended
    WHERE run.sweep_id = :sweep
    UNION ALL
    SELECT attempt.id, run.id, run.position, false
    FROM run JOIN attempt ON attempt.run_id = run.id
    WHERE run.sweep_id = :sweep AND attempt.state IN ('queued', 'running')
        AND attempt.moved_at IS NOT NULL
)
SELECT looked.id AS attempt, looked.position, has_ended, language_model.name AS model, step.kind,
    coalesce(completion_id, -execution_id) AS work,
    coalesce(completion.finished_at, execution.finished_at) AS finished_at,
    completion.state IS NOT DISTINCT FROM 'running' AS is_running,
    coalesce(completion.seconds, execution.seconds, 0)::float8 AS seconds,
    coalesce(completion.prompt_tokens, 0) AS prompt_tokens,
    coalesce(completion.completion_tokens, 0) AS tokens
FROM looked
JOIN step ON step.attempt_id = looked.id
LEFT JOIN completion ON completion.id = completion_id
LEFT JOIN execution ON execution.id = execution_id
LEFT JOIN seat ON seat.run_id = looked.run_id AND seat.role = step.role
    AND step.completion_id IS NOT NULL
LEFT JOIN language_model ON language_model.id = seat.model_id
""")


@dataclass(frozen=True)
class SeenStep:
    """A step of an attempt, and the work that answers it; `model` is None of what is executed.

    `position` is that of the attempt's run in its sweep; `seconds` and tokens are those of the work,
    `finished_at` is None until it is done; `is_running`: a model is at it now.
    """

    attempt: int
    position: int
    has_ended: bool
    model: str | None
    kind: str
    work: int
    finished_at: datetime | None
    is_running: bool
    seconds: float
    prompt_tokens: int
    tokens: int


class _Asked(NamedTuple):
    """Calls of one kind to one model."""

    model: str
    kind: str


def by_plan(db: Session, sweep_id: int, unfinished: Sequence[int]) -> float | None:
    """The seconds that a sweep still takes; None if nobody knows what it is expected to ask, or a speed.

    `unfinished` is of each run, in the order of the grid, how many attempts have not ended.
    """
    sweep = db.get_one(Sweep, sweep_id)
    expected = _EXPECTED.validate_python(sweep.file.get("expected", []))
    if len(expected) != len(unfinished):
        return None
    latest = max(_LATEST_OF_RUN, _LATEST // max(1, len(unfinished)))
    rows = db.execute(_SEEN, {"sweep": sweep_id, "latest": latest})
    return seconds_left(expected, unfinished, [SeenStep(*row) for row in rows], sweep.created_at)


def seconds_left(
    expected: Sequence[Sequence[ExpectedCalls]],
    unfinished: Sequence[int],
    seen: Iterable[SeenStep],
    since: datetime,
) -> float | None:
    """The seconds until the models, or the judge, have done what is left; None where no speed is known, or answers
    take no time, as those of a recording: then nobody waits for what was planned.

    `seen` are steps of attempts that ended lately and of all that are under way. Work that was done before
    `since` was found there, and says nothing of how long other work takes.
    """
    steps = list(seen)
    is_new = {
        step.work: step.finished_at is not None and step.finished_at > since for step in steps
    }
    made_new = {step.attempt for step in steps if is_new[step.work]}
    ended = [step for step in steps if step.has_ended and step.attempt in made_new]
    begun = [step for step in steps if not step.has_ended]
    done = {step.work: step for step in steps if is_new[step.work]}
    spans: dict[str | None, list[tuple[float, float]]] = defaultdict(list)
    for step in done.values():
        assert step.finished_at is not None
        end = step.finished_at.timestamp()
        spans[step.model].append((end - step.seconds, end))
    busy = {model: _length(each) for model, each in spans.items()}
    attempts = Counter({step.attempt: 1 for step in ended})
    judging = sum(unfinished) * busy.pop(None, 0.0) / len(attempts) if attempts else 0.0

    at_once = _at_once(steps, done, busy)
    calls = _left(expected, unfinished, ended, begun, done)
    taken = _taken(expected, done)
    left: dict[str, float] = defaultdict(float)
    for asked, number in calls.items():
        seconds = taken.get(asked)
        if seconds is None and number:
            return None
        left[asked.model] += number * (seconds or 0.0) / at_once.get(asked.model, 1.0)
    if not any(left.values()):
        return None if any(calls.values()) else judging or None
    # models that wait for each other are busy one after the other
    both = _length([span for model, each in spans.items() if model is not None for span in each])
    apart = both / max(busy.values()) if any(busy.values()) else 1.0
    return max(max(left.values()) * apart, judging)


def _left(
    expected: Sequence[Sequence[ExpectedCalls]],
    unfinished: Sequence[int],
    ended: Sequence[SeenStep],
    begun: Sequence[SeenStep],
    done: Mapping[int, SeenStep],
) -> dict[_Asked, float]:
    """How many calls are still to be made: as planned, as far as attempts that ended asked what was planned
    for them and was not there before, without those that attempts under way have got."""
    positions = {step.attempt: step.position for step in ended}
    planned: dict[_Asked, float] = defaultdict(float)
    planned_of_ended: dict[_Asked, float] = defaultdict(float)
    of_run = Counter(positions.values())
    for position, run in enumerate(expected):
        for each in run:
            asked = _Asked(each.model, each.kind)
            planned[asked] += unfinished[position] * each.calls
            steps = each.steps if each.steps_not_done is None else each.steps_not_done
            planned_of_ended[asked] += of_run[position] * steps
    # what the plan cannot know is whether a review or a fix is there: its question holds an answer
    made = Counter(
        _Asked(step.model, step.kind)
        for step in ended
        if step.model is not None and step.work in done
    )
    # who asks for more ends later: what those under way have asked was planned, and is asked, too
    further = Counter(
        _Asked(step.model, step.kind)
        for step in begun
        if step.model is not None and (step.work in done or step.finished_at is None)
    )
    used = {step.work for step in ended}
    under_way = Counter(
        _Asked(step.model, step.kind)
        for work, step in done.items()
        if step.model is not None and work not in used
    )
    waiting = {step.work: step for step in begun if step.work not in done}.values()
    wanted = Counter(_Asked(step.model, step.kind) for step in waiting if step.model is not None)
    return {
        asked: max(
            wanted[asked],
            number
            * (_PRIOR_STEPS + further[asked] + made[asked])
            / (_PRIOR_STEPS + further[asked] + planned_of_ended[asked])
            - under_way[asked],
        )
        for asked, number in planned.items()
    }


def _at_once(
    steps: Iterable[SeenStep], done: Mapping[int, SeenStep], busy: Mapping[str | None, float]
) -> dict[str, float]:
    """How many calls a model works on together, which share its time: as many as it is at now, or as it was
    on average. That alone is too few, as not all that were made at the time are looked at."""
    seconds: dict[str, float] = defaultdict(float)
    for step in done.values():
        if step.model is not None:
            seconds[step.model] += step.seconds
    running = {step.work: step.model for step in steps if step.is_running}
    now = Counter(model for model in running.values() if model is not None)
    return {
        model: max(total / busy[model], now[model], 1.0) if busy[model] else 1.0
        for model, total in seconds.items()
    }


def _taken(
    expected: Sequence[Sequence[ExpectedCalls]], done: Mapping[int, SeenStep]
) -> dict[_Asked, float]:
    """The seconds that a call takes: as those of its kind took; of a kind that has not been seen, as long as
    the model is at a question and an answer of the planned length; of a model that has not been, as was planned."""
    seconds: dict[_Asked, float] = defaultdict(float)
    number: Counter[_Asked] = Counter()
    written: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for step in done.values():
        if step.model is None:
            continue
        asked = _Asked(step.model, step.kind)
        seconds[asked] += step.seconds
        number[asked] += 1
        written[step.model][0] += step.seconds
        written[step.model][1] += step.tokens + _READING * step.prompt_tokens
    taken: dict[_Asked, float] = {}
    for each in (each for run in expected for each in run):
        asked = _Asked(each.model, each.kind)
        at_work, tokens = written[each.model]
        planned = each.tokens + _READING * each.prompt_tokens
        before = planned * at_work / tokens if tokens else each.seconds
        if before is not None:
            taken[asked] = (_PRIOR_CALLS * before + seconds[asked]) / (_PRIOR_CALLS + number[asked])
    return taken


def _length(spans: Iterable[tuple[float, float]]) -> float:
    """The seconds that at least one of these spans covers."""
    covered, reached = 0.0, float("-inf")
    for begin, end in sorted(spans):
        covered += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return covered
