"""Where what was not made here came from: an archive, or a recording.

The same call may be there once for each origin: what somebody else says was answered never takes the
place of what was answered here.
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_FORGET = [
    """DELETE FROM step USING completion
    WHERE completion_id = completion.id AND completion.origin IS NOT NULL""",
    """DELETE FROM step USING execution
    WHERE execution_id = execution.id AND execution.origin IS NOT NULL""",
    "DELETE FROM completion WHERE origin IS NOT NULL",
    "DELETE FROM execution WHERE origin IS NOT NULL",
]


def upgrade() -> None:
    """Of what was imported before nobody knows that it was."""
    op.execute("ALTER TABLE sweep ADD COLUMN origin TEXT")
    op.execute("ALTER TABLE sweep ADD COLUMN accepts_imported BOOLEAN NOT NULL DEFAULT false")
    for table in ("completion", "execution"):
        op.execute(f"ALTER TABLE {table} ADD COLUMN origin TEXT")
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {table}_key_key")
        op.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_key_origin_key "
            "UNIQUE NULLS NOT DISTINCT (key, origin)"
        )
        op.execute(f"CREATE INDEX ix_{table}_elsewhere ON {table} (id) WHERE origin IS NOT NULL")


def downgrade() -> None:
    """What was made elsewhere cannot be told from the rest any more, so it goes."""
    for statement in _FORGET:
        op.execute(statement)
    for table in ("completion", "execution"):
        op.execute(f"ALTER TABLE {table} DROP COLUMN origin")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {table}_key_key UNIQUE (key)")
    op.execute("ALTER TABLE sweep DROP COLUMN accepts_imported")
    op.execute("ALTER TABLE sweep DROP COLUMN origin")
