CREATE VIEW v_scores AS
SELECT
    sweep.id AS sweep_id,
    sweep.name AS sweep,
    scores.*
FROM sweep
CROSS JOIN LATERAL (
    SELECT
        run.id AS run_id,
        run.benchmark,
        run.pattern,
        run.pairing,
        v_teams.coder,
        v_teams.reviewer,
        coalesce(counted.n, 0) AS n,
        coalesce(counted.solved, 0) AS solved,
        counted.pass_1,
        coalesce(counted.base_solved, 0) AS base_solved,
        counted.base_pass_1,
        coalesce(counted.refused, 0) AS refused,
        coalesce(counted.errors, 0) AS errors,
        coalesce(counted.unfinished, 0) AS unfinished,
        coalesce(counted.cancelled, 0) AS cancelled,
        coalesce(reviewed.attempts, 0) AS reviewed,
        coalesce(changed.attempts, 0) AS changes_asked,
        coalesce(spent.completions, 0) AS completions,
        coalesce(spent.prompt_tokens, 0) AS prompt_tokens,
        coalesce(spent.completion_tokens, 0) AS completion_tokens,
        coalesce(spent.model_seconds, 0) AS model_seconds,
        run.options,
        coalesce(counted.problems, 0) AS problems,
        run.samples,
        -- at the ends they are 0 and 1, but for the last digit
        CASE
            WHEN wilson.centre IS NULL THEN NULL
            WHEN counted.solved = 0 THEN 0
            ELSE greatest(0, wilson.centre - wilson.spread)
        END AS low,
        CASE
            WHEN wilson.centre IS NULL THEN NULL
            WHEN counted.solved = counted.n THEN 1
            ELSE least(1, wilson.centre + wilson.spread)
        END AS high,
        v_teams.team
    FROM run
    JOIN v_teams ON v_teams.run_id = run.id
    LEFT JOIN (
        SELECT
            of_problem.run_id,
            sum(n)::bigint AS n,
            sum(solved)::bigint AS solved,
            avg(solved::double precision / nullif(n, 0)) AS pass_1,
            sum(base_solved)::bigint AS base_solved,
            avg(base_solved::double precision / nullif(n, 0)) AS base_pass_1,
            sum(refused)::bigint AS refused,
            sum(errors)::bigint AS errors,
            sum(unfinished)::bigint AS unfinished,
            sum(cancelled)::bigint AS cancelled,
            count(*) FILTER (WHERE n > 0) AS problems
        FROM (
            SELECT
                run.id AS run_id,
                count(*) FILTER (WHERE attempt.outcome IN ('solved', 'unsolved', 'refused')) AS n,
                count(*) FILTER (WHERE attempt.outcome = 'solved') AS solved,
                count(*) FILTER (
                    WHERE attempt.outcome IN ('solved', 'unsolved', 'refused') AND execution.base = 'pass'
                ) AS base_solved,
                count(*) FILTER (WHERE attempt.outcome = 'refused') AS refused,
                count(*) FILTER (WHERE attempt.outcome = 'error') AS errors,
                count(*) FILTER (WHERE attempt.state IN ('queued', 'running')) AS unfinished,
                count(*) FILTER (WHERE attempt.state = 'cancelled') AS cancelled
            FROM run
            JOIN attempt ON attempt.run_id = run.id
            LEFT JOIN step ON step.attempt_id = attempt.id AND step.kind = 'judge'
            LEFT JOIN execution ON execution.id = step.execution_id
            WHERE run.sweep_id = sweep.id
            GROUP BY run.id, attempt.problem_id
        ) AS of_problem
        GROUP BY of_problem.run_id
    ) AS counted ON counted.run_id = run.id
    LEFT JOIN (
        SELECT run.id AS run_id, count(*) AS attempts
        FROM run
        JOIN attempt ON attempt.run_id = run.id
        WHERE run.sweep_id = sweep.id AND EXISTS (
            SELECT FROM step
            WHERE step.attempt_id = attempt.id
                AND step.kind = 'review'
                AND step.verdict IN ('approve', 'revise', 'none')
                -- a choice that could not be read is no review without a verdict
                AND (step.verdict <> 'none' OR NOT EXISTS (
                    SELECT FROM completion
                    WHERE completion.id = step.completion_id AND completion.prompt = 'choose'
                ))
        )
        GROUP BY run.id
    ) AS reviewed ON reviewed.run_id = run.id
    LEFT JOIN (
        SELECT run.id AS run_id, count(*) AS attempts
        FROM run
        JOIN attempt ON attempt.run_id = run.id
        WHERE run.sweep_id = sweep.id AND EXISTS (
            SELECT FROM step
            WHERE step.attempt_id = attempt.id AND step.kind = 'review' AND step.verdict = 'revise'
        )
        GROUP BY run.id
    ) AS changed ON changed.run_id = run.id
    LEFT JOIN (
        SELECT
            used.run_id,
            count(*) FILTER (WHERE completion.state = 'done') AS completions,
            sum(completion.prompt_tokens) AS prompt_tokens,
            sum(completion.completion_tokens) AS completion_tokens,
            sum(completion.seconds) AS model_seconds
        FROM (
            SELECT run.id AS run_id, step.completion_id
            FROM run
            JOIN attempt ON attempt.run_id = run.id
            JOIN step ON step.attempt_id = attempt.id
            WHERE run.sweep_id = sweep.id AND step.completion_id IS NOT NULL
            GROUP BY run.id, step.completion_id
        ) AS used
        JOIN completion ON completion.id = used.completion_id
        GROUP BY used.run_id
    ) AS spent ON spent.run_id = run.id
    LEFT JOIN LATERAL (
        -- Wilson (1927); z for 95 %
        SELECT
            (share + z * z / (2 * n)) / (1 + z * z / n) AS centre,
            z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n) AS spread
        FROM (
            SELECT
                counted.pass_1 AS share,
                nullif(counted.n, 0)::double precision AS n,
                1.959963984540054::double precision AS z
        ) AS judged
    ) AS wilson ON run.samples = 1
    WHERE run.sweep_id = sweep.id
) AS scores;

COMMENT ON VIEW v_scores IS
    'One row per run. team has its models by role, coder and reviewer those of the usual two '
    '(v_teams). n counts attempts that were judged, problems those with at least one of them; '
    'refused are those of n that a model or its provider declined, which count as not solved; '
    'pass_1 is the mean over these problems of the share of their judged attempts that is solved, '
    'which with one sample is solved / n: so a problem that lacks samples counts as much as any. '
    'A problem is solved when it passed base and plus tests; base_pass_1 is the same by base tests '
    'alone. low and high are the 95 % Wilson interval of pass_1; with several samples they are '
    'null, as samples of one problem are not independent. Attempts that ended in error are in '
    'errors, never in n. Tokens and seconds count each completion of the run once.';
