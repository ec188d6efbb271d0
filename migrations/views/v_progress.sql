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
    count(*) FILTER (WHERE attempt.outcome = 'refused') AS refused,
    count(*) FILTER (WHERE attempt.outcome = 'error') AS errors,
    max(attempt.finished_at) AS last_ended_at
FROM run
JOIN sweep ON sweep.id = run.sweep_id
LEFT JOIN attempt ON attempt.run_id = run.id
GROUP BY sweep.id, run.id;

COMMENT ON VIEW v_progress IS 'One row per run: how far it is.';
