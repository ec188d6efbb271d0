"""Views that compare any two runs, and say how good reviewers are and where review pays."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

#: A program is looked up by its text, which is too long for an index: its hash is not. A problem's
#: attempts are found by run and problem; an index on the problem alone was written at every step of
#: an attempt, and by cancelling, for nothing. The same text of a problem may be in several benchmarks,
#: and is found by its version.
INDEXES = """
DROP INDEX ix_attempt_problem_id;
DROP INDEX ix_execution_problem_id;
CREATE INDEX ix_execution_program ON execution (problem_id, hashtext(code));
CREATE INDEX ix_problem_version ON problem (version);
"""

SCORES = """
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
        coder.name AS coder,
        reviewer.name AS reviewer,
        coalesce(counted.n, 0) AS n,
        coalesce(counted.solved, 0) AS solved,
        counted.pass_1,
        coalesce(counted.base_solved, 0) AS base_solved,
        counted.base_pass_1,
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
        CASE WHEN wilson.centre IS NOT NULL THEN
            greatest(0, wilson.centre - wilson.spread)
        END AS low,
        CASE WHEN wilson.centre IS NOT NULL THEN
            least(1, wilson.centre + wilson.spread)
        END AS high
    FROM run
    JOIN language_model AS coder ON coder.id = run.coder_id
    JOIN language_model AS reviewer ON reviewer.id = run.reviewer_id
    LEFT JOIN (
        SELECT
            of_problem.run_id,
            sum(n)::bigint AS n,
            sum(solved)::bigint AS solved,
            avg(solved::double precision / nullif(n, 0)) AS pass_1,
            sum(base_solved)::bigint AS base_solved,
            avg(base_solved::double precision / nullif(n, 0)) AS base_pass_1,
            sum(errors)::bigint AS errors,
            sum(unfinished)::bigint AS unfinished,
            sum(cancelled)::bigint AS cancelled,
            count(*) FILTER (WHERE n > 0) AS problems
        FROM (
            SELECT
                run.id AS run_id,
                count(*) FILTER (WHERE attempt.outcome IN ('solved', 'unsolved')) AS n,
                count(*) FILTER (WHERE attempt.outcome = 'solved') AS solved,
                count(*) FILTER (
                    WHERE attempt.outcome IN ('solved', 'unsolved') AND execution.base = 'pass'
                ) AS base_solved,
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
            WHERE step.attempt_id = attempt.id AND step.verdict IN ('approve', 'revise', 'none')
        )
        GROUP BY run.id
    ) AS reviewed ON reviewed.run_id = run.id
    LEFT JOIN (
        SELECT run.id AS run_id, count(*) AS attempts
        FROM run
        JOIN attempt ON attempt.run_id = run.id
        WHERE run.sweep_id = sweep.id AND EXISTS (
            SELECT FROM step WHERE step.attempt_id = attempt.id AND step.verdict = 'revise'
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
    'One row per run. n counts attempts that were judged, problems those with at least one of them; '
    'pass_1 is the mean over these problems of the share of their judged attempts that is solved, '
    'which with one sample is solved / n: so a problem that lacks samples counts as much as any. '
    'A problem is solved when it passed base and plus tests; base_pass_1 is the same by base tests '
    'alone. low and high are the 95 % Wilson interval of pass_1; with several samples they are '
    'null, as samples of one problem are not independent. Errors of the infrastructure are in '
    'errors, never in n. Tokens and seconds count each completion of the run once.';

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
            WHERE run.sweep_id = sweep.id AND attempt.outcome IN ('solved', 'unsolved')
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
    matrix.*
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
            WHERE is_first AND is_right AND outcome = 'unsolved'
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
        -- an execution keeps the problem that asked first: another benchmark may have the same text
        SELECT execution.base = 'pass' AND execution.plus = 'pass' AS is_right
        FROM problem AS mine
        JOIN problem AS same ON same.version = mine.version
        JOIN execution ON execution.problem_id = same.id
        WHERE mine.id = reviewed.problem_id
            AND hashtext(execution.code) = hashtext(reviewed.code)
            AND execution.code = reviewed.code
            AND execution.suite = 'hidden'
            AND execution.state = 'done'
        ORDER BY execution.id DESC
        LIMIT 1
    ) AS truth ON true
    WHERE run.sweep_id = sweep.id
    GROUP BY run.id
) AS matrix;

COMMENT ON VIEW v_reviewer IS
    'One row per run that has reviews: what each reviewed program was by the hidden tests, and what '
    'the review said. caught: wrong, changes asked; missed: wrong, approved; false_alarms: right, '
    'changes asked; approved_right: right, approved; no_verdict: none could be read; unjudged: '
    'nobody ran the hidden tests on it. These six add up to reviewed. fixed and broken compare the '
    'first program that was reviewed with the answer: wrong and then right, right and then wrong; '
    'these two count attempts, however many reviews each had.';
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
    sweep.id AS sweep_id,
    sweep.name AS sweep,
    pairs.*
