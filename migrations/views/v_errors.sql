CREATE VIEW v_errors AS
SELECT
    sweep.id AS sweep_id,
    sweep.name AS sweep,
    run.id AS run_id,
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
    'One row per run and reason for which attempts ended in error; they are in no score.';
