"""What steps gave, and the options of patterns: verdicts and programs in rows that SQL can ask."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

COLUMNS = """
ALTER TABLE run ADD COLUMN options jsonb NOT NULL DEFAULT '{}';
ALTER TABLE run ALTER COLUMN options DROP DEFAULT;
ALTER TABLE step ADD COLUMN verdict varchar;
ALTER TABLE step ADD COLUMN code text;
-- Until now a fix was asked for only when a review was against the draft.
UPDATE step SET verdict = CASE WHEN EXISTS (
    SELECT FROM step AS fix WHERE fix.attempt_id = step.attempt_id AND fix.kind = 'fix'
) THEN 'revise' ELSE 'approve' END
WHERE kind = 'review' AND EXISTS (
    SELECT FROM completion WHERE completion.id = step.completion_id AND completion.state = 'done'
);
"""

VIEWS = """
CREATE OR REPLACE VIEW v_steps AS
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
    step.execution_id,
    completion.prompt,
    completion.prompt_hash,
    completion.cached_tokens,
    completion.finish_reason,
    step.verdict,
    step.code
FROM step
LEFT JOIN completion ON completion.id = step.completion_id
LEFT JOIN language_model ON language_model.id = completion.model_id
LEFT JOIN execution ON execution.id = step.execution_id;

CREATE OR REPLACE VIEW v_attempts AS
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
    attempt.finished_at,
    run.options
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
        EXISTS (
            SELECT FROM step WHERE step.attempt_id = attempt.id AND step.verdict = 'revise'
        ) AS changes_asked
    FROM completion
    WHERE completion.id IN (SELECT completion_id FROM step WHERE step.attempt_id = attempt.id)
) AS calls ON true;

CREATE OR REPLACE VIEW v_scores AS
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
    spent.model_seconds,
    run.options
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
        count(DISTINCT attempt.id) FILTER (WHERE step.verdict IN ('approve', 'revise', 'none'))
            AS reviewed,
        count(DISTINCT attempt.id) FILTER (WHERE step.verdict = 'revise') AS changes_asked
    FROM attempt
    JOIN step ON step.attempt_id = attempt.id
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
"""

_NAMES = "v_progress, v_flips, v_scores, v_attempts, v_steps"


def upgrade() -> None:
    """Add the columns, and show them."""
    op.execute(COLUMNS)
    op.execute(VIEWS)


def downgrade() -> None:
    """Take them back: the views as the revision before made them."""
    op.execute(f"DROP VIEW {_NAMES}")
    op.execute("ALTER TABLE step DROP COLUMN code, DROP COLUMN verdict")
    op.execute("ALTER TABLE run DROP COLUMN options")
    script = op.get_context().script
    assert script is not None
    op.execute(script.get_revision(down_revision).module.VIEWS)
