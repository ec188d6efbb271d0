CREATE VIEW v_flips AS
SELECT
    run.sweep_id,
    sweep.name AS sweep,
    run.id AS run_id,
    run.benchmark,
    run.pattern,
    run.pairing,
    baseline_run.sweep_id AS baseline_sweep_id,
    baseline_run.id AS baseline_run_id,
    baseline_run.pattern AS baseline,
    baseline_run.pairing AS baseline_pairing,
    (
        baseline_run.sweep_id = run.sweep_id
        AND baseline_run.pairing = run.pairing
        AND coalesce(baseline_run.options ->> 'prompts', 'default')
            = coalesce(run.options ->> 'prompts', 'default')
        AND coalesce(baseline_run.options ->> 'thinking', '')
            = coalesce(run.options ->> 'thinking', '')
        AND coalesce(baseline_run.options ->> 'extraction', 'whole')
            = coalesce(run.options ->> 'extraction', 'whole')
    ) AS alike,
    problem.problem_id,
    attempt.sample,
    CASE WHEN attempt.outcome = 'solved' THEN 'improved' ELSE 'regressed' END AS flip,
    baseline_attempt.id AS baseline_attempt_id,
    attempt.id AS attempt_id
FROM run
JOIN sweep ON sweep.id = run.sweep_id
JOIN run AS baseline_run
    ON baseline_run.benchmark = run.benchmark AND baseline_run.id <> run.id
JOIN attempt ON attempt.run_id = run.id
JOIN attempt AS baseline_attempt
    ON baseline_attempt.run_id = baseline_run.id
    AND baseline_attempt.problem_id = attempt.problem_id
    AND baseline_attempt.sample = attempt.sample
JOIN problem ON problem.id = attempt.problem_id
WHERE attempt.outcome IN ('solved', 'unsolved', 'refused')
    AND baseline_attempt.outcome IN ('solved', 'unsolved', 'refused')
    AND (attempt.outcome = 'solved') <> (baseline_attempt.outcome = 'solved');

COMMENT ON VIEW v_flips IS
    'One row per problem and sample that one run solved and another did not, for any two runs of '
    'one benchmark, also of different sweeps and teams: improved or regressed, seen from the '
    'baseline. alike: both are of one sweep and team, with the same prompts, thinking and '
    'extraction, so that only their patterns differ. Problems on which either attempt ended in error are not here. Say '
    'which sweep or run, and alike, baseline_sweep_id or baseline_run_id.';
