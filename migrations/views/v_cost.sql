CREATE VIEW v_cost AS
SELECT
    sweep.id AS sweep_id,
    sweep.name AS sweep,
    costs.*
FROM sweep
CROSS JOIN LATERAL (
    WITH used AS (
        -- a completion that several runs share is the sweep's in the first of these rows
        SELECT
            run.id AS run_id,
            step.completion_id,
            -- by which name this sweep calls the model: another may have asked first, by its own
            min(language_model.name) AS model,
            bool_or(coalesce(attempt.outcome IN ('solved', 'unsolved', 'refused'), false))
                AS is_judged,
            row_number() OVER (PARTITION BY step.completion_id) = 1 AS is_first
        FROM run
        JOIN attempt ON attempt.run_id = run.id
        JOIN step ON step.attempt_id = attempt.id
        JOIN seat ON seat.run_id = run.id AND seat.role = step.role
        JOIN language_model ON language_model.id = seat.model_id
        WHERE run.sweep_id = sweep.id AND step.completion_id IS NOT NULL
        GROUP BY run.id, step.completion_id
    ), calls AS (
        SELECT
            used.run_id,
            used.model,
            used.is_judged,
            completion.model_id,
            machine.node,
            count(*) AS completions,
            sum(completion.prompt_tokens) AS prompt_tokens,
            sum(completion.completion_tokens) AS completion_tokens,
            sum(completion.seconds) AS seconds,
            sum(completion.seconds) FILTER (WHERE used.is_first) AS first_seconds,
            range_agg(tstzrange(
                completion.finished_at - completion.seconds * interval '1 second',
                completion.finished_at
            )) FILTER (WHERE used.is_first AND completion.seconds > 0) AS busy
        FROM used
        JOIN completion ON completion.id = used.completion_id AND completion.state = 'done'
        -- a claim is node/process: the node is the same after a restart
        CROSS JOIN LATERAL (
            SELECT split_part(coalesce(completion.worker, ''), '/', 1) AS node
        ) AS machine
        GROUP BY used.run_id, used.model, used.is_judged, completion.model_id, machine.node
    ), together AS (
        SELECT model_id, node, sum(first_seconds) AS seconds, range_agg(busy) AS busy
        FROM calls
        GROUP BY model_id, node
    ), machine AS (
        SELECT
            together.model_id,
            together.node,
            (
                SELECT sum(extract(epoch FROM upper(part) - lower(part)))::double precision
                FROM unnest(together.busy) AS part
            ) / nullif(together.seconds, 0) AS share
        FROM together
    ), prices AS (
        SELECT name, (settings ->> 'price_per_hour')::double precision AS per_hour
        FROM jsonb_each(sweep.file -> 'models') AS model (name, settings)
    ), shared AS (
        SELECT
            calls.run_id,
            calls.is_judged,
            calls.completions,
            calls.prompt_tokens,
            calls.completion_tokens,
            calls.seconds,
            calls.seconds * machine.share AS gpu_seconds,
            calls.seconds * machine.share * coalesce(prices.per_hour, 0) / 3600 AS price
        FROM calls
        JOIN machine ON machine.model_id = calls.model_id AND machine.node = calls.node
        LEFT JOIN prices ON prices.name = calls.model
    ), spent AS (
        SELECT
            run_id,
            sum(completions)::bigint AS completions,
            sum(prompt_tokens)::bigint AS prompt_tokens,
            sum(completion_tokens)::bigint AS completion_tokens,
            sum(seconds) AS model_seconds,
            sum(gpu_seconds) AS gpu_seconds,
            sum(price) AS price,
            sum(prompt_tokens) FILTER (WHERE is_judged)::bigint AS judged_prompt_tokens,
            sum(completion_tokens) FILTER (WHERE is_judged)::bigint AS judged_completion_tokens,
            sum(gpu_seconds) FILTER (WHERE is_judged) AS judged_gpu_seconds,
            sum(price) FILTER (WHERE is_judged) AS judged_price
        FROM shared
        GROUP BY run_id
    ), ended AS (
        SELECT
            run.id AS run_id,
            count(*) FILTER (WHERE attempt.outcome IN ('solved', 'unsolved', 'refused')) AS n,
            count(*) FILTER (WHERE attempt.outcome = 'solved') AS solved
        FROM run
        JOIN attempt ON attempt.run_id = run.id
        WHERE run.sweep_id = sweep.id
        GROUP BY run.id
    )
    SELECT
        run.id AS run_id,
        run.benchmark,
        run.pattern,
        run.pairing,
        coalesce(ended.n, 0) AS n,
        coalesce(ended.solved, 0) AS solved,
        coalesce(spent.completions, 0) AS completions,
        coalesce(spent.prompt_tokens, 0) AS prompt_tokens,
        coalesce(spent.completion_tokens, 0) AS completion_tokens,
        coalesce(spent.gpu_seconds, 0) AS gpu_seconds,
        coalesce(spent.price, 0) AS price,
        coalesce(spent.model_seconds, 0) AS model_seconds,
        coalesce(spent.judged_prompt_tokens, 0) AS judged_prompt_tokens,
        coalesce(spent.judged_completion_tokens, 0) AS judged_completion_tokens,
        coalesce(spent.judged_gpu_seconds, 0) AS judged_gpu_seconds,
        coalesce(spent.judged_price, 0) AS judged_price,
        spent.judged_completion_tokens / nullif(ended.solved, 0) AS tokens_per_solved,
        spent.judged_gpu_seconds / nullif(ended.solved, 0) AS gpu_seconds_per_solved,
        spent.judged_price / nullif(ended.solved, 0) AS price_per_solved
    FROM run
    LEFT JOIN ended ON ended.run_id = run.id
    LEFT JOIN spent ON spent.run_id = run.id
    WHERE run.sweep_id = sweep.id
) AS costs;

COMMENT ON VIEW v_cost IS
    'One row per run: what it would have cost by itself, each of its completions once, also those '
    'that other runs share. Calls that one worker of a model made at the same time share its time: '
    'gpu_seconds is the part of the time in which its workers were busy for the sweep, each '
    'counted by itself, and price is that at the price_per_hour of the sweep''s own file, which is '
    'that of one worker''s machine. The columns that begin with judged are of the calls of the n '
    'attempts that were judged, without those of attempts that ended in error or have not ended; '
    'what a solved problem takes is by these.';
