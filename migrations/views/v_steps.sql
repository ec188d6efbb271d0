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
    step.execution_id,
    completion.prompt,
    completion.prompt_hash,
    completion.cached_tokens,
    completion.finish_reason,
    step.verdict,
    step.code,
    completion.engine
FROM step
LEFT JOIN completion ON completion.id = step.completion_id
LEFT JOIN language_model ON language_model.id = completion.model_id
LEFT JOIN execution ON execution.id = step.execution_id;

COMMENT ON VIEW v_steps IS
    'One row per step of an attempt: what was asked for, of whom, and what it took. A completion '
    'that several attempts share appears in each of them.';
