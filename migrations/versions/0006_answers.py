"""Views that compare any two runs, and say how good reviewers are and where review pays."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

#: A program is looked up by its text, which is too long for an index: its hash is not.
INDEXES = """
DROP INDEX ix_execution_problem_id;
CREATE INDEX ix_execution_program ON execution (problem_id, hashtext(code));
"""

SCORES = """
CREATE VIEW v_scores AS
SELECT
    sweep.id AS sweep_id,
    sweep.name AS sweep,
    run.id AS run_id,
    run.benchmark,
    run.pattern,
    run.pairing,
    coder.name AS coder,
    reviewer.name AS reviewer,
    scores.n,
    scores.solved,
    scores.share AS pass_1,
    scores.base_solved,
    scores.base_solved::double precision / nullif(scores.n, 0) AS base_pass_1,
    scores.errors,
    scores.unfinished,
    scores.cancelled,
    reviews.reviewed,
    reviews.changes_asked,
    spent.completions,
    spent.prompt_tokens,
    spent.completion_tokens,
    spent.model_seconds,
    run.options,
    scores.problems,
    run.samples,
    CASE WHEN run.samples = 1 THEN greatest(0, interval.centre - interval.spread) END AS low,
    CASE WHEN run.samples = 1 THEN least(1, interval.centre + interval.spread) END AS high
FROM run
JOIN sweep ON sweep.id = run.sweep_id
JOIN language_model AS coder ON coder.id = run.coder_id
JOIN language_model AS reviewer ON reviewer.id = run.reviewer_id
CROSS JOIN LATERAL (
    SELECT counted.*, counted.solved::double precision / nullif(counted.n, 0) AS share
    FROM (
        SELECT
            count(*) FILTER (WHERE attempt.outcome IN ('solved', 'unsolved')) AS n,
            count(*) FILTER (WHERE attempt.outcome = 'solved') AS solved,
            count(*) FILTER (
                WHERE attempt.outcome IN ('solved', 'unsolved') AND execution.base = 'pass'
            ) AS base_solved,
            count(*) FILTER (WHERE attempt.outcome = 'error') AS errors,
            count(*) FILTER (WHERE attempt.state IN ('queued', 'running')) AS unfinished,
            count(*) FILTER (WHERE attempt.state = 'cancelled') AS cancelled,
            count(DISTINCT attempt.problem_id) FILTER (
                WHERE attempt.outcome IN ('solved', 'unsolved')
            ) AS problems
        FROM attempt
        LEFT JOIN step ON step.attempt_id = attempt.id AND step.kind = 'judge'
        LEFT JOIN execution ON execution.id = step.execution_id
        WHERE attempt.run_id = run.id
    ) AS counted
) AS scores
CROSS JOIN LATERAL (
    -- Wilson (1927); z for 95 %
    SELECT
        (share + z * z / (2 * n)) / (1 + z * z / n) AS centre,
        z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n) AS spread
    FROM (
        SELECT scores.share, nullif(scores.n, 0)::double precision AS n,
            1.959963984540054::double precision AS z
    ) AS judged
) AS interval
CROSS JOIN LATERAL (
    SELECT
        count(DISTINCT attempt.id) FILTER (WHERE step.verdict IN ('approve', 'revise', 'none'))
            AS reviewed,
        count(DISTINCT attempt.id) FILTER (WHERE step.verdict = 'revise') AS changes_asked
    FROM attempt
    JOIN step ON step.attempt_id = attempt.id
    WHERE attempt.run_id = run.id
) AS reviews
CROSS JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE completion.state = 'done') AS completions,
        coalesce(sum(completion.prompt_tokens), 0) AS prompt_tokens,
        coalesce(sum(completion.completion_tokens), 0) AS completion_tokens,
        coalesce(sum(completion.seconds), 0) AS model_seconds
    FROM completion
    WHERE completion.id IN (
        SELECT step.completion_id
        FROM step JOIN attempt ON attempt.id = step.attempt_id
        WHERE attempt.run_id = run.id
    )
) AS spent;

