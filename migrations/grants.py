"""What the role of execution workers may do: they judge what models wrote, and own nothing.

Whoever got out of a sandbox and of its container would hold this role. It writes executions, and has
steps and regrades wait for another one where its judge is another than was asked for (worker/adoption.py); it deletes
nothing, touches no attempt, call, problem, sweep or model, and makes nothing.
deploy/postgres/execution.sql makes the role; it is granted this at each `foureyes database migrate`.
"""

from sqlalchemy import Connection, text

ROLE = "foureyes_execution"

_IS_THERE = text("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = :role)")
#: Of what is ours: others may have tables beside them.
_TABLES = text("""
SELECT string_agg(format('%I.%I', 'public', relname), ', ') FROM pg_class
WHERE relkind IN ('r', 'p', 'v') AND relnamespace = 'public'::regnamespace
    AND pg_has_role(relowner, 'USAGE')
""")
_GRANTS = (
    "REVOKE ALL ON SEQUENCE step_id_seq, completion_id_seq FROM foureyes_execution",
    "GRANT USAGE ON SCHEMA public TO foureyes_execution",
    "GRANT INSERT, UPDATE ON execution TO foureyes_execution",
    "GRANT UPDATE (execution_id) ON step, regraded TO foureyes_execution",
    "GRANT USAGE ON SEQUENCE execution_id_seq TO foureyes_execution",
)


def renew(connection: Connection) -> None:
    """Grant the role what it needs at this revision, and no more; nothing if there is no such role."""
    if not connection.execute(_IS_THERE, {"role": ROLE}).scalar():
        return
    tables = connection.execute(_TABLES).scalar_one()
    reading = (f"REVOKE ALL ON {tables} FROM {ROLE}", f"GRANT SELECT ON {tables} TO {ROLE}")
    for statement in (*reading, *_GRANTS):
        connection.exec_driver_sql(statement)
