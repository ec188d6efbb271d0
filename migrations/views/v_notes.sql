CREATE VIEW v_notes AS
SELECT
    attempt.id AS attempt_id,
    attempt.run_id,
    (noted.note ->> 'position')::integer AS position,
    noted.number::integer AS number,
    noted.note ->> 'name' AS name,
    noted.note -> 'value' AS value
FROM attempt
CROSS JOIN LATERAL jsonb_array_elements(attempt.notes) WITH ORDINALITY AS noted (note, number);

COMMENT ON VIEW v_notes IS
    'One row per note of an attempt, in the order in which its pattern made them: number counts from '
    '1, position is that of the step which the pattern asked for next (v_steps.position), and value '
    'is JSON.';