FROM sweep
CROSS JOIN LATERAL (
    WITH features AS MATERIALIZED (
        -- each prompt is measured once, however many runs and samples it has
        SELECT v_features.*
        FROM v_features
        JOIN (
            SELECT DISTINCT attempt.problem_id
            FROM run
            JOIN attempt ON attempt.run_id = run.id
            WHERE run.sweep_id = sweep.id
        ) AS used ON used.problem_id = v_features.row_id
    )
    SELECT
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
    JOIN features ON features.row_id = attempt.problem_id
    WHERE run.sweep_id = sweep.id
        AND attempt.outcome IN ('solved', 'unsolved')
        AND baseline_attempt.outcome IN ('solved', 'unsolved')
) AS pairs;

COMMENT ON VIEW v_moderator IS
    'One row per problem and sample that a run and the raw coder of its sweep and pairing both '
    'ended, not in error: what the prompt says (v_features), whether each solved it, and the flip.';
"""

COST = """
CREATE OR REPLACE VIEW v_cost AS
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
            row_number() OVER (PARTITION BY step.completion_id) = 1 AS is_first
        FROM run
        JOIN attempt ON attempt.run_id = run.id
        JOIN step ON step.attempt_id = attempt.id
        WHERE run.sweep_id = sweep.id AND step.completion_id IS NOT NULL
        GROUP BY run.id, step.completion_id
    ), calls AS (
        SELECT
            used.run_id,
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
        GROUP BY used.run_id, completion.model_id, machine.node
    ), together AS (
        SELECT model_id, node, sum(first_seconds) AS seconds, range_agg(busy) AS busy
        FROM calls
        GROUP BY model_id, node
    ), machine AS (
        SELECT
            together.model_id,
            together.node,
            -- the model's own row has what the latest sweep says; a name that this one's file lacks
            -- is that of another sweep, which asked first for the same calls
            coalesce((coalesce(
                sweep.file #>> ARRAY['models', language_model.name, 'price_per_hour'],
                language_model.settings ->> 'price_per_hour'
            ))::double precision, 0) AS price_per_hour,
            (
                SELECT sum(extract(epoch FROM upper(part) - lower(part)))::double precision
                FROM unnest(together.busy) AS part
            ) / nullif(together.seconds, 0) AS share
        FROM together
        JOIN language_model ON language_model.id = together.model_id
    ), spent AS (
        SELECT
            calls.run_id,
            sum(calls.completions)::bigint AS completions,
            sum(calls.prompt_tokens)::bigint AS prompt_tokens,
            sum(calls.completion_tokens)::bigint AS completion_tokens,
            sum(calls.seconds) AS model_seconds,
            sum(calls.seconds * machine.share) AS gpu_seconds,
            sum(calls.seconds * machine.share * machine.price_per_hour) / 3600 AS price
        FROM calls
        JOIN machine ON machine.model_id = calls.model_id AND machine.node = calls.node
        GROUP BY calls.run_id
    ), ended AS (
        SELECT
            run.id AS run_id,
            count(*) FILTER (WHERE attempt.outcome IN ('solved', 'unsolved')) AS n,
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
        spent.completion_tokens / nullif(ended.solved, 0) AS tokens_per_solved,
        spent.price / nullif(ended.solved, 0) AS price_per_solved,
        coalesce(spent.model_seconds, 0) AS model_seconds,
        spent.gpu_seconds / nullif(ended.solved, 0) AS gpu_seconds_per_solved
    FROM run
    LEFT JOIN ended ON ended.run_id = run.id
    LEFT JOIN spent ON spent.run_id = run.id
    WHERE run.sweep_id = sweep.id
) AS costs;

COMMENT ON VIEW v_cost IS
    'One row per run: what it would have cost by itself, each of its completions once, also those '
    'that other runs share. Calls that one worker of a model made at the same time share its time: '
    'gpu_seconds is the part of the time in which its workers were busy for the sweep, each '
    'counted by itself, and price is that at the price_per_hour of the sweep file, which is that '
    'of one worker''s machine.';
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
    for views in (SCORES, PAIRS, REVIEWER, FEATURES, COST, ERRORS):
        op.execute(views)


def downgrade() -> None:
    """Take them back: the views as the revisions before made them."""
    op.execute("DROP VIEW v_moderator, v_features, v_reviewer, v_compare, v_pass_at_k")
    op.execute("DROP VIEW v_errors, v_cost, v_progress, v_flips, v_scores, v_attempts, v_steps")
    script = op.get_context().script
    assert script is not None
    for made in ("0002", "0003", "0005"):
        op.execute(script.get_revision(made).module.VIEWS)
    op.execute("DROP INDEX ix_execution_program, ix_problem_version")
    op.execute("CREATE INDEX ix_execution_problem_id ON execution (problem_id)")
    op.execute("CREATE INDEX ix_attempt_problem_id ON attempt (problem_id)")