COMMENT ON VIEW v_scores IS
    'One row per run. n counts attempts that were judged, problems those with at least one of them; '
    'pass_1 is solved / n, and a problem is solved when it passed base and plus tests. low and high '
    'are the 95 % Wilson interval of pass_1; with several samples they are null, as samples of one '
    'problem are not independent. Errors of the infrastructure are in errors, never in n. Tokens '
    'and seconds count each completion of the run once.';

CREATE VIEW v_pass_at_k AS
SELECT
    sweep.id AS sweep_id,
    sweep.name AS sweep,
    run.id AS run_id,
    run.benchmark,
    run.pattern,
    run.pairing,
    wanted.k,
    estimate.problems,
    estimate.plus,
    estimate.base
FROM run
JOIN sweep ON sweep.id = run.sweep_id
CROSS JOIN LATERAL (
    SELECT power(2, exponent)::integer AS k
    FROM generate_series(0, floor(log(2, run.samples))::integer) AS exponent
    UNION
    SELECT run.samples
) AS wanted
CROSS JOIN LATERAL (
    SELECT
        coalesce(sum(alike.problems), 0)::bigint AS problems,
        sum(alike.problems * (1 - plus.none)) / sum(alike.problems) AS plus,
        sum(alike.problems * (1 - base.none)) / sum(alike.problems) AS base
    FROM (
        -- problems with as many right samples among as many are one calculation
        SELECT n, n - solved AS wrong, n - base_solved AS base_wrong, count(*) AS problems
        FROM (
            SELECT
                count(*) AS n,
                count(*) FILTER (WHERE attempt.outcome = 'solved') AS solved,
                count(*) FILTER (WHERE execution.base = 'pass') AS base_solved
            FROM attempt
            LEFT JOIN step ON step.attempt_id = attempt.id AND step.kind = 'judge'
            LEFT JOIN execution ON execution.id = step.execution_id
            WHERE attempt.run_id = run.id AND attempt.outcome IN ('solved', 'unsolved')
            GROUP BY attempt.problem_id
        ) AS of_problem
        WHERE n >= wanted.k
        GROUP BY n, solved, base_solved
    ) AS alike
    -- Chen et al. (2021): none of k samples drawn from n is right with C(wrong, k) / C(n, k)
    CROSS JOIN LATERAL (
        SELECT CASE WHEN wrong < wanted.k THEN 0 ELSE exp(sum(
            ln((wrong - i)::double precision / (n - i))
        )) END AS none
        FROM generate_series(0, least(wanted.k, wrong)::integer - 1) AS i
    ) AS plus
    CROSS JOIN LATERAL (
        SELECT CASE WHEN base_wrong < wanted.k THEN 0 ELSE exp(sum(
            ln((base_wrong - i)::double precision / (n - i))
        )) END AS none
        FROM generate_series(0, least(wanted.k, base_wrong)::integer - 1) AS i
    ) AS base
) AS estimate;

COMMENT ON VIEW v_pass_at_k IS
    'One row per run and k (the powers of two up to the number of samples, and that number): the '
    'unbiased estimate of pass@k, by base and plus tests and by base tests alone, as the mean over '
    'the problems with at least k judged samples.';
"""

PAIRS = """
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
WHERE attempt.outcome IN ('solved', 'unsolved')
    AND baseline_attempt.outcome IN ('solved', 'unsolved')
    AND attempt.outcome <> baseline_attempt.outcome;

COMMENT ON VIEW v_flips IS
    'One row per problem and sample that one run solved and another did not, for any two runs of '
    'one benchmark, also of different sweeps and pairings: improved or regressed, seen from the '
    'baseline. Problems on which either attempt ended in error are not here. Say which sweep or '
    'run, and which baseline_sweep_id or baseline_run_id.';

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
    'One row per ordered pair of runs of one benchmark, also of different sweeps and pairings: what '
    'a paired test needs. A pair is a problem and sample that both runs have and that was judged '
    'in both; missing counts those of either run that are no pair. Say which sweep or run, and '
    'which baseline_sweep_id or baseline_run_id.';
"""

REVIEWER = """
CREATE VIEW v_reviewer AS
SELECT
    sweep.id AS sweep_id,
    sweep.name AS sweep,
    run.id AS run_id,
    run.benchmark,
    run.pattern,
    run.pairing,
    matrix.*
