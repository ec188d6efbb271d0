"""What a sweep is to show is kept as it was when the sweep was enqueued."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the plans."""
    op.execute("""
        CREATE TABLE plan (
            id serial PRIMARY KEY,
            sweep_id integer NOT NULL REFERENCES sweep (id) ON DELETE CASCADE,
            hash varchar NOT NULL,
            content jsonb NOT NULL,
            ended integer NOT NULL,
            attempts integer NOT NULL,
            enqueued_at timestamptz NOT NULL,
            UNIQUE (sweep_id, hash)
        )
    """)


def downgrade() -> None:
    """Forget the plans."""
    op.execute("DROP TABLE plan")
