"""How far a sweep is, from rows alone: it tells the same whoever does the work."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlmodel import Session

from foureyes.models.errors import REFERENCE_FAILS
from foureyes.results import time_left
from foureyes.results.steering import Steering, steering

#: Seconds over which rates are taken: calls of a large model on a processor take minutes.
_WINDOW = 300


@dataclass(frozen=True)
class RunProgress:
    """One run: how many of its attempts ended, and how."""

    benchmark: str
    pattern: str
    pairing: str
    attempts: int
    ended: int
    solved: int
    refused: int
    errors: int
    unfinished: int


@dataclass(frozen=True)
class ModelProgress:
    """One model's calls for the sweep, whoever else uses them too.

    `busy_seconds` is the time in which it had at least one call at work; `spent` is that of each of
    its workers, added up, at the model's price per hour, which is the price of one worker's machine,
    in USD; `rate` is in answer tokens per second, in the last five minutes.
    """

    name: str
    done: int
    running: int
    queued: int
    prompt_tokens: int
    completion_tokens: int
    rate: float
    busy_seconds: float
    spent: float


@dataclass(frozen=True)
class WaitingWork:
    """Open work that unfinished attempts wait for: the calls in one model's queue, or all judgings.

    `retried` of it has failed before, the last of that for the reason `said`. `trouble`: why the
    model's last worker could not load it.
    """

    what: str
    queued: int
    running: int
    retried: int
    said: str | None
    trouble: str | None

    @property
    def is_in_vain(self) -> bool:
        """Whether nothing works at it, nor will until somebody mends something."""
        return self.trouble is not None and self.queued > 0 and self.running == 0


@dataclass(frozen=True)
class Progress:
    """A sweep at one moment.

    `per_minute`: attempts that end in a minute, by the last five. Those whose every answer an earlier
    sweep had do not count: they end at once, and say nothing of how long the others take. `failures`
    are the latest errors, with the number of attempts that ended so. `by_plan` are the seconds left by what
    the sweep is expected to ask (results/time_left.py). `without_reference` are those of the errors that no
    other try mends here: the reference program of their task fails.
    """

    runs: list[RunProgress]
    models: list[ModelProgress]
    failures: list[tuple[str, int]]
    per_minute: float
    waiting: list[WaitingWork]
    sweep_id: int
    by_plan: float | None = None
    steering: Steering | None = None
    without_reference: int = 0

    @property
    def attempts(self) -> int:
        """All of the sweep's."""
        return sum(run.attempts for run in self.runs)

    @property
    def ended(self) -> int:
        """Solved, unsolved, refused or in error."""
        return sum(run.ended for run in self.runs)

    @property
    def unfinished(self) -> int:
        """Those that are still to end."""
        return sum(run.unfinished for run in self.runs)

    @property
    def errors(self) -> int:
        """Those that ended in error."""
        return sum(run.errors for run in self.runs)

    @property
    def retried(self) -> list[WaitingWork]:
        """Where something has failed and is tried again."""
        return [each for each in self.waiting if each.retried]

    @property
    def in_vain(self) -> list[WaitingWork]:
        """The models' queues at which nothing works."""
        return [each for each in self.waiting if each.is_in_vain]

    @property
    def is_stuck(self) -> bool:
        """Whether all that is asked for waits in vain."""
        return bool(self.waiting) and all(each.is_in_vain for each in self.waiting)

    @property
    def is_over(self) -> bool:
        """Whether all has ended, or it is at a cap and what was in flight then has ended."""
        if not self.unfinished:
            return True
        told = self.steering
        at_cap = told is not None and told.is_at_cap and told.held_runs == told.runs
        return at_cap and not any(each.running for each in self.waiting)

    @property
    def seconds_left(self) -> float | None:
        """By the plan; else at the rate of the last minutes; None while there is none."""
        if not self.unfinished:
            return 0.0
        if self.by_plan is not None:
            return self.by_plan
        return 60 * self.unfinished / self.per_minute if self.per_minute else None