FROM run
JOIN sweep ON sweep.id = run.sweep_id
CROSS JOIN LATERAL (
    SELECT
        count(*) AS reviewed,
        count(*) FILTER (WHERE verdict = 'revise' AND NOT is_right) AS caught,
        count(*) FILTER (WHERE verdict = 'approve' AND NOT is_right) AS missed,
        count(*) FILTER (WHERE verdict = 'revise' AND is_right) AS false_alarms,
        count(*) FILTER (WHERE verdict = 'approve' AND is_right) AS approved_right,
        count(*) FILTER (WHERE verdict = 'none') AS no_verdict,
        count(*) FILTER (WHERE is_first AND NOT is_right AND outcome = 'solved') AS fixed,
        count(*) FILTER (WHERE is_first AND is_right AND outcome = 'unsolved') AS broken,
        count(*) FILTER (WHERE verdict <> 'none' AND is_right IS NULL) AS unjudged
    FROM (
        -- the last word of each reviewer on each program: one without a verdict is asked again
        SELECT DISTINCT ON (review.attempt_id, program.id, review.role)
            attempt.problem_id,
            attempt.outcome,
            review.verdict,
            program.code,
            program.id = min(program.id) OVER (PARTITION BY review.attempt_id) AS is_first
        FROM attempt
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
        WHERE attempt.run_id = run.id
            AND review.verdict IN ('approve', 'revise', 'none')
            AND completion.prompt <> 'choose'
        ORDER BY review.attempt_id, program.id, review.role, review.position DESC
    ) AS reviewed
    LEFT JOIN LATERAL (
        SELECT execution.base = 'pass' AND execution.plus = 'pass' AS is_right
        FROM execution
        WHERE execution.problem_id = reviewed.problem_id
            AND hashtext(execution.code) = hashtext(reviewed.code)
            AND execution.code = reviewed.code
            AND execution.suite = 'hidden'
            AND execution.state = 'done'
        ORDER BY execution.id DESC
        LIMIT 1
    ) AS truth ON true
) AS matrix
WHERE matrix.reviewed > 0;

COMMENT ON VIEW v_reviewer IS
    'One row per run that has reviews: what each reviewed program was by the hidden tests, and what '
    'the review said. caught: wrong, changes asked; missed: wrong, approved; false_alarms: right, '
    'changes asked; approved_right: right, approved; no_verdict: none could be read; unjudged: '
    'nobody ran the hidden tests on it. These six add up to reviewed. fixed and broken compare the '
    'first program that was reviewed with the answer: wrong and then right, right and then wrong.';
"""

FEATURES = r"""
CREATE VIEW v_features AS
SELECT
    problem.id AS row_id,
    problem.benchmark,
    problem.problem_id,
    problem.version,
    (SELECT count(*) FROM regexp_matches(asked.prompt, '\S+', 'g')) AS words,
    (
        SELECT count(*)
        FROM regexp_split_to_table(asked.prompt, '\n') AS line
        WHERE strpos(replace(line, ' (', '('), problem.entry_point || '(') > 0
            AND line ~ '>>>|\massert\M|\)\s*(==|=|->|=>|➞|→|⇒|should return|returns?)'
            AND line !~ '^\s*def\s'
    ) AS examples,
    asked.prompt ~ ('\mdef\s+' || problem.entry_point || '\s*\([^)]*(:|\)\s*->)') AS types,
    (
        SELECT count(*)
        FROM regexp_matches(
            regexp_replace(asked.prompt, '^\s*def\s.*$', '', 'gn'),
            '\m(empty|none|null|zero|negative|missing|invalid|otherwise|unless|except|never|raises?'
                '|ignore[ds]?|duplicates?|ties?|equally|at most|at least|if there (is|are) no)\M',
            'gi'
        )
    ) AS edge_words
