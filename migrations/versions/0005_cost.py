"""What a run cost, and what went wrong, as views."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

VIEWS = """
CREATE VIEW v_cost AS
SELECT
    sweep.id AS sweep_id,
    sweep.name AS sweep,
    run.id AS run_id,
    run.benchmark,
    run.pattern,
    run.pairing,
    ended.n,
    ended.solved,
    coalesce(spent.completions, 0) AS completions,
    coalesce(spent.prompt_tokens, 0) AS prompt_tokens,
    coalesce(spent.completion_tokens, 0) AS completion_tokens,
    coalesce(spent.gpu_seconds, 0) AS gpu_seconds,
    coalesce(spent.price, 0) AS price,
    spent.completion_tokens / nullif(ended.solved, 0) AS tokens_per_solved,
    spent.price / nullif(ended.solved, 0) AS price_per_solved
FROM run
JOIN sweep ON sweep.id = run.sweep_id
LEFT JOIN (
    SELECT
        calls.sweep_id,
        calls.run_id,
        sum(calls.completions)::bigint AS completions,
        sum(calls.prompt_tokens)::bigint AS prompt_tokens,
        sum(calls.completion_tokens)::bigint AS completion_tokens,
        sum(calls.seconds * busy.share) AS gpu_seconds,
        sum(calls.seconds * busy.share * busy.price_per_hour) / 3600 AS price
    FROM (
        SELECT
            used.sweep_id,
            used.run_id,
            completion.model_id,
            count(*) AS completions,
            sum(completion.prompt_tokens) AS prompt_tokens,
            sum(completion.completion_tokens) AS completion_tokens,
            sum(completion.seconds) AS seconds
        FROM (
            SELECT DISTINCT run.sweep_id, run.id AS run_id, step.completion_id
            FROM run
            JOIN attempt ON attempt.run_id = run.id
            JOIN step ON step.attempt_id = attempt.id
            WHERE step.completion_id IS NOT NULL
        ) AS used
        JOIN completion ON completion.id = used.completion_id AND completion.state = 'done'
        GROUP BY used.sweep_id, used.run_id, completion.model_id
    ) AS calls
    JOIN (
        SELECT
            together.sweep_id,
            together.model_id,
            coalesce((language_model.settings ->> 'price_per_hour')::double precision, 0)
                AS price_per_hour,
            (
                SELECT sum(extract(epoch FROM upper(part) - lower(part)))::double precision
                FROM unnest(together.busy) AS part
            ) / nullif(together.seconds, 0) AS share
        FROM (
            SELECT
                used.sweep_id,
                completion.model_id,
                sum(completion.seconds) AS seconds,
                range_agg(tstzrange(
                    completion.finished_at - completion.seconds * interval '1 second',
                    completion.finished_at
                )) FILTER (WHERE completion.seconds > 0) AS busy
            FROM (
                SELECT DISTINCT run.sweep_id, step.completion_id
                FROM run
                JOIN attempt ON attempt.run_id = run.id
                JOIN step ON step.attempt_id = attempt.id
                WHERE step.completion_id IS NOT NULL
            ) AS used
            JOIN completion ON completion.id = used.completion_id AND completion.state = 'done'
            GROUP BY used.sweep_id, completion.model_id
        ) AS together
        JOIN language_model ON language_model.id = together.model_id
    ) AS busy ON busy.sweep_id = calls.sweep_id AND busy.model_id = calls.model_id
    GROUP BY calls.sweep_id, calls.run_id
) AS spent ON spent.sweep_id = run.sweep_id AND spent.run_id = run.id
LEFT JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE attempt.outcome IN ('solved', 'unsolved')) AS n,
        count(*) FILTER (WHERE attempt.outcome = 'solved') AS solved
    FROM attempt WHERE attempt.run_id = run.id
) AS ended ON true;

COMMENT ON VIEW v_cost IS
    'One row per run: what it would have cost by itself, each of its completions once, also those '
    'that other runs share. Calls that a model worked on at the same time share its time: '
    'gpu_seconds is the part of the time in which the model was busy for the sweep, and price is '
    'that at the price_per_hour of the sweep file.';

CREATE VIEW v_errors AS
SELECT
    sweep.id AS sweep_id,
    sweep.name AS sweep,
    run.benchmark,
    run.pattern,
    run.pairing,
    attempt.error,
    count(*) AS attempts,
    min(attempt.id) AS first_attempt_id,
    max(attempt.finished_at) AS last_at
FROM run
JOIN sweep ON sweep.id = run.sweep_id
JOIN attempt ON attempt.run_id = run.id
WHERE attempt.outcome = 'error'
GROUP BY sweep.id, run.id, attempt.error;

COMMENT ON VIEW v_errors IS
    'One row per run and reason for which the infrastructure failed attempts; they are in no score.';
"""


def upgrade() -> None:
    """Make the views."""
    op.execute(VIEWS)


def downgrade() -> None:
    """Drop the views."""
    op.execute("DROP VIEW v_errors, v_cost")
