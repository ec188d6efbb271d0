CREATE VIEW v_compare AS
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
    counted.pairs,
    counted.improved,
    counted.regressed,
    counted.both_solved,
    counted.neither_solved,
    counted.missing
FROM run
JOIN sweep ON sweep.id = run.sweep_id
JOIN run AS baseline_run
    ON baseline_run.benchmark = run.benchmark AND baseline_run.id <> run.id
CROSS JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE mine IS NOT NULL AND theirs IS NOT NULL) AS pairs,
        count(*) FILTER (WHERE mine AND NOT theirs) AS improved,
        count(*) FILTER (WHERE theirs AND NOT mine) AS regressed,
        count(*) FILTER (WHERE mine AND theirs) AS both_solved,
        count(*) FILTER (WHERE NOT mine AND NOT theirs) AS neither_solved,
        count(*) FILTER (WHERE mine IS NULL OR theirs IS NULL) AS missing
    FROM (
        SELECT problem_id, sample, nullif(outcome, 'error') = 'solved' AS mine
        FROM attempt WHERE run_id = run.id
    ) AS attempt
    FULL JOIN (
        SELECT problem_id, sample, nullif(outcome, 'error') = 'solved' AS theirs
        FROM attempt WHERE run_id = baseline_run.id
    ) AS baseline_attempt USING (problem_id, sample)
) AS counted;

COMMENT ON VIEW v_compare IS
    'One row per ordered pair of runs of one benchmark, also of different sweeps and teams: what '
    'a paired test needs. A pair is a problem and sample that both runs have and that was judged '
    'in both; missing counts those of either run that are no pair. alike: both are of one sweep and '
    'team, with the same prompts, thinking and extraction, so that only their patterns differ. Say '
    'which sweep or run, and alike, baseline_sweep_id or baseline_run_id.';
