CREATE VIEW v_choices AS
SELECT
    sweep.id AS sweep_id,
    sweep.name AS sweep,
    counted.*
FROM sweep
CROSS JOIN LATERAL (
    SELECT
        run.id AS run_id,
        run.benchmark,
        run.pattern,
        run.pairing,
        count(*) AS asked,
        count(*) FILTER (WHERE step.verdict = 'A') AS first_chosen,
        count(*) FILTER (WHERE step.verdict = 'B') AS second_chosen,
        count(*) FILTER (WHERE step.verdict = 'none') AS no_choice
    FROM run
    JOIN attempt ON attempt.run_id = run.id
    JOIN step ON step.attempt_id = attempt.id
    JOIN completion ON completion.id = step.completion_id
    WHERE run.sweep_id = sweep.id
        AND step.kind = 'review'
        AND completion.prompt = 'choose'
        AND step.verdict IN ('A', 'B', 'none')
    GROUP BY run.id
) AS counted;

COMMENT ON VIEW v_choices IS
    'One row per run that had a model choose between two programs: how often it took the one that '
    'its prompt showed first (as A) or second (as B), and how often no choice could be read. Which of '
    'the two is shown first goes by their texts, so a model that minds only the programs takes either '
    'about as often. In attempts from before that, the left program (in a debate the coder''s) was '
    'always the first.';
