CREATE VIEW v_reviewer AS
SELECT
    sweep.id AS sweep_id,
    sweep.name AS sweep,
    matrix.*,
    mending.fixes,
    mending.unchanged
FROM sweep
CROSS JOIN LATERAL (
    SELECT
        run.id AS run_id,
        run.benchmark,
        run.pattern,
        run.pairing,
        count(*) AS reviewed,
        count(*) FILTER (WHERE verdict = 'revise' AND NOT is_right) AS caught,
        count(*) FILTER (WHERE verdict = 'approve' AND NOT is_right) AS missed,
        count(*) FILTER (WHERE verdict = 'revise' AND is_right) AS false_alarms,
        count(*) FILTER (WHERE verdict = 'approve' AND is_right) AS approved_right,
        count(*) FILTER (WHERE verdict = 'none') AS no_verdict,
        count(DISTINCT attempt_id) FILTER (
            WHERE is_first AND NOT is_right AND outcome = 'solved'
        ) AS fixed,
        count(DISTINCT attempt_id) FILTER (
            WHERE is_first AND is_right AND outcome IN ('unsolved', 'refused')
        ) AS broken,
        count(*) FILTER (WHERE verdict <> 'none' AND is_right IS NULL) AS unjudged
    FROM run
    JOIN (
        -- the last word of each reviewer on each program: one without a verdict is asked again
        SELECT DISTINCT ON (
            attempt.run_id, review.attempt_id, program.id, review.role, reviewer.branch
        )
            attempt.run_id,
            attempt.id AS attempt_id,
            attempt.problem_id,
            attempt.outcome,
            review.verdict,
            program.code,
            program.id = min(program.id) OVER (PARTITION BY attempt.run_id, review.attempt_id)
                AS is_first
        FROM run
        JOIN attempt ON attempt.run_id = run.id
        JOIN step AS review ON review.attempt_id = attempt.id AND review.kind = 'review'
        JOIN completion ON completion.id = review.completion_id
        CROSS JOIN LATERAL (
            -- what is reviewed: the latest program before, of the other role if that wrote any
            SELECT step.id, step.code
            FROM step
            WHERE step.attempt_id = review.attempt_id
                AND step.position < review.position
                AND step.code IS NOT NULL
            ORDER BY step.role IS DISTINCT FROM review.role DESC, step.position DESC, step.branch
            LIMIT 1
        ) AS program
        CROSS JOIN LATERAL (
            -- reviews that are asked again are so in the next position, together and in their order
            SELECT CASE WHEN completion.prompt = 'repair-verdict' THEN (
                SELECT asked.branch
                FROM step AS asked
                WHERE asked.attempt_id = review.attempt_id
                    AND asked.position = review.position - 1
                    AND asked.kind = 'review'
                    AND asked.verdict = 'none'
                ORDER BY asked.branch
                LIMIT 1 OFFSET review.branch
            ) ELSE review.branch END AS branch
        ) AS reviewer
        WHERE run.sweep_id = sweep.id
            AND review.verdict IN ('approve', 'revise', 'none')
            AND completion.prompt <> 'choose'
        ORDER BY
            attempt.run_id, review.attempt_id, program.id, review.role, reviewer.branch,
            review.position DESC
    ) AS reviewed ON reviewed.run_id = run.id
    LEFT JOIN LATERAL (
        -- an execution keeps the problem that asked first: another benchmark may have the same text.
        -- Another judge may have had the same program, for another sweep or a regrade: what was said
        -- for this sweep comes first, and then what was said for any
        SELECT execution.base = 'pass' AND execution.plus = 'pass' AS is_right
        FROM problem AS mine
        JOIN problem AS same ON same.version = mine.version
        JOIN execution ON execution.problem_id = same.id
        WHERE mine.id = reviewed.problem_id
            AND hashtext(execution.code) = hashtext(reviewed.code)
            AND execution.code = reviewed.code
            AND execution.suite = 'hidden'
            AND execution.state = 'done'
        ORDER BY
            (
                SELECT step.id FROM step
                JOIN attempt ON attempt.id = step.attempt_id
                JOIN run AS its_run ON its_run.id = attempt.run_id
                WHERE step.execution_id = execution.id AND its_run.sweep_id = sweep.id
                LIMIT 1
            ) IS NULL,
            (SELECT id FROM step WHERE step.execution_id = execution.id LIMIT 1) IS NULL,
            execution.id DESC
        LIMIT 1
    ) AS truth ON true
    WHERE run.sweep_id = sweep.id
    GROUP BY run.id
) AS matrix
CROSS JOIN LATERAL (
    SELECT
        count(*) AS fixes,
        count(*) FILTER (WHERE fix.code = (
            -- what was to be fixed: the latest program before, of the same role if that wrote any
            SELECT step.code
            FROM step
            WHERE step.attempt_id = fix.attempt_id
                AND step.position < fix.position
                AND step.code IS NOT NULL
            ORDER BY step.role IS DISTINCT FROM fix.role, step.position DESC, step.branch
            LIMIT 1
        )) AS unchanged
    FROM attempt
    JOIN step AS fix ON fix.attempt_id = attempt.id AND fix.kind = 'fix' AND fix.code IS NOT NULL
    WHERE attempt.run_id = matrix.run_id
) AS mending;

COMMENT ON VIEW v_reviewer IS
    'One row per run that has reviews: what each reviewed program was by the hidden tests, and what '
    'the review said. caught: wrong, changes asked; missed: wrong, approved; false_alarms: right, '
    'changes asked; approved_right: right, approved; no_verdict: none could be read; unjudged: '
    'nobody ran the hidden tests on it. These six add up to reviewed. fixed and broken compare the '
    'first program that was reviewed with the answer: wrong and then right, right and then wrong; '
    'these two count attempts, however many reviews each had. fixes: programs that were written to '
    'mend another; unchanged: those that are word for word the one that they were to mend.';
