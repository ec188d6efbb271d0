CREATE VIEW v_pass_at_k AS
SELECT
    sweep.id AS sweep_id,
    sweep.name AS sweep,
    estimates.*
FROM sweep
CROSS JOIN LATERAL (
    SELECT
        run.id AS run_id,
        run.benchmark,
        run.pattern,
        run.pairing,
        wanted.k,
        coalesce(sum(alike.problems), 0)::bigint AS problems,
        sum(alike.problems * (1 - plus.none)) / sum(alike.problems)::double precision AS plus,
        sum(alike.problems * (1 - base.none)) / sum(alike.problems)::double precision AS base
    FROM run
    CROSS JOIN LATERAL (
        SELECT power(2, exponent)::integer AS k
        FROM generate_series(0, floor(log(2, run.samples))::integer) AS exponent
        UNION
        SELECT run.samples
    ) AS wanted
    LEFT JOIN (
        -- problems with as many right samples among as many are one calculation
        SELECT run_id, n, n - solved AS wrong, n - base_solved AS base_wrong, count(*) AS problems
        FROM (
            SELECT
                run.id AS run_id,
                count(*) AS n,
                count(*) FILTER (WHERE attempt.outcome = 'solved') AS solved,
                count(*) FILTER (WHERE execution.base = 'pass') AS base_solved
            FROM run
            JOIN attempt ON attempt.run_id = run.id
            LEFT JOIN step ON step.attempt_id = attempt.id AND step.kind = 'judge'
            LEFT JOIN execution ON execution.id = step.execution_id
            WHERE run.sweep_id = sweep.id AND attempt.outcome IN ('solved', 'unsolved', 'refused')
            GROUP BY run.id, attempt.problem_id
        ) AS of_problem
        GROUP BY run_id, n, solved, base_solved
    ) AS alike ON alike.run_id = run.id AND alike.n >= wanted.k
    -- Chen et al. (2021): none of k samples drawn from n is right with C(wrong, k) / C(n, k)
    LEFT JOIN LATERAL (
        SELECT CASE WHEN alike.wrong < wanted.k THEN 0 ELSE exp(sum(
            ln((alike.wrong - i)::double precision / (alike.n - i))
        )) END AS none
        FROM generate_series(0, least(wanted.k, alike.wrong)::integer - 1) AS i
    ) AS plus ON true
    LEFT JOIN LATERAL (
        SELECT CASE WHEN alike.base_wrong < wanted.k THEN 0 ELSE exp(sum(
            ln((alike.base_wrong - i)::double precision / (alike.n - i))
        )) END AS none
        FROM generate_series(0, least(wanted.k, alike.base_wrong)::integer - 1) AS i
    ) AS base ON true
    WHERE run.sweep_id = sweep.id
    GROUP BY run.id, wanted.k
) AS estimates;

COMMENT ON VIEW v_pass_at_k IS
    'One row per run and k (the powers of two up to the number of samples, and that number): the '
    'unbiased estimate of pass@k, by base and plus tests and by base tests alone, as the mean over '
    'the problems with at least k judged samples.';
