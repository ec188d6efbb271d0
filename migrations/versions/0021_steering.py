"""Sweeps can be steered: runs that are held, caps and what was spent of them, priorities."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what admission and claims read; nothing is held."""
    op.execute("""
        ALTER TABLE run
            ADD COLUMN held varchar(20)
                CONSTRAINT hold CHECK (held IN ('paused', 'max_usd', 'max_tokens', 'max_hours')),
            ADD COLUMN held_at timestamptz,
            ADD CONSTRAINT held_since CHECK ((held IS NULL) = (held_at IS NULL))
    """)
    op.execute("""
        ALTER TABLE sweep
            ADD COLUMN priority integer NOT NULL DEFAULT 0,
            ADD COLUMN at_once integer,
            ADD COLUMN max_usd double precision,
            ADD COLUMN max_tokens bigint,
            ADD COLUMN max_hours double precision
    """)
    op.execute("""
        CREATE TABLE spending (
            sweep_id integer NOT NULL REFERENCES sweep (id) ON DELETE CASCADE,
            model text NOT NULL,
            node text NOT NULL,
            tokens bigint NOT NULL,
            seconds double precision NOT NULL,
            lately tstzmultirange NOT NULL,
            PRIMARY KEY (sweep_id, model, node)
        )
    """)


def downgrade() -> None:
    """Forget all of it; what was held goes on."""
    op.execute("DROP TABLE spending")
    op.execute("""
        ALTER TABLE sweep DROP COLUMN priority, DROP COLUMN at_once, DROP COLUMN max_usd,
            DROP COLUMN max_tokens, DROP COLUMN max_hours
    """)
    op.execute("ALTER TABLE run DROP COLUMN held, DROP COLUMN held_at")
