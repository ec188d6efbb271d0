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
    v_teams.coder,
    v_teams.reviewer,
    attempt.sample,
    attempt.state,
    attempt.outcome,
    judged.base,
    judged.plus,
    judged.reason,
    judged.trust,
    attempt.error,
    calls.completions,
    calls.prompt_tokens,
    calls.completion_tokens,
    calls.model_seconds,
    calls.changes_asked,
    attempt.created_at,
    attempt.finished_at,
    run.options,
    problem.facts,
    v_teams.team,
    attempt.token_budget
FROM attempt
JOIN run ON run.id = attempt.run_id
JOIN sweep ON sweep.id = run.sweep_id
JOIN problem ON problem.id = attempt.problem_id
JOIN v_teams ON v_teams.run_id = run.id
LEFT JOIN LATERAL (
    SELECT execution.base, execution.plus, execution.reason, execution.trust
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
            SELECT FROM step
            WHERE step.attempt_id = attempt.id AND step.kind = 'review' AND step.verdict = 'revise'
        ) AS changes_asked
    FROM completion
    WHERE completion.id IN (SELECT completion_id FROM step WHERE step.attempt_id = attempt.id)
) AS calls ON true;

COMMENT ON VIEW v_attempts IS
    'One row per attempt: where it belongs, how it ended, and what it took. Tokens and seconds are '
    'those of the completions it used, whether or not others used them too. team has its models by '
    'role, coder and reviewer those of the usual two (v_teams). trust is shared where '
    'the hidden tests ran beside the program, and outside where it could not reach them. facts is '
    'what the problem''s record says of it: difficulty, topic, date, platform, as far as it does. '
    'token_budget is how many answer tokens it could spend, in a run that gets as many as another one.';