FROM problem
CROSS JOIN LATERAL (
    -- The record is a line of JSON, perhaps of megabytes, that need not be Postgres' JSON (NaN, half
    -- a surrogate pair): its prompt is cut out, nearly always from the beginning, and read alone.
    SELECT regexp_replace(
        coalesce(
            substring(left(problem.record, 5000) FROM '"prompt"\s*:\s*("(?:[^"\\]|\\.)*")'),
            substring(problem.record FROM '"prompt"\s*:\s*("(?:[^"\\]|\\.)*")')
        ),
        '\\u[dD][89a-fA-F][0-9a-fA-F]{2}', '\\u003f', 'g'
    )::json #>> '{}' AS prompt
    OFFSET 0
) AS asked;

COMMENT ON VIEW v_features IS
    'One row per version of a problem: how much its prompt says. words: of the whole prompt; '
    'examples: lines that call the entry point and state a result; types: whether the signature has '
    'any; edge_words: words that speak of special cases, such as empty, negative, otherwise.';

CREATE VIEW v_moderator AS
SELECT
    run.sweep_id,
    sweep.name AS sweep,
    run.id AS run_id,
    run.benchmark,
    run.pattern,
    run.pairing,
    baseline_run.id AS baseline_run_id,
    features.problem_id,
    attempt.sample,
    features.words,
    features.examples,
    features.types,
    features.edge_words,
    baseline_attempt.outcome = 'solved' AS baseline_solved,
    attempt.outcome = 'solved' AS solved,
    CASE WHEN attempt.outcome <> baseline_attempt.outcome THEN
        CASE WHEN attempt.outcome = 'solved' THEN 'improved' ELSE 'regressed' END
    END AS flip,
    baseline_attempt.id AS baseline_attempt_id,
    attempt.id AS attempt_id
FROM run
JOIN sweep ON sweep.id = run.sweep_id
JOIN run AS baseline_run
    ON baseline_run.sweep_id = run.sweep_id
    AND baseline_run.benchmark = run.benchmark
    AND baseline_run.pairing = run.pairing
    AND baseline_run.pattern = 'raw-coder'
    AND baseline_run.id <> run.id
JOIN attempt ON attempt.run_id = run.id
JOIN attempt AS baseline_attempt
    ON baseline_attempt.run_id = baseline_run.id
    AND baseline_attempt.problem_id = attempt.problem_id
    AND baseline_attempt.sample = attempt.sample
CROSS JOIN LATERAL (
    SELECT * FROM v_features WHERE v_features.row_id = attempt.problem_id
) AS features
WHERE attempt.outcome IN ('solved', 'unsolved')
    AND baseline_attempt.outcome IN ('solved', 'unsolved');

COMMENT ON VIEW v_moderator IS
    'One row per problem and sample that a run and the raw coder of its sweep and pairing both '
    'ended, not in error: what the prompt says (v_features), whether each solved it, and the flip.';
"""

ERRORS = """
CREATE OR REPLACE VIEW v_errors AS
SELECT
    sweep.id AS sweep_id,
    sweep.name AS sweep,
    run.benchmark,
    run.pattern,
    run.pairing,
    attempt.error,
    count(*) AS attempts,
    min(attempt.id) AS first_attempt_id,
    max(attempt.finished_at) AS last_at,
    run.id AS run_id
FROM run
JOIN sweep ON sweep.id = run.sweep_id
JOIN attempt ON attempt.run_id = run.id
WHERE attempt.outcome = 'error'
GROUP BY sweep.id, run.id, attempt.error;
"""


def upgrade() -> None:
    """Make the views, those of before with more columns, and the index that they need."""
    op.execute(INDEXES)
    op.execute("DROP VIEW v_flips, v_scores")
    for views in (SCORES, PAIRS, REVIEWER, FEATURES, ERRORS):
        op.execute(views)


def downgrade() -> None:
    """Take them back: the views as the revisions before made them."""
    op.execute("DROP VIEW v_moderator, v_features, v_reviewer, v_compare, v_pass_at_k")
    op.execute("DROP VIEW v_errors, v_cost, v_progress, v_flips, v_scores, v_attempts, v_steps")
    script = op.get_context().script
    assert script is not None
    for made in ("0002", "0003", "0005"):
        op.execute(script.get_revision(made).module.VIEWS)
    op.execute("DROP INDEX ix_execution_program")
    op.execute("CREATE INDEX ix_execution_problem_id ON execution (problem_id)")
