"""What the role of execution workers may do: they judge what models wrote, and own nothing.

Whoever got out of a sandbox and of its container would hold this role. It moves attempts, writes
steps and asks for work, as `start` and `execute` do; it deletes nothing, changes no problem, sweep or
model, and makes nothing. deploy/postgres/execution.sql makes the role; it is granted this at each
`alembic upgrade head`.
"""

from sqlalchemy import Connection, text

ROLE = "foureyes_execution"

_IS_THERE = text("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = :role)")
_GRANTS = (
    "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM foureyes_execution",
    "GRANT USAGE ON SCHEMA public TO foureyes_execution",
    "GRANT SELECT ON ALL TABLES IN SCHEMA public TO foureyes_execution",
    "GRANT INSERT, UPDATE ON step, completion, execution TO foureyes_execution",
    "GRANT UPDATE ON attempt TO foureyes_execution",
    "GRANT USAGE ON SEQUENCE step_id_seq, completion_id_seq, execution_id_seq TO foureyes_execution",
)


def renew(connection: Connection) -> None:
    """Grant the role what it needs at this revision, and no more; nothing if there is no such role."""
    if not connection.execute(_IS_THERE, {"role": ROLE}).scalar():
        return
    for statement in _GRANTS:
        connection.execute(text(statement))
