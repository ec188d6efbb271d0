CREATE VIEW v_people_notes AS
SELECT
    people_note.id AS note_id,
    people_note.attempt_id,
    attempt.run_id,
    run.sweep_id,
    people_note.author,
    people_note.text,
    people_note.tags,
    people_note.written_at
FROM people_note
JOIN attempt ON attempt.id = people_note.attempt_id
JOIN run ON run.id = attempt.run_id
WHERE people_note.withdrawn_at IS NULL;

COMMENT ON VIEW v_people_notes IS
    'One row per note that a person wrote about an attempt in the web pages (`foureyes web --notes`) and '
    'has not withdrawn. author is what they called themselves: nobody checked it. (What a pattern noted '
    'down is in v_notes.)';
