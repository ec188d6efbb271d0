"""A sweep's programs may be judged anew by another judge, beside their first verdicts."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.execute("""
        CREATE TABLE regrade (
            id serial PRIMARY KEY,
            sweep_id integer NOT NULL REFERENCES sweep (id) ON DELETE CASCADE,
            judge_version text NOT NULL,
            profile text NOT NULL,
            created_at timestamptz NOT NULL,
            UNIQUE (sweep_id, judge_version)
        )
    """)
    op.execute("""
        CREATE TABLE regraded (
            regrade_id integer NOT NULL REFERENCES regrade (id) ON DELETE CASCADE,
            attempt_id integer NOT NULL REFERENCES attempt (id) ON DELETE CASCADE,
            execution_id integer REFERENCES execution (id),
            PRIMARY KEY (regrade_id, attempt_id)
        )
    """)
    op.execute("CREATE INDEX ix_regraded_attempt_id ON regraded (attempt_id)")
    op.execute("CREATE INDEX ix_regraded_execution_id ON regraded (execution_id)")
    op.execute("""
        CREATE INDEX ix_regraded_waiting ON regraded (regrade_id, attempt_id)
        WHERE execution_id IS NULL
    """)


def downgrade() -> None:
    """Forget the second verdicts; executions that nothing else asked for stay."""
    op.execute("DROP TABLE regraded, regrade")
