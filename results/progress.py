"""How far a sweep is, from rows alone: it tells the same whoever does the work."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlmodel import Session

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
    in USD; `rate` is in answer tokens per second, in the last five minutes. `retried` of the calls
    that are at work or waiting have failed before, the last of them for the reason `said`.
    `trouble`: why its last worker could not load it.
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
    retried: int
    said: str | None
    trouble: str | None

    @property
    def is_away(self) -> bool:
        """Whether calls wait and nothing works at them, nor will until somebody mends something."""
        return self.trouble is not None and self.queued > 0 and self.running == 0


@dataclass(frozen=True)
class JudgeProgress:
    """Programs that are being judged for the sweep's open attempts, or wait to be."""

    open: int
    retried: int
    said: str | None


@dataclass(frozen=True)
class Progress:
    """A sweep at one moment.

    `per_minute`: attempts that end in a minute, by the last five. Those whose every answer an earlier
    sweep had do not count: they end at once, and say nothing of how long the others take. `failures`
    are the latest errors, with the number of attempts that ended so.
    """

    runs: list[RunProgress]
    models: list[ModelProgress]
    judge: JudgeProgress
    failures: list[tuple[str, int]]
    per_minute: float

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
        """Those that the infrastructure failed."""
        return sum(run.errors for run in self.runs)

    @property
    def retried(self) -> list[tuple[str, int, str]]:
        """Work that has failed and is tried again: what it is, how much, and the latest reason."""
        found = [(f"calls of {model.name}", model.retried, model.said) for model in self.models]
        found.append(("judgings", self.judge.retried, self.judge.said))
        return [(what, count, said or "") for what, count, said in found if count]

    @property
    def away(self) -> list[ModelProgress]:
        """The models that calls wait for and nothing works at."""
        return [model for model in self.models if model.is_away]

    @property
    def is_stuck(self) -> bool:
        """Whether all that is asked for waits for models at which nothing works."""
        others = (model for model in self.models if not model.is_away)
        idle = not self.judge.open and not any(each.running or each.queued for each in others)
        return bool(self.unfinished and self.away and idle)

    @property
    def seconds_left(self) -> float | None:
        """At the rate of the last minutes; None while there is none."""
        if not self.unfinished:
            return 0.0
        return 60 * self.unfinished / self.per_minute if self.per_minute else None


RUNS = text(
    "SELECT benchmark, pattern, pairing, attempts, ended, solved, refused, errors, unfinished"
    " FROM v_progress WHERE sweep_id = :sweep ORDER BY position"
)
MODELS = text("""
WITH used AS MATERIALIZED (
    -- by which name this sweep calls the model, as v_cost has it
    SELECT step.completion_id AS id,
        min(CASE step.role WHEN 'reviewer' THEN reviewer.name ELSE coder.name END) AS model
    FROM run
    JOIN language_model AS coder ON coder.id = run.coder_id
    JOIN language_model AS reviewer ON reviewer.id = run.reviewer_id
    JOIN attempt ON attempt.run_id = run.id
    JOIN step ON step.attempt_id = attempt.id
    WHERE run.sweep_id = :sweep AND step.completion_id IS NOT NULL
    GROUP BY step.completion_id
), calls AS (
    SELECT used.model, completion.state, completion.finished_at, completion.seconds,
        completion.state IN ('queued', 'running') AND completion.error IS NOT NULL AS retried,
        completion.error, completion.send_again_at,
        completion.prompt_tokens, completion.completion_tokens,
        split_part(coalesce(completion.worker, ''), '/', 1) AS node
    FROM completion JOIN used USING (id)
), summed AS (
    SELECT model,
        count(*) FILTER (WHERE state = 'done') AS done,
        count(*) FILTER (WHERE state = 'running') AS running,
        count(*) FILTER (WHERE state = 'queued') AS queued,
        count(*) FILTER (WHERE retried) AS retried,
        (array_agg(error ORDER BY send_again_at DESC) FILTER (WHERE retried))[1] AS said,
        coalesce(sum(prompt_tokens), 0)::bigint AS prompt_tokens,
        coalesce(sum(completion_tokens), 0)::bigint AS completion_tokens,
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
        * coalesce((sweep.file #>> ARRAY['models', model, 'price_per_hour'])::float8, 0) / 3600 AS spent,
    retried, said, language_model.trouble
FROM summed
JOIN sweep ON sweep.id = :sweep
JOIN language_model ON language_model.name = model
LEFT JOIN paid USING (model)
ORDER BY model
""")
JUDGE = text("""
SELECT count(*) AS open, count(execution.error) AS retried,
    (array_agg(execution.error ORDER BY execution.send_again_at DESC)
        FILTER (WHERE execution.error IS NOT NULL))[1] AS said
FROM execution
WHERE execution.state IN ('queued', 'running') AND execution.id IN (
    SELECT step.execution_id
    FROM run JOIN attempt ON attempt.run_id = run.id JOIN step ON step.attempt_id = attempt.id
    WHERE run.sweep_id = :sweep AND attempt.state IN ('queued', 'running')
)
""")
FAILURES = text("""
SELECT coalesce(attempt.error, '') AS error, count(*) AS times
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
    return Progress(
        runs=[RunProgress(*row) for row in db.execute(RUNS, sweep)],
        models=[ModelProgress(**row) for row in db.execute(MODELS, lately).mappings()],
        judge=JudgeProgress(*db.execute(JUDGE, sweep).one()),
        failures=[(row.error, row.times) for row in db.execute(FAILURES, sweep)],
        per_minute=float(db.execute(RATE, lately).scalar_one()),
    )
