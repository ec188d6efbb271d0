CREATE VIEW v_moderator AS
SELECT
    sweep.id AS sweep_id,
    sweep.name AS sweep,
    pairs.*
FROM sweep
CROSS JOIN LATERAL (
    WITH features AS MATERIALIZED (
        -- each prompt is measured once, however many runs and samples it has
        SELECT row_id, benchmark, v_features.problem_id, words, examples, types, edge_words
        FROM v_features
        JOIN (
            SELECT DISTINCT attempt.problem_id
            FROM run
            JOIN attempt ON attempt.run_id = run.id
            WHERE run.sweep_id = sweep.id
        ) AS used ON used.problem_id = v_features.row_id
    ), leaner AS MATERIALIZED (
        SELECT DISTINCT ON (features.row_id)
            features.row_id AS of_row_id, other.row_id, other.benchmark, other.words
        FROM features
        JOIN features AS other
            ON other.problem_id = features.problem_id
            AND other.benchmark <> features.benchmark
            AND other.words < features.words
        JOIN v_features AS whole ON whole.row_id = features.row_id
        JOIN v_features AS other_whole ON other_whole.row_id = other.row_id
        WHERE other_whole.rest = whole.rest
        ORDER BY features.row_id, other.words, other.row_id
    ), baselines AS MATERIALIZED (
        -- as the report has it: the same cell of the grid, its prompts written in the same way
        SELECT DISTINCT ON (run.id)
            run.id AS of_run_id, other.id AS run_id
        FROM run
        JOIN run AS other
            ON other.sweep_id = run.sweep_id
            AND other.benchmark = run.benchmark
            AND other.pairing = run.pairing
            AND coalesce(other.options ->> 'prompts', 'default')
                = coalesce(run.options ->> 'prompts', 'default')
            AND coalesce(other.options ->> 'thinking', '')
                = coalesce(run.options ->> 'thinking', '')
            AND coalesce(other.options ->> 'extraction', 'whole')
                = coalesce(run.options ->> 'extraction', 'whole')
        WHERE run.sweep_id = sweep.id AND split_part(other.pattern, '(', 1) = 'raw-coder'
        ORDER BY run.id, other.position, other.id
    )
    SELECT
        run.id AS run_id,
        run.benchmark,
        run.pattern,
        run.pairing,
        baseline_run.run_id AS baseline_run_id,
        features.problem_id,
        attempt.sample,
        features.words,
        features.examples,
        features.types,
        features.edge_words,
        baseline_attempt.outcome = 'solved' AS baseline_solved,
        attempt.outcome = 'solved' AS solved,
        CASE WHEN (attempt.outcome = 'solved') <> (baseline_attempt.outcome = 'solved') THEN
            CASE WHEN attempt.outcome = 'solved' THEN 'improved' ELSE 'regressed' END
        END AS flip,
        baseline_attempt.id AS baseline_attempt_id,
        attempt.id AS attempt_id,
        leaner.benchmark AS leaner_benchmark,
        leaner.words AS leaner_words,
        leaner_baseline.outcome = 'solved' AS leaner_baseline_solved,
        leaner_attempt.outcome = 'solved' AS leaner_solved,
        leaner_attempt.id AS leaner_attempt_id
    FROM run
    JOIN baselines AS baseline_run
        ON baseline_run.of_run_id = run.id AND baseline_run.run_id <> run.id
    JOIN attempt ON attempt.run_id = run.id
    JOIN attempt AS baseline_attempt
        ON baseline_attempt.run_id = baseline_run.run_id
        AND baseline_attempt.problem_id = attempt.problem_id
        AND baseline_attempt.sample = attempt.sample
    JOIN features ON features.row_id = attempt.problem_id
    LEFT JOIN leaner ON leaner.of_row_id = attempt.problem_id
    LEFT JOIN run AS leaner_run
        ON leaner_run.sweep_id = run.sweep_id
        AND leaner_run.benchmark = leaner.benchmark
        AND leaner_run.pairing = run.pairing
        AND leaner_run.pattern = run.pattern
    LEFT JOIN baselines AS leaner_baseline_run ON leaner_baseline_run.of_run_id = leaner_run.id
    -- LIMIT has these two looked up one by one; joined, all sweeps' attempts would be read for them
    LEFT JOIN LATERAL (
        SELECT other.id, other.outcome
        FROM attempt AS other
        WHERE other.run_id = leaner_run.id
            AND other.problem_id = leaner.row_id
            AND other.sample = attempt.sample
            AND other.outcome IN ('solved', 'unsolved', 'refused')
        LIMIT 1
    ) AS leaner_attempt ON true
    LEFT JOIN LATERAL (
        SELECT other.outcome
        FROM attempt AS other
        WHERE other.run_id = leaner_baseline_run.run_id
            AND other.problem_id = leaner.row_id
            AND other.sample = attempt.sample
            AND other.outcome IN ('solved', 'unsolved', 'refused')
        LIMIT 1
    ) AS leaner_baseline ON true
    WHERE run.sweep_id = sweep.id
        AND attempt.outcome IN ('solved', 'unsolved', 'refused')
        AND baseline_attempt.outcome IN ('solved', 'unsolved', 'refused')
) AS pairs;

COMMENT ON VIEW v_moderator IS
    'One row per problem and sample that a run and the raw coder of its sweep, team, prompts, '
    'thinking and extraction both ended, not in error: what the prompt says (v_features), whether each solved it, '
    'and the flip. '
    'If another benchmark of the sweep has the same problem (same id, same rest in v_features) in '
    'fewer words, the columns that begin with leaner are those of the shortest such wording, null '
    'for what was not judged.';
