CREATE VIEW v_steering AS
SELECT
    sweep.id AS sweep_id,
    sweep.name AS sweep,
    sweep.priority,
    sweep.at_once,
    (SELECT count(*) FROM run WHERE run.sweep_id = sweep.id) AS runs,
    (SELECT count(*) FROM run WHERE run.sweep_id = sweep.id AND held IS NOT NULL) AS held_runs,
    (
        SELECT string_agg(DISTINCT run.held, ', ' ORDER BY run.held)
        FROM run WHERE run.sweep_id = sweep.id
    ) AS held,
    (SELECT min(run.held_at) FROM run WHERE run.sweep_id = sweep.id) AS held_since,
    (
        SELECT count(*) FROM run JOIN attempt ON attempt.run_id = run.id
        WHERE run.sweep_id = sweep.id
            AND attempt.state IN ('queued', 'running') AND attempt.moved_at IS NOT NULL
    ) AS under_way,
    (
        SELECT count(*) FROM run JOIN attempt ON attempt.run_id = run.id
        WHERE run.sweep_id = sweep.id AND attempt.state = 'queued' AND attempt.moved_at IS NULL
    ) AS waiting,
    sweep.max_usd,
    spent.usd,
    sweep.max_tokens,
    spent.tokens,
    sweep.max_hours,
    spent.hours
FROM sweep
LEFT JOIN LATERAL (
    SELECT
        coalesce(sum(busy.seconds * prices.per_hour) FILTER (WHERE spending.model <> ''), 0) / 3600 AS usd,
        coalesce(sum(spending.tokens) FILTER (WHERE spending.model = ''), 0)::bigint AS tokens,
        coalesce(sum(busy.seconds) FILTER (WHERE spending.model = ''), 0) / 3600 AS hours
    FROM spending
    CROSS JOIN LATERAL (
        SELECT spending.seconds + coalesce(
            sum(extract(epoch FROM upper(part) - lower(part))), 0
        )::double precision AS seconds
        FROM unnest(spending.lately) AS part
    ) AS busy
    CROSS JOIN LATERAL (
        SELECT coalesce(
            (sweep.file #>> ARRAY['models', spending.model, 'price_per_hour'])::double precision, 0
        ) AS per_hour
    ) AS prices
    WHERE spending.sweep_id = sweep.id
) AS spent ON num_nonnulls(sweep.max_usd, sweep.max_tokens, sweep.max_hours) > 0;

COMMENT ON VIEW v_steering IS
    'One row per sweep: how it is steered. Of held_runs nothing new is started, why is in held: paused, '
    'or the cap that was reached. under_way and waiting are its attempts that have begun and not ended, '
    'and that have not begun. Beside each cap is what was spent of it; null without any cap: it is '
    'counted only then, and by the calls made for the sweep since it was enqueued, each when it has '
    'ended. tokens are those of prompts and answers, hours those in which at least one call was at '
    'work, and usd is for the hours in which each worker had one at work, at its model''s '
    'price_per_hour. Attempts of sweeps with a higher priority are started first; at_once is how many '
    'may be under way.';
