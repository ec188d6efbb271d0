"""A run can get as many tokens as another one spends: the budgets of its attempts."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what says whose tokens, how many, and who waits for them; who waits is not to be started."""
    op.execute("""
        ALTER TABLE run ADD COLUMN tokens_of_id integer REFERENCES run (id) ON DELETE CASCADE
    """)
    op.execute("CREATE INDEX ix_run_tokens_of ON run (tokens_of_id) WHERE tokens_of_id IS NOT NULL")
    op.execute("""
        ALTER TABLE attempt
            ADD COLUMN token_budget bigint,
            ADD COLUMN awaits_tokens boolean NOT NULL DEFAULT false,
            ADD CONSTRAINT who_awaits_is_queued CHECK (NOT awaits_tokens OR state = 'queued')
    """)
    op.execute("CREATE INDEX ix_attempt_awaiting ON attempt (run_id) WHERE awaits_tokens")
    op.execute("DROP INDEX ix_attempt_waiting")
    op.execute("""
        CREATE INDEX ix_attempt_waiting ON attempt (run_id, id)
        WHERE state = 'queued' AND moved_at IS NULL AND NOT awaits_tokens
    """)


def downgrade() -> None:
    """Have no budgets; the runs that have them are lost."""
    op.execute("DELETE FROM run WHERE tokens_of_id IS NOT NULL")
    op.execute("DROP INDEX ix_attempt_waiting")
    op.execute("""
        ALTER TABLE attempt DROP CONSTRAINT who_awaits_is_queued,
            DROP COLUMN token_budget, DROP COLUMN awaits_tokens
    """)
    op.execute("""
        CREATE INDEX ix_attempt_waiting ON attempt (run_id, id)
        WHERE state = 'queued' AND moved_at IS NULL
    """)
    op.execute("DROP INDEX ix_run_tokens_of")
    op.execute("ALTER TABLE run DROP COLUMN tokens_of_id")
