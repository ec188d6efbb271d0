CREATE VIEW v_steps AS
SELECT
    step.id AS step_id,
    step.attempt_id,
    step.position,
    step.branch,
    step.kind,
    step.role,
    coalesce(played.name, asked.name) AS model,
    coalesce(completion.state, execution.state) AS state,
    completion.prompt_tokens,
    completion.completion_tokens,
    coalesce(completion.seconds, execution.seconds) AS seconds,
    coalesce(completion.error, execution.error) AS error,
    step.completion_id,
    step.execution_id,
    completion.prompt,
    completion.prompt_hash,
    completion.cached_tokens,
    completion.finish_reason,
    CASE
        -- an answer behind the last section, or without one: nearly all, and each text is read once
        WHEN btrim(
            split_part(split_part(completion.text, '</think>', -1), '<think>', 1), E' \t\r\n'
        ) <> '' THEN false
        WHEN strpos(completion.text, '</think>') = 0
            THEN starts_with(ltrim(completion.text, E' \t\r\n'), '<think>')
        -- what stands before, between and behind the sections; a template may have begun the first
        ELSE (
            SELECT bool_and(btrim(split_part(part, '<think>', 1), E' \t\r\n') = '')
            FROM string_to_table(completion.text, '</think>') WITH ORDINALITY AS parts (part, number)
            WHERE number > 1 OR strpos(part, '<think>') > 0
        )
    END AS only_thoughts,
    step.verdict,
    step.code,
    completion.engine,
    coalesce(completion.origin, execution.origin) AS origin,
    -- asked for each row by the index of (attempt_id, position, branch)
    (step.position + 1) || CASE
        WHEN step.branch > 0 OR EXISTS (
            SELECT FROM step AS beside
            WHERE beside.attempt_id = step.attempt_id
                AND beside.position = step.position AND beside.branch = 1
        ) THEN CASE WHEN step.branch < 26 THEN '' ELSE chr(96 + step.branch / 26) END
            || chr(97 + step.branch % 26)
        ELSE ''
    END AS number
FROM step
LEFT JOIN completion ON completion.id = step.completion_id
LEFT JOIN language_model AS asked ON asked.id = completion.model_id
-- one model by two names has one call, which keeps the name of whoever asked first
LEFT JOIN attempt ON attempt.id = step.attempt_id
LEFT JOIN seat ON seat.run_id = attempt.run_id AND seat.role = step.role
LEFT JOIN language_model AS played ON played.id = seat.model_id
LEFT JOIN execution ON execution.id = step.execution_id;

COMMENT ON VIEW v_steps IS
    'One row per step of an attempt: what was asked for, of whom, and what it took. A completion '
    'that several attempts share appears in each of them. finish_reason says how an answer ended: '
    'stop, length (cut off), refused, or prompt_too_long; only_thoughts, whether it has nothing '
    'outside its <think> sections. origin names the archive or the recording that a result came '
    'from; null: it was made here. number is what pages, transcripts and `foureyes patterns show` '
    'call the step: 1, or 2a and 2b of two that were asked for at the same time; position and branch '
    'count from 0.';
