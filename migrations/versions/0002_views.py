"""The views that people query. Each says what a row is; all hold while a sweep is running."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

VIEWS = """
CREATE VIEW v_steps AS
SELECT
    step.id AS step_id,
    step.attempt_id,
    step.position,
    step.branch,
    step.kind,
    step.role,
    language_model.name AS model,
    coalesce(completion.state, execution.state) AS state,
    completion.prompt_tokens,
    completion.completion_tokens,
    coalesce(completion.seconds, execution.seconds) AS seconds,
    coalesce(completion.error, execution.error) AS error,
    step.completion_id,
    step.execution_id
FROM step
LEFT JOIN completion ON completion.id = step.completion_id
LEFT JOIN language_model ON language_model.id = completion.model_id
LEFT JOIN execution ON execution.id = step.execution_id;

COMMENT ON VIEW v_steps IS
    'One row per step of an attempt: what was asked for, of whom, and what it took. A completion '
    'that several attempts share appears in each of them.';

CREATE VIEW v_attempts AS
SELECT
    attempt.id AS attempt_id,
    sweep.id AS sweep_id,
    sweep.name AS sweep,
    run.id AS run_id,
    run.benchmark,
    problem.problem_id,
    problem.entry_point,
    run.pattern,
    run.pairing,
    coder.name AS coder,
    reviewer.name AS reviewer,
    attempt.sample,
    attempt.state,
    attempt.outcome,
    judged.base,
    judged.plus,
    judged.reason,
    attempt.error,
    calls.completions,
    calls.prompt_tokens,
    calls.completion_tokens,
    calls.model_seconds,
    calls.changes_asked,
    attempt.created_at,
    attempt.finished_at
FROM attempt
JOIN run ON run.id = attempt.run_id
JOIN sweep ON sweep.id = run.sweep_id
JOIN problem ON problem.id = attempt.problem_id
JOIN language_model AS coder ON coder.id = run.coder_id
JOIN language_model AS reviewer ON reviewer.id = run.reviewer_id
LEFT JOIN LATERAL (
    SELECT execution.base, execution.plus, execution.reason
    FROM step JOIN execution ON execution.id = step.execution_id
    WHERE step.attempt_id = attempt.id AND step.kind = 'judge'
) AS judged ON true
LEFT JOIN LATERAL (
    SELECT
        count(*) AS completions,
        coalesce(sum(completion.prompt_tokens), 0) AS prompt_tokens,
        coalesce(sum(completion.completion_tokens), 0) AS completion_tokens,
        coalesce(sum(completion.seconds), 0) AS model_seconds,
        -- a fix is asked for only when a review was against the draft
        count(*) FILTER (WHERE completion.kind = 'fix') > 0 AS changes_asked
    FROM completion
    WHERE completion.id IN (SELECT completion_id FROM step WHERE step.attempt_id = attempt.id)
) AS calls ON true;

COMMENT ON VIEW v_attempts IS
    'One row per attempt: where it belongs, how it ended, and what it took. Tokens and seconds are '
    'those of the completions it used, whether or not others used them too.';

CREATE VIEW v_scores AS
SELECT
    sweep.id AS sweep_id,
    sweep.name AS sweep,
    run.id AS run_id,
    run.benchmark,
    run.pattern,
    run.pairing,
    coder.name AS coder,
    reviewer.name AS reviewer,
    scores.n,
    scores.solved,
    scores.solved::double precision / nullif(scores.n, 0) AS pass_1,
    scores.base_solved,
    scores.base_solved::double precision / nullif(scores.n, 0) AS base_pass_1,
    scores.errors,
    scores.unfinished,
    scores.cancelled,
    reviews.reviewed,
    reviews.changes_asked,
    spent.completions,
    spent.prompt_tokens,
    spent.completion_tokens,
    spent.model_seconds
