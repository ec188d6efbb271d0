"""People write notes about attempts, with tags, and keep searches, in the web pages; work says its task."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add their tables, and the columns."""
    op.execute("""
        CREATE TABLE people_note (
            id serial PRIMARY KEY,
            attempt_id integer NOT NULL REFERENCES attempt (id) ON DELETE CASCADE,
            author text NOT NULL,
            text text NOT NULL,
            tags text[] NOT NULL,
            written_at timestamptz NOT NULL,
            withdrawn_at timestamptz
        )
    """)
    op.execute("""
        CREATE TABLE kept_search (
            id serial PRIMARY KEY,
            name text NOT NULL UNIQUE,
            query text NOT NULL,
            author text NOT NULL,
            kept_at timestamptz NOT NULL
        )
    """)
    for table in ("completion", "execution"):
        op.execute(f"ALTER TABLE {table} ADD COLUMN task_id text")
    op.execute("CREATE INDEX ix_people_note_attempt_id ON people_note (attempt_id)")


def downgrade() -> None:
    """Forget what people wrote, and the tasks."""
    for table in ("completion", "execution"):
        op.execute(f"ALTER TABLE {table} DROP COLUMN task_id")
    op.execute("DROP TABLE people_note, kept_search")