RUNS = text(
    "SELECT benchmark, pattern, pairing, attempts, ended, solved, refused, errors, unfinished"
    " FROM v_progress WHERE sweep_id = :sweep ORDER BY position"
)
MODELS = text("""
WITH used AS MATERIALIZED (
    -- by which name this sweep calls the model, as v_cost has it
    SELECT step.completion_id AS id,
        min(language_model.name) AS model
    FROM run
    JOIN attempt ON attempt.run_id = run.id
    JOIN step ON step.attempt_id = attempt.id
    JOIN seat ON seat.run_id = run.id AND seat.role = step.role
    JOIN language_model ON language_model.id = seat.model_id
    WHERE run.sweep_id = :sweep AND step.completion_id IS NOT NULL
    GROUP BY step.completion_id
), calls AS (
    SELECT used.model, completion.state, completion.finished_at, completion.seconds,
        completion.prompt_tokens, completion.completion_tokens,
        split_part(coalesce(completion.worker, ''), '/', 1) AS node
    FROM completion JOIN used USING (id)
), summed AS (
    SELECT model,
        count(*) FILTER (WHERE state = 'done') AS done,
        count(*) FILTER (WHERE state = 'running') AS running,
        count(*) FILTER (WHERE state = 'queued') AS queued,
        coalesce(sum(prompt_tokens), 0) AS prompt_tokens,
        coalesce(sum(completion_tokens), 0) AS completion_tokens,
        sum(completion_tokens) FILTER (WHERE finished_at > now() - make_interval(secs => :window)) AS lately,
        min(finished_at - seconds * interval '1 second') FILTER (WHERE finished_at > now() - make_interval(secs => :window)) AS since,
        range_agg(tstzrange(finished_at - seconds * interval '1 second', finished_at))
            FILTER (WHERE state = 'done' AND seconds > 0) AS busy
    FROM calls GROUP BY model
), machine AS (
    SELECT model, range_agg(tstzrange(finished_at - seconds * interval '1 second', finished_at)) AS busy
    FROM calls WHERE state = 'done' AND seconds > 0
    GROUP BY model, node
), paid AS (
    SELECT model,
        sum((SELECT sum(extract(epoch FROM upper(part) - lower(part))) FROM unnest(busy) AS part)) AS seconds
    FROM machine GROUP BY model
)
SELECT model AS name, done, running, queued, prompt_tokens, completion_tokens,
    coalesce(lately / greatest(1, extract(epoch FROM now() - since)), 0)::float8 AS rate,
    coalesce((SELECT sum(extract(epoch FROM upper(part) - lower(part)))
              FROM unnest(busy) AS part), 0)::float8 AS busy_seconds,
    coalesce(paid.seconds, 0)::float8
        * coalesce((sweep.file #>> ARRAY['models', model, 'price_per_hour'])::float8, 0) / 3600 AS spent
FROM summed
JOIN sweep ON sweep.id = :sweep
LEFT JOIN paid USING (model)
ORDER BY model
""")
#: By the queue that it is in, which is that of the name under which it was asked for first.
WAITING = text("""
WITH asked AS MATERIALIZED (
    SELECT DISTINCT step.completion_id, step.execution_id
    FROM run JOIN attempt ON attempt.run_id = run.id JOIN step ON step.attempt_id = attempt.id
    WHERE run.sweep_id = :sweep AND attempt.state IN ('queued', 'running')
), work AS (
    SELECT model_id, state, error, send_again_at
    FROM completion JOIN asked ON asked.completion_id = completion.id
    WHERE state IN ('queued', 'running')
    UNION ALL
    SELECT NULL, state, error, send_again_at
    FROM execution JOIN asked ON asked.execution_id = execution.id
    WHERE state IN ('queued', 'running')
), summed AS (
    SELECT model_id,
        count(*) FILTER (WHERE state = 'queued') AS queued,
        count(*) FILTER (WHERE state = 'running') AS running,
        count(error) AS retried,
        (array_agg(error ORDER BY send_again_at DESC) FILTER (WHERE error IS NOT NULL))[1] AS said
    FROM work GROUP BY model_id
)
SELECT coalesce(name, 'the judge') AS what, queued, running, retried, said, trouble
FROM summed LEFT JOIN language_model ON language_model.id = model_id
ORDER BY name NULLS LAST
""")
FAILURES = text("""
SELECT coalesce(attempt.error, '') AS error, count(*) AS times,
    sum(CASE WHEN position(:reference IN attempt.error) > 0 THEN count(*) ELSE 0 END) OVER () AS lost
FROM run JOIN attempt ON attempt.run_id = run.id
WHERE run.sweep_id = :sweep AND attempt.outcome = 'error'
GROUP BY attempt.error ORDER BY max(attempt.finished_at) DESC LIMIT 3
""")
RATE = text("""
SELECT coalesce(60 * count(*) / greatest(5, extract(epoch FROM now() - min(attempt.finished_at))), 0)
FROM run JOIN attempt ON attempt.run_id = run.id
WHERE run.sweep_id = :sweep AND attempt.outcome IS NOT NULL
    AND attempt.finished_at > now() - make_interval(secs => :window)
    AND EXISTS (
        SELECT FROM step
        LEFT JOIN completion ON completion.id = step.completion_id
        LEFT JOIN execution ON execution.id = step.execution_id
        WHERE step.attempt_id = attempt.id
            AND coalesce(completion.finished_at, execution.finished_at) > attempt.created_at
    )
""")


def progress(db: Session, sweep_id: int) -> Progress:
    """The progress of a sweep."""
    sweep = {"sweep": sweep_id}
    lately = sweep | {"window": _WINDOW}
    runs = [RunProgress(*row) for row in db.execute(RUNS, sweep)]
    failures = db.execute(FAILURES, sweep | {"reference": f": {REFERENCE_FAILS}: "}).all()
    return Progress(
        runs=runs,
        models=[_model(*row) for row in db.execute(MODELS, lately)],
        failures=[(row.error, row.times) for row in failures],
        without_reference=int(failures[0].lost) if failures else 0,
        per_minute=float(db.execute(RATE, lately).scalar_one()),
        waiting=[WaitingWork(*row) for row in db.execute(WAITING, sweep)],
        sweep_id=sweep_id,
        steering=steering(db, sweep_id),
        by_plan=time_left.by_plan(db, sweep_id, [run.unfinished for run in runs]),
    )


def _model(
    name: str,
    done: int,
    running: int,
    queued: int,
    prompt_tokens: int,
    completion_tokens: int,
    rate: float,
    busy_seconds: float,
    spent: float,
) -> ModelProgress:
    return ModelProgress(
        name,
        done,
        running,
        queued,
        int(prompt_tokens),
        int(completion_tokens),
        rate,
        busy_seconds,
        spent,
    )