FROM run
JOIN sweep ON sweep.id = run.sweep_id
JOIN language_model AS coder ON coder.id = run.coder_id
JOIN language_model AS reviewer ON reviewer.id = run.reviewer_id
LEFT JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE attempt.outcome IN ('solved', 'unsolved')) AS n,
        count(*) FILTER (WHERE attempt.outcome = 'solved') AS solved,
        count(*) FILTER (
            WHERE attempt.outcome IN ('solved', 'unsolved') AND execution.base = 'pass'
        ) AS base_solved,
        count(*) FILTER (WHERE attempt.outcome = 'error') AS errors,
        count(*) FILTER (WHERE attempt.state IN ('queued', 'running')) AS unfinished,
        count(*) FILTER (WHERE attempt.state = 'cancelled') AS cancelled
    FROM attempt
    LEFT JOIN step ON step.attempt_id = attempt.id AND step.kind = 'judge'
    LEFT JOIN execution ON execution.id = step.execution_id
    WHERE attempt.run_id = run.id
) AS scores ON true
LEFT JOIN LATERAL (
    SELECT
        count(DISTINCT attempt.id) FILTER (
            WHERE step.kind = 'review' AND completion.state = 'done'
        ) AS reviewed,
        count(DISTINCT attempt.id) FILTER (WHERE step.kind = 'fix') AS changes_asked
    FROM attempt
    JOIN step ON step.attempt_id = attempt.id
    JOIN completion ON completion.id = step.completion_id
    WHERE attempt.run_id = run.id
) AS reviews ON true
LEFT JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE completion.state = 'done') AS completions,
        coalesce(sum(completion.prompt_tokens), 0) AS prompt_tokens,
        coalesce(sum(completion.completion_tokens), 0) AS completion_tokens,
        coalesce(sum(completion.seconds), 0) AS model_seconds
    FROM completion
    WHERE completion.id IN (
        SELECT step.completion_id
        FROM step JOIN attempt ON attempt.id = step.attempt_id
        WHERE attempt.run_id = run.id
    )
) AS spent ON true;

COMMENT ON VIEW v_scores IS
    'One row per run. n counts the attempts that were judged; pass_1 is the share of them that '
    'passed base and plus tests. Errors of the infrastructure are in errors, never in n. Tokens '
    'and seconds count each completion of the run once.';

CREATE VIEW v_flips AS
SELECT
    run.sweep_id,
    sweep.name AS sweep,
    run.benchmark,
    run.pairing,
    baseline_run.pattern AS baseline,
    run.pattern,
    problem.problem_id,
    attempt.sample,
    CASE WHEN attempt.outcome = 'solved' THEN 'improved' ELSE 'regressed' END AS flip,
    baseline_run.id AS baseline_run_id,
    run.id AS run_id,
    baseline_attempt.id AS baseline_attempt_id,
    attempt.id AS attempt_id
FROM run
JOIN sweep ON sweep.id = run.sweep_id
JOIN run AS baseline_run
    ON baseline_run.sweep_id = run.sweep_id
    AND baseline_run.benchmark = run.benchmark
    AND baseline_run.coder_id = run.coder_id
    AND baseline_run.reviewer_id = run.reviewer_id
    AND baseline_run.id <> run.id
JOIN attempt ON attempt.run_id = run.id
JOIN attempt AS baseline_attempt
    ON baseline_attempt.run_id = baseline_run.id
    AND baseline_attempt.problem_id = attempt.problem_id
    AND baseline_attempt.sample = attempt.sample
JOIN problem ON problem.id = attempt.problem_id
WHERE attempt.outcome IN ('solved', 'unsolved')
    AND baseline_attempt.outcome IN ('solved', 'unsolved')
    AND attempt.outcome <> baseline_attempt.outcome;

COMMENT ON VIEW v_flips IS
    'One row per problem and sample that one pattern solved and the other did not, for every two '
    'patterns of a sweep with the same benchmark and pairing: improved or regressed, seen from '
    'the baseline. Problems on which either attempt ended in error are not here.';

CREATE VIEW v_progress AS
SELECT
    sweep.id AS sweep_id,
    sweep.name AS sweep,
    run.id AS run_id,
    run.position,
    run.benchmark,
    run.pattern,
    run.pairing,
    count(attempt.id) AS attempts,
    count(*) FILTER (WHERE attempt.state IN ('done', 'error')) AS ended,
    count(*) FILTER (WHERE attempt.state IN ('queued', 'running')) AS unfinished,
    count(*) FILTER (WHERE attempt.state = 'cancelled') AS cancelled,
    count(*) FILTER (WHERE attempt.outcome = 'solved') AS solved,
    count(*) FILTER (WHERE attempt.outcome = 'error') AS errors,
    max(attempt.finished_at) AS last_ended_at
FROM run
JOIN sweep ON sweep.id = run.sweep_id
LEFT JOIN attempt ON attempt.run_id = run.id
GROUP BY sweep.id, run.id;

COMMENT ON VIEW v_progress IS 'One row per run: how far it is.';
"""


def upgrade() -> None:
    """Make the views."""
    op.execute(VIEWS)


def downgrade() -> None:
    """Drop the views."""
    op.execute("DROP VIEW v_progress, v_flips, v_scores, v_attempts, v_steps")
