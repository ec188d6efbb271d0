CREATE VIEW v_teams AS
SELECT
    sweep.id AS sweep_id,
    sweep.name AS sweep,
    run.id AS run_id,
    run.pairing,
    seats.team,
    seats.coder,
    seats.reviewer
FROM run
JOIN sweep ON sweep.id = run.sweep_id
CROSS JOIN LATERAL (
    SELECT
        string_agg(
            seat.role || '=' || language_model.name, ', ' ORDER BY seat.role COLLATE "C"
        ) AS team,
        min(language_model.name) FILTER (WHERE seat.role = 'coder') AS coder,
        min(language_model.name) FILTER (WHERE seat.role = 'reviewer') AS reviewer
    FROM seat
    JOIN language_model ON language_model.id = seat.model_id
    WHERE seat.run_id = run.id
) AS seats;

COMMENT ON VIEW v_teams IS
    'One row per run: its team. team has all of its models by role, as coder=a, reviewer=b, tester=c; '
    'coder and reviewer are the models of these two roles, null where the team has none; pairing is '
    'what the team is called. The table seat has a row for each role.';
